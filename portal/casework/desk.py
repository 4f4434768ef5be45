"""What the desk shows: whose turn it is, what lies longest first, and what is to be done soon."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.cases import work
from portal.cases.case import Kind, Stage, Status
from portal.cases.life import ENDED
from portal.cases.listing import Page, Place, Wanted, page
from portal.cases.reference import is_reference
from portal.cases.register import Case
from portal.casework.people import Person, StaffRole
from portal.delivery import tracing
from portal.delivery.tracing import Trace
from portal.routing.regions import national_desk, region_names
from portal.routing.rules import NATIONAL
from portal.web import wording
from portal.workdays import HERE, QUARANTINE, add_workdays

# How long ago a case came in: at least, and less than; None is unbounded.
_AGES: Mapping[str, tuple[timedelta | None, timedelta | None]] = {
    "week": (None, timedelta(days=7)),
    "fortnight": (timedelta(days=14), None),
    "month": (timedelta(days=30), None),
    "quarter": (timedelta(days=91), None),
}
_LISTS = {stage.name.lower(): stage for stage in Stage}
_TASKS = 25
_SOON = timedelta(days=7)


class UnknownFilter(Exception):
    """What was asked for is not on offer to this person."""


@dataclass(frozen=True)
class Asked:
    """What somebody asks to see, each as it stands in the address; empty for any."""

    state: str = ""
    kind: str = ""
    region: str = ""
    age: str = ""
    list: str = ""
    after: str = ""

    @property
    def filters(self) -> dict[str, str]:
        """The filters in use, for the address of a next page."""
        used = {"state": self.state, "kind": self.kind, "region": self.region, "age": self.age}
        return {name: value for name, value in used.items() if value}


@dataclass(frozen=True)
class Row:
    """A case in a list, and by when a sign of life is expected, or in quarantine a look."""

    case: Case
    by_when: datetime | None


@dataclass(frozen=True)
class Section:
    """One list: its name in an address, its rows, and where its next page begins."""

    name: str
    rows: list[Row]
    after: Place | None


def sections(person: Person, asked: Asked, now: datetime, within: int) -> list[Section]:
    """The lists that were asked for; raises ``UnknownFilter``.

    A sign of life is expected ``within`` so many working days.
    """
    wanted, after = _wanted(person, asked, now), _place(asked)
    stages = _stages(person, asked)
    return [_section(stage, page(stage, wanted, after), within) for stage in stages]


def tasks_soon(person: Person, now: datetime) -> list[work.Task]:
    """The tasks that are due within a week, the first due first."""
    until = (now.astimezone(HERE) + _SOON).date()
    return work.due(person.regions, until, _TASKS)


def stuck_besides(person: Person) -> list[Trace]:
    """Letters about no case that reach nobody, for who is to look after them."""
    national = person.role is StaffRole.NATIONAL_DESK
    return tracing.stuck_besides(is_reference, _TASKS) if national else []


def regions_of(person: Person) -> dict[str, str]:
    """The regions whose cases this person sees: name by key."""
    everywhere = {**region_names(), NATIONAL: national_desk().function}
    return {key: name for key, name in everywhere.items() if person.sees(key)}


def options() -> dict[str, list[tuple[str, str]]]:
    """What can be filtered on, but for the regions."""
    running = [(s.value, wording.STATES[s]) for s in Status if s not in ENDED]
    ended = [(s.value, wording.STATES[s]) for s in Status if s in ENDED]
    return {
        "state": [("", "alles wat loopt"), *running, ("ended", "alles wat voorbij is"), *ended],
        "kind": [("", "alle soorten"), *wording.KINDS.items()],
        "age": [("", "alle"), *wording.AGES.items()],
    }


def _section(stage: Stage, found: Page, within: int) -> Section:
    expected = {Stage.QUARANTINED: QUARANTINE, Stage.AWAITING: within}.get(stage)
    rows = [
        Row(case, add_workdays(case.idle_since, expected) if expected else None)
        for case in found.cases
    ]
    return Section(stage.name.lower(), rows, found.after)


def _looks_first(person: Person) -> bool:
    """Whether what is in quarantine is theirs to look at."""
    return person.role is StaffRole.NATIONAL_DESK


def _stages(person: Person, asked: Asked) -> list[Stage]:
    ends = asked.state == "ended" or (bool(asked.state) and asked.state in ENDED)
    running = [Stage.QUARANTINED] if _looks_first(person) else []
    running += [Stage.AWAITING, Stage.UNDER_WAY]
    open_to = [Stage.ENDED] if ends else running
    if not asked.list:
        return open_to
    stage = _LISTS.get(asked.list)
    if stage not in open_to:
        raise UnknownFilter(asked.list)
    return [stage]


def _wanted(person: Person, asked: Asked, now: datetime) -> Wanted:
    if asked.region and asked.region not in regions_of(person):
        raise UnknownFilter(asked.region)
    regions = frozenset({asked.region}) if asked.region else person.regions
    try:
        at_least, less_than = _AGES[asked.age] if asked.age else (None, None)
        return Wanted(
            regions=regions,
            status=Status(asked.state) if asked.state not in {"", "ended"} else None,
            kind=Kind(asked.kind) if asked.kind else None,
            since=now - less_than if less_than else None,
            before=now - at_least if at_least else None,
            doubted=_looks_first(person),
        )
    except (KeyError, ValueError):
        raise UnknownFilter(str(asked)) from None


def _place(asked: Asked) -> Place | None:
    if not asked.after:
        return None
    try:
        # Without a list it would be a place in each.
        if not asked.list:
            raise ValueError
        return Place.read(asked.after)
    except ValueError:
        raise UnknownFilter(asked.after) from None
