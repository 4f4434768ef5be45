"""Rotation: everything that is sealed is sealed anew with the newest key, while all goes on."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from peewee import fn

from portal.database import (
    KeyProof,
    Sealed,
    SealedBytes,
    Table,
    connection,
    database,
    holding,
    keyring,
    sealed_place,
    settle,
    transaction,
    turn,
)
from portal.failpoints import failpoint
from portal.sealing import SealBroken

_AT_ONCE = 100  # rows in one transaction: some milliseconds
_PASSES = 5


class NotRotated(Exception):
    """The older keys are still needed; the message says for what."""


@dataclass(frozen=True)
class Rotated:
    """How many values were sealed anew, and whether the files are free of what they were before."""

    values: int
    clean: bool


def rotate() -> Rotated:
    """Seal everything with the newest key; what is done already is passed over, so it can go again.

    Meanwhile others read and write. Only a whole pass that found nothing ends it, because
    somebody may have written with an older key behind its back. Raises ``NotRotated``.
    """
    with connection():
        _need_both_keys()
        failpoint("rotation: both keys needed")
        values = 0
        for _ in range(_PASSES):
            broken: list[str] = []
            found = sum(_reseal(table, broken) for table in sealed_tables())
            values += found
            failpoint("rotation: pass done")
            if broken:
                raise NotRotated(_about(broken))
            if not found:
                _need_newest_key_only()
                return Rotated(values, settle())
    raise NotRotated(
        "somebody still seals with an older key: give every process the same PORTAL_DATA_KEYS, "
        "start it again, then run 'portal keys rotate' again"
    )


def sealed_tables() -> Iterator[type[Table]]:
    """Every table of this database with a column that is sealed, but for the proof of the key."""
    there = set(database.get_tables())
    for table in _descendants(Table):
        if table is not KeyProof and sealed_columns(table) and table._meta.table_name in there:
            yield table


def sealed_columns(table: type[Table]) -> list[Sealed]:
    """The columns of a table that are sealed."""
    return [field for field in table._meta.sorted_fields if isinstance(field, Sealed)]


def closed_columns() -> list[str]:
    """The columns that hold a value which does not open, by one value for each key in each."""
    with connection():
        return [
            f"{table._meta.table_name}.{column.column_name}"
            for table in sealed_tables()
            for column in sealed_columns(table)
            if not _opens(table, column)
        ]


def _opens(table: type[Table], column: Sealed) -> bool:
    # Octets 2 to 5 of a sealed value name its key.
    key = fn.substr(column, 2, 4)
    one_of_each = table.select(fn.MIN(table.id)).where(fn.length(column) > 0).group_by(key)
    try:
        rows: list[Any] = list(
            table.select(table.id, column).where(table.id.in_(one_of_each)).dicts()
        )
        for row in rows:
            keyring().open(row[column.name], sealed_place(column, row["id"]))
    except SealBroken:
        return False
    return True


def _descendants(table: type[Table]) -> Iterator[type[Table]]:
    for child in table.__subclasses__():
        yield child
        yield from _descendants(child)


def _reseal(table: type[Table], broken: list[str]) -> int:
    """Go through a table once; gives how many values were sealed anew."""
    columns = sealed_columns(table)
    wanted = table.select(table.id, *columns).order_by(table.id).limit(_AT_ONCE)
    number, last = 0, ""
    while True:
        with turn():
            # Held, for the worker writes in letters while others write elsewhere.
            rows: list[Any] = list(holding(wanted.where(table.id > last)).dicts())
            number += sum(_reseal_row(table, columns, row, broken) for row in rows)
            failpoint("rotation: rows sealed")
        if not rows:
            return number
        last = rows[-1]["id"]


def _reseal_row(
    table: type[Table], columns: list[Sealed], row: dict[str, Any], broken: list[str]
) -> int:
    changed = {}
    for column in columns:
        sealed = row[column.name]
        # Nothing is left of what was forgotten.
        if not sealed or keyring().is_newest(sealed):
            continue
        place = sealed_place(column, row["id"])
        try:
            changed[column.name] = SealedBytes(keyring().reseal(sealed, place))
        except SealBroken:
            broken.append(place)
    if changed:
        table.update(changed).where(table.id == row["id"]).execute()
    return len(changed)


def _about(broken: list[str]) -> str:
    columns = sorted({place.partition(":")[0] for place in broken})
    return (
        f"{len(broken)} values do not open ({', '.join(columns)}) and stay as they are, others are "
        "done: add the key they were sealed with to PORTAL_DATA_KEYS, or take their rows from a "
        "backup, then run 'portal keys rotate' again"
    )


def _need_both_keys() -> None:
    """From here on nobody starts with the old key alone, nor with the new one alone."""
    with transaction():
        if not any(keyring().is_newest(proof) for proof in _proofs()):
            KeyProof.create(proof="open")


def _need_newest_key_only() -> None:
    with transaction():
        for proof in KeyProof.select():
            if not keyring().is_newest(proof.__data__["proof"]):
                proof.delete_instance()
        failpoint("rotation: newest key needed")


def _proofs() -> list[bytes]:
    return [proof.__data__["proof"] for proof in KeyProof.select()]
