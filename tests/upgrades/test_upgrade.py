"""Every released schema comes to head with all that it held, filled by the program of that day."""

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playhouse.migrations import Runner

from portal.cases import register
from portal.cases.case import Happening, Stage, Status
from portal.cases.life import ENDED
from portal.cases.listing import Wanted, page
from portal.cases.progress import acknowledge
from portal.cases.register import By, Case, history
from portal.database import (
    MIGRATIONS,
    DatabaseUnsound,
    Sealed,
    Table,
    connection,
    database,
    migrate,
    open_database,
    pending_migrations,
    transaction,
)
from portal.delivery.outbox import UNSENT, Letter, claim
from portal.sealing import Keyring
from tests.conftest import DATA_KEY, NOON
from tests.upgrades.keep import contents, head, keep, restore

# PostgreSQL begins with the schema of 0013: test_postgresql.py.
pytestmark = pytest.mark.sqlite

KEPT = sorted(Path(__file__).parent.glob("*.sql"))
ROOT = Path(__file__).parent.parent.parent
Rows = dict[str, list[tuple[object, ...]]]


def _opened(kept: Path, folder: Path) -> Path:
    path = folder / "old.db"
    restore(kept.read_text(), path)
    open_database(f"sqlite:///{path}", Keyring([DATA_KEY]))
    return path


@pytest.fixture(params=KEPT, ids=lambda kept: kept.stem)
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A filled database as a release left it, open."""
    path = _opened(request.param, tmp_path)
    with connection():
        yield path


@pytest.fixture
def oldest(tmp_path: Path) -> Iterator[Path]:
    """The one with the longest way to head, not yet open."""
    yield _opened(KEPT[0], tmp_path)
    database.close()


def _columns() -> dict[str, str]:
    return {
        table: ", ".join(f'"{column.name}"' for column in database.get_columns(table))
        for table in database.get_tables()
        if table != "schema_migration"
    }


def _rows(columns: dict[str, str]) -> Rows:
    """All rows of these columns."""
    return {
        table: database.execute_sql(f'SELECT {names} FROM "{table}" ORDER BY {names}').fetchall()  # noqa: S608
        for table, names in columns.items()
    }


def _schema() -> set[tuple[str, ...]]:
    return set(database.execute_sql("SELECT type, name, sql FROM sqlite_master").fetchall())


def test_every_row_keeps_all_that_it_held(old: Path) -> None:
    columns = _columns()
    before = _rows(columns)
    assert all(before[table] for table in ("case", "event", "addition", "letter"))
    migrate()
    assert pending_migrations() == []
    assert _rows(columns) == before
    assert database.execute_sql("PRAGMA foreign_key_check").fetchall() == []
    assert database.execute_sql("PRAGMA integrity_check").fetchone() == ("ok",)


def test_the_schema_is_that_of_a_new_database(old: Path, tmp_path: Path) -> None:
    migrate()
    grown = _schema()
    database.close()
    open_database(f"sqlite:///{tmp_path / 'new.db'}", Keyring([DATA_KEY]), create=True)
    database.connect()
    migrate()
    assert grown == _schema()


def test_a_step_that_was_released_is_never_changed(old: Path, tmp_path: Path) -> None:
    released, last = _schema(), max(Runner(database.obj, str(MIGRATIONS)).applied())
    database.close()
    open_database(f"sqlite:///{tmp_path / 'new.db'}", Keyring([DATA_KEY]), create=True)
    database.connect()
    Runner(database.obj, str(MIGRATIONS)).up(last)
    assert released == _schema()


def test_what_was_sealed_opens(old: Path) -> None:
    migrate()
    opened = [
        getattr(row, name)
        for table in Table.__subclasses__()
        if table.__module__.startswith("portal.")
        for name, field in table._meta.fields.items()
        if isinstance(field, Sealed)
        for row in table.select()
    ]
    assert len(opened) > 100
    # The files were filled by the hands of different days.
    assert any("kanarie" in (text or "") or text == "Fatima" for text in opened)


def test_whoever_asked_comes_in_at_their_own_door(old: Path) -> None:
    migrate()
    for case in Case.select():
        if case.email:
            hashed = register.email_hash(case.email.upper())
            assert case.reference in register.sent_from(hashed)
        if case.phone:
            assert register.is_reached_at(case.reference, case.phone.replace(" ", ""))


def test_what_was_not_sent_is_sent_still(old: Path) -> None:
    migrate()
    unsent = {letter.id for letter in Letter.select().where(Letter.state.in_(UNSENT))}
    later = NOON + timedelta(days=1)
    claimed = set()
    while taken := claim(later, later + timedelta(hours=1)):
        claimed.add(taken.letter.id)
    assert claimed == unsent != set()


def test_each_case_stands_where_its_events_left_it(old: Path) -> None:
    before_the_desk = "stage" not in _columns()["case"]
    migrate()
    for case in Case.select():
        befell = {event.what: event.at for event in history(case)}
        assert (case.stage is Stage.ENDED) == (case.status in ENDED)
        heard = [at for what, at in befell.items() if what in {"added to", "corrected"}]
        assert case.heard_at == max(heard, default=None)
        if before_the_desk:
            assert case.idle_since == befell.get(Happening.WITHDRAWN, case.received_at)
            statuses = {event.what: event.status for event in history(case)}
            assert statuses[Happening.RECEIVED] is Status.RECEIVED
    waiting = page(Stage.AWAITING, Wanted(frozenset({"utrecht", "drenthe"}))).cases
    assert waiting


def test_how_long_the_first_sign_of_life_took_is_known(old: Path) -> None:
    not_yet_a_desk = "stage" not in _columns()["case"]
    migrate()
    found = set()
    for case in Case.select():
        signs = [event.at for event in history(case) if event.what is Happening.ACKNOWLEDGED]
        after = (min(signs) - case.received_at) // timedelta(minutes=1) if signs else None
        assert case.heard_after == after
        # All came in on a Monday; some heard on Tuesday, one on Friday.
        assert case.in_time == (after < 3 * 24 * 60 if after else None)
        found.add(case.in_time)
    assert found == {None} if not_yet_a_desk else found >= {None, True}


def test_an_old_case_goes_on_like_any_other(old: Path) -> None:
    migrate()
    case = Case.select().where(Case.status == Status.RECEIVED).first()
    with transaction():
        assert acknowledge(case, By("anna", "Regiomanager"), NOON)
    assert history(case)[-1].by == "anna"


def test_another_key_is_refused_and_changes_nothing(oldest: Path) -> None:
    before = contents(oldest)
    open_database(f"sqlite:///{oldest}", Keyring([b"x" * 32]))
    with pytest.raises(DatabaseUnsound, match="PORTAL_DATA_KEYS"):
        migrate()
    database.close()
    with sqlite3.connect(oldest) as raw:
        columns = {name for _, name, *_ in raw.execute('PRAGMA table_info("case")')}
    assert "email_hash" not in columns
    assert contents(oldest) == before


def test_killed_at_any_change_it_is_before_or_after_a_step_and_then_goes_on(
    oldest: Path, tmp_path: Path
) -> None:
    path = tmp_path / "killed.db"
    restore(KEPT[0].read_text(), path)
    words = [sys.executable, "-m", "tests.upgrades.killed", str(path)]
    killed = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603
    states = list(_states(oldest))
    reached = [states.index(held) for held in killed.stdout.split()]
    assert reached == sorted(reached)
    assert set(reached) == set(range(len(states)))
    assert len(reached) > 100
    assert contents(path) == states[-1]


def _states(path: Path) -> Iterator[str]:
    """What it holds before and after each step, when nobody disturbs it."""
    yield contents(path)
    runner = Runner(database.obj, str(MIGRATIONS))
    with connection():
        steps = [step.name for step in runner.status() if not step.applied]
        for step in steps:
            runner.up(step)
            yield contents(path)


def test_of_two_at_once_each_takes_what_the_other_left(oldest: Path) -> None:
    at_the_gate, taken = threading.Semaphore(0), list[list[str]]()

    def tell(statement: str) -> None:
        if statement.startswith("BEGIN"):
            at_the_gate.release()

    def run() -> None:
        with connection():
            database.connection().set_trace_callback(tell)
            taken.append(migrate())

    # Both have seen what there is to do, and wait for the lock, before either does any of it.
    gate = sqlite3.connect(oldest, isolation_level=None)
    gate.execute("BEGIN IMMEDIATE")
    both = [threading.Thread(target=run) for _ in range(2)]
    for one in both:
        one.start()
    for _ in both:
        assert at_the_gate.acquire(timeout=10)
    gate.execute("ROLLBACK")
    gate.close()
    for one in both:
        one.join()
    with connection():
        steps = [name for name in Runner(database.obj, str(MIGRATIONS)).applied() if name > "0004"]
    assert sorted(taken[0] + taken[1]) == sorted(steps)


def test_the_file_of_the_next_release_has_a_row_in_every_table(tmp_path: Path) -> None:
    path = tmp_path / "next.db"
    kept = keep(tmp_path)
    assert kept.stem == head()
    restore(kept.read_text(), path)
    open_database(f"sqlite:///{path}", Keyring([DATA_KEY]))
    with connection():
        assert migrate() == []
        assert [table for table, rows in _rows(_columns()).items() if not rows] == []
