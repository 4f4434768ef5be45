"""The benchmarks, one after the other; ends with 1 unless every goal was met."""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from tests.bench import defended, desk, letters, machine, mail, pages, site, submit, visitors
from tests.bench.table import Row, keep, table
from tests.databases import leave_postgresql, use_postgresql

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


def main(arguments: Sequence[str]) -> int:
    """Run those that are named, or all; print the table and keep it."""
    asked = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    asked.add_argument("names", nargs="*", choices=[[], *BENCHMARKS, *LONG])
    asked.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    options = asked.parse_args(arguments)
    if options.database == "postgresql":
        use_postgresql()
    try:
        rows = [row for name in options.names or BENCHMARKS for row in _measured(name)]
    finally:
        leave_postgresql()
    keep(rows)
    return 0 if all(row.met for row in rows) else 1


def _measured(name: str) -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        rows = list({**BENCHMARKS, **LONG}[name](Path(folder)))
    # At once, so that whoever waits sees how far it is.
    sys.stdout.write(f"{table(rows)}\n\n")
    sys.stdout.flush()
    return rows


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
