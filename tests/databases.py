"""Where tests have their databases: a file in a folder, or a database on a server of their own."""

import hashlib
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path

import psycopg

from portal.database import connection, database, migrate, open_database
from portal.database.postgresql import WRITERS_LOCK
from portal.database.sqlite import file_of
from portal.routing.loading import load
from portal.sealing import Keyring
from tests.patience import wait_until
from tests.postgresql import Server

DATA_KEY = b"k" * 32
EXAMPLE = Path(__file__).parent.parent / "portal" / "routing" / "example.toml"

_server: Server | None = None
_made: list[str] = []


def use_postgresql(on: Path | None = None) -> None:
    """Have every database from now on on a server that is started here: see ``Server``."""
    global _server  # noqa: PLW0603 - one run, one engine at a time
    _template.cache_clear()
    _server = Server(on)


def leave_postgresql() -> None:
    """Stop that server, with all that is on it; databases are files from now on."""
    global _server  # noqa: PLW0603 - one run, one engine at a time
    if _server:
        _server.remove()
    _server = None
    _made.clear()
    _template.cache_clear()


def server() -> Server:
    """The server of this run."""
    assert _server
    return _server


def on_postgresql() -> bool:
    """Whether this run is on PostgreSQL."""
    return _server is not None


def url_in(folder: Path) -> str:
    """The URL of the one database that belongs to a folder, whether it is there or not."""
    return _server.url(_name(folder)) if _server else f"sqlite:///{folder / 'portal.db'}"


def empty(folder: Path) -> str:
    """A place for a database: no file yet, or a database without tables."""
    if _server:
        _create(_name(folder), "template0")
    return url_in(folder)


def at_head(folder: Path, *, regions: bool = True) -> str:
    """A database at head in ``folder``, with the example regions unless told otherwise."""
    return copy_of(_template(regions=regions), folder)


def copy_of(url: str, folder: Path) -> str:
    """A copy of a database that nobody has open."""
    if _server:
        _create(_name(folder), name_in(url))
    else:
        shutil.copy(file_of(url), folder / "portal.db")
    return url_in(folder)


def forget_all_but(kept: int) -> None:
    """Drop the databases made last, beyond so many."""
    while _server and len(_made) > kept:
        _server.execute(f'DROP DATABASE IF EXISTS "{_made.pop()}" WITH (FORCE)')


def made() -> int:
    """How many there are."""
    return len(_made)


def raw(statement: str, *values: object) -> list[tuple[object, ...]]:
    """Do something to the open database; a value stands as ``?`` on either engine."""
    cursor = database.execute_sql(statement.replace("?", database.param), values)
    return list(cursor.fetchall()) if cursor.description else []


def on_disk(url: str) -> bytes:
    """All that stands in the files of a database, what is free to be written over included."""
    if not _server:
        file = file_of(url)
        return b"".join(part.read_bytes() for part in sorted(file.parent.glob(f"{file.name}*")))
    _server.execute("CHECKPOINT")
    asked = f"SELECT oid FROM pg_database WHERE datname = '{name_in(url)}'"  # noqa: S608
    ((oid,),) = _server.execute(asked)
    folder = _server.folder / "data" / "base" / str(oid)
    return b"".join(part.read_bytes() for part in folder.iterdir())


def elsewhere(url: str, statement: str) -> list[tuple[object, ...]]:
    """Do something by a connection of its own, as another program would."""
    if _server:
        return _server.execute(statement, name_in(url))
    with closing(sqlite3.connect(file_of(url))) as other, other:
        return other.execute(statement).fetchall()


def is_begun(url: str) -> bool:
    """Whether there is anything at this place for a database."""
    if not _server:
        return file_of(url).exists()
    asked = "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'public'"
    return _server.execute(asked, name_in(url)) != [(0,)]


def wait_until_nobody_writes(url: str) -> None:
    """Wait until what the dead had begun is undone; a file is let go of as they die."""
    if _server:
        wait_until(lambda: server().in_transactions(name_in(url)) == 0)


def name_in(url: str) -> str:
    """What the server calls the database at this URL."""
    return url.partition("?")[0].rpartition("/")[2]


def dump() -> list[str]:
    """All that the open database holds, a line for each row, with the name of its table first."""
    return [
        f'"{table}" {row}'
        for table in sorted(database.get_tables())
        for row in raw(f'SELECT * FROM "{table}" ORDER BY 1, 2')  # noqa: S608
    ]


def rest() -> None:
    """Have the open database do now what it would come to soon, after much was written."""
    if _server:
        for chore in ("VACUUM (ANALYZE)", "CHECKPOINT"):
            elsewhere(opened(), chore)
    else:
        raw("PRAGMA wal_checkpoint(TRUNCATE)")


def hurry() -> None:
    """Commits that do not wait for the disk: what survives a power cut is tested elsewhere."""
    if not _server:
        database.obj.pragma("synchronous", 0, permanent=True)


@contextmanager
def somebody_writing(url: str = "") -> Iterator[None]:
    """A block in which somebody else has begun to write and does not end; nobody waits long."""
    url = url or opened()
    patience, database.obj.timeout = database.obj.timeout, 0.05
    if _server and not database.is_closed():
        raw("SET lock_timeout = '50ms'")
    try:
        with _written_on_postgresql(url) if _server else _written_on_sqlite(url):
            yield
    finally:
        database.obj.timeout = patience


@contextmanager
def _written_on_postgresql(url: str) -> Iterator[None]:
    with psycopg.connect(url) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", (WRITERS_LOCK,))
        yield
        other.rollback()


@contextmanager
def _written_on_sqlite(url: str) -> Iterator[None]:
    with closing(sqlite3.connect(file_of(url), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def refuse(table: str, when: str = "INSERT", *, only: str = "") -> None:
    """Have the database refuse such a change of a table, for rows ``only`` where this is true."""
    where = f"WHEN ({only})" if only else ""
    if _server:
        raw(
            "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "RAISE EXCEPTION 'geheim' USING ERRCODE = 'integrity_constraint_violation'; END $$"
        )
        does = f"FOR EACH ROW {where} EXECUTE FUNCTION refuse()"
    else:
        does = f"{where} BEGIN SELECT RAISE(ABORT, 'geheim'); END"
    raw(f'CREATE TRIGGER broken BEFORE {when} ON "{table}" {does}')


def allow(table: str) -> None:
    """Have the database take such changes again."""
    raw(f'DROP TRIGGER broken ON "{table}"' if _server else "DROP TRIGGER broken")


def opened() -> str:
    """Where the open database is."""
    at = str(database.database)
    return at if _server else f"sqlite:///{at.partition(':')[2].partition('?')[0]}"


def _name(folder: Path) -> str:
    return "t" + hashlib.sha256(str(folder).encode()).hexdigest()[:16]


def _create(name: str, template: str) -> None:
    server().execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    _made.append(name)


@cache
def _template(*, regions: bool) -> str:
    folder = Path(tempfile.mkdtemp(prefix="portal-"))
    url = empty(folder)
    open_database(url, Keyring([DATA_KEY]), create=True)
    migrate()
    if regions:
        with connection():
            load(EXAMPLE, {})
    if _server:
        _made.remove(_name(folder))  # outlives every test
    return url
