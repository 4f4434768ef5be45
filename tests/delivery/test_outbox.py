"""What is in the outbox stays in sight until a mail server has taken it."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.database import Table, database, transaction
from portal.delivery import tracing
from portal.delivery.letters import Text
from portal.delivery.outbox import (
    UNSENT,
    Claim,
    Letter,
    Outcome,
    Result,
    State,
    claim,
    post,
    record,
    stuck,
    waiting_since,
)
from portal.delivery.worker import LEASE, Heartbeat
from portal.sealing import SealBroken
from tests.conftest import NOON
from tests.databases import elsewhere, on_disk, raw
from tests.delivery.conftest import DESK, MANAGER, REQUESTER, Clock, envelope, put

SENT = Outcome(Result.SENT, "250 taken")
LATER = Outcome(Result.DEFERRED, "451 4.7.1 greylisted, come back later")
NEVER = Outcome(Result.REFUSED, "550 5.1.1 no such mailbox")
AWAY = Outcome(Result.UNAVAILABLE, "[Errno 111] Connection refused")

pytestmark = pytest.mark.usefixtures("db")


def take(now: datetime) -> Claim:
    claimed = claim(now, now + LEASE)
    assert claimed
    return claimed


def settle(now: datetime, outcome: Outcome) -> State:
    return record(take(now), outcome, now)


def row_of(letter_id: str) -> Letter:
    letter: Letter = Letter.get_by_id(letter_id)
    return letter


def forwarded(letter_id: str) -> list[Letter]:
    return list(Letter.select().where(Letter.forwarded_from == letter_id))


def spoil(letter_id: str, column: str) -> None:
    raw(f"UPDATE letter SET {column} = ? WHERE id = ?", b"\x01", letter_id)  # noqa: S608


@pytest.mark.sqlite
def test_the_migration_builds_the_tables_that_the_models_speak_of() -> None:
    def shape() -> list[tuple[str, ...]]:
        statement = "SELECT name, sql FROM sqlite_master WHERE tbl_name = ? ORDER BY name"
        tables: list[type[Table]] = [Letter, Heartbeat]
        return [
            found
            for table in tables
            for found in database.execute_sql(statement, (table._meta.table_name,)).fetchall()
        ]

    migrated = shape()
    database.drop_tables([Letter, Heartbeat])
    database.create_tables([Letter, Heartbeat])
    assert shape() == migrated


def test_a_letter_is_posted_with_the_callers_transaction_or_not_at_all() -> None:
    with pytest.raises(ZeroDivisionError), transaction():
        put()
        _ = 1 / 0
    assert Letter.select().count() == 0
    with transaction():
        put()
        put()
    assert Letter.select().count() == 2


def test_what_a_letter_says_and_to_whom_is_nowhere_in_the_files(database_url: str) -> None:
    put(recipient="kanarie-een@example.org", body="kanarie-twee\n", fallback="kanarie-drie@x.org")
    settle(NOON, Outcome(Result.REFUSED, "550 kanarie-vier"))
    assert b"kanarie" not in on_disk(database_url)


def test_a_message_id_is_unique_in_the_senders_domain_and_never_changes(clock: Clock) -> None:
    ids = [put(), put()]
    named = {row_of(letter).message_id for letter in ids}
    assert len(named) == 2
    assert all(name.startswith("<") and name.endswith("@example.org>") for name in named)
    for _ in ids:
        settle(clock.now, LATER)
    assert {row_of(letter).message_id for letter in ids} == named


def test_a_senders_foreign_domain_is_named_in_ascii() -> None:
    letter = post("x", Text("S", "B"), envelope(), NOON, "portaal@voorbééld.example")
    assert row_of(letter).message_id.endswith("@xn--voorbld-fyaa.example>")


def test_the_longest_due_goes_first_and_what_is_not_due_stays() -> None:
    late = put(NOON - timedelta(hours=1))
    later = put(NOON)
    put(NOON + timedelta(seconds=1))
    taken = [take(NOON).letter.id, take(NOON).letter.id]
    assert taken == [late, later]
    assert claim(NOON, NOON + LEASE) is None


def test_a_letter_in_hand_is_free_again_only_when_the_lease_has_run_out(clock: Clock) -> None:
    letter = put()
    first = take(clock.now)
    assert (row_of(letter).state, row_of(letter).attempts) == (State.SENDING, 1)
    assert claim(clock.move(minutes=4.99), NOON) is None
    clock.move(minutes=0.01)
    second = take(clock.now)
    assert (second.letter.id, second.attempt) == (letter, first.attempt + 1)


def test_an_accepted_letter_is_sent_and_done_with(clock: Clock) -> None:
    letter = put()
    assert settle(clock.now, SENT) is State.SENT
    assert (row_of(letter).sent_at, row_of(letter).last_answer) == (NOON, SENT.answer)
    assert claim(clock.move(days=30), clock.now) is None
    assert waiting_since() is None


def test_waits_grow_from_a_minute_to_half_a_day_until_a_week_has_passed(clock: Clock) -> None:
    letter = put()
    waits: list[float] = []
    while settle(clock.now, LATER) is State.DEFERRED:
        waits.append((row_of(letter).due_at - clock.now) / timedelta(minutes=1))
        assert claim(row_of(letter).due_at - timedelta(microseconds=1), NOON) is None
        clock.now = row_of(letter).due_at
    assert waits[:-1] == [1, 5, 15, 60, 240, 720, *[720] * 12]
    assert clock.now == NOON + timedelta(days=7)
    assert row_of(letter).state is State.STUCK


def test_a_letter_that_was_hardly_tried_is_not_given_up_on_its_age(clock: Clock) -> None:
    letter = put()
    clock.move(days=9)
    waits = [timedelta(minutes=m) for m in (1, 5, 15, 60, 240, 720)]
    for wait in waits:
        assert settle(clock.now, LATER) is State.DEFERRED
        assert row_of(letter).due_at == clock.now + wait
        clock.now += wait
    assert settle(clock.now, LATER) is State.STUCK


def test_a_refusal_for_good_is_stuck_at_once_with_the_servers_words() -> None:
    letter = put()
    assert settle(NOON, NEVER) is State.STUCK
    assert row_of(letter).last_answer == NEVER.answer


def test_a_stuck_letter_goes_to_the_fallback_as_a_letter_of_its_own(clock: Clock) -> None:
    letter = put(body="Bel de aanvrager.\n")
    settle(clock.move(minutes=2), NEVER)
    (copy,) = forwarded(letter)
    assert (copy.recipient, copy.fallback, copy.reply_to) == (DESK, None, REQUESTER)
    assert copy.message_id != row_of(letter).message_id
    assert copy.case_reference == row_of(letter).case_reference
    assert (copy.state, copy.created_at, copy.due_at) == (State.QUEUED, clock.now, clock.now)
    assert "kon niet worden bezorgd" in copy.body
    assert "Bel de aanvrager." in copy.body
    assert settle(clock.now, NEVER) is State.STUCK
    assert forwarded(copy.id) == []


@pytest.mark.parametrize("fallback", [None, MANAGER, MANAGER.upper()])
def test_without_another_address_a_stuck_letter_goes_nowhere_else(fallback: str | None) -> None:
    letter = put(fallback=fallback)
    settle(NOON, NEVER)
    assert forwarded(letter) == []
    assert stuck() == 1


def test_a_letter_is_stuck_and_sent_on_together_or_not_at_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    letter = put()
    taken = take(NOON)
    monkeypatch.setattr("portal.delivery.outbox.compose", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        record(taken, NEVER, NOON)
    assert (row_of(letter).state, row_of(letter).last_answer) == (State.SENDING, None)


@pytest.mark.parametrize("column", ["body", "subject", "recipient", "reply_to"])
def test_a_letter_that_cannot_be_opened_still_reaches_the_fallback(column: str) -> None:
    letter = put()
    spoil(letter, column)
    taken = take(NOON)
    with pytest.raises(SealBroken):
        taken.outgoing()
    assert record(taken, Outcome(Result.REFUSED, "SealBroken"), NOON) is State.STUCK
    (copy,) = forwarded(letter)
    assert copy.recipient == DESK
    assert ("niet meer te lezen" in copy.body) == (column == "body")


def test_a_letter_whose_fallback_cannot_be_opened_is_stuck_in_sight() -> None:
    letter = put()
    spoil(letter, "fallback")
    assert settle(NOON, NEVER) is State.STUCK
    assert forwarded(letter) == []
    assert stuck() == 1


def test_a_server_that_is_away_costs_a_letter_nothing(clock: Clock) -> None:
    letter = put()
    for _ in range(3):
        settle(clock.move(minutes=5), AWAY)
        back = row_of(letter)
        assert (back.state, back.attempts, back.due_at) == (State.QUEUED, 0, NOON)
        assert back.last_answer == AWAY.answer
    settle(clock.now, LATER)
    due = row_of(letter).due_at
    settle(clock.move(days=3), AWAY)
    back = row_of(letter)
    assert (back.state, back.attempts, back.due_at) == (State.DEFERRED, 1, due)


@pytest.mark.parametrize("late", [LATER, NEVER, AWAY])
def test_a_worker_back_after_its_lease_undoes_nothing(clock: Clock, late: Outcome) -> None:
    letter = put()
    first = take(clock.now)
    clock.now += LEASE
    second = take(clock.now)
    assert record(first, late, clock.now) is State.SENDING
    assert record(second, SENT, clock.now) is State.SENT
    assert record(first, late, clock.now) is State.SENT
    assert (row_of(letter).last_answer, forwarded(letter)) == (SENT.answer, [])


@pytest.mark.parametrize("meanwhile", [LATER, NEVER, AWAY, None])
def test_sent_counts_even_from_a_worker_back_after_its_lease(
    clock: Clock, meanwhile: Outcome | None
) -> None:
    letter = put()
    first = take(clock.now)
    clock.now += LEASE
    second = take(clock.now)
    if meanwhile:
        record(second, meanwhile, clock.now)
    assert record(first, SENT, clock.move(minutes=1)) is State.SENT
    assert record(second, replace(SENT, answer="250 again"), clock.move(minutes=1)) is State.SENT
    assert row_of(letter).sent_at == clock.now - timedelta(minutes=1)
    assert claim(clock.move(days=9), clock.now) is None or forwarded(letter)


def test_waiting_since_tells_of_the_oldest_letter_that_is_still_to_go() -> None:
    assert waiting_since() is None
    put(NOON - timedelta(days=2), fallback=None)
    settle(NOON, NEVER)
    put(NOON - timedelta(hours=3))
    put(NOON)
    assert waiting_since() == NOON - timedelta(hours=3)
    settle(NOON, LATER)
    assert waiting_since() == NOON - timedelta(hours=3)
    take(NOON)
    assert waiting_since() == NOON - timedelta(hours=3)


def test_stuck_counts_what_reaches_nobody() -> None:
    put()
    settle(NOON, NEVER)
    assert stuck() == 0  # a copy is on its way to the desk
    settle(NOON, NEVER)
    assert stuck() == 1  # the copy is stuck too: one message that nobody hears of
    put(fallback=None)
    settle(NOON, NEVER)
    assert stuck() == 2


ALLOWED = {
    (State.QUEUED, State.SENDING),
    (State.DEFERRED, State.SENDING),
    (State.SENDING, State.QUEUED),
    (State.SENDING, State.DEFERRED),
    (State.SENDING, State.STUCK),
    (State.STUCK, State.SET_ASIDE),
    *((before, State.SENT) for before in State),
}

STEPS = st.one_of(
    st.tuples(st.just("post"), st.booleans()),
    st.tuples(st.just("claim"), st.just(0)),
    st.tuples(st.just("set aside"), st.just(0)),
    st.tuples(st.just("answer"), st.tuples(st.integers(0, 9), st.sampled_from(Result))),
    st.tuples(st.just("wait"), st.sampled_from([1, 300, 3600, 86400, 691200])),
)


@pytest.mark.usefixtures("no_power_cut")
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60
)
@given(st.lists(STEPS, min_size=5, max_size=40))
def test_in_any_history_letters_go_allowed_ways_only_and_nothing_unsent_vanishes(
    history: list[tuple[str, object]],
) -> None:
    database.execute_sql("DELETE FROM letter")
    clock, hands, seen = Clock(), [], dict[str, State]()
    for step, detail in history:
        before = dict(seen)
        if step == "post":
            put(clock.now, fallback=DESK if detail else None)
        elif step == "claim" and (claimed := claim(clock.now, clock.now + LEASE)):
            hands.append(claimed)  # and maybe never heard of again: its worker died
        elif step == "answer" and hands:
            assert isinstance(detail, tuple)
            record(hands[detail[0] % len(hands)], Outcome(detail[1], "an answer"), clock.now)
        elif step == "set aside":
            for row in Letter.select():
                tracing.set_aside(row.case_reference, row.id, "Regiomanager", clock.now)
        elif step == "wait":
            assert isinstance(detail, int)
            clock.move(seconds=detail)
        seen = {letter.id: State(letter.state) for letter in Letter.select()}
        _check_moves(before, seen)
    _check_all_still_go(clock, seen)


def _check_moves(before: dict[str, State], after: dict[str, State]) -> None:
    assert before.keys() <= after.keys()
    for letter, state in after.items():
        was = before.get(letter)
        assert was is state or (was, state) in ALLOWED or (was, state) == (None, State.QUEUED)
    for row in Letter.select().where(Letter.state.in_((State.STUCK, State.SET_ASIDE))):
        assert row.fallback is None or len(forwarded(row.id)) == 1


def _check_all_still_go(clock: Clock, states: dict[str, State]) -> None:
    clock.move(days=2)
    waiting = {letter for letter, state in states.items() if state in UNSENT}
    taken = set()
    while claimed := claim(clock.now, clock.now + LEASE):
        taken.add(claimed.letter.id)
        record(claimed, SENT, clock.now)
    assert taken == waiting


def test_a_claim_is_on_disk_before_the_letter_is_in_anyones_hands(database_url: str) -> None:
    letter = put()
    take(NOON)
    assert elsewhere(database_url, f"SELECT state FROM letter WHERE id = '{letter}'") == [  # noqa: S608
        ("sending",)
    ]


@pytest.mark.sqlite
def test_however_much_is_due_a_claim_neither_reads_all_of_it_nor_sorts_it(now: datetime) -> None:
    for minutes in (3, 1, 2):
        put(now - timedelta(minutes=minutes))
    asked: list[str] = []
    database.connection().set_trace_callback(asked.append)
    assert take(now).was_due == now - timedelta(minutes=3)
    database.connection().set_trace_callback(None)
    read = [statement for statement in asked if statement.startswith("SELECT")]
    plans = [row[3] for one in read for row in database.execute_sql(f"EXPLAIN QUERY PLAN {one}")]
    assert len(plans) == len(UNSENT)
    assert {"SEARCH", "INDEX"} <= set(" ".join(plans).split())
    assert not {"SCAN", "B-TREE"} & set(" ".join(plans).split())
