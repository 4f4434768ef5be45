"""A PostgreSQL server for as long as the tests run: in memory or on a disk, and durable."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg

from tests.machine import POSTGRES

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
        port = self._settings.get("port", "5432")
        return f"postgresql://portal@:{port}/{name}?host={self.folder}"

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
