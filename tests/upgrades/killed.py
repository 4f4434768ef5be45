"""Migrates and is killed at every change on the way, each time in a process of its own.

``python -m tests.upgrades.killed DATABASE`` prints what the database held after each kill.
"""

import itertools
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

from portal.database import PRAGMAS, connection, database, migrate, open_database
from portal.sealing import Keyring
from tests.conftest import DATA_KEY
from tests.upgrades.keep import contents


def kills(path: Path) -> Iterator[str]:
    """Go on from each kill to the next, a statement further or in the next step, to the end."""
    # Killing a process loses nothing that was written, synced or not; a power cut is not this.
    PRAGMAS["synchronous"] = 0
    nth, before = 1, contents(path)
    while not _migrated(path, killed_at=nth):
        after = contents(path)
        yield after
        nth, before = (nth + 1 if after == before else 1), after


def _migrated(path: Path, killed_at: int) -> bool:
    """Whether it came to its end."""
    child = os.fork()
    if child == 0:
        try:
            _migrate(path, killed_at)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    return status == 0


def _migrate(path: Path, killed_at: int) -> None:
    open_database(f"sqlite:///{path}", Keyring([DATA_KEY]))
    counted = itertools.count(1)

    def count(statement: str) -> None:
        if not statement.startswith(("SELECT", "PRAGMA")) and next(counted) == killed_at:
            os.kill(os.getpid(), signal.SIGKILL)

    with connection():
        database.connection().set_trace_callback(count)
        migrate()
    os._exit(0)


if __name__ == "__main__":
    for held in kills(Path(sys.argv[1])):
        sys.stdout.write(f"{held}\n")
