"""Moving: what there was is there as it was, the old one is closed, and no kill leaves two."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from peewee import DatabaseError

from portal.audit.trail import Action, AuditLine, record
from portal.cases.register import Case
from portal.database import (
    DatabaseUnsound,
    check_integrity,
    check_key,
    connection,
    database,
    open_database,
    pending_migrations,
    transaction,
)
from portal.database.copying import Sums, sums
from portal.database.transactions import DatabaseMoved
from portal.delivery.outbox import Letter, claim
from portal.delivery.worker import deliver_round
from portal.health import examine
from portal.moving import LettersInHand, NotMoved, move
from portal.sealing import Keyring
from tests.conftest import DATA_KEY, NOON
from tests.databases import empty, server
from tests.portal_app import environment
from tests.seed import one
from tests.upgrades.keep import restore

pytestmark = pytest.mark.postgresql

KEPT = Path(__file__).parent / "upgrades" / "0013_quarantine.sql"
ROOT = Path(__file__).parent.parent
LATER = NOON + timedelta(days=400)
KEYS = Keyring([DATA_KEY])


def clock() -> datetime:
    return LATER


@pytest.fixture
def old(tmp_path: Path) -> str:
    """A filled database for SQLite, a row in every table, open."""
    restore(KEPT.read_text(), tmp_path / "old.db")
    url = f"sqlite:///{tmp_path / 'old.db'}"
    open_database(url, KEYS)
    return url


@pytest.fixture
def new(tmp_path: Path) -> str:
    """An empty database on the server."""
    return empty(tmp_path)


def held() -> Sums:
    with connection(), database.atomic():
        return sums(database.obj)


def test_there_and_back_every_row_is_as_it_was_to_the_octet(
    old: str, new: str, tmp_path: Path
) -> None:
    before = held()
    assert len(before) > 25
    assert all(number for number, _ in before.values())
    assert move(new, clock) == before
    open_database(new, KEYS)
    check_key()
    check_integrity(references=True)
    assert pending_migrations() == []
    assert held() == before
    # Opened one by one; of a letter that was emptied nothing is left to open.
    assert any(letter.subject for letter in Letter.select())
    database.close()
    back = f"sqlite:///{tmp_path / 'back.db'}"
    assert move(back, clock) == before
    open_database(back, KEYS)
    check_integrity(references=True)
    assert held() == before


@pytest.mark.parametrize("back", [False, True])
def test_the_old_one_is_refused_at_the_start_and_writes_nothing_for_who_had_it_open(
    old: str, new: str, tmp_path: Path, back: bool
) -> None:
    if back:
        move(new, clock)
        old, new = new, f"sqlite:///{tmp_path / 'back.db'}"
        open_database(old, KEYS)
    sent: list[str] = []
    move(new, clock)
    before = held()
    with pytest.raises(DatabaseMoved):
        deliver_round(clock, lambda letter: sent.append(letter.recipient))  # type: ignore[arg-type, return-value]
    with pytest.raises(DatabaseMoved), transaction():
        Letter.update(attempts=0).execute()
    with pytest.raises(DatabaseError), connection():
        database.execute_sql("DELETE FROM letter")
    assert (held(), sent) == (before, [])
    assert "was moved to" in examine(clock)["database"].says
    with pytest.raises(DatabaseUnsound, match=r"was moved to .*: set PORTAL_DATABASE_URL"):
        open_database(old, KEYS)


@pytest.mark.parametrize("back", [False, True])
def test_whatever_was_written_while_it_moved_is_in_the_new_one(
    old: str, new: str, tmp_path: Path, back: bool
) -> None:
    if back:
        move(new, clock)
        old, new = new, f"sqlite:///{tmp_path / 'back.db'}"
        open_database(old, KEYS)
    written: list[str] = []
    looked: list[str] = []

    def write() -> None:
        written.append(one(NOON).reference)

    def look() -> None:
        # In no transaction, which asks for no lock.
        subject = str(len(looked))
        record("ina", Action.LOOKED, subject, NOON)
        looked.append(subject)

    visiting = [threading.Thread(target=_for_ever, args=(do,)) for do in (write, look)]
    for visit in visiting:
        visit.start()
    while not (written and looked):
        time.sleep(0.01)
    move(new, clock)
    for visit in visiting:
        visit.join(20)
    assert not any(visit.is_alive() for visit in visiting)
    open_database(new, KEYS)
    with connection():
        assert set(written) <= {case.reference for case in Case.select()}
        assert set(looked) <= {line.subject for line in AuditLine.select()}


def _for_ever(do: Callable[[], object]) -> None:
    with suppress(DatabaseError):
        while True:
            do()


def test_nothing_moves_while_a_worker_has_a_letter_in_hand(old: str, new: str) -> None:
    taken = claim(LATER, LATER + timedelta(minutes=5))
    assert taken
    with pytest.raises(LettersInHand):
        move(new, clock)
    open_database(old, KEYS)
    assert sum(number for number, _ in move(new, lambda: LATER + timedelta(hours=1)).values())


def test_a_database_that_is_not_empty_is_left_as_it_is(old: str, new: str) -> None:
    elsewhere = new.partition("?")[0].rpartition("/")[2]
    server().execute("CREATE TABLE theirs (n int); INSERT INTO theirs VALUES (1)", elsewhere)
    with pytest.raises(NotMoved, match="is not empty"):
        move(new, clock)
    assert server().execute("SELECT * FROM theirs", elsewhere) == [(1,)]
    open_database(old, KEYS)
    with transaction():
        Letter.update(attempts=0).execute()


def test_what_does_not_arrive_as_it_was_ends_the_move_and_the_old_one_stays(
    old: str, new: str
) -> None:
    # SQLite holds whatever it is given; another engine cuts no text and takes no NUL.
    with connection():
        database.execute_sql("UPDATE manager SET name = 'a' || char(0) || 'b'")
    with pytest.raises(NotMoved, match="manager"):
        move(new, clock)
    open_database(old, KEYS)
    with pytest.raises(DatabaseUnsound, match="is empty"):
        open_database(new, KEYS)


DYING = """
import os, signal, sys
from itertools import count
from portal.database import database, open_database
from portal.moving import move
from portal.sealing import Keyring
from tests.conftest import DATA_KEY
from tests.test_moving import clock
import portal.moving

old, new, at = sys.argv[1:]
counted = count(1)

def dying(does):
    def step(*given, **named):
        if next(counted) == int(at):
            os.kill(os.getpid(), signal.SIGKILL)
        return does(*given, **named)
    return step

for name in ("copy", "mark", "close", "unmark", "_open_new"):
    setattr(portal.moving, name, dying(getattr(portal.moving, name)))
open_database(old, Keyring([DATA_KEY]), moving=True)
move(new, clock)
"""


def _run(old: str, new: str, at: int) -> int:
    words = [sys.executable, "-c", DYING, old, new, str(at)]
    env = {"PATH": os.environ["PATH"]}
    return subprocess.run(words, cwd=ROOT, env=env, timeout=60, check=False).returncode  # noqa: S603


def _usable(url: str) -> bool:
    with suppress(DatabaseUnsound):
        open_database(url, KEYS)
        return True
    return False


@pytest.mark.parametrize("at", range(1, 7))
def test_killed_anywhere_never_both_can_be_used_and_the_next_call_ends_it(
    old: str, new: str, at: int
) -> None:
    before = held()
    database.close()
    assert _run(old, new, at) == -signal.SIGKILL
    assert not _usable(new)
    in_use = _usable(old)
    assert in_use == (at < 5)
    if in_use:
        assert held() == before
    database.close()
    assert _run(old, new, 99) == 0
    assert (_usable(old), _usable(new)) == (False, True)
    assert held() == before


def test_the_command_says_what_to_do_then_and_no_password(old: str, new: str) -> None:
    database.close()
    secret = new.replace("portal@", "portal:kanarie@")
    env = environment(old) | {"PATH": os.environ["PATH"]}

    def run(*words: str, **other: str) -> tuple[int, str]:
        told = subprocess.run(  # noqa: S603
            [sys.executable, "-m", "portal.cli", *words],
            cwd=ROOT,
            env=env | other,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return told.returncode, told.stdout + told.stderr

    code, said = run("move", secret)
    assert (code, "read back and the same" in said) == (0, True)
    refused = [run("move", secret), run("worker"), run("deliver"), run("serve"), run("migrate")]
    for again, why in refused:
        assert (again, why.count("\n"), "was moved to postgresql:///" in why) == (1, 1, True)
    assert "kanarie" not in said + "".join(why for _, why in refused)
    assert run("move", "mysql://x")[0] == 2
    assert run("deliver", PORTAL_DATABASE_URL=new)[0] == 0
