"""Three months after a conference its requester is asked how it goes: once, in time, if at all."""

import logging
import re
import threading
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from peewee import IntegrityError, OperationalError

from portal.aftercare.asking import follow_up
from portal.cases import conference, followup, progress, register, work
from portal.cases.case import Contact, Kind, Status
from portal.cases.followup import FollowUp, Going, Told
from portal.cases.register import REQUESTER, Case
from portal.config import Config
from portal.database import connection, database, open_database, transaction
from portal.sealing import Keyring
from portal.web import wording
from portal.web.tokens import Token
from tests.aftercare.afterwards import (
    DAY,
    appoint,
    asked,
    at,
    consent,
    held,
    look_daily,
    move,
    names,
    path_in,
    planned,
)
from tests.casework.waiting import SOMEBODY, begin, current
from tests.conftest import DATA_KEY
from tests.databases import allow, on_disk, refuse, somebody_writing, url_in
from tests.language import NORMAL
from tests.own_door import JE
from tests.portal_app import letters
from tests.seed import seed

# A Monday, three months later a Monday too, and a fortnight after that.
THEN, DUE, AGAIN = "2026-11-23", "2027-02-23", "2027-03-09"


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return begin(tmp_path)


def answered(case: Case, day: str) -> None:
    with connection(), transaction():
        assert followup.answer(current(case), Told(Going.PARTLY, "", ""), at(day))


# The day


@pytest.mark.parametrize(
    ("day", "asking", "reminding"),
    [
        (THEN, DUE, AGAIN),
        # The end of a shorter month; where that is no working day, the first one after it.
        ("2026-11-30", "2027-03-01", "2027-03-15"),
        ("2025-11-30", "2026-03-02", "2026-03-16"),
        ("2027-11-30", "2028-02-29", "2028-03-14"),
        ("2027-11-29", "2028-02-29", "2028-03-14"),
        ("2028-02-29", "2028-05-29", "2028-06-12"),
        ("2026-08-31", "2026-11-30", "2026-12-14"),
        ("2026-12-31", "2027-03-31", "2027-04-14"),
        # Christmas, and a fortnight after the day between it and the new year.
        ("2026-09-25", "2026-12-28", "2027-01-11"),
        # The clocks change in between.
        ("2026-07-28", "2026-10-28", "2026-11-11"),
    ],
)
def test_one_letter_goes_three_months_later_and_one_reminder_a_fortnight_after_it(
    config: Config, day: str, asking: str, reminding: str
) -> None:
    held(day)
    came = look_daily(at(day).date() + 80 * DAY, at(day).date() + 140 * DAY, config)
    assert came == [("follow_up", asking), ("follow_up_reminder", reminding)]


def test_a_conference_late_in_the_evening_was_on_that_day_here(config: Config) -> None:
    case = planned(THEN)
    late = conference.Appointment(at(THEN, "23:30"), 60, "")
    with transaction():
        conference.set_date(case, late, SOMEBODY, at(THEN))
    move(case, Status.HELD, at(THEN) + DAY)
    assert look_daily("2027-02-15", DUE, config) == [("follow_up", DUE)]


def test_nobody_is_written_to_before_the_hour_or_on_a_day_off(config: Config) -> None:
    held("2026-11-27")  # three months later it is a Saturday
    moments = [at(f"2027-02-{n}") for n in (27, 28)] + [at("2027-03-01", "06:59")]
    assert [follow_up(moment, config) for moment in moments] == [0, 0, 0]
    assert follow_up(at("2027-03-01", "07:00"), config) == 1


def test_without_a_date_the_day_counts_on_which_it_was_told_to_be_held(config: Config) -> None:
    case = planned(None)
    move(case, Status.HELD, at(THEN))
    move(case, Status.CLOSED, at("2027-01-15"))
    assert look_daily("2027-02-01", DUE, config) == [("follow_up", DUE)]


def test_who_would_have_no_week_left_to_answer_is_not_asked_any_more(config: Config) -> None:
    held(THEN)
    for day in ("2027-03-17", "2027-03-23", "2027-04-01", "2028-02-23"):
        assert follow_up(at(day), config) == 0
    assert follow_up(at("2027-03-15"), config) == 1


# Consent


@pytest.mark.parametrize(
    "other",
    [
        {"answers": (("follow_up", ("no",)),)},
        {"answers": ()},
        {"kind": Kind.LEARNING},
    ],
    ids=["withheld", "not asked", "a pupil's"],
)
def test_nobody_is_asked_who_did_not_agree_to_it(config: Config, other: dict[str, Any]) -> None:
    held(THEN, **other)
    assert look_daily("2027-02-20", "2027-03-20", config) == []


def test_the_last_word_counts_whoever_wrote_it_down(config: Config) -> None:
    withdrawn, given = held(THEN), held(THEN, answers=())
    consent(withdrawn, at("2027-02-22"), given=False)
    consent(given, at("2027-02-22"), given=True)
    assert follow_up(at(DUE), config) == 1
    assert [letter.case_reference for letter in asked()] == [given.reference]


def test_who_withdraws_after_being_asked_is_not_reminded(config: Config) -> None:
    case = held(THEN)
    assert follow_up(at(DUE), config) == 1
    consent(case, at(DUE), given=False)
    assert look_daily(DUE, "2027-04-01", config) == []


def test_who_answered_is_not_reminded(config: Config) -> None:
    case = held(THEN)
    follow_up(at(DUE), config)
    answered(case, DUE)
    assert look_daily(DUE, "2027-04-01", config) == []


# What befalls the conference


def test_it_moves_with_the_date(config: Config) -> None:
    case = held(THEN)
    move(case, Status.PLANNED, at("2026-12-01"))
    appoint(case, "2026-12-14")
    move(case, Status.HELD, at("2026-12-15"))
    assert look_daily("2027-02-01", "2027-03-20", config) == [("follow_up", "2027-03-15")]


def test_another_conference_after_the_asking_is_asked_about_in_its_turn(config: Config) -> None:
    case = held(THEN)
    assert len(look_daily(DUE, AGAIN, config)) == 2
    move(case, Status.PLANNED, at("2027-03-10"))
    appoint(case, "2027-03-30")
    assert look_daily("2027-03-10", "2027-04-02", config) == []
    move(case, Status.HELD, at("2027-04-02"))
    assert look_daily("2027-04-02", "2027-08-20", config) == [
        ("follow_up", "2027-06-30"),
        ("follow_up_reminder", "2027-07-14"),
    ]


def test_nobody_is_reminded_of_a_conference_that_was_moved_after_the_asking(config: Config) -> None:
    case = held(THEN)
    follow_up(at(DUE), config)
    move(case, Status.PLANNED, at("2027-03-01"))
    appoint(case, "2027-03-30")
    move(case, Status.HELD, at("2027-03-02"))  # told too early, which must not bring it back
    assert look_daily("2027-03-01", "2027-04-20", config) == []


def test_who_answered_is_never_asked_again_not_even_about_another(config: Config) -> None:
    case = held(THEN)
    follow_up(at(DUE), config)
    answered(case, DUE)
    move(case, Status.PLANNED, at("2027-03-01"))
    appoint(case, "2027-03-30")
    move(case, Status.HELD, at("2027-04-02"))
    assert look_daily("2027-04-02", "2027-08-20", config) == []
    with connection():
        assert followup.to_ask(current(case), at("2027-06-30")) is None


def test_a_date_that_is_put_right_after_the_asking_brings_no_second_letter(config: Config) -> None:
    case = held(THEN)
    follow_up(at(DUE), config)
    appoint(case, "2026-11-24")
    assert look_daily(DUE, "2027-04-20", config) == [("follow_up_reminder", AGAIN)]


def test_the_reminder_waits_too_until_it_is_three_months_ago(config: Config) -> None:
    case = held(THEN)
    follow_up(at(DUE), config)
    appoint(case, "2027-02-01")
    assert look_daily(DUE, "2027-06-20", config) == [("follow_up_reminder", "2027-05-03")]


def test_a_conference_that_is_called_off_is_not_asked_about(config: Config) -> None:
    never, after_all = planned(THEN), held(THEN)
    for case in (never, after_all):
        with transaction():
            conference.call_off(case, SOMEBODY, at("2026-12-01"))
    assert look_daily("2027-02-20", "2027-04-20", config) == []


@pytest.mark.parametrize("end", [Status.STOPPED, Status.REFERRED, Status.WITHDRAWN])
def test_a_case_that_ends_otherwise_is_not_asked_or_reminded(config: Config, end: Status) -> None:
    before, after = held(THEN), held("2026-11-20")
    move(before, end, at("2026-12-01"))
    assert look_daily("2027-02-20", DUE, config) == [("follow_up", "2027-02-22")]
    move(after, end, at(DUE))
    assert look_daily(DUE, "2027-04-20", config) == []


def test_what_the_requester_withdraws_is_not_asked_about(config: Config) -> None:
    case = held(THEN)
    with transaction():
        register.withdraw(case, at("2026-12-01"))
    assert look_daily("2027-02-20", "2027-04-20", config) == []


def test_a_case_that_is_opened_again_is_asked_once(config: Config) -> None:
    stopped, closed = held(THEN), held(THEN)
    move(stopped, Status.STOPPED, at("2026-12-01"))
    move(closed, Status.CLOSED, at("2026-12-01"))
    follow_up(at(DUE), config)
    assert [letter.case_reference for letter in asked()] == [closed.reference]
    for case in (stopped, closed):
        with transaction():
            progress.reopen(current(case), SOMEBODY, "te vroeg", at(DUE))
            progress.acknowledge(current(case), SOMEBODY, at("2027-02-24"))
    look_daily("2027-02-24", "2027-04-20", config)
    assert [len(asked(case)) for case in (stopped, closed)] == [2, 2]


# Without a mailbox


def test_who_has_no_mailbox_is_called_by_the_manager_who_finds_a_task(config: Config) -> None:
    case = held(THEN, email="")
    assert [follow_up(at(DUE), config) for _ in range(3)] == [1, 0, 0]
    (task,) = work.tasks(case)
    assert (task.text, task.due_on) == (wording.CALL_AFTERWARDS, date.fromisoformat(DUE))
    assert work.due(["drenthe"], date.fromisoformat(DUE), 9) == [task]
    with transaction():
        register.correct(case, Contact("", "noor@example.org", ""), at(DUE))
    assert look_daily(DUE, "2027-04-20", config) == []
    assert letters() == []
    told = followup.of(case)
    assert told
    assert told.by_phone
    assert followup.standing(case, at(DUE)) is followup.Standing.AWAITED


def test_who_takes_consent_back_is_not_called_either(config: Config) -> None:
    case = held(THEN, email="")
    follow_up(at(DUE), config)
    with transaction():
        wanted = work.Wanted("iets anders", date.fromisoformat(DUE))
        work.set_task(case, wanted, form_key="k", by=SOMEBODY, now=at(DUE))
    consent(case, at(DUE), given=True)
    assert len(work.due(None, date.fromisoformat(DUE), 9)) == 2
    consent(case, at(DUE), given=False)
    assert [task.text for task in work.due(None, date.fromisoformat(DUE), 9)] == ["iets anders"]


def test_who_takes_their_address_away_is_not_reminded(config: Config) -> None:
    case = held(THEN)
    follow_up(at(DUE), config)
    with transaction():
        row = current(case)
        row.email = ""
        row.save()
    assert look_daily(DUE, "2027-04-20", config) == []


# Each once, and one that fails keeps no other waiting


def test_workers_that_look_at_once_and_again_ask_everybody_once(config: Config) -> None:
    cases = [held(THEN) for _ in range(8)]
    together, faults = threading.Barrier(6), list[BaseException]()

    def look() -> None:
        try:
            for day in (DUE, AGAIN):
                together.wait()
                follow_up(at(day), config)
        except BaseException as fault:  # noqa: BLE001 - told below
            faults.append(fault)
            together.abort()

    workers = [threading.Thread(target=look) for _ in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert faults == []
    for case in cases:
        assert [letter.name for letter in asked(case)] == ["follow_up", "follow_up_reminder"]


def test_a_restarted_worker_goes_on_where_the_last_one_stopped(config: Config) -> None:
    held(THEN)
    for day in (DUE, DUE, "2027-02-24", AGAIN, AGAIN, "2027-03-10", DUE):
        open_database(config.database_url, Keyring([DATA_KEY]))
        follow_up(at(day), config)
        database.close()
    assert names() == ["follow_up", "follow_up_reminder"]


@pytest.mark.parametrize("table", ["letter", "token", "follow_up"])
@pytest.mark.parametrize("email", ["noor@example.org", ""])
def test_neither_the_asking_nor_the_note_of_it_is_there_without_the_other(
    config: Config, table: str, email: str, caplog: pytest.LogCaptureFixture
) -> None:
    table = table if email else {"letter": "task"}.get(table, "follow_up")
    case = held(THEN, email=email)
    refuse(table)
    database.close()
    assert follow_up(at(DUE), config) == 0
    assert f"nobody could be asked about case {case.id}: IntegrityError" in caplog.text
    with connection():
        assert (names(), work.tasks(case)) == ([], [])
        assert not FollowUp.select().exists()
        assert not Token.select().exists()
    allow(table)
    database.close()
    assert follow_up(at(DUE), config) == 1


def test_somebody_is_noted_once_to_be_asked_whoever_tries(config: Config) -> None:
    case = held(THEN)
    follow_up(at(DUE), config)
    with pytest.raises(IntegrityError):
        FollowUp.create(case=case, held_on=at(THEN).date(), asked_at=at(DUE))


def test_a_case_that_cannot_be_written_about_keeps_no_other_waiting(
    config: Config, caplog: pytest.LogCaptureFixture
) -> None:
    cases = [held(THEN) for _ in range(3)]
    broken = min(cases, key=lambda case: case.id)
    with transaction():
        Case.update(reference="geen kenmerk").where(Case.id == broken.id).execute()
    assert follow_up(at(DUE), config) == 2
    assert f"nobody could be asked about case {broken.id}: ValueError" in caplog.text


def test_a_locked_database_ends_the_round_at_once_and_all_is_done_in_the_next(
    config: Config, tmp_path: Path
) -> None:
    for _ in range(3):
        held(THEN)
    database.close()
    with somebody_writing(url_in(tmp_path)), pytest.raises(OperationalError):
        follow_up(at(DUE), config)
    assert follow_up(at(DUE), config) == 3


@pytest.mark.sqlite
def test_among_many_cases_those_few_are_found_without_a_look_at_the_others(
    config: Config, caplog: pytest.LogCaptureFixture
) -> None:
    seed(3000, at("2027-01-01"))
    dated, noted, early, late = (
        held(THEN),
        planned(None),
        held("2027-02-10"),
        held("2026-09-01"),
    )
    move(noted, Status.HELD, at(THEN))
    caplog.set_level(logging.DEBUG, "peewee")
    with connection():
        assert set(followup.perhaps_due(at(DUE))) == {dated.id, noted.id}
        ran: list[Any] = [record.msg for record in caplog.records if record.name == "peewee"]
        plans: list[str] = [
            step[3]
            for sql, values in ran
            if sql.startswith("SELECT")
            for step in database.execute_sql(f"EXPLAIN QUERY PLAN {sql}", values).fetchall()
        ]
    assert len(plans) > 4
    assert [step for step in plans if step.startswith("SCAN") and "SUBQUERY" not in step] == []
    assert {early.id, late.id}.isdisjoint(followup.perhaps_due(at(DUE)))
    follow_up(at(DUE), config)
    assert followup.perhaps_due(at(DUE)) == []


# The letters


def test_the_letters_hold_nothing_that_anybody_typed_and_only_the_requester_gets_them(
    config: Config,
) -> None:
    case = held(
        THEN,
        name="Kanarie",
        email="kanarie@example.org",
        phone="0611111111",
        answers=(("story", ("kanarie",)), ("follow_up", ("yes",))),
    )
    look_daily(DUE, AGAIN, config)
    assert names() == ["follow_up", "follow_up_reminder"]
    for letter in asked():
        assert (letter.recipient, letter.fallback) == ("kanarie@example.org", None)
        said = letter.subject + letter.body
        assert "anarie" not in said
        assert "0611" not in said
        assert "Kring" not in said
        assert letter.subject.endswith(case.reference)
        assert "conferentie" not in letter.subject
        assert "werkt tot en met 22 maart 2027" in " ".join(letter.body.split())
        assert f"{path_in(letter)}stop/\n" in letter.body
        assert "!" not in letter.body
    assert path_in(asked()[0]) != path_in(asked()[1])
    for secret in (path_in(letter).split("/")[2] for letter in asked()):
        assert secret.encode() not in on_disk(config.database_url)


def test_the_letters_and_the_task_read_easily(config: Config) -> None:
    held(THEN)
    look_daily(DUE, AGAIN, config)
    for letter in asked():
        text = re.sub(r"(?<!\n)\n(?!\n)", " ", re.sub(r"https?:\S+", "", letter.body))
        assert NORMAL.faults(text) == []
        assert JE.findall(letter.body) == []
        assert len(letter.subject) <= 60
        assert "\n\n\n" not in letter.body
        assert letter.name in wording.LETTERS
    assert NORMAL.faults(wording.CALL_AFTERWARDS) == []


def test_nothing_of_a_case_is_in_the_log(config: Config, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    held(THEN)
    follow_up(at(DUE), config)
    said = "".join(r.getMessage() for r in caplog.records if r.name != "peewee")
    assert "oor" not in said
    assert names()
    assert timedelta(0) < followup.TIME_TO_ANSWER < followup.REMIND_AFTER
    assert REQUESTER.key == ""
