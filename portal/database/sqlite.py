"""SQLite: where its file may stand, how it must be set, and how it shows that it is whole."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import RLock
from time import monotonic
from typing import Any

from peewee import OperationalError, SqliteDatabase

from portal.database.binding import DatabaseUnsound
from portal.database.faults import cure_of, said_by

SCHEME = "sqlite:///"

# What SQLite must be set to, and what it must answer when asked: its defaults differ by build.
PRAGMAS: dict[str, int | str] = {
    "journal_mode": "wal",
    "synchronous": 2,  # FULL: a commit has reached the disk before anybody is told of it.
    "foreign_keys": 1,
    "secure_delete": 1,
    "temp_store": 2,
    # kB a connection, and each thread has one: whatever another writes empties it.
    "cache_size": -256,
}


# For how long a thread waits until another process has written, and behind another thread.
_PATIENCE = 10  # seconds
_BEHIND = 2  # seconds
_LOOKS = 3  # milliseconds: SQLite looks after one and three


class Sqlite(SqliteDatabase):
    """One file, with one writer at a time."""

    _state: Any  # of this thread's connection; the stubs leave it out

    def __init__(self, *args: Any, **options: Any) -> None:
        # Held by the thread of this process that writes, or is the next to.
        self._first = RLock()
        super().__init__(*args, **options)

    @classmethod
    def at(cls, url: str, *, create: bool) -> "Sqlite":
        """The database at ``url``, not yet connected to; raises ``DatabaseUnsound``."""
        path = file_of(url)
        _look_at(path, create=create)
        # The pragma that makes commits durable is set per connection, so each thread's is alike.
        return cls(
            f"file:{path}?mode={'rwc' if create else 'rw'}",
            uri=True,
            pragmas=PRAGMAS,
            timeout=_PATIENCE,
        )

    @classmethod
    def apart(cls, path: Path) -> "Sqlite":
        """A file beside the portal's work, to be filled by one alone who sees to the disk."""
        return cls(str(path), pragmas={"foreign_keys": 1, "synchronous": 0})

    @classmethod
    def to_read(cls, path: Path) -> "Sqlite":
        """A file that is only read."""
        return cls(f"{path.absolute().as_uri()}?mode=ro", uri=True)

    def says_where(self) -> str:
        """Where it is, as an operator knows it."""
        return str(self.database).removeprefix("file:").partition("?")[0]

    def wipe(self) -> None:
        """Drop every table, and what keeps watch on it."""
        with self.atomic():
            drops = [f'DROP TABLE "{table}"' for table in self.get_tables()]
            for drop in drops:
                self.execute_sql(drop)  # type: ignore[no-untyped-call]

    def begin(self, lock_type: str = "IMMEDIATE") -> None:
        """Begin a transaction when no other writes; ``OperationalError`` where that takes long.

        SQLite keeps no queue: who waits looks now and then, ever more seldom, and whoever came
        last may be first. So one thread of each process looks, often, and the others stand behind
        it; but not for long, or a lock that stays would hold every thread that a visitor needs.
        """
        self._stand_in_line()
        try:
            self._begin_in_time(lock_type, monotonic() + _PATIENCE)
        except BaseException:
            self._first.release()
            raise
        self._state.writes = True

    def _stand_in_line(self) -> None:
        if not self._first.acquire(timeout=_BEHIND):
            raise OperationalError("database is locked")

    @contextmanager
    def in_line(self) -> Iterator[None]:
        """A block that ends in writing, beside none of another thread's that does."""
        self._stand_in_line()
        try:
            yield
        finally:
            self._first.release()

    def _begin_in_time(self, lock_type: str, end: float) -> None:
        line: sqlite3.Connection = self.connection()  # type: ignore[no-untyped-call]
        line.execute(f"PRAGMA busy_timeout = {_LOOKS}")
        try:
            while not _begun(line, lock_type, last=monotonic() > end):
                pass
        finally:
            line.execute(f"PRAGMA busy_timeout = {_PATIENCE * 1000}")

    def commit(self) -> None:
        """Write all that was done since ``begin``, or raise and leave it to ``rollback``."""
        super().commit()
        self._let_go()

    def rollback(self) -> None:
        """Undo all that was done since ``begin``."""
        try:
            # On a full disk SQLite has done so itself, and what is told is to be that.
            if self.connection().in_transaction:  # type: ignore[no-untyped-call]
                super().rollback()
        finally:
            self._let_go()

    def _let_go(self) -> None:
        if getattr(self._state, "writes", False):
            self._state.writes = False
            self._first.release()

    def why_closed(self, fault: Exception) -> str:
        """What an operator is told when it does not open."""
        cure = cure_of(fault) or "check its file and rights"
        return f"the database {self.says_where()} does not open ({said_by(fault)}): {cure}"

    def check_settings(self) -> None:
        """Ask back what was set; raises ``DatabaseUnsound``."""
        drift = [name for name, wanted in PRAGMAS.items() if self._answer(name) != wanted]
        if drift:
            raise DatabaseUnsound(f"SQLite does not keep these settings: {', '.join(drift)}")

    def octets(self) -> int:
        """How large it is."""
        return int(self._answer("page_count") * self._answer("page_size"))

    def is_whole(self, *, references: bool) -> bool:
        """Read the whole file, some seconds for a gigabyte, and perhaps follow all references."""
        if self._answer("quick_check(1)") != "ok":
            return False
        return not (references and self._asked("foreign_key_check"))

    def atomic_beside(self) -> Any:
        """A transaction like any other: there is one lock for all rows."""
        return self.atomic()

    def holding(self, rows: Any) -> Any:
        """The query as it is: whoever has a transaction has all rows."""
        return rows

    def locking(self, *, passing: bool) -> str:  # noqa: ARG002 - see above
        """What ends a statement that does: nothing."""
        return ""

    def closed_to_writers(self) -> Any:
        """A transaction beside which nobody writes."""
        return self.atomic()

    def stream(self, statement: str) -> Iterator[tuple[Any, ...]]:
        """The rows of a query, a few at a time."""
        yield from self.execute_sql(statement)  # type: ignore[no-untyped-call]

    def take_time(self) -> None:
        """No statement is ever cut short."""

    def settle(self) -> bool:
        """Empty the write-ahead log, which still holds what was overwritten; False if in use.

        The deleted rows themselves are overwritten with zeros (``secure_delete``).
        """
        return not self._answer("wal_checkpoint(TRUNCATE)")

    def _answer(self, pragma: str) -> Any:
        return self._asked(pragma)[0]

    def _asked(self, pragma: str) -> Any:
        return self.execute_sql(f"PRAGMA {pragma}").fetchone()  # type: ignore[no-untyped-call]


def _begun(line: sqlite3.Connection, lock_type: str, *, last: bool) -> bool:
    # A plain BEGIN takes its lock at the first write, too late to wait for another's.
    try:
        line.execute(f"BEGIN {lock_type}")
    except sqlite3.OperationalError as fault:
        if last or fault.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            raise OperationalError(*fault.args) from fault
        return False
    return True


def file_of(url: str) -> Path:
    """Where the file stands that this URL names."""
    return Path(url.removeprefix(SCHEME))


def _look_at(path: Path, *, create: bool) -> None:
    if create:
        # Made with its rights: SQLite gives its side files the same.
        with suppress(OSError):
            path.touch(0o600)
    elif not (path.is_file() and path.stat().st_size):
        raise DatabaseUnsound(
            f"no database at {path}: restore a backup, or begin one with 'portal migrate'"
        )
    elif not (os.access(path, os.R_OK | os.W_OK) and os.access(path.parent, os.W_OK | os.X_OK)):
        raise DatabaseUnsound(
            f"{path} or its folder cannot be written: give the portal's user both, or mount it so"
        )
