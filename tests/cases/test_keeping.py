"""A case is kept for as long as the page on privacy says: to the microsecond, by the calendar."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.cases import conference, followup, keeping, progress, register
from portal.cases.case import Contact, Kind, Stage, Status
from portal.cases.conference import Appointment
from portal.cases.followup import Going, Reply
from portal.cases.keeping import forgotten_on, kept_until, past
from portal.cases.life import ENDED
from portal.cases.register import By, Case
from portal.database import database, transaction
from tests.casework.waiting import here
from tests.seed import one, seed

pytestmark = pytest.mark.usefixtures("db")
SOMEBODY = By("somebody", "Regiomanager")
TICK, MINUTE, DAY, WEEK = (
    timedelta(microseconds=1),
    timedelta(minutes=1),
    timedelta(days=1),
    timedelta(weeks=1),
)
ROAD = (Status.IN_CONVERSATION, Status.COORDINATOR_SOUGHT, Status.PLANNED, Status.HELD)


def under_way(at: datetime, to: Status = Status.ACKNOWLEDGED) -> Case:
    """A case that came, was picked up and went this far, all at one moment."""
    case = one(at)
    with transaction():
        progress.acknowledge(case, SOMEBODY, at)
        for status in ROAD[: ROAD.index(to) + 1] if to in ROAD else ():
            progress.move(case, status, SOMEBODY, "", at)
    return case


def ended(at: datetime, as_: Status = Status.STOPPED) -> Case:
    case = under_way(at)
    end(case, at, as_)
    return case


def end(case: Case, at: datetime, as_: Status) -> None:
    with transaction():
        if as_ is Status.WITHDRAWN:
            register.withdraw(case, at)
        else:
            progress.move(case, as_, SOMEBODY, "", at)


def finished(day: str, closed: datetime) -> Case:
    """A case that was closed then, and whose conference was on this day, in the evening."""
    case = under_way(here(f"{day} 19:30"), Status.PLANNED)
    with transaction():
        when = Appointment(here(f"{day} 19:30"), 120, "")
        conference.set_date(case, when, SOMEBODY, here(f"{day} 10:00"))
        progress.move(case, Status.HELD, SOMEBODY, "", here(f"{day} 22:00"))
        progress.move(case, Status.CLOSED, SOMEBODY, "", closed)
    return case


def is_kept_until(case: Case, moment: datetime) -> bool:
    """Whether the case is kept a tick before this moment and may go at it, for the sweep too."""
    case = Case.get_by_id(case.id)
    found = kept_until(case) == moment
    return found and case.id not in past(moment - TICK) and case.id in past(moment)


# The end of each period


@pytest.mark.parametrize("as_", [Status.STOPPED, Status.REFERRED, Status.WITHDRAWN])
def test_what_did_not_come_about_is_kept_four_weeks(now: datetime, as_: Status) -> None:
    assert is_kept_until(ended(now, as_), now + 4 * WEEK)


def test_four_weeks_are_as_long_when_the_clocks_change() -> None:
    at = here("2026-10-12 02:30")
    assert is_kept_until(ended(at), at + timedelta(hours=24 * 28))


def test_every_word_of_desk_or_requester_puts_the_end_off(now: datetime) -> None:
    later = now + 3 * WEEK
    silent, noted, told, agreed = (ended(now) for _ in range(4))
    with transaction():
        progress.touch(noted, later)
        Case.update(heard_at=later).where(Case.id == told.id).execute()
        conference.note_consent(agreed, register.REQUESTER, later, given=False)
    for case in (noted, told, agreed):
        assert is_kept_until(case, later + 4 * WEEK)
    assert is_kept_until(silent, now + 4 * WEEK)


def test_what_was_told_before_the_end_does_not_bring_it_nearer(now: datetime) -> None:
    case = under_way(now - WEEK)
    with transaction():
        register.correct(case, Contact("Noor", "nieuw@example.org", ""), now - 5 * DAY)
    case = Case.get_by_id(case.id)
    end(case, now, Status.STOPPED)
    assert is_kept_until(case, now + 4 * WEEK)


@pytest.mark.parametrize(
    ("day", "last"),
    [
        ("2026-11-23", "2027-03-23"),
        ("2026-10-31", "2027-02-28"),  # a month that has no such day
        ("2027-10-31", "2028-02-29"),  # but one more in a leap year
        ("2028-02-29", "2028-06-29"),
        ("2026-12-31", "2027-04-30"),
        ("2026-08-31", "2026-12-31"),
    ],
)
def test_what_was_finished_is_kept_to_the_end_of_the_day_four_months_after(
    day: str, last: str
) -> None:
    case = finished(day, here(f"{day} 23:00"))
    assert is_kept_until(case, here(f"{last} 00:00") + (here("2026-11-24") - here("2026-11-23")))
    assert forgotten_on(case) == date.fromisoformat(last) + DAY


def test_a_conference_late_at_night_counts_for_the_day_it_is_here() -> None:
    case = under_way(here("2026-11-23 09:00"), Status.PLANNED)
    with transaction():
        night = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)
        conference.set_date(case, Appointment(night, 30, ""), SOMEBODY, night)
        progress.move(case, Status.HELD, SOMEBODY, "", night)
        progress.move(case, Status.CLOSED, SOMEBODY, "", night + DAY)
    assert is_kept_until(case, here("2027-04-02 00:00"))


def test_what_is_closed_long_after_its_conference_is_kept_four_weeks_more() -> None:
    closed = here("2027-06-01 10:00")
    assert is_kept_until(finished("2026-11-23", closed), closed + 4 * WEEK)


def test_who_tells_something_after_all_was_finished_is_not_forgotten_at_once() -> None:
    case = finished("2026-11-23", here("2026-11-24 10:00"))
    told = here("2027-03-22 10:00")
    Case.update(heard_at=told).where(Case.id == case.id).execute()
    assert is_kept_until(case, told + 4 * WEEK)


def test_a_date_that_was_mistyped_keeps_nothing_for_years() -> None:
    case = finished("2026-11-23", here("2026-11-24 10:00"))
    with transaction():
        wrong = Appointment(here("2036-11-23 19:30"), 120, "")
        conference.set_date(case, wrong, SOMEBODY, here("2026-11-24 10:01"))
    assert is_kept_until(case, here("2027-03-25 00:00"))


def test_without_a_date_the_day_counts_on_which_it_was_noted_as_held(now: datetime) -> None:
    case = under_way(now, Status.HELD)
    end(case, now + 3 * DAY, Status.CLOSED)
    assert is_kept_until(case, here("2027-03-24 00:00"))


@pytest.mark.parametrize("status", [Status.ACKNOWLEDGED, *ROAD])
def test_whatever_else_was_handled_is_kept_twelve_months(now: datetime, status: Status) -> None:
    assert is_kept_until(under_way(now, status), here("2027-11-23 13:00"))


@pytest.mark.parametrize(
    ("last", "until"),
    [
        ("2028-02-29 09:00", "2029-02-28 09:00"),
        ("2027-02-28 09:00", "2028-02-28 09:00"),
        ("2026-03-28 12:00", "2027-03-28 12:00"),  # an hour shorter, as the clocks have changed
        ("2026-10-25 12:00", "2027-10-25 12:00"),  # and an hour longer
    ],
)
def test_twelve_months_are_those_of_the_calendar(last: str, until: str) -> None:
    assert is_kept_until(under_way(here(last)), here(until))


def test_a_conference_yet_to_come_is_a_step(now: datetime) -> None:
    case = under_way(now, Status.PLANNED)
    with transaction():
        conference.set_date(case, Appointment(now + 400 * DAY, 60, ""), SOMEBODY, now)
    assert is_kept_until(case, here("2028-12-28 13:00"))


# What is never past


def test_what_nobody_handled_is_never_past(now: datetime) -> None:
    case, passed_on, reopened = one(now), under_way(now, Status.PLANNED), ended(now)
    with transaction():
        progress.pass_on(passed_on, "zeeland", SOMEBODY, "", now)
        progress.reopen(reopened, SOMEBODY, "", now)
    assert list(past(now + 4000 * DAY)) == []
    for one_of_them in (case, passed_on, reopened):
        assert forgotten_on(Case.get_by_id(one_of_them.id)) is None


def test_what_was_opened_again_goes_by_what_came_of_it_then(now: datetime) -> None:
    case = ended(now)
    with transaction():
        progress.reopen(case, SOMEBODY, "", now + 2 * WEEK)
        progress.acknowledge(case, SOMEBODY, now + 3 * WEEK)
    assert is_kept_until(case, here("2027-12-14 13:00"))
    end(case, now + 9 * WEEK, Status.REFERRED)
    assert is_kept_until(case, now + 13 * WEEK)


@given(
    minutes=st.integers(0, 60 * 24 * 365 * 3),
    wait=st.integers(0, 60 * 24 * 500),
    way=st.sampled_from([status for status in Status if status is not Status.RECEIVED]),
)
def test_nothing_is_ever_past_before_four_weeks_and_everything_handled_at_last_is(
    minutes: int, wait: int, way: Status
) -> None:
    last = here("2026-01-31 00:00") + minutes * MINUTE
    stage = Stage.ENDED if way in ENDED else Stage.UNDER_WAY
    case = Case(kind=Kind.LEARNING, status=way, stage=stage, idle_since=last)
    until = kept_until(case)
    assert until is not None
    assert last + 4 * WEEK <= until <= last + 367 * DAY
    assert keeping.is_past(case, last + wait * MINUTE) == (until <= last + wait * MINUTE)


# By the hundred


@pytest.mark.sqlite
def test_all_that_is_past_is_found_once_page_by_page_and_by_index(now: datetime) -> None:
    seed(450, now)
    asked: list[str] = []
    database.connection().set_trace_callback(asked.append)
    found = list(past(now + 29 * DAY))
    database.connection().set_trace_callback(None)
    due = {case.id for case in Case.select() if keeping.is_past(case, now + 29 * DAY)}
    assert (set(found), len(found)) == (due, len(due))
    assert len(due) > 100
    for statement in asked:
        plan = database.execute_sql(f"EXPLAIN QUERY PLAN {statement}").fetchall()
        # The few events of one case may be sorted, but never a table be gone through.
        allowed = "SEARCH" if 'FROM "case"' in statement else ("SEARCH", "USE TEMP B-TREE")
        assert all(row[-1].startswith(allowed) for row in plan), statement


# What was answered after three months


@pytest.mark.parametrize(
    ("answered", "gone"),
    [("2026-08", "2028-08-01"), ("2026-02", "2028-02-01"), ("2026-12", "2028-12-01")],
)
def test_an_answer_is_kept_for_no_more_than_twenty_four_months(answered: str, gone: str) -> None:
    Reply.create(
        kind=Kind.COMMUNITY,
        region="utrecht",
        held_in="2026-01",
        answered_in=answered,
        going=Going.PARTLY,
    )
    assert followup.past(here(gone) - TICK).count() == 0
    assert followup.past(here(gone)).forget() == 1
