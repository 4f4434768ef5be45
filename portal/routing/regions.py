"""Who hears of a request from a place, as the map in use and its people stand now."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from portal.database import connection
from portal.organisation import organisation
from portal.routing import absences
from portal.routing.places import places
from portal.routing.rules import NATIONAL, Choice, Claim, Manager, NationalDesk, resolve
from portal.routing.tables import (
    ManagerRow,
    MunicipalityRow,
    NationalDeskRow,
    PostcodeRow,
    RegionRow,
)
from portal.workdays import HERE

# Wherever a function takes ``today`` and is given None, it goes by this machine's clock.


@dataclass(frozen=True)
class Destination:
    """Who hears of a request.

    ``manager`` is the key of who answers, None for the national desk, and ``function`` the name
    people read. ``fallback_email`` is the national desk's, or None where ``email`` is that
    already. ``municipality`` is "" where it is not known.
    """

    region_key: str
    region_name: str
    municipality: str
    function: str
    email: str
    phone: str
    fallback_email: str | None
    manager: str | None

    @property
    def national(self) -> bool:
        """Whether the national desk answers, where no region or none of its people can."""
        return self.manager is None


def route(postcode: str, municipality: str, today: date | None = None) -> Destination | Choice:
    """Who hears of a request from there, or the municipalities to choose from where that is open.

    Both texts are as people write them; either may be empty, and no text whatever raises.
    """
    with connection():
        claim = resolve(_Loaded(), postcode, municipality)
        settled = isinstance(claim, Claim) and claim.region
        # Without a map there is nothing to choose.
        if not settled and not loaded():
            return national_desk()
        if isinstance(claim, Choice):
            return claim
        return _line(claim, today)[0]


class _Loaded:
    """The atlas in the database; each claim is one indexed look-up."""

    def in_postcode(self, code: str) -> list[Claim]:
        rows = sorted(PostcodeRow.each(code=code), key=lambda row: row.rank)
        return [Claim(row.municipality, row.region) for row in rows]

    def in_municipality(self, name: str) -> Claim:
        row = MunicipalityRow.one(name=name)
        return Claim(name, row.region if row else None)


def national_desk() -> Destination:
    """The national desk; the organisation itself as long as no regions are loaded."""
    return _line(Claim("", None))[0]


def destination_of(region_key: str, today: date | None = None) -> Destination:
    """Who answers for a region on a day; the national desk where no region has that key."""
    return _line(Claim("", region_key), today)[0]


def line_of(region_key: str, today: date) -> tuple[Destination, ...]:
    """Everybody who can answer for a region on a day, in the order in which they are asked.

    That is its manager and the deputy, as far as they are at work, and at the end always the
    national desk. A deputy's own deputy is not asked: nobody named them for this region.
    """
    return _line(Claim("", region_key), today)


def _line(claim: Claim, today: date | None = None) -> tuple[Destination, ...]:
    with connection():
        desk = _desk()
        region = RegionRow.one(key=claim.region)
        people = _people(region, _away(today)) if region else []
    return tuple(_destination(claim, region, person, desk) for person in (*people, None))


def _destination(
    claim: Claim, region: RegionRow | None, person: Manager | None, desk: NationalDesk
) -> Destination:
    answers = person or desk
    return Destination(
        region_key=region.key if region else NATIONAL,
        region_name=region.name if region else desk.name,
        municipality=claim.municipality,
        function=answers.name,
        email=answers.email,
        phone=answers.phone,
        fallback_email=desk.email if desk.email != answers.email else None,
        manager=person.key if person else None,
    )


def _desk() -> NationalDesk:
    row = NationalDeskRow.one()
    if row:
        return NationalDesk(row.name, row.email, row.phone)
    ours = organisation()
    return NationalDesk(ours.name, ours.email, ours.phone)


def _people(region: RegionRow, away: Mapping[str, str | None]) -> list[Manager]:
    """The manager and the deputy, without whoever is not at work."""
    manager = _manager(region.manager)
    deputy = _manager(away.get(manager.key) or manager.deputy) if manager else None
    return [p for p in (manager, deputy) if p and p.active and p.key not in away]


def _away(today: date | None) -> Mapping[str, str | None]:
    return absences.away(today or datetime.now(HERE).date())


def _manager(key: str | None) -> Manager | None:
    row = ManagerRow.one(key=key) if key else None
    return Manager(row.key, row.name, row.email, row.phone, row.deputy, row.active) if row else None


def region_names() -> dict[str, str]:
    """The name of every region by its key, in the order of the names."""
    with connection():
        return {row.key: row.name for row in RegionRow.select().order_by(RegionRow.name)}


def managers() -> dict[str, str]:
    """The managers of the map in use, by key; the value is the name people read."""
    with connection():
        return {row.key: row.name for row in ManagerRow.select().order_by(ManagerRow.name)}


def colleagues(manager_key: str) -> dict[str, str]:
    """Who may stand in for a manager: the names of all other active managers, by their keys."""
    with connection():
        others = ManagerRow.select().where(ManagerRow.active & (ManagerRow.key != manager_key))
        return {row.key: row.name for row in others.order_by(ManagerRow.name)}


def usual_deputy(manager_key: str) -> str | None:
    """The key of the deputy in the map, or None."""
    with connection():
        manager = _manager(manager_key)
        return manager.deputy if manager else None


def regions_of(manager_key: str) -> frozenset[str]:
    """The keys of the regions that have this manager, who may be away."""
    with connection():
        own = RegionRow.select(RegionRow.key).where(RegionRow.manager == manager_key)
        return frozenset(region.key for region in own)


def regions_where_standing_in(manager_key: str, today: date | None = None) -> frozenset[str]:
    """The keys of the regions that this manager answers for on a day, as the deputy of another."""
    with connection():
        away = _away(today)
        # Only where the manager is not at work can another answer.
        gone = ManagerRow.select(ManagerRow.key).where(
            ~ManagerRow.active | ManagerRow.key.in_(list(away))
        )
        theirs = list(RegionRow.select().where(RegionRow.manager.in_(gone)))
        first = {region.key: _people(region, away)[:1] for region in theirs}
    return frozenset(key for key, who in first.items() if who and who[0].key == manager_key)


def who_answers(today: date) -> dict[str, Destination]:
    """Who answers for each region on a day, by its key, in the order of the regions' names."""
    with connection():
        keys = [region.key for region in RegionRow.select().order_by(RegionRow.name)]
        return {key: destination_of(key, today) for key in keys}


def unanswered_regions() -> list[str]:
    """Names of the regions for which the national desk answers, lacking an active person.

    Who is away for a while is active: that is planned, and mended by itself.
    """
    with connection():
        return [r.name for r in RegionRow.select().order_by(RegionRow.name) if not _people(r, {})]


def unclaimed_postcodes() -> list[str]:
    """The codes of the country that lie, in whole or in part, in no region of the map in use."""
    with connection():
        in_a_region = PostcodeRow.region.in_(RegionRow.select(RegionRow.key))
        known, lost = (
            {row.code for row in PostcodeRow.select(PostcodeRow.code).where(which)}
            for which in (in_a_region, ~in_a_region)
        )
    return sorted(places().keys() - (known - lost))


def loaded() -> bool:
    """Whether a map is in use."""
    with connection():
        return RegionRow.one() is not None
