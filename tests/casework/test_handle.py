"""What is done to a case is done whole, once, by who may, and told to whom it concerns."""

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from peewee import IntegrityError

from portal.cases import keeping, progress, register
from portal.cases.case import Contact, Happening, Intent, Role, Stage, Status, Submission
from portal.cases.progress import NotAllowed
from portal.cases.register import Case, Event, history
from portal.cases.work import Errand, Note, Task, Wanted, set_task
from portal.casework import handle
from portal.casework.handle import NotTheirs
from portal.casework.people import Person
from portal.config import Config
from portal.database import connection, transaction
from portal.delivery.letters import Envelope, Text
from portal.delivery.outbox import Letter, State, post
from portal.delivery.tracing import arrived_at, letters_about
from portal.routing.tables import ManagerRow
from portal.workdays import add_workdays
from tests.casework.desk_app import SOMEBODY, came_in, fresh, who
from tests.casework.staff_house import House
from tests.databases import dump, refuse
from tests.language import NORMAL, PUPIL
from tests.portal_app import letters

CANARY = "kanarie"
MINUTE = timedelta(minutes=1)

pytestmark = pytest.mark.usefixtures("opened")


@pytest.fixture
def opened(house: House) -> Any:
    with connection():
        yield


@pytest.fixture
def config(house: House) -> Config:
    found: Config = house.app.config["PORTAL"]
    return found


@pytest.fixture
def anna(house: House) -> Person:
    return who(house, "a")


@pytest.fixture
def national(house: House) -> Person:
    return who(house, "desk")


def letter_about(case: Case, state: State, now: datetime) -> Letter:
    envelope = Envelope("utrecht@example.org", None, "info@example.org", case.reference)
    made: Letter = Letter.get_by_id(post("intake", Text("Nieuw", "x"), envelope, now, "a@b.nl"))
    made.state, made.attempts, made.last_answer = state, 3, "450 later"
    made.save()
    return made


Verb = Callable[[Person, Case, datetime, Config], bool]

VERBS: dict[str, Verb] = {
    "acknowledge": lambda p, c, n, _: handle.acknowledge(p, c.reference, n),
    "move": lambda p, c, n, _: handle.move(
        p, c.reference, Status.STOPPED, seen="received", reason="", now=n
    ),
    "note": lambda p, c, n, _: handle.note(p, c.reference, "gebeld", "sleutel", n),
    "task": lambda p, c, n, _: handle.task(p, c.reference, Wanted("bel", n.date()), "sleutel", n),
    "inform": lambda p, c, n, _: handle.inform(p, c.reference, n),
    "done": lambda p, c, n, _: handle.done(p, c.reference, task_id_of(c), n),
    "pass on": lambda p, c, n, config: handle.pass_on(
        p, c.reference, "drenthe", reason="verhuisd", now=n, config=config
    ),
    "resend": lambda p, c, n, _: handle.resend(p, c.reference, stuck_letter(), n),
    "set aside": lambda p, c, n, _: handle.set_aside(p, c.reference, stuck_letter(), n),
}


def task_id_of(case: Case) -> str:
    return str(Task.get(Task.case == case).id)


def stuck_letter() -> str:
    return str(Letter.get(Letter.name == "intake").id)


def with_everything(now: datetime) -> Case:
    """A case with a task to be done and a letter that is stuck."""
    case = came_in()
    set_task(case, Wanted("bel", now.date()), form_key="x", by=SOMEBODY, now=now)
    letter_about(case, State.STUCK, now)
    return case


def everything() -> list[str]:
    return dump()


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("name", ["b", "admin", "gone"])
def test_no_verb_works_on_a_case_that_is_not_theirs_even_where_a_page_forgets_to_look(
    house: House, config: Config, now: datetime, verb: str, name: str
) -> None:
    case = with_everything(now)
    before = everything()
    with pytest.raises(NotTheirs):
        VERBS[verb](who(house, name), case, now, config)
    assert everything() == before


@pytest.mark.parametrize("verb", VERBS)
def test_no_verb_works_on_a_case_that_is_not_there(
    anna: Person, config: Config, now: datetime, verb: str
) -> None:
    case = with_everything(now)
    reference, case.reference = case.reference, "EK-0000-0000-0000"
    with pytest.raises(NotTheirs):
        VERBS[verb](anna, case, now, config)
    assert fresh(case).reference == reference


@pytest.mark.parametrize("verb", VERBS)
def test_what_is_done_twice_is_done_once(
    anna: Person, config: Config, now: datetime, verb: str
) -> None:
    case = with_everything(now)
    assert VERBS[verb](anna, case, now, config)
    before = everything()
    assert not VERBS[verb](anna, case, now + MINUTE, config)
    assert everything() == before


def test_who_stands_in_for_an_absent_manager_can_do_what_they_could(
    house: House, now: datetime
) -> None:
    case, deputy = came_in(region="zeeland"), ManagerRow.get_by_id("zeeland").deputy
    ManagerRow.update(active=False).where(ManagerRow.key == "zeeland").execute()
    house.staff["a"].manager = deputy
    assert handle.acknowledge(who(house, "a"), case.reference, now)


# A sign of life


def test_a_race_for_the_first_sign_of_life_has_one_winner(anna: Person, now: datetime) -> None:
    case, won, gate = came_in(), [], threading.Barrier(8)

    def run(number: int) -> None:
        with connection():
            gate.wait()
            won.append(handle.acknowledge(anna, case.reference, now + number * MINUTE))

    threads = [threading.Thread(target=run, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == [False] * 7 + [True]
    assert Event.select().where(Event.what == Happening.ACKNOWLEDGED).count() == 1


def test_it_is_written_down_who_gave_it_by_their_key_and_their_function(
    house: House, anna: Person, national: Person, now: datetime
) -> None:
    case, other = came_in(), came_in()
    handle.acknowledge(anna, case.reference, now)
    handle.acknowledge(national, other.reference, now)
    mine, theirs = history(case)[-1], history(other)[-1]
    assert (mine.by, mine.function) == (anna.key, "Regiomanager Utrecht (voorbeeld)")
    assert (theirs.by, theirs.function) == (national.key, "Landelijk bureau (voorbeeld)")


# Steps


def test_two_who_take_another_step_at_once_do_not_overwrite_each_other(
    anna: Person, national: Person, now: datetime
) -> None:
    case = came_in()
    handle.acknowledge(anna, case.reference, now)
    seen = Status.ACKNOWLEDGED.value
    steps = [(anna, Status.IN_CONVERSATION), (national, Status.WAITING)]
    done, gate = [], threading.Barrier(2)

    def run(person: Person, to: Status) -> None:
        with connection(), suppress(NotAllowed):
            gate.wait()
            done.append(handle.move(person, case.reference, to, seen=seen, reason="", now=now))

    threads = [threading.Thread(target=run, args=step) for step in steps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == [True]
    assert Event.select().where(Event.what == Happening.MOVED).count() == 1


def test_a_step_from_where_the_case_no_longer_is_changes_nothing(
    anna: Person, now: datetime
) -> None:
    case = came_in()
    handle.acknowledge(anna, case.reference, now)
    with pytest.raises(NotAllowed):
        handle.move(anna, case.reference, Status.STOPPED, seen="received", reason="", now=now)
    assert fresh(case).status is Status.ACKNOWLEDGED


# Passing on


def pass_on(case: Case, person: Person, now: datetime, config: Config, to: str = "drenthe") -> None:
    reason = f"{CANARY} om deze reden"
    assert handle.pass_on(person, case.reference, to, reason=reason, now=now, config=config)


def full_of_canaries(now: datetime, **other: Any) -> Case:
    text = f"{CANARY} {{{{ 7*7 }}}} %s"
    said = {
        "name": text,
        "phone": "0611111111",
        "email": "noor@example.org",
        "answers": tuple((name, (text,)) for name in ("story", "safety", "call_when", "place")),
    }
    return came_in(**said | other)


def test_the_case_is_out_of_sight_of_who_passed_it_on_and_whole_for_who_has_it(
    house: House, anna: Person, config: Config, now: datetime
) -> None:
    case = came_in()
    handle.acknowledge(anna, case.reference, now)
    handle.note(anna, case.reference, "gebeld", "k", now)
    pass_on(case, anna, now + MINUTE, config, "zeeland")
    with pytest.raises(NotTheirs):
        handle.theirs(anna, case.reference)
    case = handle.theirs(who(house, "b"), case.reference)
    assert [event.what.value for event in history(case)] == [
        *("received", "acknowledged", "passed on")
    ]
    assert (case.stage, case.idle_since) == (Stage.AWAITING, now + MINUTE)
    assert history(case)[-1].reason == f"{CANARY} om deze reden"
    assert Note.select().where(Note.case == case).count() == 1


def test_who_has_it_now_gets_the_reference_and_the_link_and_no_story(
    anna: Person, config: Config, now: datetime
) -> None:
    case = full_of_canaries(now)
    pass_on(case, anna, now, config)
    (letter,) = letters("moved_to_you")
    assert letter.recipient == "drenthe@example.org"
    assert letter.fallback == "landelijk@example.org"
    assert letter.subject == f"Aanvraag {case.reference} ligt nu bij u"
    assert f"{config.base_url}/beheer/zaak/{case.reference}/" in letter.body
    assert "woensdag 25 november 2026 om 13:00 uur" in " ".join(letter.body.split())
    for typed in (CANARY, "0611111111", "noor@"):
        assert typed not in letter.subject + letter.body


def test_the_requester_is_told_who_has_it_and_reads_nothing_that_anybody_typed(
    anna: Person, config: Config, now: datetime
) -> None:
    case = full_of_canaries(now)
    pass_on(case, anna, now, config)
    (letter,) = letters("passed_on")
    assert (letter.recipient, letter.fallback) == ("noor@example.org", None)
    assert case.reference in letter.subject
    assert "Regiomanager Drenthe (voorbeeld)" in letter.body
    assert "Regio: Drenthe" in letter.body
    assert CANARY not in letter.subject + letter.body


def test_every_time_it_is_passed_on_the_requester_is_told_however_often_that_is(
    national: Person, config: Config, now: datetime
) -> None:
    case = came_in()
    for region in ("drenthe", "zeeland", "limburg", "drenthe", "landelijk"):
        pass_on(case, national, now, config, region)
    assert len(letters("passed_on")) == len(letters("moved_to_you")) == 5
    last = letters("passed_on")[-1].body
    assert "Landelijk bureau (voorbeeld)" in last
    assert "Regio:" not in last


def test_who_gave_no_address_gets_no_letter(anna: Person, config: Config, now: datetime) -> None:
    pass_on(came_in(email=""), anna, now, config)
    assert [letter.name for letter in letters() if letter.name != "invitation"] == ["moved_to_you"]


@pytest.mark.parametrize("pupil", [True, False])
def test_the_letters_read_easily_and_address_one_person_one_way(
    anna: Person, config: Config, now: datetime, pupil: bool
) -> None:
    role, intent = (Role.PUPIL, Intent.REQUEST) if pupil else (Role.NEIGHBOUR, Intent.PROPOSAL)
    pass_on(came_in(role=role, intent=intent), anna, now, config)
    told, mine = letters("passed_on")[0], letters("moved_to_you")[0]
    assert (" u " in told.body.lower()) is not pupil
    assert (" je " in told.body.lower()) is pupil
    assert told.subject.startswith("Je aanvraag" if pupil else "Uw voorstel")
    for letter, gate in ((told, PUPIL if pupil else NORMAL), (mine, NORMAL)):
        prose = "\n".join(p.replace("\n", " ") for p in letter.body.split("\n\n") if ":" not in p)
        assert gate.faults(prose) == []


@pytest.mark.parametrize("region", ["utrecht", "nergens", "", "UTRECHT"])
def test_it_cannot_be_passed_on_to_where_it_is_or_to_nowhere(
    anna: Person, config: Config, now: datetime, region: str
) -> None:
    case = came_in()
    with pytest.raises(NotAllowed):
        handle.pass_on(anna, case.reference, region, reason="x", now=now, config=config)
    assert len(history(case)) == 1


@pytest.mark.parametrize("table", ["letter", "event"])
def test_nothing_is_passed_on_that_nobody_can_be_told_of(
    anna: Person, config: Config, now: datetime, table: str
) -> None:
    case = came_in()
    before = everything()
    refuse(table)
    with pytest.raises(IntegrityError):
        pass_on(case, anna, now, config)
    assert everything() == before
    assert fresh(case).region == "utrecht"


# Opening again


def ended(now: datetime, status: Status = Status.STOPPED) -> Case:
    case = came_in()
    with transaction():
        progress.move(case, status, SOMEBODY, "klaar", now)
    return case


def test_only_the_national_desk_opens_what_has_ended(
    anna: Person, national: Person, config: Config, now: datetime
) -> None:
    case = ended(now)
    with pytest.raises(NotTheirs):
        handle.reopen(anna, case.reference, "toch", now, config)
    assert handle.reopen(national, case.reference, "toch", now, config)
    assert not handle.reopen(national, case.reference, "toch", now, config)
    case = fresh(case)
    assert (case.status, case.stage) == (Status.RECEIVED, Stage.AWAITING)
    assert [letter.recipient for letter in letters("moved_to_you")] == ["utrecht@example.org"]


def test_nobody_opens_what_its_requester_withdrew(
    national: Person, config: Config, now: datetime
) -> None:
    case = came_in()
    with transaction():
        register.withdraw(case, now)
    with pytest.raises(NotAllowed):
        handle.reopen(national, case.reference, "toch", now, config)


# Informing a third person


@pytest.mark.parametrize(
    ("received", "added", "due"),
    [
        (datetime(2026, 11, 23), None, date(2026, 12, 23)),  # noqa: DTZ001
        (datetime(2026, 10, 31), None, date(2026, 11, 30)),  # noqa: DTZ001
        (datetime(2026, 11, 1), datetime(2026, 11, 20), date(2026, 12, 20)),  # noqa: DTZ001
        (datetime(2026, 1, 5), None, date(2026, 11, 23)),  # noqa: DTZ001
    ],
)
def test_a_third_person_is_told_within_a_month_of_what_the_requester_last_said(
    anna: Person, now: datetime, received: datetime, added: datetime | None, due: date
) -> None:
    case = came_in(now - received.replace(tzinfo=now.tzinfo))
    if added:
        said = Submission(
            "k", case.kind, case.intent, case.role, "", "", "N", "", "", (("addition", ("x",)),)
        )
        with transaction():
            register.add(case, said, added.replace(tzinfo=now.tzinfo))
    assert handle.inform(anna, case.reference, now)
    (task,) = Task.select()
    assert (task.due_on, task.errand) == (due, Errand.INFORM)


def test_who_is_to_be_told_is_put_on_the_list_again_once_the_first_was_told(
    anna: Person, now: datetime
) -> None:
    case = came_in()
    assert handle.inform(anna, case.reference, now)
    assert not handle.inform(anna, case.reference, now + MINUTE)
    assert handle.done(anna, case.reference, task_id_of(case), now)
    assert handle.inform(anna, case.reference, now + MINUTE)


def test_a_task_of_another_case_is_not_there(anna: Person, now: datetime) -> None:
    case, other = came_in(), came_in()
    handle.inform(anna, case.reference, now)
    with pytest.raises(NotTheirs):
        handle.done(anna, other.reference, task_id_of(case), now)


# Letters


@pytest.mark.parametrize("state", State)
def test_only_a_letter_that_is_held_up_is_sent_again(
    anna: Person, now: datetime, state: State
) -> None:
    case = came_in()
    letter = letter_about(case, state, now)
    held_up = state in {State.STUCK, State.DEFERRED, State.SET_ASIDE, State.HELD}
    assert letters_about(case.reference)[0].held_up is held_up
    assert handle.resend(anna, case.reference, letter.id, now + MINUTE) is held_up
    letter = Letter.get_by_id(letter.id)
    expected = (State.QUEUED, 0, now + MINUTE) if held_up else (state, 3, now)
    assert (letter.state, letter.attempts, letter.due_at) == expected


@pytest.mark.parametrize("state", State)
def test_only_a_stuck_letter_is_set_aside_and_its_case_ends_when_it_would_have(
    anna: Person, now: datetime, state: State
) -> None:
    case = came_in()
    before = keeping.last_contact(case)
    letter, is_stuck = letter_about(case, state, now), state is State.STUCK
    assert handle.set_aside(anna, case.reference, letter.id, now + MINUTE) is is_stuck
    assert not handle.set_aside(anna, case.reference, letter.id, now + 2 * MINUTE)
    (trace,) = letters_about(case.reference)
    expected = (State.SET_ASIDE, now + MINUTE) if is_stuck else (state, None)
    assert (trace.state, trace.set_aside_at) == expected
    assert keeping.last_contact(fresh(case)) == before


@pytest.mark.parametrize(
    ("name", "goes_to"),
    [
        *(("confirmation", "nora@example.com"), ("passed_on", "nora@example.com")),
        *(("follow_up", "nora@example.com"), ("follow_up_reminder", "nora@example.com")),
        *(("address_changed", "somebody@example.org"), ("intake", "somebody@example.org")),
    ],
)
def test_what_is_sent_again_to_the_requester_goes_where_they_are_now(
    anna: Person, now: datetime, name: str, goes_to: str
) -> None:
    case = came_in()
    letter = letter_about(case, State.STUCK, now)
    letter.name, letter.recipient = name, "somebody@example.org"
    letter.save()
    register.correct(case, Contact("", "nora@example.com", ""), now)
    handle.resend(anna, case.reference, letter.id, now)
    assert Letter.get_by_id(letter.id).recipient == goes_to


def test_a_letter_about_another_case_is_not_there(anna: Person, now: datetime) -> None:
    letter, other = letter_about(came_in(), State.STUCK, now), came_in()
    with pytest.raises(NotTheirs):
        handle.resend(anna, other.reference, letter.id, now)
    with pytest.raises(NotTheirs):
        handle.set_aside(anna, other.reference, letter.id, now)
    assert Letter.get_by_id(letter.id).state is State.STUCK


def test_a_letter_has_arrived_when_a_mail_server_took_it_and_not_before(now: datetime) -> None:
    case = came_in()
    letter = letter_about(case, State.QUEUED, now)
    assert arrived_at(case.reference, ["intake"], now) is None
    letter.state, letter.sent_at = State.SENT, now + MINUTE
    letter.save()
    assert arrived_at(case.reference, ["intake"], now) == now + MINUTE
    assert arrived_at(case.reference, ["intake"], now + MINUTE) is None
    assert arrived_at(case.reference, ["returned"], now) is None


def test_by_when_to_give_a_sign_of_life_counts_anew_for_who_gets_a_case(
    anna: Person, config: Config, now: datetime
) -> None:
    case = came_in(timedelta(days=30))
    pass_on(case, anna, now, config)
    assert add_workdays(fresh(case).idle_since, 2) == now + timedelta(days=2)
