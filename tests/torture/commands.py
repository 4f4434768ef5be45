"""The portal's commands as real processes, begun in an instant: all they need was read once."""

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from portal.cli import main

PATIENCE = 30  # seconds

_forks = multiprocessing.get_context("forkserver")
# Each process is forked from one that has read the whole program, and has no threads.
_forks.set_forkserver_preload(["portal.cli", "tests.torture.commands"])


def start(words: Sequence[str], settings: Mapping[str, str], log: Path) -> ForkServerProcess:
    """Begin ``portal WORDS`` with these settings; what it says is added to ``log``."""
    process = _forks.Process(target=_run, args=(list(words), dict(settings), log))
    process.start()
    return process


def ended(process: ForkServerProcess) -> int:
    """Wait for a command; gives its exit status, negative for the signal that killed it."""
    process.join(PATIENCE)
    status = process.exitcode
    if status is None:
        process.kill()
        raise AssertionError("the command does not end")
    process.close()
    return status


def kill(process: int) -> None:
    """SIGKILL; one that is gone already is left in peace."""
    with suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)


def raised(flag: Path) -> int:
    """Wait until a fault happens; gives the id of the process that it happened to."""
    assert comes(flag, PATIENCE), f"nobody came by {flag.name}"
    return int(flag.read_text())


def comes(flag: Path, seconds: float) -> bool:
    """Wait until a fault happens; False where it does not within that time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with suppress(OSError):
            if flag.read_text():
                return True
        time.sleep(0.002)
    return False


def _run(words: list[str], settings: dict[str, str], log: Path) -> None:
    os.environ.clear()
    os.environ.update(settings)
    with log.open("ab") as said:
        os.dup2(said.fileno(), sys.stdout.fileno())
        os.dup2(said.fileno(), sys.stderr.fileno())
    sys.exit(main(words))
