"""The one database: how it is opened, what a transaction is, and what its columns can hold."""

import logging
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Generic, TypeVar

from peewee import (
    BlobField,
    CharField,
    DatabaseProxy,
    DateTimeField,
    Expression,
    FieldAccessor,
    Model,
    PeeweeException,
    SqliteDatabase,
)
from playhouse.migrations import Runner

from portal.sealing import Keyring, SealBroken

E = TypeVar("E", bound=StrEnum)

MIGRATIONS = Path(__file__).parent / "migrations"

# What SQLite must be set to, and what it must answer when asked: its defaults differ by build.
PRAGMAS: dict[str, int | str] = {
    "journal_mode": "wal",
    "synchronous": 2,  # FULL: a commit has reached the disk before anybody is told of it.
    "foreign_keys": 1,
    "secure_delete": 1,
    "temp_store": 2,
}

# Rows deleted in one transaction: some milliseconds.
_AT_ONCE = 500

_DAMAGED = "the database is damaged: stop everything and restore a backup"

database = DatabaseProxy()
_keyring: Keyring | None = None


class DatabaseUnsound(Exception):
    """The database cannot be used as it is; the message says what to do about it."""


class Table(Model):
    """A row with a random id, made before the insert because sealed columns are bound to it."""

    id = CharField(max_length=32, primary_key=True, default=lambda: secrets.token_hex(16))

    class Meta:
        database = database
        legacy_table_names = False


class Moment(DateTimeField):
    """A moment in UTC, kept to the microsecond in one width so that text sorts as time does."""

    def db_value(self, value: datetime | None) -> str | None:
        if value is None:
            return None
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")

    def python_value(self, value: str | datetime | None) -> datetime | None:
        if isinstance(value, str):
            value = datetime.fromisoformat(value)
        return value.replace(tzinfo=UTC) if value else None


class Word(CharField, Generic[E]):
    """A word out of a fixed list, kept in full; an unknown word fails on the way in and out."""

    def __init__(self, words: type[E], **options: Any) -> None:
        self.words = words
        super().__init__(max_length=40, **options)

    def db_value(self, value: E | str | None) -> str | None:
        return None if value is None else self.words(value).value

    def python_value(self, value: str | None) -> E | None:
        return None if value is None else self.words(value)


class SealedBytes(bytes):
    """What a sealed column holds on disk, told apart from anything a caller assigns."""


# What is left in a sealed column when its text is forgotten and its row is not; read as None.
FORGOTTEN = SealedBytes()

_in_place_of_broken: ContextVar[tuple[str, list[str]] | None] = ContextVar("broken", default=None)


@contextmanager
def reading_on(words: str) -> Iterator[list[str]]:
    """A block in which sealed text that does not open reads as ``words``; gives where it stands.

    What is stored stays as it is, whatever is saved meanwhile. Only for showing things: where
    something is decided by a text, not to know it must be a failure.
    """
    broken: list[str] = []
    before = _in_place_of_broken.set((words, broken))
    try:
        yield broken
    finally:
        _in_place_of_broken.reset(before)


class _SealedAccessor(FieldAccessor):
    """Seals what is assigned and opens what is read, bound to table, column and row."""

    def __get__(self, instance: Any, instance_type: Any = None) -> Any:
        if instance is None:
            return self.field
        sealed = instance.__data__.get(self.name)
        return _open(sealed, self._place(instance)) if sealed else None

    def __set__(self, instance: Any, value: str | SealedBytes | None) -> None:
        if isinstance(value, str):
            value = SealedBytes(keyring().seal(value, self._place(instance)))
        super().__set__(instance, value)

    def _place(self, instance: Any) -> str:
        return sealed_place(self.field, instance.id)


def sealed_place(field: "Sealed", row: str) -> str:
    """To what a value in this column of this row is bound: it opens nowhere else."""
    return f"{field.model._meta.table_name}.{field.column_name}:{row}"


def _open(sealed: bytes, place: str) -> str:
    try:
        return keyring().open(sealed, place)
    except SealBroken:
        instead = _in_place_of_broken.get()
        if instead is None:
            raise
        words, broken = instead
        if place not in broken:
            broken.append(place)
        return words


class Sealed(BlobField):
    """A text column that is encrypted at rest. Assign it on a row; bulk updates are refused."""

    accessor_class = _SealedAccessor

    def db_value(self, value: Any) -> Any:
        if value is not None and not isinstance(value, SealedBytes):
            raise TypeError(f"{self.name} is sealed: assign it on a row and save the row")
        return super().db_value(value)  # type: ignore[no-untyped-call]

    def python_value(self, value: Any) -> SealedBytes | None:
        return None if value is None else SealedBytes(value)


def keyring() -> Keyring:
    """The keys in use; raises ``RuntimeError`` before ``open_database``."""
    if _keyring is None:
        raise RuntimeError("open_database() comes first")
    return _keyring


class KeyProof(Table):
    """One sealed word: whoever opens it holds the key that the database was sealed with."""

    proof = Sealed()


class DigestKey(Table):
    """One row: the key of all keyed hashes, in hexadecimal.

    What was hashed cannot be hashed anew. So this key stays, and is sealed like anything else.
    """

    key = Sealed()


def open_database(url: str, keys: Keyring, *, create: bool = False) -> None:
    """Bind all tables to the database at ``url`` and connect once to see that it is sound.

    A missing or empty file is refused unless ``create``: an empty database in place of a lost
    one would hide the loss. Raises ``DatabaseUnsound``.
    """
    global _keyring  # noqa: PLW0603 - one process, one database, one keyring
    # A statement in a log would hold what it stores; the steps of a migration are told by who asks.
    logging.getLogger("peewee").setLevel(logging.WARNING)
    path = Path(url.removeprefix("sqlite:///"))
    if not create and not (path.is_file() and path.stat().st_size):
        raise DatabaseUnsound(
            f"no database at {path}: restore a backup, or begin one with 'portal migrate'"
        )
    if create:
        # Made with its rights: SQLite gives its side files the same.
        with suppress(OSError):
            path.touch(0o600)
    elif not (os.access(path, os.R_OK | os.W_OK) and os.access(path.parent, os.W_OK | os.X_OK)):
        raise DatabaseUnsound(
            f"{path} or its folder cannot be written: give the portal's user both, or mount it so"
        )
    # The pragma that makes commits durable is set per connection, so each thread's is alike.
    database.initialize(
        SqliteDatabase(
            f"file:{path}?mode={'rwc' if create else 'rw'}",
            uri=True,
            pragmas=PRAGMAS,
            timeout=10,
            # A plain BEGIN takes its lock at the first write, too late to wait for another's.
            lock_type="IMMEDIATE",
        )
    )
    _keyring = keys
    _check_pragmas()
    with _refusing_damage(), connection():
        _use_digest_key()


@contextmanager
def connection() -> Iterator[None]:
    """A connection for as long as the work in hand; an open one is used again."""
    opened = database.connect(reuse_if_open=True)
    try:
        yield
    finally:
        if opened:
            database.close()


@contextmanager
def transaction() -> Iterator[None]:
    """All or nothing, durable on leaving; the write lock is taken at once."""
    with connection(), database.atomic():
        yield


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
            return int(self.table.delete().where(self.table.id.in_(some)).execute())


def settle() -> bool:
    """Have what was deleted leave the files of the database too; False where others kept it there.

    Until a checkpoint the write-ahead log of SQLite still holds what was overwritten. The deleted
    rows themselves are overwritten with zeros (``secure_delete``).
    """
    if not isinstance(database.obj, SqliteDatabase):
        return True
    with connection():
        busy, *_ = database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy


def migrate() -> list[str]:
    """Bring the schema to head, one transaction a step; gives the names of the steps taken.

    Killed at any moment it leaves the schema at the end of a step, and the next call goes on from
    there; of two at once each takes the steps that the other left. Raises ``DatabaseUnsound``.
    """
    taken = []
    with connection():
        fresh = not database.get_tables()
        if not fresh and _is_there(KeyProof) and KeyProof.select().exists():
            check_key()
        while pending := pending_migrations():
            taken += _take(pending[0])
        with transaction():
            _begin_keys(fresh=fresh)
        _use_digest_key()
    return taken


def _take(step: str) -> list[str]:
    try:
        return list(Runner(database.obj, str(MIGRATIONS)).up(step))
    except PeeweeException:
        # Its name is unique in the history, so whoever comes second takes all of it back.
        if step in pending_migrations():
            raise
        return []


def _begin_keys(*, fresh: bool) -> None:
    if not KeyProof.select().exists():
        KeyProof.create(proof="open")
    if not DigestKey.select().exists():
        # What was hashed before this key had a row of its own must be found again.
        key = secrets.token_bytes(32) if fresh else keyring().digest_key
        DigestKey.create(key=key.hex())


def _is_there(table: type[Table]) -> bool:
    return table._meta.table_name in database.get_tables()


def _use_digest_key() -> None:
    global _keyring  # noqa: PLW0603 - one process, one database, one keyring
    if not _is_there(DigestKey):
        return
    found = DigestKey.get_or_none()
    # With the wrong keys check_key() refuses, in words.
    with suppress(SealBroken):
        if found:
            _keyring = keyring().digesting_with(bytes.fromhex(found.key))


def pending_migrations() -> list[str]:
    """Names of the steps the schema still lacks; empty at head.

    Raises ``DatabaseUnsound`` where it took a step that this program does not know: it was brought
    to head by a newer one, and what that expects of a row is not known here.
    """
    with connection():
        steps = Runner(database.obj, str(MIGRATIONS)).status()
    newer = [step.name for step in steps if step.path is None]
    if newer:
        raise DatabaseUnsound(
            f"the database is newer than this program (it has {', '.join(newer)}): "
            "install the version that it was last used with, or a later one"
        )
    return [step.name for step in steps if not step.applied]


def check_key() -> None:
    """Raise ``DatabaseUnsound`` unless the keys open what this database holds."""
    with connection():
        try:
            proven = [row.proof for row in KeyProof.select()]
        except SealBroken:
            proven = []
    if not proven:
        raise DatabaseUnsound("PORTAL_DATA_KEYS does not open this database: give its own key")


def check_integrity(*, references: bool = False) -> None:
    """Read the whole file, some seconds for a gigabyte; raises ``DatabaseUnsound``.

    With ``references`` also see that no row refers to one that is not there.
    """
    with _refusing_damage(), connection():
        if database.execute_sql("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise DatabaseUnsound(_DAMAGED)
        if references and _dangling():
            raise DatabaseUnsound(_DAMAGED)


@contextmanager
def _refusing_damage() -> Iterator[None]:
    try:
        yield
    except PeeweeException as fault:
        raise DatabaseUnsound(_DAMAGED) from fault


def _dangling() -> bool:
    return database.execute_sql("PRAGMA foreign_key_check").fetchone() is not None


def _check_pragmas() -> None:
    try:
        with connection():
            drift = [
                name
                for name, wanted in PRAGMAS.items()
                if database.execute_sql(f"PRAGMA {name}").fetchone()[0] != wanted
            ]
    except PeeweeException as fault:
        raise DatabaseUnsound(
            f"the database does not open ({fault}): check its file and rights"
        ) from fault
    if drift:
        raise DatabaseUnsound(f"SQLite does not keep these settings: {', '.join(drift)}")
