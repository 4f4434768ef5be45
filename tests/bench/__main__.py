"""The benchmarks, one after the other; ends with 1 unless every goal was met."""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from portal.database import database
from tests.bench import defended, desk, letters, machine, mail, pages, site, submit, visitors
from tests.bench.table import Row, keep, table
from tests.databases import forget_all_but, leave_postgresql, use_postgresql

Benchmark = Callable[[Path], Iterator[Row]]

BENCHMARKS: Mapping[str, Benchmark] = {
    "submit": submit.rows,
    "defended": defended.rows,
    "pages": pages.rows,
    "mail": mail.rows,
    "letters": letters.rows,
    "machine": machine.rows,
    "site": site.rows,
    "visitors": visitors.short,
    "desk": desk.rows,
}
# By name only: it takes ten minutes.
LONG: Mapping[str, Benchmark] = {"all-visitors": visitors.rows}
WITHOUT_DATABASE = {"site"}

ENGINES = ("sqlite", "postgresql")
# Both have their files here: what is kept for a while is on a disk, where /tmp may be in memory.
DISK = Path("/var/tmp")  # noqa: S108 - folders of our own are made there


def main(arguments: Sequence[str]) -> int:
    """Run those that are named, or all, on one engine or both; print the tables and keep them."""
    asked = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    asked.add_argument("names", nargs="*", choices=[[], *BENCHMARKS, *LONG])
    asked.add_argument("--database", choices=ENGINES, help="on this engine alone")
    options = asked.parse_args(arguments)
    found = {}
    for engine in [options.database] if options.database else ENGINES:
        found[engine] = _measured_on(engine, options.names or list(BENCHMARKS))
        keep(found)
    return 0 if all(row.met for rows in found.values() for row in rows) else 1


def _measured_on(engine: str, names: Sequence[str]) -> list[Row]:
    if engine == "postgresql":
        use_postgresql(DISK)
        names = [name for name in names if name not in WITHOUT_DATABASE]
    _say(f"on {engine}\n")
    try:
        return [row for name in names for row in _measured(name)]
    finally:
        leave_postgresql()


def _measured(name: str) -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="bench-", dir=DISK) as folder:
        rows = list({**BENCHMARKS, **LONG}[name](Path(folder)))
    if not database.is_closed():
        database.close()
    forget_all_but(0)
    _say(f"{table(rows)}\n")
    return rows


def _say(text: str) -> None:
    # At once, so that whoever waits sees how far it is.
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
