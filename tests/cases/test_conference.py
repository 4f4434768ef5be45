"""The road of a case after the first talk is kept part by part, and each change once."""

from datetime import UTC, datetime, timedelta

import pytest

from portal.cases import conference, progress
from portal.cases.case import Happening, Kind, Stage, Status
from portal.cases.conference import (
    Agreed,
    Appointment,
    Conference,
    Coordinator,
    Outcome,
    Payer,
    Plan,
)
from portal.cases.register import By, Case, history
from portal.database import transaction
from tests.seed import one

pytestmark = pytest.mark.usefixtures("db")
NOORD = By("noord", "Regiomanager Noord")
AGREED = Agreed("Hoe wordt het weer rustig op het plein?", Payer.MUNICIPALITY, "De wijkraad helpt")
COORDINATOR = Coordinator("Sanne Visser", "sanne@example.org", "")
EVENING = Appointment(datetime(2026, 12, 3, 18, 30, tzinfo=UTC), 120, "Buurthuis De Kring")


def happened(case: Case) -> list[Happening]:
    return [Happening(event.what) for event in history(case)]


def test_each_part_is_kept_beside_the_others(now: datetime) -> None:
    case = one(now)
    with transaction():
        assert conference.agree(case, AGREED, NOORD, now)
        assert conference.appoint_coordinator(case, COORDINATOR, NOORD, now)
        assert conference.set_date(case, EVENING, NOORD, now)
        assert conference.look_back(case, Outcome({"pupil": 1, "other": 0}, Plan.MADE), NOORD, now)
    road = conference.of(case)
    assert Conference.select().count() == 1
    assert (road.question, road.payer) == (AGREED.question, Payer.MUNICIPALITY)
    assert (road.coordinator_name, road.coordinator_phone) == ("Sanne Visser", None)
    assert (road.starts_at, road.minutes, road.place) == (EVENING.starts_at, 120, EVENING.place)
    assert (conference.attended(road), road.plan) == ({"pupil": 1}, Plan.MADE)


def test_what_is_known_already_is_no_event(now: datetime) -> None:
    case = one(now)
    with transaction():
        assert conference.agree(case, AGREED, NOORD, now)
        assert not conference.agree(case, AGREED, NOORD, now + timedelta(minutes=1))
        assert not conference.call_off(case, NOORD, now)
    assert happened(case) == [Happening.RECEIVED, Happening.AGREED]
    assert conference.of(case).changed_at == now


def test_nothing_is_written_by_asking(now: datetime) -> None:
    case = one(now)
    assert conference.of(case).question is None
    assert conference.may_ask(case) is False
    assert not Conference.select().exists()


def test_every_change_of_the_date_is_counted_for_the_calendar(now: datetime) -> None:
    case = one(now)
    later = Appointment(EVENING.starts_at + timedelta(days=7), 90, "")
    with transaction():
        conference.set_date(case, EVENING, NOORD, now)
        conference.agree(case, AGREED, NOORD, now)
        conference.set_date(case, later, NOORD, now + timedelta(minutes=1))
        assert conference.of(case).sequence == 2
        conference.call_off(case, NOORD, now + timedelta(minutes=2))
    road = conference.of(case)
    assert (road.starts_at, road.minutes, road.place, road.sequence) == (None, None, None, 3)
    assert road.question == AGREED.question
    assert happened(case)[-1] is Happening.CALLED_OFF


@pytest.mark.parametrize(
    ("kind", "answers", "noted", "expected"),
    [
        (Kind.COMMUNITY, (), None, None),
        (Kind.COMMUNITY, (("follow_up", ("yes",)),), None, True),
        (Kind.COMMUNITY, (("follow_up", ("no",)),), None, False),
        (Kind.COMMUNITY, (("follow_up", ("yes",)),), False, False),
        (Kind.COMMUNITY, (), True, True),
        (Kind.LEARNING, (("follow_up", ("yes",)),), True, False),
    ],
)
def test_contact_afterwards_is_for_groups_and_the_last_word_counts(
    now: datetime,
    kind: Kind,
    answers: tuple[tuple[str, tuple[str, ...]], ...],
    noted: bool | None,
    expected: bool | None,
) -> None:
    case = one(now, kind=kind, answers=answers)
    if noted is not None:
        with transaction():
            conference.note_consent(case, NOORD, now, given=noted)
    assert conference.may_ask(case) is expected


def test_a_conference_was_held_on_its_date_as_people_here_count_days(now: datetime) -> None:
    case = one(now)
    late = Appointment(datetime(2026, 12, 3, 23, 30, tzinfo=UTC), 60, "")
    with transaction():
        conference.set_date(case, late, NOORD, now)
        assert conference.held_on(case) is None
        case.status, case.stage = Status.HELD, Stage.UNDER_WAY
        case.save()
    held = conference.held_on(case)
    assert held is not None
    assert held.isoformat() == "2026-12-04"


def test_without_a_date_it_was_held_when_that_was_noted(now: datetime) -> None:
    case = one(now)
    with transaction():
        progress.acknowledge(case, NOORD, now)
        for number, status in enumerate(
            (
                Status.IN_CONVERSATION,
                Status.COORDINATOR_SOUGHT,
                Status.PLANNED,
                Status.HELD,
                Status.CLOSED,
            )
        ):
            progress.move(case, status, NOORD, "", now + timedelta(days=number))
    held = conference.held_on(case)
    assert held is not None
    assert held == (now + timedelta(days=3)).date()


def test_who_opens_or_picks_up_again_what_was_held_does_not_hold_it_again(now: datetime) -> None:
    case = one(now)
    later = now + timedelta(days=40)
    with transaction():
        progress.acknowledge(case, NOORD, now)
        for status in (Status.IN_CONVERSATION, Status.COORDINATOR_SOUGHT, Status.PLANNED):
            progress.move(case, status, NOORD, "", now)
        progress.move(case, Status.HELD, NOORD, "", now + timedelta(days=1))
        progress.move(case, Status.CLOSED, NOORD, "", now + timedelta(days=2))
        progress.reopen(case, NOORD, "te vroeg", later)
        progress.acknowledge(case, NOORD, later)
    assert conference.held_on(case) == (now + timedelta(days=1)).date()


def test_what_was_called_off_after_all_was_not_held(now: datetime) -> None:
    case = one(now)
    with transaction():
        conference.set_date(case, EVENING, NOORD, now)
        progress.acknowledge(case, NOORD, now)
        for status in (Status.IN_CONVERSATION, Status.COORDINATOR_SOUGHT, Status.PLANNED):
            progress.move(case, status, NOORD, "", now)
        progress.move(case, Status.HELD, NOORD, "", EVENING.starts_at)
        conference.call_off(case, NOORD, EVENING.starts_at + timedelta(days=1))
        assert conference.held_on(case) is None
        progress.move(case, Status.PLANNED, NOORD, "", EVENING.starts_at + timedelta(days=2))
        progress.move(case, Status.HELD, NOORD, "", EVENING.starts_at + timedelta(days=9))
    assert conference.held_on(case) == (EVENING.starts_at + timedelta(days=9)).date()
