"""Who answers for which place: the finer coverage wins, and nobody is never the answer."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from portal.routing.places import (
    codes_between,
    is_dont_know,
    municipalities,
    municipalities_named,
    normalise_postcode,
    places,
    provinces_by_municipality,
)

# The key of what belongs to no region, so no region may bear it.
NATIONAL = "landelijk"


@dataclass(frozen=True)
class NationalDesk:
    """Who answers where no region or no manager does."""

    name: str
    email: str
    phone: str


@dataclass(frozen=True)
class Manager:
    """A person who answers for regions; ``deputy`` is the key of who does so in their absence."""

    key: str
    name: str
    email: str
    phone: str
    deputy: str | None
    active: bool


@dataclass(frozen=True)
class Region:
    """What one manager answers for; ``postcodes`` are pairs of first and last, both included."""

    key: str
    name: str
    manager: str
    provinces: tuple[str, ...] = ()
    municipalities: tuple[str, ...] = ()
    postcodes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Claim:
    """The region that answers for a municipality, or for its part of a postcode; None is a gap."""

    municipality: str
    region: str | None


@dataclass(frozen=True)
class Choice:
    """The place is not settled until one of these municipalities is named; there is always one."""

    municipalities: tuple[str, ...]


class Atlas(Protocol):
    """Where claims are looked up."""

    def in_postcode(self, code: str) -> Sequence[Claim]:
        """One claim for each municipality the postcode lies in, main one first; none if unknown."""

    def in_municipality(self, name: str) -> Claim:
        """The claim on a municipality of which no postcode is known."""


def resolve(atlas: Atlas, postcode: str, municipality: str) -> Claim | Choice:
    """Settle what someone wrote, however they wrote it.

    A postcode in one region settles it. Where it lies in two, or is not in use (a PO box), the
    municipality does, if it is given and fits; else there is a choice. Who does not know the
    municipality gets a claim without a region: the national desk's.
    """
    code = normalise_postcode(postcode)
    claims = atlas.in_postcode(code) if code else ()
    named = municipalities_named(municipality)
    fitting = [claim for claim in claims if claim.municipality in named]
    if len({claim.region for claim in claims}) == 1:
        return (fitting or claims)[0]
    if is_dont_know(municipality):
        return Claim("", None)
    if claims:
        return fitting[0] if fitting else Choice(_in_order(claims))
    if len(named) == 1:
        return atlas.in_municipality(named[0])
    return Choice(named or municipalities())


def _in_order(claims: Iterable[Claim]) -> tuple[str, ...]:
    return tuple(sorted((c.municipality for c in claims), key=municipalities().index))


def answering(manager: Manager | None, deputy: Manager | None) -> Manager | None:
    """The manager if active, else the deputy if active, else None: the national desk."""
    return next((person for person in (manager, deputy) if person and person.active), None)


@dataclass(frozen=True)
class Map:
    """The whole country as divided by its owner; where two regions overlap, the first wins."""

    national: NationalDesk
    managers: tuple[Manager, ...]
    regions: tuple[Region, ...]

    def in_postcode(self, code: str) -> tuple[Claim, ...]:
        """One claim for each municipality the postcode lies in, main one first; none if unknown."""
        place = places().get(code)
        if place is None:
            return ()
        region = self._by_postcode.get(code)
        if region or not place.municipalities:
            only = region or self._by_province.get(place.province)
            return tuple(Claim(name, only) for name in place.municipalities or ("",))
        return tuple(Claim(name, self._by_name(name)) for name in place.municipalities)

    def in_municipality(self, name: str) -> Claim:
        """The region that names it; else the one that holds most of its postcodes.

        That matters only where ranges of postcodes divide a municipality between regions. A tie
        goes to the region that holds the rest of the province.
        """
        if name in self._by_municipality:
            return Claim(name, self._by_municipality[name])
        rest = self._by_name(name)
        held = self._held.get(name, Counter())
        return Claim(name, max(held, key=lambda key: (held[key], key == rest), default=rest))

    def who(self, region: Region) -> Manager | None:
        """Who answers for a region now; None is the national desk."""
        manager = self._managers.get(region.manager)
        return answering(manager, self._managers.get(manager.deputy or "") if manager else None)

    def _by_name(self, name: str) -> str | None:
        by_province = self._by_province.get(provinces_by_municipality()[name])
        return self._by_municipality.get(name, by_province)

    @cached_property
    def _held(self) -> Mapping[str, Counter[str]]:
        """How many postcodes of each municipality each region holds."""
        held: dict[str, Counter[str]] = {}
        for code in places():
            main = self.in_postcode(code)[0]
            if main.region:
                held.setdefault(main.municipality, Counter())[main.region] += 1
        return held

    @cached_property
    def _managers(self) -> Mapping[str, Manager]:
        return {manager.key: manager for manager in self.managers}

    @cached_property
    def _by_province(self) -> Mapping[str, str]:
        return {name: region.key for region in self._last_first for name in region.provinces}

    @cached_property
    def _by_municipality(self) -> Mapping[str, str]:
        return {name: region.key for region in self._last_first for name in region.municipalities}

    @cached_property
    def _by_postcode(self) -> Mapping[str, str]:
        return {
            code: region.key
            for region in self._last_first
            for first, last in region.postcodes
            for code in codes_between(first, last)
        }

    @property
    def _last_first(self) -> tuple[Region, ...]:
        return self.regions[::-1]
