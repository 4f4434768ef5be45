"""An operator's mishaps: each is one line with its cure, an honest exit, and nothing is lost."""

import os
import re
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from peewee import OperationalError, PeeweeException

from portal.cli import main
from portal.database import connection, database, in_words, open_database
from portal.database.sqlite import Sqlite
from portal.sealing import Keyring
from tests.conftest import DATA_KEY
from tests.databases import at_head, dump, elsewhere, server
from tests.portal_app import environment
from tests.test_room import own_disk

pytestmark = pytest.mark.timeout(60)

ROOT = Path(__file__).parent.parent
COMMANDS = ["serve --bind 127.0.0.1:0", "worker", "deliver", "migrate", "backup {0}/b.db", "doctor"]
COMMANDS += ["sweep", "keys rotate", "staff list", "move sqlite:///{0}/moved.db"]
# Who may come in at the server, but has no right to anything there.
ROLE = "haperend"

Run = Callable[..., tuple[int, str, str]]


@dataclass(frozen=True)
class Portal:
    """A sound database, and the folder it belongs to."""

    folder: Path
    url: str

    @property
    def file(self) -> Path:
        return self.folder / "portal.db"

    def as_role(self, role: str) -> str:
        return self.url.replace("portal@", f"{role}@")

    def holds(self) -> list[str]:
        """All that stands in it."""
        open_database(self.url, Keyring([DATA_KEY]))
        with connection():
            return sorted(dump())


@pytest.fixture
def portal(tmp_path: Path) -> Portal:
    return Portal(tmp_path, at_head(tmp_path))


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command with this URL: its exit status, what it said and what it complained of."""
    # Nobody needs to wait ten seconds for a lock that stays.
    monkeypatch.setattr("portal.database.sqlite._PATIENCE", 0.05)

    def run(line: str, url: str) -> tuple[int, str, str]:
        for name in [name for name in os.environ if name.startswith("PORTAL_")]:
            monkeypatch.delenv(name)
        for name, value in environment(url).items():
            monkeypatch.setenv(name, value)
        capsys.readouterr()
        try:
            status = main(line.split())
        finally:
            if database.obj is not None and not database.is_closed():
                database.close()
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


# -- what can happen, each as a block in which it does, that gives the URL which is then set


def at(url: str) -> Callable[[Portal], AbstractContextManager[str]]:
    @contextmanager
    def happen(portal: Portal) -> Iterator[str]:
        yield url.format(folder=portal.folder, file=portal.file)

    return happen


def altered(do: str, undo: str) -> Callable[[Portal], AbstractContextManager[str]]:
    @contextmanager
    def happen(portal: Portal) -> Iterator[str]:
        elsewhere(portal.url, do)
        yield portal.url
        elsewhere(portal.url, undo)

    return happen


def without(table: str, row: str) -> Callable[[Portal], AbstractContextManager[str]]:
    @contextmanager
    def happen(portal: Portal) -> Iterator[str]:
        elsewhere(portal.url, f"CREATE TABLE aside AS SELECT * FROM {table} WHERE {row}")  # noqa: S608
        elsewhere(portal.url, f"DELETE FROM {table} WHERE {row}")  # noqa: S608
        yield portal.url
        elsewhere(portal.url, f"INSERT INTO {table} SELECT * FROM aside")  # noqa: S608
        elsewhere(portal.url, "DROP TABLE aside")

    return happen


@contextmanager
def moved(portal: Portal) -> Iterator[str]:
    elsewhere(portal.url, "CREATE TABLE moved (place text, move text, other text, at text)")
    elsewhere(portal.url, "INSERT INTO moved VALUES ('gone', 'a', 'postgresql:///elders', 'nu')")
    yield portal.url
    elsewhere(portal.url, "DROP TABLE moved")


def in_its_place(make: Callable[[Path], object]) -> Callable[[Portal], AbstractContextManager[str]]:
    """Something that is not the database stands where its file should."""

    @contextmanager
    def happen(portal: Portal) -> Iterator[str]:
        other = portal.folder / "other"
        make(other)
        before = other.read_bytes() if other.is_file() else None
        yield f"sqlite:///{other}"
        assert (other.read_bytes() if other.is_file() else None) == before

    return happen


def _something_elses(file: Path) -> None:
    with closing(sqlite3.connect(file)) as made, made:
        made.execute("CREATE TABLE theirs (n)")
        made.execute("PRAGMA journal_mode = wal")


@contextmanager
def held_by_another(portal: Portal) -> Iterator[str]:
    with closing(sqlite3.connect(portal.file, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = exclusive")
        other.execute("BEGIN EXCLUSIVE")
        yield portal.url
        other.execute("ROLLBACK")


BEHIND = without("schema_migration", "name = '0013_quarantine'")
NEWER = altered(
    "INSERT INTO schema_migration (name, applied) VALUES ('9999_later', 'now')",
    "DELETE FROM schema_migration WHERE name = '9999_later'",
)
# What happens, what must be told (cause, then cure), and what is done all the same.
Row = tuple[str, Callable[[Portal], AbstractContextManager[str]], tuple[str, str], set[str]]
ANYWHERE: list[Row] = [
    ("misspelled", at("postgress://x/y"), ("settings wrong", "give sqlite:///path or"), set()),
    ("older", BEHIND, ("lacks 0013_quarantine", "'portal migrate'"), {"migrate", "backup"}),
    ("newer", NEWER, ("newer than this program", "install the version"), set()),
    ("moved", moved, ("was moved to postgresql:///elders", "set PORTAL_DATABASE_URL"), set()),
    (
        "not begun to its end",
        without("key_proof", "true"),
        ("was not begun to its end", "run 'portal migrate'"),
        {"migrate"},
    ),
]
ON_SQLITE: list[Row] = [
    (
        "nowhere",
        at("sqlite:///{folder}/nowhere/portal.db"),
        ("nowhere/portal.db", "restore a backup|check its file, its folder"),
        set(),
    ),
    ("a folder", in_its_place(Path.mkdir), ("/other", "restore a backup|check its file"), set()),
    ("of 0 octets", in_its_place(Path.touch), ("no database", "restore a backup"), {"migrate"}),
    (
        "no database at all",
        in_its_place(lambda file: file.write_bytes(b"een brief" * 2000)),
        ("file is not a database", "check its file"),
        set(),
    ),
    (
        "something else's",
        in_its_place(_something_elses),
        ("something else's (it has 'theirs')", "give the portal its own"),
        set(),
    ),
    ("held by another", held_by_another, ("database is locked", "end that, or try again"), set()),
]


# -- on a server


@contextmanager
def stopped(portal: Portal) -> Iterator[str]:
    server().stop()
    try:
        yield portal.url
    finally:
        server().start()


def let_in(
    by: str, url: Callable[[Portal], str]
) -> Callable[[Portal], AbstractContextManager[str]]:
    """The server lets the role in by this way alone."""

    @contextmanager
    def happen(portal: Portal) -> Iterator[str]:
        file = server().folder / "data" / "pg_hba.conf"
        was = file.read_text()
        server().execute(f"CREATE ROLE {ROLE} LOGIN PASSWORD 'goed'")
        file.write_text(f"local all {ROLE} {by}\n{was}")
        _reload()
        try:
            yield url(portal)
        finally:
            file.write_text(was)
            _reload()
            server().execute(f"DROP ROLE {ROLE}")

    return happen


def _reload() -> None:
    ((before,),) = server().execute("SELECT pg_conf_load_time()")
    server().execute("SELECT pg_reload_conf()")
    while server().execute("SELECT pg_conf_load_time()") == [(before,)]:
        time.sleep(0.01)


def with_role(options: str) -> Callable[[Portal], AbstractContextManager[str]]:
    @contextmanager
    def happen(portal: Portal) -> Iterator[str]:
        server().execute(f"CREATE ROLE {ROLE} LOGIN {options}")
        try:
            yield portal.as_role(ROLE)
        finally:
            server().execute(f"DROP ROLE {ROLE}")

    return happen


def database_at(url: str) -> str:
    return url.partition("?")[0].rpartition("/")[2]


@contextmanager
def only_read(portal: Portal) -> Iterator[str]:
    name = database_at(portal.url)
    server().execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    yield portal.url
    server().execute(f'ALTER DATABASE "{name}" RESET default_transaction_read_only')


def other_database(*, holds: str) -> Callable[[Portal], AbstractContextManager[str]]:
    @contextmanager
    def happen(portal: Portal) -> Iterator[str]:
        server().execute("CREATE DATABASE other TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'")
        url = portal.url.replace(database_at(portal.url), "other")
        if holds:
            server().execute(holds, "other")
        tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
        before = server().execute(tables, "other")
        try:
            yield url
            assert server().execute(tables, "other") == before
        finally:
            server().execute("DROP DATABASE other")

    return happen


def answering(octets: bytes) -> Callable[[Portal], AbstractContextManager[str]]:
    """Something else than a server in order: whoever calls hears this, and then nothing."""

    @contextmanager
    def happen(portal: Portal) -> Iterator[str]:
        with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as ear:
            ear.bind(f"{folder}/.s.PGSQL.5432")
            ear.listen(16)
            threading.Thread(target=_answer, args=(ear, octets), daemon=True).start()
            yield f"postgresql://portal@/portal?host={folder}"
            ear.shutdown(socket.SHUT_RDWR)

    return happen


def _answer(ear: socket.socket, octets: bytes) -> None:
    with suppress(OSError):
        while True:
            line, _ = ear.accept()
            with line:
                line.recv(1000)
                line.sendall(octets)


def refusal(code: str, text: str) -> bytes:
    """How a server says that it lets nobody in: an ErrorResponse of its protocol."""
    fields = b"".join(f"{kind}\0".encode() for kind in ("SFATAL", f"C{code}", f"M{text}")) + b"\0"
    return b"E" + (len(fields) + 4).to_bytes(4, "big") + fields


IN = "does not let the portal in"
ON_POSTGRESQL: list[Row] = [
    ("stopped", stopped, (IN, "see that it runs"), set()),
    (
        "starting",
        answering(refusal("57P03", "the database system is starting up")),
        (IN, "wait"),
        set(),
    ),
    (
        "full",
        answering(refusal("53300", "sorry, too many clients already")),
        (IN, "end other"),
        set(),
    ),
    (
        "in Dutch",
        answering(refusal("57P03", "het systeem start op")),
        ("start op", "it runs"),
        set(),
    ),
    ("dying", answering(b""), (IN, "see that it runs"), set()),
    (
        "no such database",
        lambda portal: at(portal.url.replace(database_at(portal.url), "weg"))(portal),
        ('"weg" does not exist', "make it, or give the URL"),
        set(),
    ),
    (
        "no such role",
        lambda portal: at(portal.as_role("weg"))(portal),
        ('"weg" does not exist', "make it, or give the URL"),
        set(),
    ),
    (
        "a wrong password",
        let_in("scram-sha-256", lambda portal: portal.as_role(f"{ROLE}:kan%40rie")),
        ("password authentication failed", "see the password"),
        set(),
    ),
    (
        "no password",
        let_in("scram-sha-256", lambda portal: portal.as_role(ROLE)),
        ("no password supplied", "~/.pgpass"),
        set(),
    ),
    (
        "another user",
        let_in("peer", lambda portal: portal.as_role(ROLE)),
        ("Peer authentication failed", "which user the portal runs as"),
        set(),
    ),
    (
        "shut out",
        let_in("reject", lambda portal: portal.as_role(ROLE)),
        (IN, "see pg_hba.conf"),
        set(),
    ),
    (
        "too many connections",
        with_role("CONNECTION LIMIT 0"),
        ("too many connections", "raise max_connections"),
        set(),
    ),
    ("no rights", with_role(""), ("permission denied", "must own it"), set()),
    ("read only", only_read, ("transaction_read_only = off", "a standby will not do"), set()),
    (
        "empty",
        other_database(holds=""),
        ("is empty", "restore a backup, or begin one with 'portal migrate'"),
        {"migrate"},
    ),
    (
        "something else's",
        other_database(holds="CREATE TABLE theirs (n int)"),
        ("something else's (it has 'theirs')", "give the portal its own"),
        set(),
    ),
]


def rows(where: list[Row], mark: pytest.MarkDecorator | None = None) -> list[object]:
    return [pytest.param(*row[1:], id=row[0], marks=[mark] if mark else []) for row in where]


@pytest.mark.parametrize(
    ("mishap", "told", "goes_on"),
    [
        *rows(ANYWHERE),
        *rows(ON_SQLITE, pytest.mark.sqlite),
        *rows(ON_POSTGRESQL, pytest.mark.postgresql),
    ],
)
def test_whatever_is_amiss_every_command_says_so_in_one_line_and_nothing_is_lost(
    portal: Portal,
    run: Run,
    mishap: Callable[[Portal], AbstractContextManager[str]],
    told: tuple[str, str],
    goes_on: set[str],
) -> None:
    before = portal.holds()
    with mishap(portal) as url:
        for line in COMMANDS:
            if line.partition(" ")[0] not in goes_on:
                _is_refused(run(line.format(portal.folder), url), line, told)
    assert portal.holds() == before
    assert run("deliver", portal.url) == (0, "sent 0, deferred 0, stuck 0\n", "")


def _is_refused(went: tuple[int, str, str], line: str, told: tuple[str, str]) -> None:
    status, said, complaint = went
    assert (status, complaint.count("\n")) == (1, 1), (line, went)
    if line == "doctor":
        # One line of many, each with its cure.
        complaint = next(one for one in said.splitlines() if told[0] in one)
    else:
        assert said == "", (line, went)
    cause, cure = told
    assert cause in complaint, (line, went)
    assert re.search(cure, complaint), (line, went)
    assert not [word for word in ("Traceback", "kan", "fault of the program") if word in complaint]


# -- where something is to go


TARGETS = [
    ("nowhere", "weg", "", "make it, or give the URL"),
    ("not its own", "other", "", "must own it"),
    ("read only", "other", "SET default_transaction_read_only = on", "a standby will not do"),
]


@pytest.mark.postgresql
@pytest.mark.parametrize(
    ("name", "options", "cure"), [t[1:] for t in TARGETS], ids=[t[0] for t in TARGETS]
)
def test_where_nothing_can_be_put_nothing_is_and_what_there_was_stays_in_use(
    portal: Portal, run: Run, name: str, options: str, cure: str
) -> None:
    backup = portal.folder / "b.db"
    before = portal.holds()
    assert run(f"backup {backup}", portal.url)[0] == 0
    holds = options and f"ALTER DATABASE other {options}"
    with with_role("")(portal), other_database(holds=holds)(portal):
        to = portal.as_role(ROLE).replace(database_at(portal.url), name)
        for line, url in ((f"move {to}", portal.url), (f"restore {backup}", to), ("migrate", to)):
            _is_refused(run(line, url), line, (cure, cure))
    assert portal.holds() == before
    assert run("deliver", portal.url)[0] == 0


# -- a full disk


FULL = """
set -e
mount -t tmpfs -o size=300k none "$1"
shift
exec "$@"
"""


@pytest.mark.sqlite
@pytest.mark.parametrize("command", ["backup", "migrate"])
def test_on_a_disk_without_room_it_is_one_line(portal: Portal, command: str) -> None:
    way = own_disk()
    if not way:
        pytest.skip("no disk of its own can be mounted here")
    full = portal.folder / "full"
    full.mkdir()
    new = str(full / "new.db")
    url, words = {
        "backup": (portal.url, ["backup", new]),
        "migrate": (f"sqlite:///{new}", ["migrate"]),
    }[command]
    ran = subprocess.run(  # noqa: S603
        [*way, "sh", "-c", FULL, "sh", str(full), sys.executable, "-m", "portal.cli", *words],
        env=environment(url) | {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout, ran.stderr.count("\n")) == (1, "", 1), ran
    assert "make room" in ran.stderr


# Too few for the tables, and for what stands in them.
@pytest.mark.parametrize("pages", [20, 140])
@pytest.mark.postgresql
def test_a_backup_of_a_server_that_finds_no_room_is_one_line_and_no_file(
    portal: Portal, run: Run, monkeypatch: pytest.MonkeyPatch, pages: int
) -> None:
    small = {"pragmas": {"max_page_count": pages}}
    monkeypatch.setattr(Sqlite, "apart", lambda path: Sqlite(str(path), **small))
    status, said, complaint = run(f"backup {portal.folder}/b.db", portal.url)
    assert (status, said, complaint.count("\n")) == (1, "", 1)
    assert "make room" in complaint
    assert not list(portal.folder.iterdir())


# -- what a server says while something is done


CODES = [
    ("53100", "make room"),
    ("25006", "it only reads"),
    ("42501", "must own it"),
    ("55P03", "another program holds it"),
    ("57014", "another program holds it"),
    ("57P01", "see that it runs"),
    ("58030", "see that its disk works, or restore a backup"),
    ("XX001", "stop everything"),
    ("42P01", "run 'portal migrate'"),
    ("23505", "nothing more was done"),
]


def test_what_was_said_by_a_code_is_told_however_often_it_was_wrapped() -> None:
    said: Exception = psycopg.errors.lookup("53100")("vol")
    for _ in range(3):
        assert "make room" in in_words(said)
        said = OperationalError(said)


@pytest.mark.postgresql
@pytest.mark.parametrize(("code", "cure"), CODES)
def test_what_the_server_says_by_a_code_has_its_cure_in_whatever_language(
    portal: Portal, code: str, cure: str
) -> None:
    open_database(portal.url, Keyring([DATA_KEY]))
    said = f"DO $$ BEGIN RAISE EXCEPTION 'het gaat niet' USING ERRCODE = '{code}'; END $$"
    with connection(), pytest.raises((PeeweeException, psycopg.Error)) as fault:
        database.execute_sql(said)
    told = in_words(fault.value)
    assert told.startswith("the database failed (het gaat niet): ")
    assert cure in told
    assert ("restore a backup" in told) == (code in {"58030", "XX001"})
