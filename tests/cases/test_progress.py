"""What happens to a case keeps to its life, says who did it, and is what its events say."""

from contextlib import suppress
from datetime import datetime, timedelta

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from portal.cases import register
from portal.cases.case import Contact, Happening, Stage, Status
from portal.cases.life import ENDED, may_move
from portal.cases.progress import (
    NotAllowed,
    acknowledge,
    move,
    pass_on,
    reopen,
    touch,
    was_just_passed_on,
)
from portal.cases.register import By, Case, Closed, Event, history, withdraw
from portal.database import database
from tests.databases import hurry
from tests.seed import one

ANNA, BEN = By("anna", "Regiomanager A"), By("ben", "Landelijk bureau")
MINUTE = timedelta(minutes=1)


def happened(case: Case) -> list[tuple[str, str, str | None]]:
    return [(e.what.value, e.by, e.status and e.status.value) for e in history(case)]


def test_the_first_sign_of_life_is_given_once_and_says_who_gave_it(db: None, now: datetime) -> None:
    case = one(now)
    assert acknowledge(case, ANNA, now + MINUTE)
    assert not acknowledge(case, BEN, now + 2 * MINUTE)
    assert happened(case)[1:] == [("acknowledged", "anna", "acknowledged")]
    assert (case.stage, case.idle_since) == (Stage.UNDER_WAY, now + MINUTE)
    assert history(case)[1].function == "Regiomanager A"


def test_nothing_but_an_end_comes_before_the_sign_of_life(db: None, now: datetime) -> None:
    case = one(now)
    for status in set(Status) - ENDED - {Status.RECEIVED}:
        with pytest.raises(NotAllowed):
            move(case, status, ANNA, "", now)
    assert move(case, Status.STOPPED, ANNA, "geen vraag", now)
    assert history(case)[-1].reason == "geen vraag"
    assert not acknowledge(case, ANNA, now)


def test_a_step_that_was_taken_is_not_taken_again(db: None, now: datetime) -> None:
    case = one(now)
    acknowledge(case, ANNA, now)
    assert move(case, Status.IN_CONVERSATION, ANNA, "", now)
    assert not move(case, Status.IN_CONVERSATION, ANNA, "", now)
    assert len(history(case)) == 3


def test_who_gets_a_case_has_to_give_a_sign_of_life_too(db: None, now: datetime) -> None:
    case = one(now)
    acknowledge(case, ANNA, now)
    move(case, Status.IN_CONVERSATION, ANNA, "", now)
    pass_on(case, "drenthe", ANNA, "verhuisd", now + MINUTE)
    assert (case.region, case.stage, case.idle_since) == ("drenthe", Stage.AWAITING, now + MINUTE)
    assert case.status is Status.IN_CONVERSATION
    assert was_just_passed_on(case, "drenthe", ANNA)
    assert not was_just_passed_on(case, "drenthe", BEN)
    with pytest.raises(NotAllowed):
        move(case, Status.COORDINATOR_SOUGHT, BEN, "", now)
    assert acknowledge(case, BEN, now + 2 * MINUTE)
    assert case.status is Status.IN_CONVERSATION


def test_a_case_is_not_passed_on_to_where_it_is_nor_when_it_has_ended(
    db: None, now: datetime
) -> None:
    case = one(now)
    with pytest.raises(NotAllowed):
        pass_on(case, case.region, ANNA, "", now)
    move(case, Status.REFERRED, ANNA, "", now)
    with pytest.raises(NotAllowed):
        pass_on(case, "drenthe", ANNA, "", now)


def test_what_the_desk_ended_goes_on_where_it_was(db: None, now: datetime) -> None:
    case = one(now)
    acknowledge(case, ANNA, now)
    move(case, Status.IN_CONVERSATION, ANNA, "", now + MINUTE)
    move(case, Status.WITHDRAWN, ANNA, "aan de telefoon", now + 2 * MINUTE)
    reopen(case, BEN, "misverstand", now + 3 * MINUTE)
    assert (case.status, case.stage) == (Status.IN_CONVERSATION, Stage.AWAITING)
    assert happened(case)[-1] == ("reopened", "ben", "in conversation")
    with pytest.raises(NotAllowed):
        reopen(case, BEN, "", now)


def test_what_its_requester_withdrew_stays_so(db: None, now: datetime) -> None:
    case = one(now)
    withdraw(case, now + MINUTE)
    case = Case.get()
    assert (case.status, case.stage, case.idle_since) == (
        Status.WITHDRAWN,
        Stage.ENDED,
        now + MINUTE,
    )
    with pytest.raises(NotAllowed):
        reopen(case, BEN, "", now)


@pytest.mark.parametrize("end", sorted(ENDED))
def test_its_requester_can_do_nothing_to_a_case_that_has_ended(
    db: None, now: datetime, end: Status
) -> None:
    case = one(now)
    Case.update(status=end, stage=Stage.ENDED).execute()
    with pytest.raises(Closed):
        withdraw(case, now)
    with pytest.raises(Closed):
        register.correct(case, Contact("Nora", "", ""), now)


def test_a_note_does_not_push_a_case_back_that_waits_for_a_sign_of_life(
    db: None, now: datetime
) -> None:
    case = one(now)
    touch(case, now + MINUTE)
    assert case.idle_since == now
    acknowledge(case, ANNA, now + MINUTE)
    touch(case, now + 2 * MINUTE)
    assert case.idle_since == now + 2 * MINUTE


def test_what_the_requester_says_later_does_not_hide_how_long_the_desk_did_nothing(
    db: None, now: datetime
) -> None:
    case = one(now)
    register.correct(case, Contact("Nora", "", ""), now + MINUTE)
    case = Case.get()
    assert (case.idle_since, case.heard_at) == (now, now + MINUTE)


def test_only_cases_that_have_not_ended_hinder_a_new_map(db: None, now: datetime) -> None:
    one(now, "utrecht")
    one(now, "drenthe")
    move(one(now, "drenthe"), Status.STOPPED, ANNA, "", now)
    assert register.open_cases() == {"utrecht": 1, "drenthe": 1}


DEEDS = st.one_of(
    st.tuples(st.just("move"), st.sampled_from(list(Status))),
    st.tuples(st.just("acknowledge"), st.none()),
    st.tuples(st.just("pass on"), st.sampled_from(["utrecht", "drenthe", "landelijk"])),
    st.tuples(st.just("reopen"), st.none()),
    st.tuples(st.just("withdraw"), st.none()),
    st.tuples(st.just("touch"), st.none()),
)


def do(case: Case, deed: str, what: object, now: datetime) -> None:
    match deed, what:
        case "move", Status():
            move(case, what, ANNA, "", now)
        case "acknowledge", _:
            acknowledge(case, ANNA, now)
        case "pass on", str():
            pass_on(case, what, ANNA, "", now)
        case "reopen", _:
            reopen(case, BEN, "", now)
        case "withdraw", _:
            withdraw(case, now)
        case _:
            touch(case, now)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(deeds=st.lists(DEEDS, max_size=15))
def test_whatever_is_tried_a_case_is_what_its_events_say(
    db: None, now: datetime, deeds: list[tuple[str, object]]
) -> None:
    hurry()
    with database.atomic() as undone:
        case = one(now)
        for count, (deed, what) in enumerate(deeds, 1):
            with suppress(NotAllowed, Closed):
                do(case, deed, what, now + count * MINUTE)
            case = Case.get_by_id(case.id)
            check(case)
        undone.rollback()


def check(case: Case) -> None:
    events = history(case)
    states = [event.status for event in events if event.status]
    assert case.status is states[-1]
    assert (case.stage is Stage.ENDED) == (case.status in ENDED)
    assert case.stage is not Stage.UNDER_WAY or case.status is not Status.RECEIVED
    reopened = [event.what is Happening.REOPENED for event in events if event.status]
    for before, after, again in zip(states, states[1:], reopened[1:], strict=False):
        assert may_move(before, after) or before is after or (again and before in ENDED)
    assert sum(event.what is Happening.WITHDRAWN for event in events) <= 1
    assert Event.select().where(Event.case == case, Event.what == Happening.RECEIVED).count() == 1
