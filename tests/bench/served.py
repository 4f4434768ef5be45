"""Programs under measure: a process with all its children, their processor time and memory."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from tests.bench.asking import HOST
from tests.databases import empty, on_postgresql, server
from tests.portal_app import environment
from tests.real_server import free_port

ROOT = Path(__file__).parent.parent.parent
PATIENCE = 30.0  # seconds
_TICKS = os.sysconf("SC_CLK_TCK")
_UNIT = ROOT / "deploy" / "eigen-kracht-web.service"


class Family:
    """Processes and all that they started."""

    def __init__(self, *pids: int) -> None:
        self._pids = pids

    def pids(self) -> list[int]:
        """The ids of all of them."""
        found = list(self._pids)
        for pid in found:  # grows meanwhile
            found += [int(child) for child in _told(pid, f"task/{pid}/children").split()]
        return found

    def processor(self) -> float:
        """Seconds of processor time that all of them used, with those that ended meanwhile."""
        return sum(map(_processor, self.pids()))

    def resident(self) -> float:
        """Megabytes in memory, where each page counts for every process that has it (RSS)."""
        return sum(_kilobytes(pid, "Rss") for pid in self.pids()) / 1000

    def proportional(self) -> float:
        """Megabytes in memory, where a page that processes share is divided among them (PSS)."""
        return sum(_kilobytes(pid, "Pss") for pid in self.pids()) / 1000


class Program(Family):
    """A module that runs in a session of its own until it is ended."""

    def __init__(self, command: Sequence[str], settings: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", *command],
            env={**settings, "PATH": os.environ["PATH"]},
            cwd=ROOT,
            start_new_session=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        super().__init__(self._process.pid)

    def line(self) -> str:
        """The next line that it says; empty when it has ended."""
        assert self._process.stdout
        return self._process.stdout.readline().decode().strip()

    def end(self) -> None:
        """Ask it to end, and see to it that it does."""
        for wanted in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, wanted)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.communicate(timeout=10)
                return


def _processor(pid: int) -> float:
    # The name, in brackets, may hold anything; from 11 on after it user and system time, its own
    # and of its children that ended.
    fields = _told(pid, "stat").rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / _TICKS


def _kilobytes(pid: int, what: str) -> float:
    # The kernel's kB is 1,024 octets.
    found = re.search(rf"^{what}: +(\d+) kB", _told(pid, "smaps_rollup"), re.MULTILINE)
    return int(found[1]) * 1.024 if found else 0.0


def _told(pid: int, what: str) -> str:
    """What the kernel tells of a process; nothing of one that ended meanwhile."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/{what}").read_text()
    return ""


def database_server() -> Family:
    """The processes of PostgreSQL; nobody where the database is a file."""
    return Family(server().pid) if on_postgresql() else Family()


@contextlib.contextmanager
def running(*command: str, settings: Mapping[str, str] | None = None) -> Iterator[Program]:
    """A program for as long as the block."""
    program = Program(command, settings or {})
    try:
        yield program
    finally:
        program.end()


@contextlib.contextmanager
def serving(
    *command: str, settings: Mapping[str, str] | None = None
) -> Iterator[tuple[Program, int]]:
    """A program that answers on a port of its own, and that port."""
    port = free_port()
    with running(*command, "--bind", f"127.0.0.1:{port}", settings=settings) as program:
        until(lambda: listens(port))
        yield program, port


def portal_serving(
    settings: Mapping[str, str],
) -> contextlib.AbstractContextManager[tuple[Program, int]]:
    """``portal serve``, as it stands behind a proxy."""
    return serving("portal.cli", "serve", settings=settings)


def bare_serving(folder: Path) -> contextlib.AbstractContextManager[tuple[Program, int]]:
    """What the portal is measured against, on a database of its own that belongs to ``folder``."""
    folder.mkdir()
    return serving("tests.bench.bare", empty(folder))


def production(database_url: str, **other: str) -> dict[str, str]:
    """Settings as in production, behind a proxy that tells who calls, and what the unit adds."""
    added = re.findall(r"^Environment=(.*)$", _UNIT.read_text(encoding="utf-8"), re.MULTILINE)
    own = dict(pair.split("=", 1) for pair in added[0].split()) | {
        "PORTAL_MODE": "production",
        "PORTAL_BASE_URL": f"https://{HOST}",
        "PORTAL_TRUSTED_PROXIES": "1",
        "PORTAL_LOG_LEVEL": "ERROR",
    }
    return environment(database_url) | own | other


def until(done: Callable[[], bool], seconds: float = PATIENCE, pause: float = 0.005) -> None:
    """Look again and again whether it is so, each time after a pause; raises ``TimeoutError``."""
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(pause)


def listens(port: int) -> bool:
    """Whether something answers there."""
    with contextlib.suppress(OSError):
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    return False
