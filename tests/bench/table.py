"""What a benchmark found, beside its limit: printed as a table and kept as JSON."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

FILE = Path(__file__).parent.parent.parent / "build" / "bench.json"


@dataclass(frozen=True)
class Row:
    """A value beside the limit that was measured or set in the same run, both in ``unit``.

    ``goal`` is the highest ratio of the two that will do, or the lowest where ``more`` is better;
    None where the row only tells.
    """

    name: str
    value: float
    unit: str
    limit: float
    goal: float | None = None
    more: bool = False

    @property
    def ratio(self) -> float:
        """How many times the limit the value is."""
        return self.value / self.limit

    @property
    def met(self) -> bool:
        """Whether that will do."""
        if self.goal is None:
            return True
        return self.ratio >= self.goal if self.more else self.ratio <= self.goal


def table(rows: Sequence[Row]) -> str:
    """The rows as lines to read."""
    heads = ("benchmark", "value", "limit", "unit", "ratio", "goal", "met")
    lines = [heads, *(_cells(row) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def keep(found: Mapping[str, Sequence[Row]], file: Path = FILE) -> None:
    """Write the rows that were found on each engine as a list of objects."""
    made = [_kept(engine, row) for engine, rows in found.items() for row in rows]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")


def _kept(engine: str, row: Row) -> dict[str, object]:
    return {"engine": engine} | asdict(row) | {"ratio": round(row.ratio, 3), "met": row.met}


def _cells(row: Row) -> tuple[str, ...]:
    numbers = (f"{row.value:.4g}", f"{row.limit:.4g}", row.unit, f"{row.ratio:.2f}")
    if row.goal is None:
        return (row.name, *numbers, "", "")
    goal = f"{'≥' if row.more else '≤'} {row.goal:.2f}"
    return (row.name, *numbers, goal, "yes" if row.met else "NO")
