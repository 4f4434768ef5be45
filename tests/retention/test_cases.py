"""A case is forgotten whole or not at all; nothing leads back to it, and no letter is lost."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.cases import conference, progress, register, work
from portal.cases.case import Intent, Kind, Role, Stage, Status, Submission
from portal.cases.conference import Appointment, Outcome, Plan
from portal.cases.followup import FollowUp, Going, Reply
from portal.cases.life import MOVES
from portal.cases.register import By, Case, find
from portal.cases.tombstone import Tombstone, of
from portal.casework.chase import ChaseStep, Step
from portal.database import Rows, Table, database, transaction
from portal.delivery import tracing
from portal.delivery.forgetting import TEXT_KEPT, Texts, past_traces
from portal.delivery.letters import Envelope, Text
from portal.delivery.outbox import Letter, Result, State, claim, post, record
from portal.delivery.outbox import Outcome as Answer
from portal.delivery.worker import LEASE
from portal.retention.cases import Cases
from tests.conftest import NOON
from tests.databases import dump, hurry, refuse
from tests.seed import one

pytestmark = pytest.mark.usefixtures("db")
SOMEBODY = By("somebody", "Regiomanager")
DAY, WEEK = timedelta(days=1), timedelta(weeks=1)
OVER = NOON + 4 * WEEK


def write(
    case: Case, name: str = "intake", at: datetime = NOON, fallback: str | None = None
) -> str:
    to = Envelope("regio@example.org", fallback, "noor@example.org", case.reference)
    return post(name, Text("Nieuwe aanvraag", "Er is iets.\n"), to, at, "p@example.org")


def settle(result: Result, at: datetime = NOON) -> None:
    claimed = claim(at, at + LEASE)
    assert claimed
    record(claimed, Answer(result, "250 ok"), at)


def stopped(at: datetime = NOON, **other: Any) -> Case:
    """A case that ended, with a letter about it that went."""
    case = one(at, **other)
    with transaction():
        write(case, at=at)
        progress.acknowledge(case, SOMEBODY, at)
        progress.move(case, Status.STOPPED, SOMEBODY, "Wil niet meer", at)
    settle(Result.SENT, at)
    return case


def full(at: datetime = NOON) -> Case:
    """A case with something in every table that can hang on one."""
    case = stopped(at, kind=Kind.COMMUNITY)
    said = Submission("k2", case.kind, case.intent, case.role, "", "", "Noor", "", "06", ())
    with transaction():
        register.add(case, said, at)
        work.write_note(case, "Notitie", "n", SOMEBODY, at)
        work.set_task(case, work.Wanted("Bel", at.date()), form_key="t", by=SOMEBODY, now=at)
        conference.set_date(case, Appointment(at, 60, "Buurthuis"), SOMEBODY, at)
        ChaseStep.create(case=case, since=at, step=Step.REMINDER, region="utrecht", at=at)
        reply = Reply.create(
            kind=case.kind,
            region="utrecht",
            held_in="2026-11",
            answered_in="2027-02",
            going=Going.PARTLY,
            helped="De buren",
        )
        FollowUp.create(case=case, held_on=at.date(), asked_at=at, pseudonym=reply.id)
    return case


def rows() -> dict[str, int]:
    """How many rows each table has that has any."""
    tables = {str(table._meta.table_name): table for table in Table.__subclasses__()}
    there = set(database.get_tables())
    found = {name: table.select().count() for name, table in tables.items() if name in there}
    return {name: number for name, number in found.items() if number}


def test_with_a_case_goes_everything_that_hangs_on_it_but_the_answers() -> None:
    case = full()
    hanging = {
        name
        for name in database.get_tables()
        for key in database.get_foreign_keys(name)
        if key.dest_table == "case"
    }
    assert hanging <= set(rows()), "something new hangs on a case: put it in full()"
    assert Cases(OVER).forget() == 1
    assert rows() == {"key_proof": 1, "digest_key": 1, "tombstone": 1, "reply": 1}
    assert find(case.reference) is None


def test_nothing_that_is_left_leads_back() -> None:
    case, other = full(), one(NOON, email="bo@example.org", phone="")
    (reply,), (followed,) = Reply.select(), FollowUp.select()
    known = [case.id, case.reference, case.form_key, case.fingerprint, followed.id]
    known += [case.email_hash, case.phone_hash]
    before = "\n".join(dump())
    assert all(word in before for word in known)
    assert Cases(OVER).forget() == 1
    after = "\n".join(dump())
    assert other.reference in after
    assert not [word for word in known if word in after]
    assert after.count(reply.id) == 1
    (stone,) = Tombstone.select()
    assert stone.id not in {*known, reply.id}
    assert NOON.date().isoformat() not in str(stone.__data__)


def test_every_table_that_hangs_on_a_case_is_found_by_its_case() -> None:
    for name in database.get_tables():
        for key in database.get_foreign_keys(name):
            if key.dest_table == "case":
                firsts = [index.columns[0] for index in database.get_indexes(name)]
                assert key.column in firsts, name


@pytest.mark.parametrize(
    ("letter", "result"),
    [
        ("queued", None),
        ("sending", None),
        ("deferred", Result.DEFERRED),
        ("stuck", Result.REFUSED),
    ],
)
def test_a_case_with_a_letter_that_was_not_sent_stays_whole(
    letter: str, result: Result | None
) -> None:
    case, other = stopped(), stopped()
    with transaction():
        unsent = write(case, "withdrawn")
    if result:
        settle(result)
    elif letter == "sending":
        assert claim(NOON, NOON + LEASE)
    assert Letter.get_by_id(unsent).state.value == letter
    before = rows()
    assert (Cases(OVER).count(), Cases(OVER).forget()) == (2, 1)
    assert find(other.reference) is None
    assert len(tracing.letters_about(case.reference)) == 2
    assert rows() | {"tombstone": 0} == before | {
        "case": 1,
        "letter": 2,
        "event": 3,
        "tombstone": 0,
    }
    Letter.update(state=State.SENT, sent_at=OVER).where(Letter.id == unsent).execute()
    assert Cases(OVER).forget() == 1
    assert not Letter.select().exists()


@pytest.mark.parametrize("table", ["case", "letter", "event"])
def test_a_case_that_cannot_go_whole_does_not_go_at_all_and_holds_up_no_other(
    table: str, caplog: pytest.LogCaptureFixture
) -> None:
    case, other = stopped(), stopped(NOON + timedelta(minutes=1))
    column, value = {
        "case": ("id", case.id),
        "letter": ("case_reference", case.reference),
        "event": ("case_id", case.id),
    }[table]
    refuse(table, "DELETE", only=f"OLD.{column} = '{value}'")
    assert Cases(OVER + DAY).forget() == 1
    assert find(other.reference) is None
    assert Tombstone.select().count() == 1
    assert len(register.history(case)) == 3
    assert len(tracing.letters_about(case.reference)) == 1
    assert f"case {case.id} could not be forgotten: IntegrityError" in caplog.text
    assert "geheim" not in caplog.text


@pytest.mark.sqlite
def test_a_case_that_was_opened_again_meanwhile_stays() -> None:
    case, other = stopped(), stopped(NOON + timedelta(minutes=1))

    def reopen_the_other(statement: str) -> None:
        # Between looking for what is past and forgetting it.
        if statement.startswith("DELETE") and "letter" in statement:
            database.connection().set_trace_callback(None)
            other.stage, other.status = Stage.AWAITING, Status.ACKNOWLEDGED
            other.save()

    database.connection().set_trace_callback(reopen_the_other)
    assert Cases(OVER + DAY).forget() == 1
    assert find(case.reference) is None
    assert find(other.reference) is not None


# What may be counted of it


def test_a_tombstone_holds_what_may_be_counted_and_no_more() -> None:
    received = NOON - timedelta(days=60)
    case = one(
        received, "zeeland", kind=Kind.COMMUNITY, intent=Intent.PROPOSAL, role=Role.NEIGHBOUR
    )
    with transaction():
        progress.acknowledge(case, SOMEBODY, received + timedelta(hours=5, seconds=59))
        road = (Status.IN_CONVERSATION, Status.COORDINATOR_SOUGHT, Status.PLANNED, Status.HELD)
        for status in (*road, Status.CLOSED):
            progress.move(case, status, SOMEBODY, "", NOON)
        conference.look_back(case, Outcome({}, Plan.MADE), SOMEBODY, NOON)
    Cases(NOON + 400 * DAY).forget()
    (stone,) = Tombstone.select()
    assert {name: value for name, value in stone.__data__.items() if name != "id"} == {
        "kind": Kind.COMMUNITY,
        "intent": Intent.PROPOSAL,
        "role": Role.NEIGHBOUR,
        "region": "zeeland",
        "received_in": "2026-09",
        "ended_as": Status.CLOSED,
        "heard_after": 300,
        "in_time": True,
        "held": True,
        "plan": Plan.MADE,
    }


def test_a_month_is_that_of_the_calendar_here() -> None:
    assert of(one(datetime.fromisoformat("2026-11-30T23:30:00+00:00"))).received_in == "2026-12"


def test_who_heard_nothing_or_heard_late_is_counted_so() -> None:
    never, late = one(NOON), one(NOON)
    with transaction():
        register.withdraw(never, NOON)
        progress.acknowledge(late, SOMEBODY, NOON + 2 * DAY + timedelta(microseconds=1))
    assert (of(never).heard_after, of(never).in_time) == (None, None)
    assert (of(late).heard_after, of(late).in_time) == (2880, False)


def test_only_the_first_sign_of_life_counts() -> None:
    case = one(NOON)
    with transaction():
        progress.acknowledge(case, SOMEBODY, NOON + timedelta(minutes=3))
        progress.pass_on(case, "zeeland", SOMEBODY, "", NOON + DAY)
        progress.acknowledge(case, SOMEBODY, NOON + 9 * DAY)
    assert of(case).heard_after == 3


@pytest.mark.parametrize(
    ("way", "held"),
    [
        ((Status.HELD,), True),
        ((Status.HELD, Status.STOPPED), True),
        ((Status.HELD, Status.PLANNED), False),
        ((Status.HELD, Status.PLANNED, Status.STOPPED), False),
        ((Status.STOPPED,), False),
    ],
)
def test_a_conference_counts_however_the_case_ended_after_it(
    way: tuple[Status, ...], held: bool
) -> None:
    case = one(NOON)
    with transaction():
        progress.acknowledge(case, SOMEBODY, NOON)
        road = (Status.IN_CONVERSATION, Status.COORDINATOR_SOUGHT, Status.PLANNED)
        for number, status in enumerate((*road, *way)):
            progress.move(case, status, SOMEBODY, "", NOON + number * DAY)
    assert of(case).held is held


# Histories at random

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("receive"), st.just(0)),
        st.tuples(st.just("write"), st.integers(0, 5)),
        st.tuples(st.just("deliver"), st.sampled_from(list(Result))),
        st.tuples(st.just("claim"), st.just(0)),
        st.tuples(st.just("resend"), st.integers(0, 5)),
        st.tuples(st.just("set aside"), st.integers(0, 5)),
        st.tuples(st.just("acknowledge"), st.integers(0, 5)),
        st.tuples(st.just("move"), st.integers(0, 40)),
        st.tuples(st.just("pass on"), st.integers(0, 5)),
        st.tuples(st.just("reopen"), st.integers(0, 5)),
        st.tuples(st.just("withdraw"), st.integers(0, 5)),
        st.tuples(st.just("wait"), st.sampled_from([1, 8, 29, 35, 200, 400])),
        st.tuples(st.just("sweep"), st.just(0)),
    ),
    min_size=5,
    max_size=30,
)


class History:
    """Cases and letters to which things happen, on a clock that only goes on."""

    def __init__(self) -> None:
        self.now = NOON
        for table in (Letter, Case, Tombstone):
            Rows(table, ~table.id.is_null()).forget()
        self.received = 0

    def do(self, what: str, how: Any) -> None:
        getattr(self, what.replace(" ", "_"))(how)

    def case(self, number: int) -> Case | None:
        cases = list(Case.select().order_by(Case.received_at, Case.id))
        return cases[number % len(cases)] if cases else None

    def receive(self, _: int) -> None:
        self.received += 1
        with transaction():
            write(one(self.now), at=self.now, fallback="landelijk@example.org")

    def write(self, number: int) -> None:
        if case := self.case(number):
            write(case, at=self.now)

    def deliver(self, result: Result) -> None:
        if claimed := claim(self.now, self.now + LEASE):
            record(claimed, Answer(result, "so it is"), self.now)

    def claim(self, _: int) -> None:
        claim(self.now, self.now + LEASE)

    def resend(self, number: int) -> None:
        if case := self.case(number):
            for trace in tracing.letters_about(case.reference):
                tracing.resend(case.reference, trace.id, self.now, {})

    def set_aside(self, number: int) -> None:
        if case := self.case(number):
            for trace in tracing.letters_about(case.reference):
                tracing.set_aside(case.reference, trace.id, "Regiomanager", self.now)

    def acknowledge(self, number: int) -> None:
        if case := self.case(number):
            progress.acknowledge(case, SOMEBODY, self.now)

    def move(self, number: int) -> None:
        case = self.case(number % 6)
        if case and case.stage is Stage.UNDER_WAY:
            ways = MOVES[case.status]
            progress.move(case, ways[number % len(ways)], SOMEBODY, "", self.now)

    def pass_on(self, number: int) -> None:
        case = self.case(number)
        if case and case.stage is not Stage.ENDED:
            region = "zeeland" if case.region == "utrecht" else "utrecht"
            progress.pass_on(case, region, SOMEBODY, "", self.now)

    def reopen(self, number: int) -> None:
        case = self.case(number)
        if case and case.stage is Stage.ENDED and case.status is not Status.WITHDRAWN:
            progress.reopen(case, SOMEBODY, "", self.now)

    def withdraw(self, number: int) -> None:
        case = self.case(number)
        if case and case.stage is not Stage.ENDED:
            register.withdraw(case, self.now)

    def wait(self, days: int) -> None:
        self.now += days * DAY

    def sweep(self, _: int) -> None:
        unsent = self.unsent()
        waiting = {case.id for case in Case.select().where(Case.stage == Stage.AWAITING)}
        Cases(self.now).forget()
        Texts(self.now - TEXT_KEPT).forget()
        past_traces(self.now - 366 * DAY).forget()
        assert self.unsent() == unsent
        assert waiting <= {case.id for case in Case.select()}
        references = {case.reference for case in Case.select()}
        assert {letter["case_reference"] for letter in unsent.values()} <= references
        assert {letter.case_reference for letter in Letter.select()} <= references
        assert len(references) + Tombstone.select().count() == self.received

    def unsent(self) -> dict[str, dict[str, Any]]:
        """Every letter that is still to arrive, as it stands, by its id."""
        over = (State.SENT, State.SET_ASIDE)
        return {row.id: row.__data__ for row in Letter.select().where(Letter.state.not_in(over))}


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(STEPS)
def test_whatever_happens_no_unsent_letter_and_nothing_unhandled_is_forgotten(
    steps: list[tuple[str, Any]],
) -> None:
    hurry()
    history = History()
    history.receive(0)
    for what, how in steps:
        history.do(what, how)
    history.wait(400)
    history.sweep(0)
