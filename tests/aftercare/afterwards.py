"""Conferences that were held, on a clock that is moved, and what was asked about them."""

import re
from datetime import date, datetime, time, timedelta
from typing import Any

from portal.aftercare.asking import follow_up
from portal.cases import conference, progress
from portal.cases.case import Kind, Status
from portal.cases.conference import Appointment
from portal.cases.register import REQUESTER, Case
from portal.config import Config
from portal.database import connection, transaction
from portal.workdays import HERE
from tests.casework.waiting import SOMEBODY, current
from tests.portal_app import BASE, Written, letters
from tests.seed import one

DAY = timedelta(days=1)
ASKING = ("follow_up", "follow_up_reminder")
YES = (("follow_up", ("yes",)),)
ROAD = (Status.IN_CONVERSATION, Status.COORDINATOR_SOUGHT, Status.PLANNED)


def at(day: str | date, clock: str = "10:00") -> datetime:
    """A moment in the Netherlands."""
    day = date.fromisoformat(day) if isinstance(day, str) else day
    return datetime.combine(day, time.fromisoformat(clock), HERE)


def planned(day: str | None, **other: Any) -> Case:
    """A case with a conference planned for that evening; None leaves the day open."""
    when = at(day or "2026-09-01")
    said: dict[str, Any] = {"kind": Kind.COMMUNITY, "answers": YES} | other
    case = one(when - 30 * DAY, "drenthe", **said)
    with transaction():
        progress.acknowledge(case, SOMEBODY, when - 29 * DAY)
        for status in ROAD:
            progress.move(case, status, SOMEBODY, "", when - 20 * DAY)
        if day:
            appoint(case, day)
    return case


def held(day: str, **other: Any) -> Case:
    """A case with a conference that was held on that day, and told to be the next."""
    case = planned(day, **other)
    move(case, Status.HELD, at(day) + DAY)
    return current(case)


def appoint(case: Case, day: str) -> None:
    with connection(), transaction():
        evening = Appointment(at(day, "19:30"), 120, "Buurthuis De Kring")
        conference.set_date(case, evening, SOMEBODY, at(day))


def move(case: Case, to: Status, when: datetime) -> None:
    with connection(), transaction():
        progress.move(current(case), to, SOMEBODY, "", when)


def consent(case: Case, when: datetime, *, given: bool) -> None:
    with connection(), transaction():
        conference.note_consent(case, REQUESTER, when, given=given)


def asked(case: Case | None = None) -> list[Written]:
    """The letters that ask, and those that remind, oldest first."""
    return [
        letter
        for letter in letters()
        if letter.name in ASKING and (case is None or letter.case_reference == case.reference)
    ]


def names() -> list[str]:
    return [letter.name for letter in asked()]


def look_daily(first: str | date, last: str | date, config: Config) -> list[tuple[str, str]]:
    """Look every morning from the one day to the other; gives what came on which day."""
    day, came = at(first).date(), list[tuple[str, str]]()
    while day <= at(last).date():
        before = len(asked())
        follow_up(at(day, "07:00"), config)
        came += [(letter.name, day.isoformat()) for letter in asked()[before:]]
        day += DAY
    return came


def path_in(letter: Written) -> str:
    """Where the link in a letter leads, as far as the portal's own part of it."""
    found = re.search(
        rf"^{re.escape(BASE)}(/na-drie-maanden/[0-9a-f]{{64}}/)$", letter.body, re.MULTILINE
    )
    assert found
    return found[1]
