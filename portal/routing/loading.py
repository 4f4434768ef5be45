"""A new map: the regions file takes effect whole, or not at all."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

from peewee import chunked

from portal.database import transaction
from portal.routing.checking import check
from portal.routing.faults import Fault
from portal.routing.places import municipalities, places
from portal.routing.rules import Map
from portal.routing.tables import (
    ManagerRow,
    MunicipalityRow,
    NationalDeskRow,
    PostcodeRow,
    RegionRow,
    RoutingTable,
)

# SQLite takes a limited number of values in one statement.
_ROWS_AT_ONCE = 200


@dataclass(frozen=True)
class Summary:
    """What a load did; ``changed`` counts rows that came or went, 0 where all was so already."""

    regions: int
    managers: int
    changed: int
    warnings: tuple[Fault, ...]

    def __str__(self) -> str:
        effect = f"{self.changed} rows changed" if self.changed else "nothing changed"
        return f"{self.regions} regions and {self.managers} managers loaded: {effect}"


class LoadRefused(Exception):
    """Nothing was changed, because of ``faults``; the message is one line for each of them."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, faults)))


def load(path: Path, open_cases: Mapping[str, int]) -> Summary:
    """Make the regions file at ``path`` the map in use, in one transaction.

    ``open_cases`` counts open cases by region key. Raises ``LoadRefused`` for a file with errors,
    and where it drops a region with open cases or a manager who still answers for one.
    """
    report = check(path)
    if report.map is None:
        raise LoadRefused([fault for fault in report.faults if not fault.warning])
    with transaction():
        dropped = [Fault(str(path), 0, *drop) for drop in _drops(report.map, open_cases)]
        if dropped:
            raise LoadRefused(dropped)
        changed = sum(_replace(table, rows) for table, rows in _rows(report.map).items())
    return Summary(len(report.map.regions), len(report.map.managers), changed, report.faults)


def _drops(wanted: Map, open_cases: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    regions = {region.key for region in wanted.regions}
    managers = {manager.key for manager in wanted.managers}
    for region in RegionRow.select().order_by(RegionRow.key):
        count = open_cases.get(region.key, 0)
        cases = f"{count} open case{'s' if count > 1 else ''}"
        if count and region.key not in regions:
            what = f"region {region.key!r} is not in this file and has {cases}"
            yield what, "hand these over first, or keep the region"
        if count and region.manager not in managers:
            what = f"manager {region.manager!r} is not in this file and has {cases}"
            cure = "hand these over first: load a file that keeps the manager but gives region"
            yield f"{what} in region {region.key!r}", f"{cure} {region.key!r} to another"


def _rows(wanted: Map) -> dict[type[RoutingTable], list[tuple[Any, ...]]]:
    return {
        NationalDeskRow: [astuple(wanted.national)],
        ManagerRow: [astuple(manager) for manager in wanted.managers],
        RegionRow: [(region.key, region.name, region.manager) for region in wanted.regions],
        PostcodeRow: [
            (code, rank, claim.municipality, claim.region)
            for code in places()
            for rank, claim in enumerate(wanted.in_postcode(code))
        ],
        MunicipalityRow: [astuple(wanted.in_municipality(name)) for name in municipalities()],
    }


def _replace(table: type[RoutingTable], rows: list[tuple[Any, ...]]) -> int:
    """Let ``table`` hold just these rows; gives how many came or went."""
    change = {*table.select().tuples()} ^ {*rows}
    if change:
        table.delete().execute()
        for some in chunked(rows, _ROWS_AT_ONCE):
            table.insert_many(some).execute()
    return len(change)
