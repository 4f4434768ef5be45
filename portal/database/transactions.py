"""How long a connection is held, what is written whole or not at all, and in how large pieces."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import TypeVar, cast

from peewee import DatabaseError, Expression, OperationalError

from portal import room
from portal.database.binding import database
from portal.database.columns import Table
from portal.database.faults import FAULTS
from portal.database.moved import mark_of
from portal.failpoints import failpoint

Query = TypeVar("Query")

# Rows deleted in one transaction: some milliseconds.
_AT_ONCE = 500


class NearlyFull(OperationalError):
    """Nothing was written, because the disk must keep room for what has to be written."""


class DatabaseMoved(OperationalError):
    """It was moved while this process had it open: what it would write nobody would ever read."""


@contextmanager
def connection() -> Iterator[None]:
    """A connection for as long as the work in hand; an open one is used again."""
    opened = database.connect(reuse_if_open=True)
    try:
        yield
    finally:
        if opened:
            database.close()


_spared: ContextVar[Path | None] = ContextVar("spared", default=None)


def spare(folder: Path | None) -> None:
    """From now on, in this thread, begin no transaction when the disk of ``folder`` is nearly full.

    None ends that. Who asks us for something can be told to call; what has to be written down of
    a letter that went, of who looked, or of who signs in, cannot wait.
    """
    _spared.set(folder)


@contextmanager
def transaction() -> Iterator[None]:
    """All or nothing, durable on leaving; the write lock is taken at once.

    Raises ``NearlyFull`` where the disk is to be spared and has little room.
    """
    spared = _spared.get()
    if spared and not database.in_transaction() and room.is_scarce(spared):
        raise NearlyFull("the disk is nearly full")
    with connection(), _telling_of_a_move(), database.atomic():
        yield


def in_line() -> AbstractContextManager[None]:
    """A block in which a good deal is made that is then written.

    On SQLite a process does one of them at a time. Its threads share one processor anyhow; without
    this they hand it to each other at every statement, which takes half as long again. Raises
    ``peewee.OperationalError`` where the line does not move.
    """
    return cast(AbstractContextManager[None], database.in_line())


def stay_connected() -> None:
    """Keep this thread's connection open, so that the files beside SQLite's own stay as well.

    The last to leave takes them away, and who comes next must make them again: on a disk that is
    full to the last octet nobody could then even read. Where it does not open now, whoever asks
    first opens it: a process of the web that fails as it begins ends the others.
    """
    with suppress(*FAULTS):
        database.connect(reuse_if_open=True)
        database.get_tables()


@contextmanager
def beside() -> Iterator[None]:
    """A transaction that need not wait for who else writes, because it holds each row it changes.

    On SQLite it waits like any other.
    """
    with connection(), _telling_of_a_move(), database.atomic_beside():
        yield


@contextmanager
def _telling_of_a_move() -> Iterator[None]:
    try:
        yield
    except DatabaseError as fault:
        if not database.in_transaction() and mark_of(database.obj):
            raise DatabaseMoved("the database was moved: start everything again") from fault
        raise


def holding(rows: Query) -> Query:
    """A query that takes hold of the rows it gives, until the transaction ends.

    Rows that somebody else holds are waited for.
    """
    return cast(Query, database.holding(rows))


def locking(*, passing: bool = False) -> str:
    """What ends the condition of a plain statement so that it does the same.

    With ``passing`` rows that somebody else holds are passed over.
    """
    return str(database.locking(passing=passing))


@contextmanager
def turn() -> Iterator[None]:
    """A transaction out of many, after which everybody else has as long as it took.

    SQLite keeps no queue. Who waits for its lock looks now and then whether it is free; a chore
    that took it again at once, for thousands of rows, would keep visitors out until they give up.
    """
    began = monotonic()
    with transaction():
        yield
    sleep(monotonic() - began)


@dataclass(frozen=True)
class Rows:
    """Rows of one table whose time is over."""

    table: type[Table]
    which: Expression

    def count(self) -> int:
        """How many there are."""
        with connection():
            return int(self.table.select().where(self.which).count())

    def forget(self) -> int:
        """Delete them, so few at a time that nobody waits long; gives how many."""
        gone = 0
        while some := self._forget_some():
            gone += some
        return gone

    def _forget_some(self) -> int:
        with turn():
            some = self.table.select(self.table.id).where(self.which).limit(_AT_ONCE)
            gone = int(self.table.delete().where(self.table.id.in_(some)).execute())
            failpoint("sweep: some rows forgotten")
            return gone


def settle() -> bool:
    """Have what was deleted leave the database's files too; False where others kept it there."""
    with connection():
        return bool(database.settle())
