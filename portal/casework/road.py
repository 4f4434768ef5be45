"""The road from the first talk to the plan: each part is kept in one transaction, with its letters.

As with all that is done at the desk, twice is once. ``seen`` is when the part had last changed as
the page was shown: what changed meanwhile is not overwritten unread.
"""

from collections.abc import Callable
from datetime import datetime

from portal.cases import conference, followup, progress, work
from portal.cases.case import Happening, Stage, Status
from portal.cases.conference import Agreed, Appointment, Conference, Coordinator, Outcome
from portal.cases.followup import Told
from portal.cases.progress import NotAllowed
from portal.cases.register import By, Case, history
from portal.cases.work import Errand
from portal.casework import road_letters
from portal.casework.handle import by, theirs
from portal.casework.letters import address_of
from portal.casework.people import Person
from portal.config import Config
from portal.database import transaction
from portal.delivery.tracing import was_written

Keep = Callable[[Case, By], bool]


def version(road: Conference) -> str:
    """When a road last changed, as a page keeps it to be compared later; empty for a new one."""
    return road.changed_at.isoformat() if road.changed_at else ""


def is_open(case: Case) -> bool:
    """Whether the road of a case can be written down: on the way, and once it was rounded off."""
    return case.stage is Stage.UNDER_WAY or case.status is Status.CLOSED


def agree(person: Person, reference: str, agreed: Agreed, *, seen: str, now: datetime) -> bool:
    """Keep what was agreed in the first talk."""
    return _keep(person, reference, seen, now, lambda c, who: conference.agree(c, agreed, who, now))


def appoint(
    person: Person,
    reference: str,
    coordinator: Coordinator,
    *,
    introduce: bool,
    seen: str,
    now: datetime,
    config: Config,
) -> bool:
    """Keep who coordinates. They are told the date, if there is one, and whom they will work for.

    Who coordinated until now is told that they need not come. With ``introduce`` the requester is
    told who it is, once for each coordinator.
    """

    def keep(case: Case, who: By) -> bool:
        before = conference.of(case)
        changed = conference.appoint_coordinator(case, coordinator, who, now)
        told = introduce and _introduce(case, now, config)
        if changed and before.starts_at:
            road_letters.tell_coordinator(case, now, config)
            # Another name at one address is a slip of the pen mended.
            if before.coordinator_email != coordinator.email and before.starts_at > now:
                road_letters.relieve_coordinator(case, before, now, config)
        return changed or told

    return _keep(person, reference, seen, now, keep)


def set_date(
    person: Person, reference: str, when: Appointment, *, seen: str, now: datetime, config: Config
) -> bool:
    """Keep when and where it is, tell the coordinator, and let the case be planned.

    A conference that was held comes back to that when its new date is still to come.
    """

    def keep(case: Case, who: By) -> bool:
        if not conference.set_date(case, when, who, now):
            return False
        if case.status is Status.HELD and when.starts_at > now:
            progress.move(case, Status.PLANNED, who, "", now)
        elif case.status is not Status.CLOSED:
            progress.reach(case, Status.PLANNED, who, now)
        road_letters.tell_coordinator(case, now, config)
        return True

    return _keep(person, reference, seen, now, keep)


def call_off(person: Person, reference: str, *, seen: str, now: datetime, config: Config) -> bool:
    """Take the date away, tell the coordinator, and look for another."""

    def keep(case: Case, who: By) -> bool:
        before = conference.of(case)
        if before.starts_at is None:
            return False
        road_letters.tell_coordinator_it_is_off(case, before, now, config)
        conference.call_off(case, who, now)
        if case.status is Status.PLANNED:
            progress.move(case, Status.COORDINATOR_SOUGHT, who, "", now)
        return True

    return _keep(person, reference, seen, now, keep)


def look_back(
    person: Person, reference: str, outcome: Outcome, *, seen: str, now: datetime
) -> bool:
    """Keep how it went; the conference was held then. Raises ``NotAllowed`` before its date."""

    def keep(case: Case, who: By) -> bool:
        starts_at = conference.of(case).starts_at
        if starts_at is None or starts_at > now:
            raise NotAllowed("a conference that was not held yet")
        changed = conference.look_back(case, outcome, who, now)
        held = case.status is not Status.CLOSED and progress.reach(case, Status.HELD, who, now)
        return changed or held

    return _keep(person, reference, seen, now, keep)


def note_consent(
    person: Person, reference: str, *, given: bool, seen: str | None, now: datetime
) -> bool:
    """Keep whether the requester agrees to contact three months after.

    Without ``seen`` it is kept whatever changed meanwhile. Raises ``NotAllowed`` where there is
    no such contact.
    """

    def keep(case: Case, who: By) -> bool:
        if not conference.has_contact_afterwards(case):
            raise NotAllowed("there is no contact afterwards")
        return conference.note_consent(case, who, now, given=given)

    return _keep(person, reference, seen, now, keep)


def answer(person: Person, reference: str, told: Told, now: datetime) -> bool:
    """Keep what a requester answers on the phone three months after; the task to call is done.

    Nothing about it is written with the case, as when they answer for themselves.
    """
    with transaction():
        case = theirs(person, reference)
        if not followup.answer(case, told, now):
            return False
        work.finish_errand(case, Errand.FOLLOW_UP, by(person), now)
        return True


def _keep(person: Person, reference: str, seen: str | None, now: datetime, keep: Keep) -> bool:
    with transaction():
        case = theirs(person, reference)
        if not is_open(case):
            raise NotAllowed("its road is not under way")
        before = version(conference.of(case))
        kept = keep(case, by(person))
        if kept and seen is not None and seen != before:
            # Out of the transaction, so that nothing of it is kept.
            raise NotAllowed("it changed meanwhile")
        if kept:
            progress.touch(case, now)
        return kept


def _introduce(case: Case, now: datetime, config: Config) -> bool:
    if not address_of(case):
        return False
    found = [e.at for e in history(case) if e.what is Happening.COORDINATOR_FOUND]
    if not found or was_written(case.reference, road_letters.INTRODUCTION, found[-1]):
        return False
    road_letters.introduce(case, now, config)
    return True
