"""The sweep: what is past its period is gone, from the files too, and nothing else."""

import re
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from portal.cases import conference, progress
from portal.cases.case import Kind, Status
from portal.cases.conference import Appointment
from portal.cases.followup import Going, Reply
from portal.cases.register import By, Case
from portal.cases.tombstone import Tombstone
from portal.casework.digest import Digest
from portal.database import FORGOTTEN, Rows, database, transaction
from portal.delivery.letters import Envelope, Text
from portal.delivery.outbox import Letter, Outcome, Result, claim, post, record
from portal.delivery.worker import LEASE
from portal.intake import drafts
from portal.intake.drafts import Draft
from portal.sweep import (
    LONGEST_STOP,
    PERIODS,
    LastSweep,
    LongStop,
    NotAll,
    last,
    overdue,
    past,
    sweep,
)
from portal.web.quota import Purpose, QuotaUse, take
from portal.workdays import HERE
from tests.conftest import NOON
from tests.databases import dump, on_disk, refuse
from tests.seed import one, seed

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
TICK = timedelta(microseconds=1)
OVER = NOON + timedelta(weeks=4)
SOMEBODY = By("somebody", "Regiomanager")
CONTENT = Path(__file__).parent.parent / "content"


def stopped(at: datetime = NOON, **other: Any) -> Case:
    case = one(at, **other)
    with transaction():
        progress.acknowledge(case, SOMEBODY, at)
        progress.move(case, Status.STOPPED, SOMEBODY, "Kanarie wil niet meer", at)
    return case


def letter(about: str, at: datetime = NOON, *, sent: bool = True) -> Letter:
    to = Envelope("kanarie@example.org", None, "noor@example.org", about)
    key = post("intake", Text("Nieuwe aanvraag", "De kanarie zingt.\n"), to, at, "p@example.org")
    if sent:
        claimed = claim(at, at + LEASE)
        assert claimed
        record(claimed, Outcome(Result.SENT, "250 kanarie"), at)
    found: Letter = Letter.get_by_id(key)
    return found


def sweep_at(now: datetime) -> dict[str, int]:
    """Sweep on a clock that is right, however far it was moved."""
    return sweep(now, after_a_long_stop=True)


def test_an_unfinished_form_is_forgotten_a_day_after_its_last_change(
    db: None, now: datetime
) -> None:
    old, kept = drafts.new_secret(), drafts.new_secret()
    drafts.save(old, "pupil", 1, {"name": ["Noor"]}, now)
    drafts.save(kept, "pupil", 1, {"name": ["Noor"]}, now)
    drafts.save(kept, "pupil", 2, {"story": ["Ik teken."]}, now + timedelta(hours=3))
    assert sweep(now + timedelta(hours=24) - SECOND)["unfinished forms"] == 0
    assert sweep(now + timedelta(hours=24) + SECOND)["unfinished forms"] == 1
    assert drafts.find(kept, now + timedelta(hours=24)) is not None


def test_a_count_is_kept_for_as_long_as_it_counts(db: None, now: datetime) -> None:
    take(Purpose.CONFIRMATION, "noor@example.org", now, a_day=1, a_week=3)
    sweep(now + timedelta(days=7))
    assert QuotaUse.select().count() == 1
    sweep(now + timedelta(days=8))
    assert QuotaUse.select().count() == 0


# What the pages promise


def rows_of(page: str) -> dict[str, str]:
    """The table of periods on a page: what it is about, and how long."""
    text = (CONTENT / page).read_text(encoding="utf-8").partition("| Wat | Hoe lang |")[2]
    rows = re.findall(r"^\| ([^|-][^|]*?) \| ([^|]*?) \|$", text, re.MULTILINE)
    return dict(rows)


def later(moment: datetime, words: str) -> datetime:
    """So long after a moment; reckoned here, and not as the portal does."""
    found = re.match(r"(\d+) (uur|dagen|weken|maanden)\b", words)
    assert found, words
    number, unit = int(found[1]), found[2]
    if unit != "maanden":
        return moment + number * {"uur": HOUR, "dagen": DAY, "weken": 7 * DAY}[unit]
    local = moment.astimezone(HERE)
    year, month = divmod(local.month - 1 + number, 12)
    return local.replace(year=local.year + year, month=month + 1).astimezone(UTC)


def _finished() -> Rows:
    case = one(NOON)
    with transaction():
        progress.acknowledge(case, SOMEBODY, NOON)
        road = (Status.IN_CONVERSATION, Status.COORDINATOR_SOUGHT, Status.PLANNED)
        for status in (*road, Status.HELD, Status.CLOSED):
            progress.move(case, status, SOMEBODY, "", NOON)
        conference.set_date(case, Appointment(NOON, 60, ""), SOMEBODY, NOON)
    return Rows(Case, Case.id == case.id)


def _handled() -> Rows:
    case = one(NOON)
    with transaction():
        progress.acknowledge(case, SOMEBODY, NOON)
    return Rows(Case, Case.id == case.id)


def _stopped() -> Rows:
    return Rows(Case, Case.id == stopped().id)


def _letter() -> Rows:
    return Rows(Letter, (Letter.id == letter("overzicht").id) & (Letter.body != FORGOTTEN))


def _draft() -> Rows:
    draft = drafts.save(drafts.new_secret(), "pupil", 1, {"name": ["Noor"]}, NOON)
    return Rows(Draft, Draft.id == draft.id)


def _answer() -> Rows:
    # Of the month of NOON; a day is not known, so the whole month goes with its first.
    reply = Reply.create(
        kind=Kind.COMMUNITY,
        region="utrecht",
        held_in="2026-08",
        answered_in="2026-11",
        going=Going.PARTLY,
    )
    return Rows(Reply, Reply.id == reply.id)


# How to make such a thing at NOON, and how much sooner or later than to the second it goes.
MAKE: dict[str, tuple[Callable[[], Rows], timedelta, timedelta]] = {
    "Een formulier dat niet is afgemaakt": (_draft, SECOND, SECOND),
    "Een formulier dat je niet afmaakt": (_draft, SECOND, SECOND),
    "Een aanvraag die niet doorgaat of stopt": (_stopped, SECOND, SECOND),
    "Een vraag die niet doorgaat of stopt": (_stopped, SECOND, SECOND),
    "Een aanvraag na een conferentie": (_finished, SECOND, 11 * HOUR),
    "Een vraag na een conferentie": (_finished, SECOND, 11 * HOUR),
    "Een andere aanvraag die is behandeld": (_handled, SECOND, SECOND),
    "Een andere vraag die klaar is": (_handled, SECOND, SECOND),
    "De tekst van een verstuurde brief of mail": (_letter, SECOND, SECOND),
    "De tekst van een brief of mail": (_letter, SECOND, SECOND),
    "Antwoorden voor onderzoek, zonder naam": (_answer, 23 * DAY, -22 * DAY),
}
# Held to the clock of the database as well, and so tested with the trail.
TRAIL = (
    "Een lijst van wie wat deed in het portaal, zonder inhoud",
    "Een lijst van wie wat deed, zonder je verhaal",
)
NOT_YET = ("Een reservekopie", "Een reserve, voor als er iets stuk gaat")
PAGES = ("privacy.md", "leerlingen/privacy.md")


@pytest.mark.parametrize("page", PAGES)
def test_each_period_on_a_page_is_one_that_is_carried_out(page: str) -> None:
    rows = rows_of(page)
    assert set(rows) <= {*MAKE, *TRAIL, *NOT_YET}
    assert len(rows) == {"privacy.md": 8, "leerlingen/privacy.md": 7}[page]
    for words in [rows[name] for name in TRAIL if name in rows]:
        assert words == "12 maanden"
        (lines,) = (period for period in PERIODS if period.what == "lines of the audit trail")
        assert lines.kept == 366 * DAY


@pytest.mark.parametrize(
    ("what", "words"),
    [item for page in PAGES for item in rows_of(page).items() if item[0] in MAKE],
)
def test_what_a_page_promises_is_what_the_sweep_does(db: None, what: str, words: str) -> None:
    make, sooner, after = MAKE[what]
    thing, over = make(), later(NOON, words)
    for _ in range(2):
        sweep_at(over - sooner)
    assert thing.count() == 1
    sweep_at(over + after)
    assert thing.count() == 0


def test_what_nobody_handled_is_kept_as_the_page_says(db: None) -> None:
    assert "nog niemand heeft behandeld, wissen wij niet" in (CONTENT / PAGES[0]).read_text("utf-8")
    one(NOON)
    sweep_at(NOON + 4000 * DAY)
    assert Case.select().count() == 1


# From the files


def sealed() -> list[bytes]:
    """What the database holds of the sealed columns now."""
    found = []
    for table in database.get_tables():
        for column in database.get_columns(table):
            if column.data_type in {"BLOB", "bytea"} and table not in {"key_proof", "digest_key"}:
                rows = database.execute_sql(f'SELECT "{column.name}" FROM "{table}"').fetchall()  # noqa: S608
                found += [bytes(row[0]) for row in rows if row[0]]
    return found


def test_after_a_sweep_nothing_of_what_was_forgotten_is_in_the_files(
    db: None, database_url: str
) -> None:
    long = "De kanarie zingt de hele nacht. " * 400  # more than a page of the database holds
    case = stopped(name="Kanarie", answers=(("story", (long,)),))
    letter(case.reference)
    drafts.save(drafts.new_secret(), "pupil", 1, {"story": [long]}, NOON)
    held = sealed()
    assert len(held) > 10
    whole = on_disk(database_url)
    assert all(value[:200] in whole for value in held)
    plain = [case.id, case.reference, case.email_hash, case.fingerprint]
    assert all(word.encode() in whole for word in plain)
    sweep_at(OVER)
    whole = on_disk(database_url)
    assert not [value for value in held if value[-40:] in whole or value[:40] in whole]
    assert not [word for word in plain if word.encode() in whole]
    assert b"kanarie" not in whole.lower()


def test_an_emptied_letter_is_out_of_the_files_too(db: None, database_url: str) -> None:
    letter("overzicht")
    held = sealed()
    sweep_at(NOON + 30 * DAY + TICK)
    assert Letter.select().count() == 1
    assert not [value for value in held if value[:40] in on_disk(database_url)]


@pytest.mark.sqlite
def test_while_somebody_reads_it_says_so_and_the_next_sweep_makes_good(
    db: None, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    case = stopped()
    database.execute_sql("PRAGMA busy_timeout = 50")
    reader = sqlite3.connect(database_url.removeprefix("sqlite:///"))
    reader.execute("BEGIN")
    reader.execute('SELECT COUNT(*) FROM "case"').fetchone()
    sweep_at(OVER)
    assert "somebody is reading" in caplog.text
    assert case.reference.encode() in on_disk(database_url)
    reader.close()
    sweep_at(OVER + HOUR)
    assert case.reference.encode() not in on_disk(database_url)


# A clock that jumps


@pytest.mark.parametrize(
    "jump", [LONGEST_STOP + TICK, 3652 * DAY, datetime(1970, 1, 1, tzinfo=UTC) - OVER + HOUR]
)
def test_a_clock_that_jumps_wipes_nothing(db: None, jump: timedelta) -> None:
    sweep(OVER - HOUR)
    stopped()
    letter("overzicht")
    drafts.save(drafts.new_secret(), "pupil", 1, {"name": ["Noor"]}, OVER - 30 * HOUR)
    before = "\n".join(dump())
    with pytest.raises(LongStop, match="portal sweep --after-a-long-stop"):
        sweep(OVER - HOUR + jump)
    assert "\n".join(dump()) == before
    assert sweep(OVER + HOUR)["cases"] == 1


@pytest.mark.parametrize("pause", [LONGEST_STOP, HOUR, -HOUR, -LONGEST_STOP])
def test_in_ordinary_life_nobody_has_to_help(db: None, pause: timedelta) -> None:
    sweep(NOON)
    sweep(NOON + pause)
    sweep(NOON + pause + HOUR)


def test_a_person_can_say_that_the_clock_is_right(db: None) -> None:
    sweep(NOON)
    stopped()
    assert sweep(NOON + 60 * DAY, after_a_long_stop=True)["cases"] == 1
    assert sweep(NOON + 60 * DAY + HOUR)["cases"] == 0


# Telling, and going on


def test_what_would_go_is_counted_and_nothing_changes(db: None) -> None:
    stopped()
    letter("overzicht")
    drafts.save(drafts.new_secret(), "pupil", 1, {"name": ["Noor"]}, NOON)
    one(NOON)
    before = "\n".join(dump())
    told = past(NOON + 31 * DAY)
    assert "\n".join(dump()) == before
    assert {what: number for what, number in told.items() if number} == {
        "cases": 1,
        "texts of letters": 1,
        "unfinished forms": 1,
    }
    assert sweep(NOON + 31 * DAY) == told


def test_a_kind_that_fails_holds_up_no_other_and_the_sweep_did_not_run(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped()
    drafts.save(drafts.new_secret(), "pupil", 1, {"name": ["Noor"]}, NOON)
    refuse("quota_use", "DELETE")
    take(Purpose.CONFIRMATION, "noor@example.org", NOON, a_day=1, a_week=3)
    with pytest.raises(NotAll, match=r"counts of letters \(IntegrityError\)$"):
        sweep(OVER)
    assert Draft.select().count() == Case.select().count() == 0
    assert last() is None


def test_what_had_to_stay_is_remembered_once_it_is_two_days_over(db: None) -> None:
    case = stopped()
    letter(case.reference, sent=False)
    expected: list[tuple[timedelta, dict[str, int]]] = [
        (0 * DAY, {}),
        (2 * DAY - TICK, {}),
        (2 * DAY, {"cases": 1}),
    ]
    for over, left in expected:
        sweep(OVER + over)
        ran = last()
        assert ran is not None
        assert overdue(ran) == left
    assert LastSweep.select().count() == 1


def test_visitors_can_write_while_hundreds_are_forgotten(db: None, database_url: str) -> None:
    seed(150, NOON, states=[Status.STOPPED])
    done, waits = threading.Event(), []

    def visit() -> None:
        while not done.wait(0.02):
            began = time.monotonic()
            with transaction():
                Digest.create(reader=secrets.token_hex(8), day=NOON.date())
            waits.append(time.monotonic() - began)

    visitor = threading.Thread(target=visit)
    visitor.start()
    try:
        assert sweep_at(OVER)["cases"] == 150
    finally:
        done.set()
        visitor.join()
    assert Tombstone.select().count() == 150
    assert len(waits) > 10
    assert max(waits) < 5  # seconds; the portal waits for ten
