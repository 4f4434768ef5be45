"""A PostgreSQL server for as long as the tests run: in memory or on a disk, and durable."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import psycopg

from tests.machine import POSTGRES
from tests.patience import wait_until

PATIENCE = 60  # seconds
_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of its own is made there

# However the tests end, the pipe that it reads from does too; then server and folder go.
_GUARD = """cat > /dev/null
read pid < "$1/data/postmaster.pid" && kill -QUIT "$pid"
for _ in 1 2 3 4 5 6 7 8 9 10; do [ -e "$1/data/postmaster.pid" ] && sleep 0.2; done
rm -rf "$1"
"""

_SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",
    "log_min_messages": "fatal",
}
# What only makes tests quicker: on a disk the server is as it is shipped.
_HURRIED = {"max_wal_size": "4GB", "autovacuum": "off"}


class Server:
    """A server that is reached by a socket in ``folder``; each test has a database on it.

    Its data is in memory, where a commit costs nothing, or in a folder ``on`` a disk, where it is
    set as it is shipped and a commit costs what it costs.
    """

    def __init__(self, on: Path | None = None, **other: str) -> None:
        """Start one, with these other settings."""
        found = POSTGRES.find()
        if found is None:
            raise RuntimeError("PostgreSQL is not there: see python tests/machine.py")
        self._programs = found.resolve().parent
        self._settings = _SETTINGS | ({} if on else _HURRIED) | other
        base = _MEMORY if _MEMORY.is_dir() else None
        self.folder = Path(tempfile.mkdtemp(prefix="portal-", dir=on or base))
        self._owner = _somebody() if os.geteuid() == 0 else None
        if self._owner:
            shutil.chown(self.folder, self._owner)
        self._running: subprocess.Popen[bytes] | None = None
        options = ["--encoding=UTF8", "--locale=C", "--auth=trust", "--username=portal", "-N", "-k"]
        self._guard = subprocess.Popen(  # noqa: S603
            ["/bin/sh", "-c", _GUARD, "guard", str(self.folder)],
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._run("initdb", "-D", str(self.folder / "data"), *options)
        self.start()

    @property
    def pid(self) -> int:
        """The process that every other of it is a child of."""
        assert self._running
        return self._running.pid

    def url(self, name: str) -> str:
        """Where the database of this name is."""
        port = f":{self._settings['port']}" if "port" in self._settings else ""
        return f"postgresql://portal@{port}/{name}?host={self.folder}"

    def start(self) -> None:
        """Start it, or start it again."""
        settings = self._settings | {"unix_socket_directories": str(self.folder)}
        told = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        self._running = subprocess.Popen(  # noqa: S603
            [self._programs / "postgres", "-D", str(self.folder / "data"), *told],
            cwd=self.folder,
            user=self._owner,
            stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        end = time.monotonic() + PATIENCE
        while not self._answers():
            if time.monotonic() > end or self._running.poll() is not None:
                raise RuntimeError("PostgreSQL does not start")
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop it at once, with every connection to it."""
        if self._running:
            self._running.send_signal(signal.SIGQUIT)
            self._running.wait(PATIENCE)

    def remove(self) -> None:
        """Stop it and leave nothing behind."""
        self._guard.communicate(timeout=PATIENCE)
        if self._running:
            self._running.wait(PATIENCE)

    def execute(self, statement: str, name: str = "postgres") -> list[tuple[object, ...]]:
        """Do something on it, in a database that is there."""
        with psycopg.connect(self.url(name), autocommit=True) as connected:
            cursor = connected.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def end_connections(self, name: str, what: str = "%") -> None:
        """End every connection to a database, or those that wait for this; wait until they are."""
        self.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "  # noqa: S608
            f"WHERE datname = '{name}' AND COALESCE(wait_event, '') LIKE '{what}'"
        )

    def waiting(self, name: str, what: str) -> int:
        """How many connections to a database wait for something, as the server calls it."""
        ((number,),) = self.execute(
            "SELECT COUNT(*) FROM pg_stat_activity "  # noqa: S608 - our own words
            f"WHERE datname = '{name}' AND wait_event = '{what}'"
        )
        return int(f"{number}")

    def in_transactions(self, name: str) -> int:
        """How many connections to a database have begun something and not ended it."""
        ((number,),) = self.execute(
            "SELECT COUNT(*) FROM pg_stat_activity "  # noqa: S608 - our own words
            f"WHERE datname = '{name}' AND xact_start IS NOT NULL"
        )
        return int(f"{number}")

    @contextmanager
    def telling_nobody(self) -> Iterator[None]:
        """A block in which what is committed is, and who committed it waits to hear so.

        They wait for a second server to have it too, which never comes.
        """
        over = Event()
        self._second("nobody")
        with ThreadPoolExecutor(1) as probe:
            probing = probe.submit(self._commit_until, over)
            try:
                # From when it waits itself, everybody does.
                wait_until(lambda: self.waiting("postgres", "SyncRep") > 0)
                yield
            finally:
                over.set()
                self._second("")
            probing.result()

    def _second(self, name: str) -> None:
        self.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{name}'")
        self.execute("SELECT pg_reload_conf()")

    def _commit_until(self, over: Event) -> None:
        while not over.is_set():
            self.execute("SELECT pg_logical_emit_message(true, 'probe', '')")

    def _answers(self) -> bool:
        try:
            self.execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(  # noqa: S603
            [self._programs / program, *arguments],
            cwd=self.folder,
            user=self._owner,
            check=True,
            capture_output=True,
        )


def _somebody() -> str:
    """Who runs it where the tests are run as root, which it refuses."""
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"
