"""The figures for the national desk, `/beheer/cijfers/`: a page, and a file to take along."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import NoReturn

from flask import Blueprint, Response, abort, render_template, request
from flask.typing import ResponseReturnValue

from portal.audit.trail import Action
from portal.casework.figures import counting, words
from portal.casework.figures.cube import Figures, Look
from portal.casework.figures.periods import Period, offered, this_year
from portal.casework.figures.report import Report
from portal.casework.guard import open_to, tell
from portal.casework.people import StaffRole
from portal.routing.regions import national_desk, region_names
from portal.routing.rules import NATIONAL
from portal.web import times
from portal.web.answering import now, to

blueprint = Blueprint("figures", __name__, url_prefix="/beheer/cijfers")

COUNTRY = "het hele land"


@dataclass(frozen=True)
class Asked:
    """What somebody wants to look at; ``regions`` are all there are, by key."""

    period: Period
    region: str
    regions: Mapping[str, str]
    report: Report

    @property
    def where(self) -> str:
        """The region's name, or that it is all of them."""
        return self.regions[self.region] if self.region else COUNTRY


@blueprint.get("/")
@open_to(StaffRole.NATIONAL_DESK)
def show() -> ResponseReturnValue:
    """The figures of a period and a region; of this year and the whole country unless asked."""
    # Imported here and below: what draws and what writes workbooks takes memory in every process,
    # and one person looks at figures now and then.
    from portal.casework.figures import charts  # noqa: PLC0415

    at = now()
    asked = _asked(at)
    tell(Action.LOOKED)
    return render_template(
        "desk/figures.html",
        asked=asked,
        periods=offered(counting.first_year(this_year(at).year), at),
        tables=[(table, charts.bars(table)) for table in asked.report.tables()],
        explained=words.EXPLAINED,
        country=COUNTRY,
        made=times.day_and_time(at),
        running=asked.period.before > at,
        words=words,
        in_words=counting.in_words(asked.period.year) is not None,
    )


@blueprint.get("/cijfers.xlsx")
@open_to(StaffRole.NATIONAL_DESK)
def export() -> ResponseReturnValue:
    """The same figures as a workbook."""
    from portal.casework.figures import workbook  # noqa: PLC0415

    at = now()
    asked = _asked(at)
    heading = workbook.Heading(asked.period.name, asked.where, times.day_and_time(at))
    book = workbook.write(asked.report.tables(), heading, words.EXPLAINED, at)
    tell(Action.EXPORTED)
    name = f"cijfers-{asked.period}.xlsx"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(book, mimetype=workbook.MIMETYPE, headers=headers)


@blueprint.get("/antwoorden.xlsx")
@open_to(StaffRole.NATIONAL_DESK)
def answers() -> ResponseReturnValue:
    """What was answered in a year in people's own words, where enough did."""
    from portal.casework.figures import workbook  # noqa: PLC0415

    at = now()
    year = _period(at).year
    found = counting.in_words(year)
    if found is None:
        return to("figures.show", period=year)
    told = (("Wat hielp?", found.helped), ("Wat kan anders?", found.differently))
    tell(Action.EXPORTED)
    headers = {"Content-Disposition": f'attachment; filename="antwoorden-{year}.xlsx"'}
    book = workbook.write_answers(told, year, at)
    return Response(book, mimetype=workbook.MIMETYPE, headers=headers)


def _asked(at: datetime) -> Asked:
    period, region = _period(at), request.args.get("region", "")
    cases, answers = counting.cases(period.year), counting.replies(period.year)
    regions = _regions({case.region for case in cases} | {one.region for one in answers})
    if region and region not in regions:
        _refuse()
    look = Look(period.quarter, region)
    figures = Figures(cases, answers, list(regions))
    waits = counting.waits(period, region)
    return Asked(period, region, regions, Report(figures, look, regions, waits))


def _period(at: datetime) -> Period:
    text = request.args.get("period", "")
    try:
        return Period.read(text) if text else this_year(at)
    except ValueError:
        _refuse()


def _refuse() -> NoReturn:
    tell(Action.REFUSED)
    abort(HTTPStatus.NOT_FOUND)


def _regions(found: set[str]) -> dict[str, str]:
    """The names of all regions by key, those too that are no longer on the map."""
    known = region_names()
    gone = {key: key for key in sorted(found - known.keys() - {NATIONAL})}
    return {**known, **gone, NATIONAL: national_desk().function}
