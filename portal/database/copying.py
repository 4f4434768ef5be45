"""A whole database, row for row and octet for octet, into another of either engine."""

import hashlib
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

from peewee import chunked

from portal.database.engines import Engine
from portal.database.faults import FAULTS, as_peewees, cure_of
from portal.database.moved import MARK
from portal.database.schema import HISTORY, lay_out, steps_of
from portal.database.sqlite import Sqlite

_AT_ONCE = 500  # rows
# Each database has its own of these.
_APART = {HISTORY, MARK}

Sums = dict[str, tuple[int, str]]


class NotCopied(Exception):
    """What arrived is not what there was, or did not fit; the message says where."""


def copy(source: Engine, target: Engine) -> Sums:
    """Copy every row into a target without tables, with the schema of the source; gives what.

    Both are the caller's to open, the source as it is at one moment, the target so that nothing of
    it stays when this fails. What arrived is read back and compared. Raises ``NotCopied``.
    """
    target.take_time()
    lay_out(target, steps_of(source))
    for table in _tables(source):
        _copy_table(source, target, table)
    before, after = sums(source), sums(target)
    if wrong := sorted(table for table in before | after if before.get(table) != after.get(table)):
        raise NotCopied(f"other than it was: {', '.join(wrong)}")
    return after


def write_file(source: Engine, to: Path) -> None:
    """Write the open database, as it is at one moment, into an empty file for SQLite."""
    if isinstance(source, Sqlite):
        # Never a copy of the live files; what was deleted does not come along either.
        source.execute_sql("VACUUM INTO ?", (str(to),))  # type: ignore[no-untyped-call]
        return
    file = Sqlite.apart(to)
    try:
        with source.snapshot(), file.atomic():
            copy(source, file)
    finally:
        file.close()


def sums(of: Engine) -> Sums:
    """Of each table how many rows it has, and a digest of all that they hold."""
    return {table: _sum(of, table) for table in _tables(of)}


def _sum(of: Engine, table: str) -> tuple[int, str]:
    number, digest = 0, hashlib.sha256()
    for row in _rows(of, table):
        number += 1
        digest.update(repr(row).encode("utf-8", "surrogatepass"))
    return number, digest.hexdigest()


def _copy_table(source: Engine, target: Engine, table: str) -> None:
    names = _columns(source, table)
    if names != _columns(target, table):
        raise NotCopied(f"{table} has other columns here: run 'portal migrate' first")
    listed, marks = _quoted(names), ", ".join([target.param] * len(names))
    insert = f'INSERT INTO "{table}" ({listed}) VALUES ({marks})'  # noqa: S608 - our own names
    fit = _fitting(target, table, names)
    cursor = target.cursor()  # type: ignore[no-untyped-call]
    try:
        for some in chunked(_rows(source, table), _AT_ONCE):
            with as_peewees:
                cursor.executemany(insert, [fit(row) for row in some])
    except FAULTS as fault:
        why = cure_of(fault) or "it cannot stand there"
        raise NotCopied(f"{table} does not fit ({type(fault).__name__}): {why}") from fault


def _rows(of: Engine, table: str) -> Iterator[tuple[Any, ...]]:
    """Every row, in the order of its key, told in the same way whatever the engine."""
    key = _quoted(of.get_primary_keys(table))
    listed = _quoted(_columns(of, table))
    for row in of.stream(f'SELECT {listed} FROM "{table}" ORDER BY {key}'):  # noqa: S608
        yield tuple(_plain(value) for value in row)


def _plain(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    return value.isoformat() if isinstance(value, date) else value


def _fitting(
    target: Engine, table: str, names: list[str]
) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
    """What makes a row as ``_rows`` tells it into one that the target takes."""
    types = {column.name: column.data_type for column in target.get_columns(table)}
    truths = {at for at, name in enumerate(names) if types[name] == "boolean"}

    def fit(row: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(
            bool(value) if at in truths and value is not None else value
            for at, value in enumerate(row)
        )

    return fit if truths else lambda row: row


def _tables(of: Engine) -> Iterator[str]:
    """The tables, each after those that it refers to."""
    left = {
        table: {key.dest_table for key in of.get_foreign_keys(table)}
        for table in of.get_tables()
        if table not in _APART
    }
    while left:
        ready = sorted(table for table, needs in left.items() if not needs & left.keys())
        yield from ready
        left = {table: needs for table, needs in left.items() if table not in ready}


def _columns(of: Engine, table: str) -> list[str]:
    return sorted(column.name for column in of.get_columns(table))


def _quoted(names: list[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
