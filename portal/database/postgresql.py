"""PostgreSQL: how it must be set, who writes when, and how what was deleted leaves its files."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from select import POLLIN, poll
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg
from peewee import OperationalError, PeeweeException, PostgresqlDatabase, Psycopg3Adapter
from psycopg.abc import Buffer
from psycopg.pq import TransactionStatus
from psycopg.types.string import StrDumperUnknown

from portal.database.binding import DatabaseUnsound
from portal.database.faults import as_peewees, cure_of, said_by

SCHEME = "postgresql://"

# The number is arbitrary and must stay: processes of two releases have to wait for each other.
WRITERS_LOCK = 1_701_994_857

# Asked for at each connection.
_SESSION = {
    "synchronous_commit": "on",
    "default_transaction_isolation": "read committed",
    "statement_timeout": "60s",
    "idle_in_transaction_session_timeout": "60s",
    "timezone": "UTC",
    "datestyle": "ISO",
    "client_min_messages": "warning",
}

# What must be answered at the start: each of these keeps a commit, or a text, as it was.
_WANTED = {
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "server_encoding": "UTF8",
    "transaction_read_only": "off",
}

# Text must sort by its octets, as it does on SQLite: lists are cut and gone on with by it.
_SORTS_BY_OCTETS = "SELECT 'B' < 'a' AND 'a-c' < 'ab' AND 'z' < 'é'"

# The largest table that is written anew to be rid of what was deleted: about a second.
_SMALL = 256 * 2**20  # octets


def _died(line: psycopg.Connection[Any]) -> bool:
    """Whether a connection on which nothing is going on is of no use any more.

    A server that ends says so on the line, where it is only read with the next answer.
    """
    heard = poll()
    try:
        heard.register(line.fileno(), POLLIN)
        while not line.closed and heard.poll(0):
            line.pgconn.consume_input()
    except psycopg.Error:
        return True
    return bool(line.closed)


class _WithoutNul(StrDumperUnknown):
    """A NUL cannot stand in a text here; it becomes a sign of its own, never a failure."""

    def dump(self, obj: str) -> Buffer | None:
        return super().dump(obj.replace("\0", "\ufffd"))


class _Driver(Psycopg3Adapter):
    """peewee's own words with a driver that it was not let load."""

    txn_idle = TransactionStatus.IDLE
    txn_inerror = TransactionStatus.INERROR
    txn_unknown = TransactionStatus.UNKNOWN

    def check_driver(self) -> None:
        """It is there, or this module would not be."""

    def get_binary_type(self) -> type[psycopg.Binary]:
        """What octets are wrapped in."""
        return psycopg.Binary

    def connect(self, db: Any, **params: Any) -> psycopg.Connection[Any]:
        """A line to the server."""
        return psycopg.connect(db.database, **params)


class Postgresql(PostgresqlDatabase):
    """A database of its own on a server, with one writer at a time as on SQLite.

    All that is counted, used up once or taken a step further was made for one writer. A commit
    takes about a millisecond, so nobody waits long. Only the worker's letters go beside it.
    """

    # What the steps until then made of SQLite; they do not speak this engine's language.
    BEGINS_WITH = "0013_postgresql.sql"

    psycopg2_adapter = _Driver  # what it takes where it sees no driver
    psycopg3_adapter = _Driver

    timeout = 10.0  # seconds that a visitor waits for a lock, as on SQLite

    @classmethod
    def at(cls, url: str) -> "Postgresql":
        """The database at ``url``, not yet connected to."""
        return cls(
            url,
            # Moments are text of one width on both engines: one order, one checksum, one value.
            field_types={"DATETIME": "TEXT"},
            connect_timeout=5,
            keepalives_idle=30,
            keepalives_interval=10,
            keepalives_count=3,
            tcp_user_timeout=30_000,
            # A statement kept ready would fail after the next change of the schema.
            prepare_threshold=None,
            application_name="portal",
        )

    def connect(self, reuse_if_open: bool = False) -> bool:
        """As ever; but an open connection that died is replaced, if nothing was begun on it."""
        if not self.is_closed() and not self.in_transaction() and _died(self._connected()):
            self.close()
            super().connect()
            return not reuse_if_open
        return bool(super().connect(reuse_if_open=reuse_if_open))

    def begin(self, isolation_level: str | None = None, *, beside: bool = False) -> None:
        """Begin a transaction when no other writes; at once when it only works ``beside`` them."""
        super().begin(isolation_level)
        if beside:
            return
        try:
            self._run("SELECT pg_advisory_xact_lock(%s)", WRITERS_LOCK)
        except PeeweeException:
            self.rollback()
            raise

    def in_line(self) -> AbstractContextManager[None]:
        """A block like any other: while one waits for the server, others get on."""
        return nullcontext()

    def script(self, statements: str) -> None:
        """Run many statements at once."""
        with as_peewees:
            self._connected().execute(statements.encode())

    def check_settings(self) -> None:
        """Ask back what durability hangs on; raises ``DatabaseUnsound``."""
        asked = "SELECT name, setting FROM pg_settings WHERE name = ANY(%s)"
        drift = sorted(_WANTED.items() - dict(self._run(asked, list(_WANTED)).fetchall()).items())
        if drift:
            wanted = ", ".join(f"{name} = {value}" for name, value in drift)
            raise DatabaseUnsound(
                f"PostgreSQL must be set otherwise: {wanted}; a standby will not do"
            )
        if not self._answer(_SORTS_BY_OCTETS):
            raise DatabaseUnsound(
                "the database sorts text by a language: make it anew with "
                "CREATE DATABASE … TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'"
            )

    def says_where(self) -> str:
        """Where it is, as an operator knows it, without user and password."""
        url = urlsplit(self.database)
        return f"{SCHEME}{url.netloc.rpartition('@')[2]}{url.path}"

    def wipe(self) -> None:
        """Drop every table, and what keeps watch on it."""
        with self.atomic():
            for table in self.get_tables():
                self._run(f'DROP TABLE "{table}" CASCADE')
            self._run("DROP FUNCTION IF EXISTS audit_line_guard, moved_away")

    def why_closed(self, fault: Exception) -> str:
        """What an operator is told when it does not open, without the password."""
        said = said_by(fault)
        secret = urlsplit(self.database).password
        for shown in (secret, unquote(secret)) if secret else ():
            said = said.replace(shown, "…")
        cure = cure_of(fault) or "see that it runs, and the URL"
        return f"PostgreSQL does not let the portal in ({said}): {cure}"

    def octets(self) -> int:
        """How large it is."""
        return int(self._answer("SELECT pg_database_size(current_database())"))

    def is_whole(self, *, references: bool) -> bool:
        """Whether all that must refer to something is held to it, and perhaps whether all does.

        The server looks at each page as it reads it, where its data checksums are on.
        """
        if self._answer("SELECT COUNT(*) FROM pg_constraint WHERE NOT convalidated"):
            return False
        return not (references and any(self._dangles(table) for table in self.get_tables()))

    def atomic_beside(self) -> Any:
        """A transaction that waits for the rows it changes, and for no other writer."""
        return self.atomic(beside=True)

    def holding(self, rows: Any) -> Any:
        """The query, locking the rows it gives."""
        return rows.for_update()

    def locking(self, *, passing: bool) -> str:
        """What ends a statement that does."""
        return "FOR UPDATE SKIP LOCKED" if passing else "FOR UPDATE"

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """A transaction that reads what there is at one moment, however long it takes."""
        self.take_time()
        with self.atomic("REPEATABLE READ", beside=True):
            yield

    @contextmanager
    def closed_to_writers(self) -> Iterator[None]:
        """The same, and until it ends nobody writes, nor holds a row to write."""
        self.take_time()
        self._run("SELECT pg_advisory_lock(%s)", WRITERS_LOCK)
        tables = ", ".join(f'"{table}"' for table in self.get_tables())
        try:
            with self.atomic("REPEATABLE READ", beside=True):
                # The first statement that reads settles which moment it is: not before the locks.
                self._run(f"LOCK TABLE {tables} IN EXCLUSIVE MODE")
                yield
        finally:
            self._run("SELECT pg_advisory_unlock(%s)", WRITERS_LOCK)

    def stream(self, statement: str) -> Iterator[tuple[Any, ...]]:
        """The rows of a query, a few at a time, within a transaction."""
        with as_peewees, self._connected().cursor(name="stream") as cursor:
            cursor.itersize = 500
            yield from cursor.execute(statement.encode())

    def take_time(self) -> None:
        """Let a statement, or the time between two, last as long as it must."""
        self._set({"statement_timeout": "0", "idle_in_transaction_session_timeout": "0"})

    def settle(self) -> bool:
        """Write tables anew without what was deleted; False where that had to be left.

        The server's own log and archive keep it for as long as they are kept. Visitors wait for a
        table while it is written, so one that is large is only made ready to be written over.
        """
        self._set({"lock_timeout": "1s", "statement_timeout": "0"})
        try:
            done = [self._rewrite(table) for table in self.get_tables()]
        finally:
            self._initialize_connection()
        return all(done)

    def _rewrite(self, table: str) -> bool:
        size = self._answer("SELECT pg_total_relation_size(quote_ident(%s))", table)
        try:
            self._run(f'VACUUM {"(FULL) " if size <= _SMALL else ""}"{table}"')
        except OperationalError:
            return False
        return bool(size <= _SMALL)

    def _dangles(self, table: str) -> bool:
        for key in self.get_foreign_keys(table):
            lost = (
                f'SELECT 1 FROM "{table}" a LEFT JOIN "{key.dest_table}" b '  # noqa: S608 - names
                f'ON a."{key.column}" = b."{key.dest_column}" '
                f'WHERE a."{key.column}" IS NOT NULL AND b."{key.dest_column}" IS NULL LIMIT 1'
            )
            if self._answer(lost):
                return True
        return False

    def _initialize_connection(self, _conn: Any = None) -> None:
        self._connected().adapters.register_dumper(str, _WithoutNul)
        self._set(_SESSION | {"lock_timeout": f"{self.timeout * 1000:.0f}ms"})

    def _set(self, settings: Mapping[str, str]) -> None:
        self.script("; ".join(f"SET {name} = '{value}'" for name, value in settings.items()))

    def _answer(self, question: str, *values: object) -> Any:
        found = self._run(question, *values).fetchone()
        return found[0] if found else None

    def _run(self, statement: str, *values: object) -> Any:
        return self.execute_sql(statement, values)  # type: ignore[no-untyped-call]

    def _connected(self) -> psycopg.Connection[Any]:
        connected: psycopg.Connection[Any] = self.connection()  # type: ignore[no-untyped-call]
        return connected
