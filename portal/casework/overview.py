"""What a morning's overview says: part by part, so that one that fails costs none of the others."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from portal.cases import keeping, work
from portal.cases.case import Stage
from portal.cases.register import Case, find_all
from portal.casework.chase import resting
from portal.config import Config
from portal.database import connection
from portal.delivery.forgetting import unsent_about
from portal.delivery.letters import Text, compose, render
from portal.delivery.outbox import held, stuck_about
from portal.organisation import organisation
from portal.routing.regions import Destination, regions_of, who_answers
from portal.routing.rules import NATIONAL
from portal.web import times
from portal.workdays import QUARANTINE, add_workdays, day_of, last_day

log = logging.getLogger(__name__)

# Of each kind; more than that is read at the desk.
_MOST = 20


@dataclass(frozen=True)
class Reader:
    """Somebody who gets an overview, and of which regions; None stands for all."""

    to: Destination
    regions: frozenset[str] | None

    @property
    def key(self) -> str:
        """Under which it is kept that they had it."""
        return self.to.manager or NATIONAL


@dataclass(frozen=True)
class Morning:
    """When overviews are made, with what, and what the regions are called, by their keys."""

    now: datetime
    config: Config
    names: Mapping[str, str]

    @property
    def today(self) -> date:
        """The day in the Netherlands."""
        return day_of(self.now)


@dataclass(frozen=True)
class Part:
    """A part of the overview: a heading, what to list, and whether only the national desk reads it.

    Its name is that of the template in which a list of things is put into words.
    """

    name: str
    heading: str
    find: Callable[[Reader, Morning], list[Any]]
    national: bool = False


@dataclass(frozen=True)
class Made:
    """A part as it turned out: how many things, and in what words; no words where it failed."""

    heading: str
    number: int
    words: str | None
    more: bool = False


def text(reader: Reader, morning: Morning) -> Text:
    """The overview for one reader; a part that cannot be made says so in its place."""
    parts = [part for part in PARTS if reader.regions is None or not part.national]
    made = [_make(part, reader, morning) for part in parts]
    return compose(
        "digest",
        function=reader.to.function,
        day=times.weekday(morning.today),
        parts=[part for part in made if part.number or part.words is None],
        number=sum(part.number for part in made),
        more=any(part.more for part in made),
        failed=any(part.words is None for part in made),
        stands_in=_stands_in(reader, morning),
        desk=f"{morning.config.base_url}/beheer/",
        organisation=organisation(),
    )


def _make(part: Part, reader: Reader, morning: Morning) -> Made:
    try:
        found = part.find(reader, morning)
        listed, more = found[:_MOST], len(found) > _MOST
        case = f"{morning.config.base_url}/beheer/zaak/"
        words = render(f"digest/{part.name}.txt", found=listed, more=more, case=case)
        return Made(part.heading, len(listed), words.strip("\n"), more)
    except Exception as fault:  # noqa: BLE001 - one part that fails must not cost the others
        log.error("no part '%s' for %s: %s", part.name, reader.key, type(fault).__name__)
        return Made(part.heading, 0, None)


def _stands_in(reader: Reader, morning: Morning) -> list[str]:
    """Names of the regions that a manager answers for in place of another."""
    if reader.regions is None or reader.to.manager is None:
        return []
    others = reader.regions - regions_of(reader.to.manager)
    return sorted(morning.names[key] for key in others)


@dataclass(frozen=True)
class Waiting:
    """A case without a sign of life, or a look: in which region, and by which day one is due."""

    reference: str
    region: str
    until: str
    late: bool


def _waiting(reader: Reader, morning: Morning) -> list[Waiting]:
    within = morning.config.remind_after
    return [_as_waiting(case, within, morning) for case in _longest(Stage.AWAITING, reader)]


def _quarantined(reader: Reader, morning: Morning) -> list[Waiting]:
    """Cases that leave quarantine by themselves unless somebody looks."""
    return [_as_waiting(case, QUARANTINE, morning) for case in _longest(Stage.QUARANTINED, reader)]


def _longest(stage: Stage, reader: Reader) -> list[Case]:
    wanted = Case.stage == stage
    if reader.regions is not None:
        wanted &= Case.region.in_(list(reader.regions))
    with connection():
        found = Case.select(Case.reference, Case.region, Case.idle_since).where(wanted)
        return list(found.order_by(Case.idle_since, Case.id).limit(_MOST + 1))


def _as_waiting(case: Case, within: int, morning: Morning) -> Waiting:
    until = last_day(add_workdays(case.idle_since, within))
    region = morning.names.get(case.region, morning.names[NATIONAL])
    return Waiting(case.reference, region, times.weekday(until), until < morning.today)


@dataclass(frozen=True)
class Due:
    """A task: about which case and by which day; not a word of what is to be done."""

    reference: str
    until: str
    late: bool


def _tasks(reader: Reader, morning: Morning) -> list[Due]:
    with connection():
        found = work.due(reader.regions, morning.today, _MOST + 1)
    return [
        Due(task.case.reference, times.weekday(task.due_on), task.due_on < morning.today)
        for task in found
    ]


def _resting(reader: Reader, morning: Morning) -> list[str]:
    return resting(morning.now, reader.regions, _MOST + 1)


def _stuck(_reader: Reader, _morning: Morning) -> list[str]:
    return stuck_about(_MOST + 1)


def _held(_reader: Reader, morning: Morning) -> list[str]:
    """References of cases whose time is over, held by a letter."""
    with connection():
        found = find_all(unsent_about())
        return sorted(case.reference for case in found if keeping.is_past(case, morning.now))


def _restored(_reader: Reader, _morning: Morning) -> list[int]:
    """How many letters are held since a restore, if any are."""
    number = held().number
    return [number] if number else []


def _without_manager(_reader: Reader, morning: Morning) -> list[str]:
    return [to.region_name for to in who_answers(morning.today).values() if to.national]


PARTS = (
    Part("quarantine", "Wacht op een blik: echt of niet?", _quarantined, national=True),
    Part("waiting", "Wacht op een eerste reactie", _waiting),
    Part("tasks", "Taken voor vandaag of eerder", _tasks),
    Part("resting", "Twee weken niets gebeurd", _resting),
    Part("stuck", "Brieven die bij niemand aankomen", _stuck, national=True),
    Part("held", "Niet gewist, want een brief is niet verstuurd", _held, national=True),
    Part(
        "restored",
        "Brieven die wachten na het terugzetten van een reservekopie",
        _restored,
        national=True,
    ),
    Part("regions", "Regio’s zonder iemand die antwoordt", _without_manager, national=True),
)
