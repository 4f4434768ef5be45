"""A case without a sign of life is brought to somebody, and to the next, each once and in time."""

import logging
import os
import re
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from peewee import IntegrityError, OperationalError

from portal.cases import progress, register
from portal.cases.case import Contact, Intent, Status
from portal.cases.register import Case
from portal.casework import chase as clock
from portal.casework.chase import ChaseStep, Step, called_in, chase, resting
from portal.config import Config
from portal.database import connection, database, open_database, transaction
from portal.delivery.outbox import Letter, Outcome, Outgoing, Result
from portal.delivery.worker import deliver_round
from portal.routing import absences
from portal.routing.rules import NATIONAL
from portal.sealing import Keyring
from portal.workdays import HERE, is_workday
from tests.casework.waiting import (
    CHASING,
    SOMEBODY,
    acknowledge,
    begin,
    chased,
    current,
    here,
    receive,
    sent_to,
    steps,
)
from tests.conftest import DATA_KEY
from tests.databases import allow, refuse, somebody_writing, url_in
from tests.language import NORMAL
from tests.portal_app import environment, letters
from tests.seed import one

ROOT = Path(__file__).parents[2]
BLINK = timedelta(microseconds=1)
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
# A Monday, and the moments at which a case of that Monday has waited two, four and six days.
MONDAY = here("2026-11-23 13:00")
TWO, FOUR, SIX = MONDAY + 2 * DAY, MONDAY + 4 * DAY, MONDAY + 8 * DAY
JE = re.compile(r"\b(je|jij|jou|jouw|jezelf|jullie)\b", re.IGNORECASE)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return begin(tmp_path)


# In time


@pytest.mark.parametrize(
    ("received", "moments"),
    [
        # Over a weekend, from a Friday and from a Saturday.
        ("2026-11-20 16:30", ("2026-11-24 16:30", "2026-11-26 16:30", "2026-11-30 16:30")),
        ("2026-11-21 16:30", ("2026-11-25 00:00", "2026-11-27 00:00", "2026-12-01 00:00")),
        # Easter: its Monday is free, Good Friday is not.
        ("2026-04-02 09:00", ("2026-04-07 09:00", "2026-04-09 09:00", "2026-04-13 09:00")),
        # Ascension Day, on a Thursday.
        ("2026-05-13 10:00", ("2026-05-18 10:00", "2026-05-20 10:00", "2026-05-22 10:00")),
        # Whit Monday.
        ("2026-05-22 10:00", ("2026-05-27 10:00", "2026-05-29 10:00", "2026-06-02 10:00")),
        # Christmas on a Friday and a Saturday, New Year on a Friday.
        ("2026-12-23 10:00", ("2026-12-28 10:00", "2026-12-30 10:00", "2027-01-04 10:00")),
        # The King's birthday on a Monday.
        ("2026-04-24 10:00", ("2026-04-29 10:00", "2026-05-01 10:00", "2026-05-05 10:00")),
        # The clocks go forward in the night to Sunday, and back.
        ("2026-03-27 12:00", ("2026-03-31 12:00", "2026-04-02 12:00", "2026-04-07 12:00")),
        ("2026-10-23 12:00", ("2026-10-27 12:00", "2026-10-29 12:00", "2026-11-02 12:00")),
        # A leap day.
        ("2028-02-28 12:00", ("2028-03-01 12:00", "2028-03-03 12:00", "2028-03-07 12:00")),
    ],
)
def test_who_has_it_the_deputy_and_the_national_desk_are_asked_after_2_4_and_6_working_days(
    config: Config, received: str, moments: tuple[str, str, str]
) -> None:
    case = receive(here(received))
    asked = [("reminder", "drenthe"), ("stand_in", "groningen"), ("desk_takes_over", "landelijk")]
    for count, moment in enumerate(moments):
        assert chase(here(moment) - BLINK, config) == 0
        assert sent_to() == asked[:count]
        assert chase(here(moment), config) == 1
        assert sent_to() == asked[: count + 1]
    assert chase(here(moments[2]) + 10 * WEEK, config) == 0
    assert steps(case) == [
        ("reminder", "drenthe"),
        ("deputy", "groningen"),
        ("national desk", NATIONAL),
    ]


def test_how_long_it_takes_is_a_setting(tmp_path: Path) -> None:
    config = begin(
        tmp_path, PORTAL_REMIND_AFTER="1", PORTAL_DEPUTY_AFTER="2", PORTAL_DESK_AFTER="3"
    )
    receive(MONDAY)
    for count in range(1, 4):
        chase(MONDAY + count * DAY - BLINK, config)
        assert len(chased()) == count - 1
        chase(MONDAY + count * DAY, config)
        assert len(chased()) == count


# To whom


def test_in_the_managers_absence_the_deputy_is_reminded_and_then_it_is_the_national_desk(
    config: Config,
) -> None:
    absences.add("drenthe", TWO.date(), SIX.date(), "utrecht")
    receive(MONDAY)
    for moment in (TWO, FOUR, SIX):
        chase(moment, config)
    assert sent_to() == [
        ("reminder", "utrecht"),
        ("desk_takes_over", "landelijk"),
        ("desk_takes_over", "landelijk"),
    ]
    assert "Voor: Regiomanager Utrecht (voorbeeld)" in chased()[0].body


def test_a_manager_who_is_back_when_the_deputy_kept_silent_is_asked_next(config: Config) -> None:
    absences.add("drenthe", TWO.date(), TWO.date(), None)
    receive(MONDAY)
    for moment in (TWO, FOUR):
        chase(moment, config)
    assert sent_to() == [("reminder", "groningen"), ("stand_in", "drenthe")]


def test_with_the_deputy_away_the_national_desk_is_asked_in_their_place(config: Config) -> None:
    absences.add("groningen", FOUR.date(), FOUR.date(), None)
    receive(MONDAY)
    for moment in (TWO, FOUR, SIX):
        chase(moment, config)
    assert [to for _, to in sent_to()] == ["drenthe", "landelijk", "landelijk"]


def test_where_the_national_desk_answers_it_is_reminded_once_and_asked_once_more(
    config: Config,
) -> None:
    case = receive(MONDAY, region=NATIONAL)
    for moment in (TWO, FOUR, SIX):
        chase(moment, config)
    assert sent_to() == [("reminder", "landelijk"), ("desk_takes_over", "landelijk")]
    assert "vragen we een ander" not in chased()[0].body
    assert steps(case) == [
        ("reminder", NATIONAL),
        ("deputy", None),
        ("national desk", NATIONAL),
    ]


def test_a_case_of_a_region_that_is_no_more_is_the_national_desks(config: Config) -> None:
    receive(MONDAY, region="atlantis")
    chase(TWO, config)
    assert sent_to() == [("reminder", "landelijk")]


def test_a_letter_falls_back_on_the_national_desk_where_that_is_another(config: Config) -> None:
    receive(MONDAY)
    for moment in (TWO, FOUR, SIX):
        chase(moment, config)
    desk = "landelijk@example.org"
    assert [letter.fallback for letter in chased()] == [desk, desk, None]


def test_who_is_asked_to_step_in_sees_the_region_until_the_case_has_ended(config: Config) -> None:
    case = receive(MONDAY)
    chase(TWO, config)
    assert called_in("drenthe") == called_in("groningen") == frozenset()
    chase(FOUR, config)
    assert called_in("groningen") == {"drenthe"}
    assert called_in("drenthe") == called_in("utrecht") == frozenset()
    acknowledge(case, FOUR)
    assert called_in("groningen") == {"drenthe"}
    with transaction():
        progress.move(current(case), Status.STOPPED, SOMEBODY, "", FOUR)
    assert called_in("groningen") == frozenset()


def test_who_was_asked_to_step_in_sees_nothing_more_once_the_case_moved_on(config: Config) -> None:
    case = receive(MONDAY)
    chase(FOUR, config)
    with transaction():
        progress.pass_on(current(case), "utrecht", SOMEBODY, "verhuisd", FOUR)
    assert called_in("groningen") == frozenset()


# Which cases


@pytest.mark.parametrize("end", ["acknowledged", "withdrawn", "stopped"])
def test_who_gave_a_sign_of_life_or_has_ended_is_left_alone(config: Config, end: str) -> None:
    case = receive(MONDAY)
    chase(TWO, config)
    with transaction():
        if end == "acknowledged":
            progress.acknowledge(current(case), SOMEBODY, TWO)
        elif end == "withdrawn":
            register.withdraw(current(case), TWO)
        else:
            progress.move(current(case), Status.STOPPED, SOMEBODY, "", TWO)
    for moment in (FOUR, SIX, SIX + 10 * WEEK):
        assert chase(moment, config) == 0
    assert steps(case) == [("reminder", "drenthe")]


@pytest.mark.sqlite
def test_who_gives_a_sign_of_life_while_others_are_written_about_is_left_alone(
    config: Config,
) -> None:
    receive(MONDAY - HOUR)
    case = receive(MONDAY)
    database.execute_sql(
        "CREATE TRIGGER meanwhile AFTER INSERT ON chase_step BEGIN"
        " UPDATE \"case\" SET stage = 'under way' WHERE id <> NEW.case_id; END"
    )
    assert chase(TWO, config) == 1
    assert steps(case) == []


def test_a_case_that_was_passed_on_is_waited_for_anew_by_who_has_it_now(config: Config) -> None:
    case = receive(MONDAY)
    for moment in (TWO, FOUR, SIX):
        chase(moment, config)
    passed_on = SIX + DAY
    with transaction():
        progress.pass_on(current(case), "utrecht", SOMEBODY, "verhuisd", passed_on)
    assert chase(passed_on + 2 * DAY - BLINK, config) == 0
    assert chase(passed_on + 2 * DAY, config) == 1
    assert sent_to()[3:] == [("reminder", "utrecht")]
    assert len(steps(case)) == 4


def test_a_case_that_was_passed_on_is_not_chased_for_the_days_before(config: Config) -> None:
    case = receive(MONDAY)
    with transaction():
        progress.pass_on(current(case), "utrecht", SOMEBODY, "verhuisd", TWO - HOUR)
    assert chase(TWO, config) == 0


def test_what_the_requester_adds_is_no_sign_of_life(config: Config) -> None:
    case = receive(MONDAY)
    with transaction():
        register.correct(case, Contact("Nora", "", ""), TWO - HOUR)
        progress.touch(current(case), TWO - HOUR)
    assert chase(TWO, config) == 1


# Each once


def test_a_clock_that_is_set_back_or_far_ahead_doubles_nothing(config: Config) -> None:
    case = receive(MONDAY)
    for moment in (TWO, MONDAY, TWO - HOUR, TWO, MONDAY - 365 * DAY, TWO + HOUR, FOUR, TWO, FOUR):
        chase(moment, config)
    assert sent_to() == [("reminder", "drenthe"), ("stand_in", "groningen")]
    for moment in (SIX + 3650 * DAY, FOUR, SIX, SIX + DAY):
        chase(moment, config)
    assert len(chased()) == len(steps(case)) == 3


def test_after_a_long_stop_the_furthest_that_is_due_is_asked_and_nobody_else(
    config: Config,
) -> None:
    case = receive(MONDAY)
    assert [chase(SIX + WEEK + n * HOUR, config) for n in range(3)] == [1, 0, 0]
    assert sent_to() == [("desk_takes_over", "landelijk")]
    assert steps(case) == [("reminder", None), ("deputy", None), ("national desk", NATIONAL)]


def test_after_a_shorter_stop_it_is_the_deputy_and_the_rest_goes_its_way(config: Config) -> None:
    case = receive(MONDAY)
    chase(FOUR + HOUR, config)
    assert sent_to() == [("stand_in", "groningen")]
    chase(SIX, config)
    assert sent_to()[1:] == [("desk_takes_over", "landelijk")]
    assert steps(case) == [("reminder", None), ("deputy", "groningen"), ("national desk", NATIONAL)]


def test_a_step_is_written_down_once_whoever_tries(config: Config) -> None:
    case = receive(MONDAY)
    chase(TWO, config)
    row = ChaseStep.get()
    with pytest.raises(IntegrityError):
        ChaseStep.create(case=case, since=row.since, step=row.step, region="drenthe", at=FOUR)


def test_workers_that_look_at_once_and_again_ask_everybody_once(config: Config) -> None:
    cases = [receive(MONDAY - n * HOUR) for n in range(12)]
    together, faults = threading.Barrier(6), list[BaseException]()

    def work() -> None:
        try:
            for moment in (TWO, FOUR, SIX):
                together.wait()
                chase(moment, config)
        except BaseException as fault:  # noqa: BLE001 - told below
            faults.append(fault)
            together.abort()

    workers = [threading.Thread(target=work) for _ in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert faults == []
    assert len(chased()) == 3 * len(cases)
    for case in cases:
        assert [step for step, _ in steps(case)] == ["reminder", "deputy", "national desk"]
        of_this = [letter.name for letter in chased() if letter.case_reference == case.reference]
        assert sorted(of_this) == sorted(CHASING)


@pytest.mark.parametrize("table", ["letter", "chase_step"])
def test_neither_the_letter_nor_the_note_of_it_is_there_without_the_other(
    config: Config, table: str, caplog: pytest.LogCaptureFixture
) -> None:
    case = receive(MONDAY)
    refuse(table)
    database.close()
    assert chase(TWO, config) == 0
    assert "could not be chased: IntegrityError" in caplog.text
    assert (chased(), steps(case)) == ([], [])
    allow(table)
    database.close()
    assert chase(TWO, config) == 1
    assert (len(chased()), len(steps(case))) == (1, 1)


KILLED = """
import os, signal, sys
from datetime import datetime
from portal.casework import chase
from portal.config import Config
from portal.database import open_database
from portal.sealing import Keyring

point, moment = sys.argv[1:]
config = Config.from_environment(os.environ)
open_database(config.database_url, Keyring(config.data_keys))
inner = getattr(chase, point)

def die(*args, **named):
    if point == "_take_a_step":
        inner(*args, **named)
    os.kill(os.getpid(), signal.SIGKILL)

setattr(chase, point, die)
chase.chase(datetime.fromisoformat(moment), config)
"""


@pytest.mark.parametrize("point", ["_write", "_note", "_take_a_step"])
def test_a_worker_that_is_killed_leaves_all_of_a_step_to_the_next_one(
    config: Config, tmp_path: Path, point: str
) -> None:
    """Killed before the letter, between the letter and the note of it, and before the commit."""
    case = receive(MONDAY)
    database.close()
    killed = subprocess.run(  # noqa: S603 - our own interpreter and words
        [sys.executable, "-c", KILLED, point, TWO.isoformat()],
        env=environment(config.database_url) | {"PATH": os.environ["PATH"]},
        cwd=ROOT,
        check=False,
        timeout=60,
        capture_output=True,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert (chased(), steps(case)) == ([], [])
    assert chase(TWO, config) == 1
    assert sent_to() == [("reminder", "drenthe")]


def test_a_restarted_worker_goes_on_where_the_last_one_stopped(config: Config) -> None:
    case = receive(MONDAY)
    for moment in (TWO, TWO, FOUR, FOUR, SIX, SIX):
        open_database(config.database_url, Keyring([DATA_KEY]))
        chase(moment, config)
        database.close()
    assert len(chased()) == len(steps(case)) == 3


# One that fails


def test_a_case_that_cannot_be_written_about_keeps_no_other_waiting(
    config: Config, caplog: pytest.LogCaptureFixture
) -> None:
    broken, fine = receive(MONDAY - DAY), receive(MONDAY)
    with transaction():
        Case.update(reference="geen kenmerk").where(Case.id == broken.id).execute()
    assert chase(TWO, config) == 1
    assert [step for step, _ in steps(fine)] == ["reminder"]
    assert steps(broken) == []
    assert f"case {broken.id} could not be chased: ValueError" in caplog.text


def test_a_locked_database_ends_the_round_at_once_and_all_is_done_in_the_next(
    config: Config, tmp_path: Path
) -> None:
    for _ in range(3):
        receive(MONDAY)
    database.close()
    with somebody_writing(url_in(tmp_path)), pytest.raises(OperationalError):
        chase(TWO, config)
    assert database.is_closed()
    assert chase(TWO, config) == 3


# Whatever the clock does


def waited(since: datetime, now: datetime) -> timedelta:
    """The time that passed on working days, as clocks on the wall show it: another way to count."""
    began, local = (moment.astimezone(HERE).replace(tzinfo=None) for moment in (since, now))
    total = timedelta(0)
    while began < local:
        midnight = datetime.combine(began.date() + DAY, datetime.min.time())
        if is_workday(began.date()):
            total += min(midnight, local) - began
        began = midnight
    return total


ANY_TIME = st.datetimes(
    datetime(2026, 3, 20),  # noqa: DTZ001 - hypothesis puts the zone on it
    datetime(2027, 1, 10),  # noqa: DTZ001
    timezones=st.just(UTC),
)
LEAPS = st.lists(
    st.one_of(
        st.integers(-72, 72).map(lambda hours: hours * HOUR),
        st.integers(1, 20).map(lambda days: days * DAY),
        st.timedeltas(-WEEK, WEEK),
    ),
    min_size=1,
    max_size=8,
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(received=st.lists(ANY_TIME, min_size=1, max_size=3), leaps=LEAPS)
def test_whatever_the_clock_does_each_step_is_taken_once_in_order_in_time_and_never_early(
    config: Config, received: list[datetime], leaps: list[timedelta]
) -> None:
    cases = [(receive(moment), moment) for moment in received]
    before = len(chased())
    now, looks = max(received), list[datetime]()
    for leap in leaps:
        now += leap
        looks.append(now)
        chase(now, config)
    for case, since in cases:
        longest = max(waited(since, look) for look in looks)
        due = [name for name, days in zip(Step, (2, 4, 6), strict=True) if longest >= days * DAY]
        with connection():
            rows = list(ChaseStep.select().where(ChaseStep.case == case))
        taken = {row.step: row for row in rows}
        assert len(rows) == len(taken)
        assert [step for step in Step if step in taken] == due
        for step, days in zip(due, (2, 4, 6), strict=False):
            assert waited(since, taken[step].at) >= days * DAY
        written = [letter.name for letter in chased() if letter.case_reference == case.reference]
        assert len(written) == len(set(written)) == sum(row.asked is not None for row in rows)
        if due:
            assert taken[due[-1]].asked is not None
    assert len(chased()) - before <= 3 * len(cases)
    with transaction():
        Case.delete().execute()  # type: ignore[misc]  # the stubs' fault


# A mail server that is away


def test_with_the_mail_server_dead_for_72_hours_everybody_hears_of_it_afterwards_and_once(
    config: Config,
) -> None:
    """The longest due first: what is new comes before the reminder of it."""
    cases = [receive(MONDAY + n * HOUR) for n in range(3)]
    back, now = MONDAY + 72 * HOUR, MONDAY
    taken: list[str] = []

    def send(letter: Outgoing) -> Outcome:
        if now < back:
            return Outcome(Result.UNAVAILABLE, "Connection refused")
        taken.append(letter.message_id)
        return Outcome(Result.SENT, "250 OK")

    while now <= back + HOUR:
        chase(now, config)
        report = deliver_round(lambda: now, send)  # noqa: B023 - called before now moves on
        assert (report.unavailable is None) == (now >= back)
        now += HOUR
    assert [letter.name for letter in chased()] == ["reminder"] * 3
    with connection():
        rows = {row.message_id: row for row in Letter.select()}
    assert [rows[message].name for message in taken] == ["intake"] * 3 + ["reminder"] * 3
    assert [rows[message].created_at for message in taken] == sorted(
        row.created_at for row in rows.values()
    )
    assert {rows[message].case_reference for message in taken[3:]} == {
        case.reference for case in cases
    }
    assert all(row.state == "sent" and row.attempts == 1 for row in rows.values())


# What lies still


def test_a_case_with_which_nothing_was_done_for_14_days_is_found(config: Config) -> None:
    first, second, awaited, ended = (receive(MONDAY + n * HOUR) for n in range(4))
    for case in (first, second, ended):
        acknowledge(case, case.received_at)
    with transaction():
        progress.move(current(ended), Status.STOPPED, SOMEBODY, "", MONDAY + 3 * HOUR)
        register.correct(first, Contact("Nora", "", ""), MONDAY + 10 * DAY)
    assert resting(MONDAY + 14 * DAY - BLINK, None, 9) == []
    assert resting(MONDAY + 14 * DAY, None, 9) == [first.reference]
    assert resting(MONDAY + 15 * DAY, None, 9) == [first.reference, second.reference]
    assert resting(MONDAY + 15 * DAY, None, 1) == [first.reference]
    assert resting(MONDAY + 15 * DAY, {"drenthe", "utrecht"}, 9)[0] == first.reference
    assert resting(MONDAY + 15 * DAY, {"utrecht"}, 9) == resting(MONDAY, set(), 9) == []
    assert awaited.reference not in resting(MONDAY + 99 * DAY, None, 9)
    with transaction():
        progress.touch(current(first), MONDAY + 15 * DAY)
    assert resting(MONDAY + 15 * DAY, None, 9) == [second.reference]


# What the letters say


def test_a_letter_holds_reference_region_time_and_link_and_nothing_that_anybody_told(
    config: Config,
) -> None:
    with transaction():
        case = one(
            MONDAY,
            "drenthe",
            name="Kanarie",
            email="kanarie@example.org",
            phone="0611111111",
            answers=(("story", ("kanarie",)), ("safety", ("kanarie",))),
        )
    for moment in (TWO, FOUR, SIX):
        chase(moment, config)
    assert [letter.name for letter in chased()] == list(CHASING)
    for letter, waited_days in zip(chased(), (2, 4, 6), strict=True):
        said = letter.subject + letter.body
        assert case.reference in letter.subject
        assert f"Kenmerk: {case.reference}\nRegio: Drenthe\n" in letter.body
        assert f"{waited_days} werkdagen" in letter.body
        assert f"\n{config.base_url}/beheer/zaak/{case.reference}/\n" in letter.body
        assert "anarie" not in said
        assert "06" not in said.replace(case.reference, "")
        assert "Utrecht" not in said


def test_the_letters_read_easily_on_a_phone(tmp_path: Path) -> None:
    config = begin(tmp_path, PORTAL_REMIND_AFTER="1")
    for intent in Intent:
        with transaction():
            one(MONDAY, "drenthe", intent=intent)
    for moment in (MONDAY + DAY, FOUR, SIX):
        chase(moment, config)
    assert len(chased()) == 6
    assert "1 werkdag op" in chased()[0].body
    for letter in chased():
        text = re.sub(r"(?<!\n)\n(?!\n)", " ", re.sub(r"https?:\S+", "", letter.body))
        assert NORMAL.faults(text) == []
        assert JE.findall(letter.body) == []
        assert "!" not in letter.body
        assert len(letter.subject) <= 60
        assert "\n\n\n" not in letter.body


def test_nothing_of_a_case_is_in_the_log(config: Config, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    receive(MONDAY)
    chase(TWO, config)
    said = "".join(r.getMessage() for r in caplog.records if r.name != "peewee")
    assert "Noor" not in said
    assert "noor" not in said
    assert letters("reminder")
    assert clock.log.name == "portal.casework.chase"
