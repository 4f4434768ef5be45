"""The proof that, with a regions file as it is, every place in the country reaches someone."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from portal.routing.faults import Fault, Notes
from portal.routing.places import as_ranges, municipalities, places, provinces_by_municipality
from portal.routing.reading import read
from portal.routing.rules import Claim, Map, Region


@dataclass(frozen=True)
class Reach:
    """How many postcodes reach whom; those between regions ask for the municipality first."""

    manager: int
    deputy: int
    national: int
    choice: int


@dataclass(frozen=True)
class Report:
    """What a check found: all faults by line, and the map where none of them is an error."""

    file: str
    faults: tuple[Fault, ...]
    map: Map | None
    reach: Reach

    @property
    def sound(self) -> bool:
        """Whether the file may be loaded; warnings do not hinder that."""
        return self.map is not None

    def __str__(self) -> str:
        regions = len(self.map.regions) if self.map else 0
        reach = self.reach
        return (
            f"{self.file}: {regions} regions; {len(places())} postcodes and"
            f" {len(municipalities())} municipalities reach someone: {reach.manager} a manager,"
            f" {reach.deputy} a deputy, {reach.national} the national desk,"
            f" {reach.choice} ask for the municipality first"
        )


def check(path: Path) -> Report:
    """Read the regions file at ``path`` and prove it; never raises for what is in it."""
    found, notes = read(path)
    if found.regions:
        _note_gaps(notes, found)
        _note_absences(notes, found)
    faults = tuple(sorted(notes.faults, key=lambda fault: fault.line))
    sound = all(fault.warning for fault in faults)
    return Report(str(path), faults, found if sound else None, _reach(found))


def _reach(found: Map) -> Reach:
    roles = {region.key: _role(found, region) for region in found.regions}
    counts = Counter(_reached(found.in_postcode(code), roles) for code in places())
    return Reach(**{field.name: counts[field.name] for field in fields(Reach)})


def _reached(claims: Iterable[Claim], roles: Mapping[str, str]) -> str:
    regions = {claim.region for claim in claims}
    region = regions.pop()
    return "choice" if regions else roles.get(region or "", "nobody")


def _role(found: Map, region: Region) -> str:
    person = found.who(region)
    if person is None:
        return "national"
    return "manager" if person.key == region.manager else "deputy"


def _note_gaps(notes: Notes, found: Map) -> None:
    """Note what no region answers for; a municipality in none has postcodes in none too."""
    gaps: dict[str, set[str]] = {}
    for code, place in places().items():
        for claim in found.in_postcode(code):
            if claim.region is None:
                province = provinces_by_municipality().get(claim.municipality, place.province)
                gaps.setdefault(province, set()).add(code)
    where = ("regio", found.regions[0].key)
    for province, codes in gaps.items():
        what = f"no region answers for {as_ranges(codes)} ({province}, {len(codes)} postcodes)"
        notes.add(where, what, f"add these, or the province {province!r}, to a region")


def _note_absences(notes: Notes, found: Map) -> None:
    """Warn of who is away: the work goes on, but its owner should know with whom."""
    people = {manager.key: manager for manager in found.managers}
    for region in found.regions:
        manager, person = people.get(region.manager), found.who(region)
        if manager and not manager.active:
            instead = f"deputy {person.name!r}" if person else "the national desk"
            what = f"regiomanager {manager.key!r} is not active, so {instead} answers"
            cure = "name another if this is to last"
            notes.add(("regio", region.key, "regiomanager"), what, cure, warning=True)
    for manager in found.managers:
        deputy = people.get(manager.deputy or "")
        if deputy and deputy is not manager and not deputy.active:
            what = f"deputy {deputy.key!r} is not active"
            where = ("regiomanager", manager.key, "plaatsvervanger")
            notes.add(where, what, "name another if this is to last", warning=True)
