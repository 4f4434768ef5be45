"""The figures, held against cases that were counted by hand, on the page and in the file."""

from datetime import UTC, datetime
from http import HTTPStatus
from io import BytesIO
from typing import Any

import html5lib
import openpyxl
import pytest
import time_machine

from portal.audit.trail import Action
from portal.cases.case import Kind, Role, Status
from portal.cases.conference import Plan
from portal.cases.followup import Going, Reply
from portal.casework.figures import charts, counting, workbook
from portal.casework.figures.cube import Figures, Look
from portal.casework.figures.periods import Period, offered, this_year
from portal.casework.figures.report import Report, Row, Table
from portal.casework.figures.small import Mark
from portal.database import connection, transaction
from portal.routing.tables import RegionRow
from tests.casework.desk_app import trail
from tests.casework.figures_house import Came, answered, forgotten, live, moment
from tests.casework.staff_house import House
from tests.language import NORMAL, prose
from tests.portal_app import Browser

FIGURES = "/beheer/cijfers/"
MARCH = moment("2026-03-10 09:00")
COMMUNITY: dict[str, Any] = {"kind": Kind.COMMUNITY, "role": Role.RESIDENT}
SVG = "{http://www.w3.org/2000/svg}"
PLAN: dict[str, Any] = {"status": Status.CLOSED, "plan": Plan.MADE}


@pytest.fixture
def browser(house: House) -> Browser:
    return house.signed_in("desk")


def by_hand() -> None:
    """Twenty-five cases of 2026: 20 in Utrecht, 5 in Zeeland, 18 live, 7 forgotten."""
    for _ in range(8):
        live(Came(MARCH))
    for _ in range(5):
        live(Came(MARCH, **COMMUNITY, heard=30, **PLAN))
    for _ in range(5):
        live(Came(moment("2026-08-03 10:00"), role=Role.SCHOOL, region="zeeland", heard=100))
    for _ in range(7):
        forgotten(
            Came(MARCH, role=Role.SCHOOL, heard=None, status=Status.STOPPED),
            "2026-03",
            in_time=None,
        )
    answered(Going.AS_AGREED, "2026-11", 6)
    answered(Going.PARTLY, "2026-11", 2)
    answered(Going.NOT, "2026-11", 7)


def report(period: Period, region: str = "") -> dict[str, Table]:
    """The tables by their keys."""
    cases, answers = counting.cases(period.year), counting.replies(period.year)
    regions = {"utrecht": "Utrecht", "zeeland": "Zeeland"}
    figures = Figures(cases, answers, list(regions))
    waits = counting.waits(period, region)
    tables = Report(figures, Look(period.quarter, region), regions, waits).tables()
    return {table.key: table for table in tables}


def lines(table: Table) -> dict[str, Any]:
    return {row.label: row.figure for row in (*table.rows, table.total)}


# Counted


def test_the_figures_are_those_that_were_counted_by_hand(house: House) -> None:
    by_hand()
    found = report(Period(2026))
    assert lines(found["binnen"]) == {
        "Aanvraag: leervraag": 20,
        "ouder of familie": 8,
        "school": 12,
        "Aanvraag: groep, wijk of buurt": 5,
        "bewoner": 5,
        "Alles samen": 25,
    }
    quarters = [20, 0, 5, 0, 25]
    assert list(lines(found["kwartaal"]).values()) == quarters
    assert lines(found["regio"]) == {"Utrecht": 20, "Zeeland": 5, "Alles samen": 25}
    assert list(lines(found["teken"]).values()) == [13, 5, 7, 25]
    assert list(lines(found["verloop"]).values()) == [5, 0, 0, 13, 7, 25]
    # Two is too few, and six would give it away.
    assert list(lines(found["daarna"]).values()) == [Mark.WITHHELD, Mark.FEW, 7, 0, 0, 15]


def test_time_to_the_first_sign_of_life_is_the_middle_and_the_ninth_of_ten(house: House) -> None:
    by_hand()
    share, half, nine = report(Period(2026))["teken"].facts
    # Eighteen heard: 8 after 3 hours, 5 after 30, 5 after 100. The ninth waited 30, the 17th 100.
    assert share.share == pytest.approx(13 / 18)
    assert (half.hours, nine.hours) == (30, 100)


def test_a_wait_is_told_of_five_and_the_slowest_of_ten_cases_at_least(house: House) -> None:
    for number in range(5):
        live(Came(MARCH, heard=number))
    assert [f.hours for f in report(Period(2026))["teken"].facts] == [None, 2, None]


def test_of_fewer_than_five_there_is_no_wait_and_no_share(house: House) -> None:
    for region, number in (("utrecht", 4), ("zeeland", 30)):
        for _ in range(number):
            live(Came(MARCH, region=region))
    found = report(Period(2026), "utrecht")
    assert {row.figure for table in found.values() for row in table.rows} <= {0}
    assert [fact for table in found.values() for fact in table.facts] == []
    assert all(table.total.share is None for table in found.values())


def test_shares_are_of_all_that_came_in(house: House) -> None:
    by_hand()
    assert [fact.share for fact in report(Period(2026))["verloop"].facts] == [0.2, 0.2]
    assert [row.share for row in report(Period(2026))["regio"].rows] == [0.8, 0.2]


def test_a_region_has_its_own_figures(house: House) -> None:
    by_hand()
    found = report(Period(2026), "utrecht")
    assert found["binnen"].total.figure == 20
    assert "regio" not in found


def test_the_first_sign_of_life_is_kept_once_whoever_picks_it_up_again(house: House) -> None:
    case = live(Came(MARCH, heard=50))
    assert (case.heard_after, case.in_time) == (3000, False)
    case = live(Came(moment("2026-03-13 15:00"), heard=70))  # over a weekend
    assert (case.heard_after, case.in_time) == (4200, True)


# Periods


@pytest.mark.parametrize(
    ("received", "period"),
    [
        ("2025-12-31 22:59:59", "2025-4"),
        ("2025-12-31 23:00:00", "2026-1"),
        ("2026-03-31 21:59:59", "2026-1"),
        ("2026-03-31 22:00:00", "2026-2"),
        ("2026-09-30 22:00:00", "2026-4"),
        ("2026-12-31 22:59:59", "2026-4"),
    ],
)
def test_a_quarter_begins_at_midnight_in_the_netherlands(
    house: House, received: str, period: str
) -> None:
    live(Came(moment(received)))
    found = Period.read(period)
    assert [case.quarter for case in counting.cases(found.year)] == [found.quarter]
    assert counting.waits(found, "").total() == 1
    assert counting.first_year(2026) == min(found.year, 2026)
    other = found.year + (1 if found.quarter == 4 else -1)
    assert counting.cases(other) == []


def test_months_of_the_forgotten_fall_in_the_quarter_that_they_are_of(house: House) -> None:
    for month in ("2026-01", "2026-03", "2026-04", "2026-12", "2027-01"):
        forgotten(Came(MARCH), month)
    assert [case.quarter for case in counting.cases(2026) for _ in range(case.number)] == [
        1,
        1,
        2,
        4,
    ]


@pytest.mark.parametrize(
    "text", ["", "26", "2026-0", "2026-5", "2026-01", "x", "2026-1-1", "+2026"]
)
def test_what_is_no_period_is_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"no year|invalid literal"):
        Period.read(text)


def test_years_are_offered_with_the_quarters_that_have_begun(now: datetime) -> None:
    year_end = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    assert [str(p) for p in offered(2025, moment("2026-05-01"))][:4] == [
        *("2026", "2026-1", "2026-2", "2025"),
    ]
    assert this_year(year_end) == Period(2027)


# The page


def test_the_national_desk_finds_the_figures_in_its_bar(browser: Browser) -> None:
    assert 'href="/beheer/cijfers/"' in browser.get("/beheer/").text


@pytest.mark.parametrize("name", ["a", "admin"])
def test_for_anybody_else_there_are_none(house: House, name: str) -> None:
    for path in (FIGURES, f"{FIGURES}cijfers.xlsx"):
        assert house.signed_in(name).get(path).status_code == HTTPStatus.NOT_FOUND
    assert FIGURES not in house.signed_in(name).page("/beheer/account/").text


def test_looking_and_taking_along_stand_in_the_trail(browser: Browser) -> None:
    browser.get(FIGURES)
    browser.get(f"{FIGURES}cijfers.xlsx")
    told = [(Action.LOOKED, "figures.show"), (Action.EXPORTED, "figures.export")]
    assert trail()[-2:] == told


@pytest.mark.parametrize("asked", ["period=2026-9", "period=x", "region=nergens", "region=="])
def test_what_cannot_be_asked_is_not_there(browser: Browser, asked: str) -> None:
    for path in (FIGURES, f"{FIGURES}cijfers.xlsx"):
        assert browser.get(f"{path}?{asked}").status_code == HTTPStatus.NOT_FOUND
    assert trail()[-1] == (Action.REFUSED, "figures.export")


def test_a_period_in_which_nothing_came_in_says_so(browser: Browser) -> None:
    text = prose(browser.get(f"{FIGURES}?period=2026-1").text)
    assert "In deze periode kwam hier niets binnen." in text


def test_the_page_shows_what_the_report_says_and_reads_easily(browser: Browser) -> None:
    by_hand()
    page = browser.get(FIGURES)
    assert page.headers["Cache-Control"] == "no-store"
    root = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page.text)
    cells = ["".join(e.itertext()) for e in root.iter() if e.tag in {"td", "th"}]
    for text in ("Zeeland", "25", "minder dan 5", "niet getoond", "52%"):
        assert text in cells
    assert "72%" in page.text
    assert "30 uur" in page.text
    assert NORMAL.faults(prose(page.text)) == []


def test_every_picture_has_a_name_says_what_it_shows_and_stands_by_its_table(
    browser: Browser,
) -> None:
    by_hand()
    page = browser.get(FIGURES)
    root = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page.text)
    pictures = [e for e in root.iter() if e.get("class") == "chart"]
    assert len(pictures) == 6
    for picture in pictures:
        assert picture.get("role") == "img"
        title, desc = (picture.find(f"{SVG}{tag}") for tag in ("title", "desc"))
        assert picture.get("aria-labelledby").split() == [title.get("id"), desc.get("id")]
        assert title.text
        assert desc.text.startswith("Staafdiagram. ")
    sections = [e for e in root.iter("section") if e.get("class") == "figures"]
    assert all(len(list(section.iter("table"))) == 1 for section in sections)
    assert not [e for e in root.iter() if e.get("style") or e.tag == "style"]


def test_a_bar_is_as_long_as_its_figure_and_a_mark_has_none() -> None:
    rows = (Row("a", 10, 0.5), Row("b", Mark.FEW, None), Row("a", 5, 0.2), Row("b", 0, 0.0))
    table = Table("x", "Titel", "Wat", "Hoe", Row("Alles", 19, 1.0), rows)
    picture = html5lib.parseFragment(str(charts.bars(table)), namespaceHTMLElements=False)
    group = next(e for e in picture.iter(f"{SVG}g") if e.get("class") == "series bars")
    widths = [float(bar.get("width")) for bar in group]
    assert widths[::-1] == [pytest.approx(widths[3] * share) for share in (1, 0, 0.5, 0)]
    assert "a: 10. b: minder dan 5. a: 5. b: 0." in charts.alternative(rows)


# The file

EVIL = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1+1", "\r=1+1", "\n=1+1", "＝1+1", "=cmd|'/c calc'!A1"]


def opened(data: bytes) -> Any:
    return openpyxl.load_workbook(BytesIO(data))


def test_the_file_says_what_the_page_says_in_numbers(browser: Browser) -> None:
    by_hand()
    answer = browser.get(f"{FIGURES}cijfers.xlsx?period=2026")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="cijfers-2026.xlsx"'
    book = opened(answer.data)
    assert book.sheetnames == [
        *("Over deze cijfers", "Wat er binnenkwam", "Per kwartaal", "Per regio"),
        *("Het eerste teken van leven", "Van aanvraag tot plan", "Drie maanden later"),
    ]
    rows = {row[0].value: row for row in book["Per regio"].iter_rows(max_col=3)}
    zeeland = rows["Zeeland"]
    assert [(cell.value, cell.data_type) for cell in zeeland[1:]] == [(5, "n"), (0.2, "n")]
    assert zeeland[2].number_format == "0%"
    assert rows["Periode: 2026"]
    after = {row[0].value: row[1].value for row in book["Drie maanden later"].iter_rows(max_col=2)}
    assert after["Voor een deel"] == "minder dan 5"
    assert after["Zoals afgesproken"] == "niet getoond"


def test_no_text_from_outside_becomes_anything_but_text(house: House, browser: Browser) -> None:
    with transaction():
        for number, name in enumerate(EVIL):
            RegionRow.create(key=f"x{number}", name=name, manager="utrecht")
    for number in range(len(EVIL)):
        for _ in range(8):
            live(Came(MARCH, region=f"x{number}"))
    live(Came(MARCH, region="=gone"))
    book = opened(browser.get(f"{FIGURES}cijfers.xlsx?period=2026").data)
    names = [row[0].value for row in book["Per regio"].iter_rows(min_row=8)]
    assert set(EVIL) <= {str(name).replace("_x000D_", "\r") for name in names}
    assert "=gone" in names
    for sheet in book:
        for row in sheet.iter_rows():
            assert {cell.data_type for cell in row if cell.value is not None} <= {"s", "n"}, row
            assert not [cell for cell in row if cell.hyperlink]


@pytest.mark.parametrize("evil", EVIL)
def test_whatever_begins_a_text_it_stays_one(evil: str, now: datetime) -> None:
    row = Row(evil, 7, 0.5)
    table = Table("x", "Titel", evil, evil, row, (row,))
    heading = workbook.Heading(evil, evil, evil)
    for sheet in opened(workbook.write([table], heading, [evil], now)):
        for line in sheet.iter_rows():
            for cell in line:
                if cell.value is not None:
                    assert cell.data_type == ("n" if cell.value in {7, 0.5} else "s")


def test_a_small_figure_is_nowhere_in_the_file(house: House, browser: Browser) -> None:
    for _ in range(20):
        live(Came(MARCH))
    for _ in range(3):
        live(Came(MARCH, **COMMUNITY, region="zeeland", heard=200))
    book = opened(browser.get(f"{FIGURES}cijfers.xlsx?period=2026").data)
    numbers = [
        c.value
        for s in book
        for r in s.iter_rows(min_col=2, max_col=2)
        for c in r
        if c.data_type == "n"
    ]
    assert not {1, 2, 3, 4, 20} & {number for number in numbers if isinstance(number, int)}


def test_the_file_is_of_the_moment_that_it_says(
    house: House, browser: Browser, clock: time_machine.Traveller
) -> None:
    book = opened(browser.get(f"{FIGURES}cijfers.xlsx").data)
    with connection():
        assert "Gemaakt: 23 november 2026, 13:00" in [c.value for c in book.worksheets[0]["A"]]


def test_what_people_wrote_can_be_read_by_question_where_enough_did(house: House) -> None:
    desk, said = house.signed_in("desk"), [*EVIL, "Samen eten", "Buren leren kennen"]
    with connection():
        for number, text in enumerate(said[:4]):
            write_reply(text, f"Eerder beginnen {number}")
    path = f"{FIGURES}antwoorden.xlsx?period=2026"
    assert desk.get(path).status_code == HTTPStatus.SEE_OTHER
    assert "antwoorden.xlsx" not in desk.page(f"{FIGURES}?period=2026").text
    with connection():
        for text in said[4:]:
            write_reply(text, None)
    book = opened(desk.get(path).data)
    helped, differently = book.worksheets
    column = [str(cell.value).replace("_x000D_", "\r") for cell in helped["A"]][1:]
    assert column == sorted(said)
    assert len(list(differently["A"])) == 1 + 4
    assert {cell.data_type for sheet in book for cell in sheet["A"]} == {"s"}
    assert trail()[-1] == (Action.EXPORTED, "figures.answers")
    assert house.signed_in("a").get(path).status_code == HTTPStatus.NOT_FOUND


def write_reply(helped: str, differently: str | None) -> None:
    with transaction():
        Reply.create(
            kind=Kind.COMMUNITY,
            region="utrecht",
            held_in="2026-05",
            answered_in="2026-08",
            going=Going.PARTLY,
            helped=helped,
            differently=differently,
        )
