"""A regions file as a map, with every fault in it and the line where it stands."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from portal.routing.faults import Fault, Notes, dotted
from portal.routing.fields import Fields, meant
from portal.routing.lines import Lines, Where, lines_of
from portal.routing.places import (
    as_ranges,
    codes_between,
    municipalities,
    municipalities_named,
    province_named,
    provinces,
)
from portal.routing.rules import Manager, Map, NationalDesk, Region

_DESK = ("naam", "email", "telefoon")
_MANAGER = (*_DESK, "plaatsvervanger", "actief")
_COVERAGE = ("provincies", "gemeenten", "postcodes")
_REGION = ("naam", "regiomanager", *_COVERAGE)

_NOTHING = Map(NationalDesk("", "", ""), (), ())
_RANGE = re.compile(r"([1-9][0-9]{3})(?:\s*[-–]\s*([1-9][0-9]{3}))?")


def read(path: Path) -> tuple[Map, Notes]:
    """Read all that can be read; where faults are noted, the map lacks what is wrong."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as fault:
        return _refused(path, (0, f"the file does not open ({fault.strerror})", "mend its path"))
    except UnicodeDecodeError as fault:
        line = fault.object[: fault.start].count(b"\n") + 1
        return _refused(path, (line, "a character is not UTF-8", "save the file as UTF-8"))
    lines = lines_of(text)
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        return _refused(path, *_not_toml(text, lines, str(fault)))
    except RecursionError:
        return _refused(path, (1, "this is not TOML: brackets without end", "close each bracket"))
    notes = Notes(str(path), lines)
    return _map(Fields(notes, (), data, ("landelijk", "regiomanager", "regio"))), notes


def _refused(path: Path, *found: tuple[int, str, str]) -> tuple[Map, Notes]:
    notes = Notes(str(path), Lines({}, ()))
    notes.faults += [Fault(str(path), *fault) for fault in found]
    return _NOTHING, notes


def _not_toml(text: str, lines: Lines, message: str) -> list[tuple[int, str, str]]:
    """One fault, for the parser stops at its first; but of what stands twice, all."""
    what, _, at = message.partition(" (at ")
    number = re.match(r"line (\d+)", at)
    line = int(number[1]) if number else text.count("\n") + 1
    if line in {second for _, _, second in lines.twice}:
        return [
            (second, f"{dotted(where)} stands on line {first} too", "keep one")
            for where, first, second in lines.twice
        ]
    return [(line, f"this is not TOML: {what}", "mend this line or the one above")]


def _map(root: Fields) -> Map:
    claims: list[tuple[Where, str]] = []
    desk = _desk(root.table("landelijk", _DESK))
    managers = {table.key: _manager(table) for table in root.tables("regiomanager", _MANAGER)}
    regions = [_region(table, claims) for table in root.tables("regio", _REGION)]
    _note_unknown_managers(root.notes, managers, regions)
    _note_overlaps(root.notes, claims)
    return Map(desk, tuple(managers.values()), tuple(regions))


def _desk(table: Fields) -> NationalDesk:
    return NationalDesk(table.text("naam"), table.email("email"), table.phone("telefoon"))


def _manager(table: Fields) -> Manager:
    return Manager(
        key=table.key,
        name=table.text("naam"),
        email=table.email("email"),
        phone=table.phone("telefoon"),
        deputy=table.optional_text("plaatsvervanger"),
        active=table.flag("actief"),
    )


def _region(table: Fields, claims: list[tuple[Where, str]]) -> Region:
    if table.empty(*_COVERAGE):
        cure = 'add provincies = ["…"], gemeenten = ["…"] or postcodes = ["1000-1099"]'
        table.notes.add(table.where, f"{dotted(table.where)} covers nothing", cure)
    known_provinces = list(_provinces(table))
    known_municipalities = list(_municipalities(table))
    ranges = list(_ranges(table))
    claims += known_provinces + known_municipalities
    claims += [(where, code) for where, pair in ranges for code in codes_between(*pair)]
    return Region(
        key=table.key,
        name=table.text("naam"),
        manager=table.text("regiomanager"),
        provinces=tuple(name for _, name in known_provinces),
        municipalities=tuple(name for _, name in known_municipalities),
        postcodes=tuple(pair for _, pair in ranges),
    )


def _provinces(table: Fields) -> Iterator[tuple[Where, str]]:
    for where, text in table.items("provincies"):
        name = province_named(text)
        if name:
            yield where, name
        else:
            table.notes.add(where, f"unknown province {text!r}", meant(text, provinces()))


def _municipalities(table: Fields) -> Iterator[tuple[Where, str]]:
    for where, text in table.items("gemeenten"):
        named = municipalities_named(text)
        if len(named) == 1:
            yield where, named[0]
        else:
            options = named or municipalities()
            table.notes.add(where, f"unknown municipality {text!r}", meant(text, options))


def _ranges(table: Fields) -> Iterator[tuple[Where, tuple[str, str]]]:
    for where, text in table.items("postcodes"):
        match = _RANGE.fullmatch(text)
        if match is None:
            cure = 'write four digits, "3511", or a range, "3511-3585"'
            table.notes.add(where, f"{text!r} is not a postcode", cure)
            continue
        first, last = match[1], match[2] or match[1]
        if codes_between(first, last):
            yield where, (first, last)
        else:
            cure = "give postcodes in use, the lowest first (a PO box has no place to cover)"
            table.notes.add(where, f"unknown postcode {text!r}: none in use there", cure)


def _note_unknown_managers(
    notes: Notes, managers: Mapping[str, Manager], regions: Iterable[Region]
) -> None:
    for region in regions:
        if region.manager and region.manager not in managers:
            where = ("regio", region.key, "regiomanager")
            what = f"unknown regiomanager {region.manager!r}"
            notes.add(where, what, meant(region.manager, managers))
    for manager in managers.values():
        where = ("regiomanager", manager.key, "plaatsvervanger")
        if manager.deputy == manager.key:
            cure = "name another, or leave this line out"
            notes.add(where, f"{manager.key!r} is named as their own deputy", cure)
        elif manager.deputy and manager.deputy not in managers:
            what = f"unknown deputy {manager.deputy!r}"
            notes.add(where, what, meant(manager.deputy, managers))


def _note_overlaps(notes: Notes, claims: Iterable[tuple[Where, str]]) -> None:
    """Note what two items of one fineness cover both, at the later of the two."""
    first: dict[tuple[object, str], Where] = {}
    doubled: dict[tuple[Where, Where], list[str]] = {}
    for where, thing in claims:
        fineness = where[2]
        earlier = first.setdefault((fineness, thing), where)
        if earlier != where:
            doubled.setdefault((earlier, where), []).append(thing)
    for (earlier, later), things in doubled.items():
        shared = as_ranges(things) if later[2] == "postcodes" else repr(things[0])
        what = f"{shared} stands in regio {earlier[1]!r} too (line {notes.line(earlier)})"
        notes.add(later, what, "leave it in one of them")
