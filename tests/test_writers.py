"""Who writes waits for who writes: in turn, not for long, and never with every thread."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from peewee import OperationalError

from portal.database import connection, database, in_line, sqlite, transaction
from portal.database.sqlite import file_of

pytestmark = [pytest.mark.usefixtures("db"), pytest.mark.sqlite]


@contextmanager
def locked(database_url: str) -> Iterator[sqlite3.Connection]:
    """While another process would be writing."""
    with closing(sqlite3.connect(Path(file_of(database_url)), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield other


def seconds_to_write() -> float:
    """How long it takes to write or to be refused, less than none where it is refused."""
    began = time.monotonic()
    try:
        with transaction():
            pass
    except OperationalError:
        return began - time.monotonic()
    return time.monotonic() - began


def test_a_lock_that_stays_holds_one_thread_and_lets_the_others_go_soon(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "_PATIENCE", 1)
    monkeypatch.setattr(sqlite, "_BEHIND", 0.1)
    with locked(database_url), ThreadPoolExecutor(4) as threads:
        waited = sorted(threads.map(lambda _: seconds_to_write(), range(4)))
    assert all(seconds < 0 for seconds in waited)
    assert waited[0] < -0.9
    assert all(seconds > -0.6 for seconds in waited[1:]), waited


def test_a_lock_that_is_let_go_is_taken_by_all_who_wait(database_url: str) -> None:
    with locked(database_url) as other, ThreadPoolExecutor(4) as threads:
        waiting = [threads.submit(seconds_to_write) for _ in range(4)]
        time.sleep(0.1)
        other.execute("COMMIT")
        waited = [one.result() for one in waiting]
    assert all(0 <= seconds < 1 for seconds in waited), waited


def test_who_could_not_begin_leaves_the_turn_to_the_next(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "_PATIENCE", 0)
    with locked(database_url):
        assert seconds_to_write() < 0
    assert seconds_to_write() >= 0


def test_what_cannot_be_committed_leaves_the_turn_to_the_next() -> None:
    database.execute_sql("CREATE TABLE a (id INTEGER PRIMARY KEY)")
    database.execute_sql("CREATE TABLE b (a INTEGER REFERENCES a DEFERRABLE INITIALLY DEFERRED)")
    with pytest.raises(Exception, match="FOREIGN KEY"), transaction():
        database.execute_sql("INSERT INTO b VALUES (1)")
    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(seconds_to_write).result() >= 0


def test_forty_threads_that_write_at_once_all_do(database_url: str) -> None:
    database.execute_sql("CREATE TABLE tally (n INTEGER)")
    database.execute_sql("INSERT INTO tally VALUES (0)")
    together = threading.Barrier(40)

    def count_on(_: int) -> None:
        together.wait()
        with connection(), transaction():
            (n,) = database.execute_sql("SELECT n FROM tally").fetchone()
            database.execute_sql("UPDATE tally SET n = ?", (n + 1,))

    with ThreadPoolExecutor(40) as threads:
        list(threads.map(count_on, range(40)))
    assert database.execute_sql("SELECT n FROM tally").fetchone() == (40,)


def test_what_is_made_in_line_is_made_beside_nobody_and_then_written(database_url: str) -> None:
    database.execute_sql("CREATE TABLE tally (n INTEGER)")
    inside, most, together = [0], [0], threading.Barrier(8)

    def make(number: int) -> None:
        together.wait()
        with connection(), in_line():
            inside[0] += 1
            most[0] = max(most[0], inside[0])
            time.sleep(0.005)
            with transaction():
                database.execute_sql("INSERT INTO tally VALUES (?)", (number,))
            # Written, and still in line: who comes next waits for the rest of it too.
            time.sleep(0.005)
            inside[0] -= 1

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(make, range(8)))
    assert most == [1]
    assert database.execute_sql("SELECT COUNT(*) FROM tally").fetchone() == (8,)


def test_a_line_that_does_not_move_is_left_soon_and_one_that_failed_is_free(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sqlite, "_BEHIND", 0.1)
    with ThreadPoolExecutor(1) as other, in_line():
        assert -0.6 < other.submit(seconds_to_write).result() < 0
    with pytest.raises(LookupError), in_line(), transaction():
        raise LookupError
    with ThreadPoolExecutor(1) as other:
        assert other.submit(seconds_to_write).result() >= 0
