"""Who hears of a request from a place, as the map in use and its people stand now."""

from dataclasses import dataclass

from portal.database import connection
from portal.organisation import organisation
from portal.routing.rules import (
    NATIONAL,
    Choice,
    Claim,
    Manager,
    NationalDesk,
    answering,
    resolve,
)
from portal.routing.tables import (
    ManagerRow,
    MunicipalityRow,
    NationalDeskRow,
    PostcodeRow,
    RegionRow,
)


@dataclass(frozen=True)
class Destination:
    """Who hears of a request. ``national`` is set where no region or none of its people can.

    ``function`` is the name people read; ``fallback_email`` is the national desk's, or None where
    ``email`` is that already. ``municipality`` is "" where it is not known.
    """

    region_key: str
    region_name: str
    municipality: str
    function: str
    email: str
    phone: str
    fallback_email: str | None
    national: bool


def route(postcode: str, municipality: str) -> Destination | Choice:
    """Who hears of a request from there, or the municipalities to choose from where that is open.

    Both texts are as people write them; either may be empty, and no text whatever raises.
    """
    with connection():
        if not loaded():
            return national_desk()
        claim = resolve(_Loaded(), postcode, municipality)
        if isinstance(claim, Choice):
            return claim
        return _destination(claim)


class _Loaded:
    """The atlas in the database; each claim is one indexed look-up."""

    def in_postcode(self, code: str) -> list[Claim]:
        rows = PostcodeRow.select().where(PostcodeRow.code == code).order_by(PostcodeRow.rank)
        return [Claim(row.municipality, row.region) for row in rows]

    def in_municipality(self, name: str) -> Claim:
        row = MunicipalityRow.get_or_none(MunicipalityRow.name == name)
        return Claim(name, row.region if row else None)


def national_desk() -> Destination:
    """The national desk; the organisation itself as long as no regions are loaded."""
    return _destination(Claim("", None))


def destination_of(region_key: str) -> Destination:
    """Who answers for a region now; the national desk where no region has that key."""
    return _destination(Claim("", region_key))


def _destination(claim: Claim) -> Destination:
    with connection():
        desk = _desk()
        region = RegionRow.get_or_none(RegionRow.key == claim.region)
        person = _who(region) if region else None
    answers = person or desk
    return Destination(
        region_key=region.key if region else NATIONAL,
        region_name=region.name if region else desk.name,
        municipality=claim.municipality,
        function=answers.name,
        email=answers.email,
        phone=answers.phone,
        fallback_email=desk.email if desk.email != answers.email else None,
        national=person is None,
    )


def _desk() -> NationalDesk:
    row = NationalDeskRow.get_or_none()
    if row:
        return NationalDesk(row.name, row.email, row.phone)
    ours = organisation()
    return NationalDesk(ours.name, ours.email, ours.phone)


def _who(region: RegionRow) -> Manager | None:
    manager = _manager(region.manager)
    return answering(manager, _manager(manager.deputy) if manager else None)


def _manager(key: str | None) -> Manager | None:
    row = ManagerRow.get_or_none(ManagerRow.key == key)
    return Manager(row.key, row.name, row.email, row.phone, row.deputy, row.active) if row else None


def regions_of(manager_key: str) -> frozenset[str]:
    """The keys of the regions that have this manager, who may be away."""
    with connection():
        own = RegionRow.select(RegionRow.key).where(RegionRow.manager == manager_key)
        return frozenset(region.key for region in own)


def regions_where_standing_in(manager_key: str) -> frozenset[str]:
    """The keys of the regions that this manager answers for now, as the deputy of another."""
    with connection():
        absent = ManagerRow.select(ManagerRow.key).where(ManagerRow.deputy == manager_key)
        theirs = list(RegionRow.select().where(RegionRow.manager.in_(absent)))
        answers = [(region, _who(region)) for region in theirs]
    return frozenset(region.key for region, who in answers if who and who.key == manager_key)


def managers() -> dict[str, str]:
    """The managers of the map in use, by key; the value is the name people read."""
    with connection():
        return {row.key: row.name for row in ManagerRow.select().order_by(ManagerRow.name)}


def region_names() -> dict[str, str]:
    """The name of every region by its key, in the order of the names."""
    with connection():
        return {row.key: row.name for row in RegionRow.select().order_by(RegionRow.name)}


def unanswered_regions() -> list[str]:
    """Names of the regions for which the national desk answers, lacking an active person."""
    with connection():
        return [r.name for r in RegionRow.select().order_by(RegionRow.name) if not _who(r)]


def loaded() -> bool:
    """Whether a map is in use."""
    with connection():
        return bool(RegionRow.select().exists())
