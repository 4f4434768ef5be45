"""The benchmarks, one after the other; ends with 1 unless every goal was met."""

import sys
import tempfile
from pathlib import Path

from tests.bench import desk
from tests.bench.table import keep, table


def main() -> int:
    """Run them all, print the table and keep it."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        rows = list(desk.rows(Path(folder)))
    keep(rows)
    sys.stdout.write(table(rows) + "\n")
    return 0 if all(row.met for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
