"""The benchmarks, one after the other; ends with 1 unless every goal was met."""

import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from tests.bench import defended, desk, submit
from tests.bench.table import Row, keep, table

BENCHMARKS: Mapping[str, Callable[[Path], Iterator[Row]]] = {
    "submit": submit.rows,
    "defended": defended.rows,
    "desk": desk.rows,
}


def main(names: Sequence[str]) -> int:
    """Run these, or all; print the table and keep it."""
    rows = [row for name in names or BENCHMARKS for row in _measured(name)]
    keep(rows)
    sys.stdout.write(table(rows) + "\n")
    return 0 if all(row.met for row in rows) else 1


def _measured(name: str) -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        return list(BENCHMARKS[name](Path(folder)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
