"""The tables as a workbook: numbers as numbers, and every text a text whatever it begins with."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from portal.casework.figures.report import Fact, Row, Table
from portal.casework.figures.small import Mark, Told
from portal.casework.figures.words import MARKS

MIMETYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

# A text is what it says: no formula, link or number is to be made of it.
_OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
_LABELS, _FIGURES = 44, 16  # characters wide
_FIRST = 7  # the line on which a table begins, counted from 0


@dataclass(frozen=True)
class Heading:
    """What stands above every table: of which period and region, and when it was made."""

    period: str
    region: str
    made: str


@dataclass(frozen=True)
class _Formats:
    bold: Any
    share: Any
    wrapped: Any


def write(
    tables: Iterable[Table], heading: Heading, explained: Sequence[str], now: datetime
) -> bytes:
    """The workbook: a sheet about the figures, and one for each table."""
    out = BytesIO()
    book = Workbook(out, _OPTIONS)
    book.set_properties({"title": "Cijfers", "created": now.replace(tzinfo=None)})
    formats = _formats(book)
    _texts(
        book.add_worksheet("Over deze cijfers"), ["Cijfers", *_lines(heading), *explained], formats
    )
    for table in tables:
        _table(book.add_worksheet(table.title), table, heading, formats)
    book.close()
    return out.getvalue()


def write_answers(answers: Iterable[tuple[str, Iterable[str]]], year: int, now: datetime) -> bytes:
    """What was answered in words, as a workbook: a sheet for each question."""
    out = BytesIO()
    book = Workbook(out, _OPTIONS)
    book.set_properties({"title": "Antwoorden", "created": now.replace(tzinfo=None)})
    formats = _formats(book)
    for question, texts in answers:
        heading = f"{question} Antwoorden uit {year}, op alfabet."
        _texts(book.add_worksheet(question.rstrip("?")), [heading, *texts], formats)
    book.close()
    return out.getvalue()


def _formats(book: Workbook) -> _Formats:
    return _Formats(
        bold=book.add_format({"bold": True}),
        share=book.add_format({"num_format": "0%"}),
        wrapped=book.add_format({"text_wrap": True, "valign": "top"}),
    )


def _lines(heading: Heading) -> list[str]:
    return [f"Periode: {heading.period}", f"Regio: {heading.region}", f"Gemaakt: {heading.made}"]


def _texts(sheet: Worksheet, texts: Iterable[str], formats: _Formats) -> None:
    sheet.set_column(0, 0, 2 * _LABELS, formats.wrapped)
    for number, text in enumerate(texts):
        sheet.write_string(number, 0, text, formats.wrapped if number else formats.bold)


def _table(sheet: Worksheet, table: Table, heading: Heading, formats: _Formats) -> None:
    sheet.set_column(0, 0, _LABELS)
    sheet.set_column(1, 2, _FIGURES)
    sheet.write_string(0, 0, table.title, formats.bold)
    for number, text in enumerate([*_lines(heading), table.counted], start=1):
        sheet.write_string(number, 0, text)
    for column, text in enumerate((table.about, "Aantal", "Aandeel")):
        sheet.write_string(_FIRST - 1, column, text, formats.bold)
    rows = [*table.rows, table.total]
    for line, row in enumerate(rows, start=_FIRST):
        _row(sheet, line, row, formats)
    for line, fact in enumerate(table.facts, start=_FIRST + len(rows) + 1):
        _fact(sheet, line, fact, formats)


def _row(sheet: Worksheet, line: int, row: Row, formats: _Formats) -> None:
    sheet.write_string(line, 0, f"    {row.label}" if row.within else row.label)
    _figure(sheet, line, row.figure)
    if row.share is not None:
        sheet.write_number(line, 2, row.share, formats.share)


def _figure(sheet: Worksheet, line: int, figure: Told) -> None:
    if isinstance(figure, Mark):
        sheet.write_string(line, 1, MARKS[figure])
    else:
        sheet.write_number(line, 1, figure)


def _fact(sheet: Worksheet, line: int, fact: Fact, formats: _Formats) -> None:
    sheet.write_string(line, 0, f"{fact.label} (uren)" if fact.hours is not None else fact.label)
    if fact.hours is not None:
        sheet.write_number(line, 1, fact.hours)
    elif fact.share is not None:
        sheet.write_number(line, 1, fact.share, formats.share)
    else:
        sheet.write_string(line, 1, MARKS[Mark.WITHHELD])
