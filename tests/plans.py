"""How the open database would answer: where it reads a table from end to end, or sorts."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from portal.database import database
from tests.databases import on_postgresql, raw

Statement = tuple[str, Sequence[object]]

# Of few rows all are rightly read and sorted, so it has to say what it would do with many.
_WITHOUT = ("seqscan", "bitmapscan", "sort")
_LEADS = """SELECT attname FROM pg_index JOIN pg_attribute ON attrelid = indexrelid
WHERE indrelid = (SELECT oid FROM pg_class WHERE relname = ?) AND attnum = 1"""


def costly(statement: str, values: Sequence[object] = ()) -> list[str]:
    """The steps that take longer the more there is; those of ``statement`` that read or sort."""
    return list((_on_postgresql if on_postgresql() else _on_sqlite)(statement, values))


@contextmanager
def heard() -> Iterator[list[Statement]]:
    """Every statement that is put to the database meanwhile, with its values."""
    log, told = logging.getLogger("peewee"), _Told()
    level = log.level
    log.addHandler(told)
    log.setLevel(logging.DEBUG)
    try:
        yield told.all
    finally:
        log.setLevel(level)
        log.removeHandler(told)


class _Told(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.all: list[Statement] = []

    def emit(self, record: logging.LogRecord) -> None:
        statement: Any = record.msg
        self.all.append(statement)


def _on_sqlite(statement: str, values: Sequence[object]) -> Iterator[str]:
    for *_, step in database.execute_sql(f"EXPLAIN QUERY PLAN {statement}", values).fetchall():
        reads = step.startswith("SCAN") and step != "SCAN CONSTANT ROW"
        if reads or ("TEMP B-TREE" in step and not step.startswith("UNION")):
            yield step


def _on_postgresql(statement: str, values: Sequence[object]) -> Iterator[str]:
    with database.atomic_beside():
        for way in _WITHOUT:
            raw(f"SET LOCAL enable_{way} = off")
        explained = database.execute_sql(f"EXPLAIN (FORMAT JSON) {statement}", values).fetchone()
    yield from _costly(explained[0][0]["Plan"], first=False)


def _costly(node: Mapping[str, Any], *, first: bool) -> Iterator[str]:
    """Of a step and all beneath it; ``first`` where only the first row is asked for."""
    kind = node["Node Type"]
    if kind == "Seq Scan":
        yield f"SCAN {node['Relation Name']}"
    elif kind.startswith("Index") and not first and not _is_led_to(node):
        yield f"SCAN {node['Relation Name']} by {node['Index Name']}"
    elif "Sort" in kind:
        yield f"SORT by {', '.join(node['Sort Key'])}"
    first = kind == "Limit" or (first and kind in {"LockRows", "Result"})
    for beneath in node.get("Plans", ()):
        yield from _costly(beneath, first=first)


def _is_led_to(node: Mapping[str, Any]) -> bool:
    """Whether the condition is about the first column of an index: else one is read whole.

    Which one is taken says nothing as long as all are empty.
    """
    leads = [f"({column} " for (column,) in raw(_LEADS, node["Relation Name"])]
    return any(lead in node.get("Index Cond", "") for lead in leads)
