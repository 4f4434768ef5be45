"""The long form: ``python -m tests.torture [COUNT]``; ends with one line, and 1 unless all held."""

import argparse
import secrets
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from random import Random

from portal.backup import back_up
from tests import databases
from tests.portal_app import new_database
from tests.torture.house import House
from tests.torture.moods import moody
from tests.torture.storm import Outcome, Plan, Storm


def main() -> int:
    """Run it, say what was found, and keep the files where something was."""
    asked = _asked()
    folder = Path(tempfile.mkdtemp(prefix="torture-"))
    if asked.database == "postgresql":
        databases.use_postgresql()
    try:
        outcome = _run(asked, folder)
    finally:
        databases.leave_postgresql()
    for fault in outcome.faults[:20]:
        _say(fault)
    if outcome.faults:
        _say(f"seed {asked.seed}; everything is kept in {folder}")
    else:
        shutil.rmtree(folder)
    _say(outcome.line)
    return 1 if outcome.faults else 0


def _run(asked: argparse.Namespace, folder: Path) -> Outcome:
    chance = Random(asked.seed)  # noqa: S311 - for mishaps any chance will do
    with moody(chance) as mail:
        house = House(new_database(folder), folder, mail)
        plan = Plan(asked.count, asked.kills, asked.minutes, machines=asked.machines)
        storm = Storm(house, plan, chance, _say)
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, lambda *_: storm.stop())
        outcome = storm.run()
    if outcome.faults and databases.on_postgresql():
        back_up(folder / "kept.db")  # the server goes, with all that is on it
    return outcome


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=20_000, metavar="COUNT")
    parser.add_argument("--kills", type=int, default=48, help="at least so many SIGKILLs")
    parser.add_argument("--minutes", type=float, default=40, help="give up after so many")
    parser.add_argument("--seed", type=int, default=secrets.randbits(32))
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--machines", type=int, default=1, help="so many, on one database")
    return parser.parse_args()


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
