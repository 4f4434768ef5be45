"""A letter's text is forgotten in time, and a letter that was not sent never."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from portal.database import database
from portal.delivery import tracing
from portal.delivery.forgetting import (
    TEXT_KEPT,
    TRACE_KEPT,
    Texts,
    Unsent,
    forget_about,
    past_traces,
    unsent_about,
)
from portal.delivery.letters import Text
from portal.delivery.outbox import (
    Letter,
    Outcome,
    Result,
    State,
    claim,
    post,
    record,
    stuck,
    stuck_about,
    waiting_since,
)
from portal.delivery.worker import LEASE
from tests.conftest import NOON
from tests.delivery.conftest import envelope, put

pytestmark = pytest.mark.usefixtures("db")
TICK = timedelta(microseconds=1)
ABOUT = envelope().case_reference


def settle(result: Result, now: datetime = NOON) -> State:
    claimed = claim(now, now + LEASE)
    assert claimed
    return record(claimed, Outcome(result, "250 niet voor noor@example.org"), now)


def queued() -> str:
    return put()


def sending() -> str:
    letter = put()
    assert claim(NOON, NOON + LEASE)
    return letter


def deferred() -> str:
    letter = put()
    settle(Result.DEFERRED)
    return letter


def stuck_alone() -> str:
    letter = put(fallback=None)
    settle(Result.REFUSED)
    return letter


def stuck_with_a_copy_that_went() -> str:
    letter = put()
    settle(Result.REFUSED)
    settle(Result.SENT)
    return letter


UNSENT = (queued, sending, deferred, stuck_alone, stuck_with_a_copy_that_went)


def sent(at: datetime = NOON) -> str:
    letter = put(at)
    settle(Result.SENT, at)
    return letter


def row_of(letter: str) -> Letter:
    found: Letter = Letter.get_by_id(letter)
    return found


def test_thirty_days_after_sending_nothing_of_it_can_be_read() -> None:
    letter = sent()
    assert Texts(NOON).forget() == 0
    assert row_of(letter).body
    assert Texts(NOON + TICK).count() == 1
    assert Texts(NOON + TICK).forget() == 1
    row = row_of(letter)
    for column in ("recipient", "fallback", "reply_to", "subject", "body", "last_answer"):
        assert not row.__data__[column]
        assert getattr(row, column) is None
    assert Texts(NOON + TEXT_KEPT).count() == 0


def test_that_it_went_is_still_to_be_seen() -> None:
    sent()
    Texts(NOON + TICK).forget()
    (trace,) = tracing.letters_about(ABOUT)
    assert (trace.recipient, trace.state, trace.sent_at) == (None, State.SENT, NOON)
    assert tracing.arrived_at(ABOUT, [trace.name], NOON) == NOON


@pytest.mark.parametrize("make", UNSENT)
def test_a_letter_in_any_other_state_is_refused(make: Callable[[], str]) -> None:
    letter = make()
    before = Letter.select().where(Letter.id == letter).dicts().get()
    assert Texts(NOON + 999 * TEXT_KEPT).forget() == (make is stuck_with_a_copy_that_went)
    past_traces(NOON + 9 * TRACE_KEPT).forget()
    with pytest.raises(Unsent):
        forget_about(ABOUT)
    assert Letter.select().where(Letter.id == letter).dicts().get() == before
    assert row_of(letter).body
    assert unsent_about() == [ABOUT]


@pytest.mark.parametrize("make", [stuck_alone, stuck_with_a_copy_that_went])
def test_a_letter_that_was_set_aside_holds_nothing_up_and_alarms_nobody(
    make: Callable[[], str],
) -> None:
    letter = make()
    assert tracing.set_aside(ABOUT, letter, "Regiomanager", NOON)
    assert (stuck(), stuck_about(9), waiting_since()) == (0, [], None)
    assert unsent_about() == []
    assert row_of(letter).body
    assert forget_about(ABOUT) == (2 if make is stuck_with_a_copy_that_went else 1)


def test_a_copy_on_its_way_holds_the_case_of_a_letter_that_was_set_aside() -> None:
    letter = put()
    settle(Result.REFUSED)
    tracing.set_aside(ABOUT, letter, "Regiomanager", NOON)
    with pytest.raises(Unsent):
        forget_about(ABOUT)


def test_with_its_case_every_letter_goes_and_no_other() -> None:
    sent()
    sent()
    to = replace(envelope(), case_reference="EK-0000-0000-0009")
    other = post("intake", Text("Nieuw", "Er is iets.\n"), to, NOON, "portaal@example.org")
    settle(Result.SENT)
    assert forget_about(ABOUT) == 2
    assert [row.id for row in Letter.select()] == [other]
    assert unsent_about() == []


def test_what_is_left_of_a_letter_goes_after_twelve_months() -> None:
    sent()
    assert past_traces(NOON).forget() == 0
    assert past_traces(NOON + TICK).forget() == 1
    assert not Letter.select().exists()


def test_a_copy_that_somebody_has_stays_as_long_as_the_letter_is_stuck() -> None:
    stuck_with_a_copy_that_went()
    assert stuck() == 0
    assert past_traces(NOON + TICK).forget() == 0
    assert stuck() == 0
    Letter.update(state=State.SENT, sent_at=NOON).execute()
    assert past_traces(NOON + TICK).forget() == 2


@pytest.mark.sqlite
def test_hundreds_are_emptied_a_few_at_a_time_and_by_index() -> None:
    for _ in range(250):
        put()
    Letter.update(state=State.SENT, sent_at=NOON).execute()
    asked: list[str] = []
    database.connection().set_trace_callback(asked.append)
    assert Texts(NOON + TICK).forget() == 250
    database.connection().set_trace_callback(None)
    assert sum(statement.startswith("COMMIT") for statement in asked) == 4
    for statement in (one for one in asked if one.startswith(("SELECT", "UPDATE"))):
        plan = database.execute_sql(f"EXPLAIN QUERY PLAN {statement}").fetchall()
        assert any("letter_state_sent_at" in row[-1] for row in plan), plan
