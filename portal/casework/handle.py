"""What can be done to a case at the desk: each verb is one transaction, by one person.

Whoever may not see a case cannot do anything to it either, whatever a page let slip. A verb gives
True where it changed something, and False where it had been done before: twice is once.
"""

from collections.abc import Callable
from datetime import datetime

from portal.cases import progress, register, work
from portal.cases.case import Stage, Status
from portal.cases.progress import NotAllowed
from portal.cases.reference import is_reference
from portal.cases.register import By, Case
from portal.cases.work import Errand
from portal.casework import letters
from portal.casework.people import Person, StaffRole
from portal.config import Config
from portal.database import transaction
from portal.delivery import tracing
from portal.routing.regions import managers, national_desk, region_names
from portal.routing.rules import NATIONAL
from portal.web import wording
from portal.workdays import day_of, months_after

# Writes all letters about a case that was let out of quarantine, in the caller's transaction.
Announce = Callable[[Case, datetime], None]


class NotTheirs(Exception):
    """There is no such case, letter or task, or it is not this person's: told apart for nobody."""


def theirs(person: Person, reference: str) -> Case:
    """The case with this reference; raises ``NotTheirs``.

    What nobody let out of quarantine is the national desk's alone.
    """
    case = register.find(reference)
    if case is None or not person.sees(case.region):
        raise NotTheirs(reference)
    if case.doubts and person.role is not StaffRole.NATIONAL_DESK:
        raise NotTheirs(reference)
    return case


def by(person: Person) -> By:
    """Who did it, and by what name people know what they are."""
    if person.role is StaffRole.NATIONAL_DESK:
        return By(person.key, national_desk().function)
    return By(person.key, managers().get(person.manager or "", person.name))


def let_through(person: Person, reference: str, now: datetime, announce: Announce) -> bool:
    """Let a case out of quarantine, with all its letters; raises ``NotAllowed`` after its end."""
    with transaction():
        case = _looked_at(person, reference)
        let = progress.let_through(case, by(person), _why(case), now)
        if let:
            announce(case, now)
        return let


def refuse(person: Person, reference: str, now: datetime) -> bool:
    """End a case in quarantine; raises ``NotAllowed`` where it is no longer there."""
    with transaction():
        case = _looked_at(person, reference)
        return progress.refuse(case, by(person), f"Geen echte aanvraag. {_why(case)}", now)


def _looked_at(person: Person, reference: str) -> Case:
    if person.role is not StaffRole.NATIONAL_DESK:
        raise NotTheirs(reference)
    return theirs(person, reference)


def _why(case: Case) -> str:
    return " ".join(f"{wording.DOUBTS[doubt]}." for doubt in register.doubts_of(case))


def acknowledge(person: Person, reference: str, now: datetime) -> bool:
    """Give the first sign of life."""
    with transaction():
        return progress.acknowledge(theirs(person, reference), by(person), now)


def move(
    person: Person, reference: str, to: Status, *, seen: str, reason: str, now: datetime
) -> bool:
    """Let a case come to another status. ``seen`` is the one that was on the page.

    Raises ``NotAllowed`` where the case's life does not lead there, or went on since the page was
    shown: what was right for what stood there may be wrong now.
    """
    with transaction():
        case = theirs(person, reference)
        if case.status not in {to, seen}:
            raise NotAllowed(f"{seen} is no longer true")
        return progress.move(case, to, by(person), reason, now)


def note(person: Person, reference: str, text: str, form_key: str, now: datetime) -> bool:
    """Keep a note about a case."""
    with transaction():
        case = theirs(person, reference)
        kept = work.write_note(case, text, form_key, by(person), now)
        if kept:
            progress.touch(case, now)
        return kept


def task(person: Person, reference: str, wanted: work.Wanted, form_key: str, now: datetime) -> bool:
    """Keep a task for a case."""
    with transaction():
        case = theirs(person, reference)
        kept = work.set_task(case, wanted, form_key=form_key, by=by(person), now=now)
        if kept:
            progress.touch(case, now)
        return kept


def inform(person: Person, reference: str, now: datetime) -> bool:
    """Add the task to tell a third person what we hold about them, unless it is still to be done.

    A month after the data came in at the latest (AVG, article 14, paragraph 3), which is taken to
    be when the requester last told something; where that is past, at once.
    """
    with transaction():
        case = theirs(person, reference)
        if any(t.errand is Errand.INFORM and t.done_at is None for t in work.tasks(case)):
            return False
        told = day_of(case.heard_at or case.received_at)
        due_on = max(months_after(told, 1), day_of(now))
        wanted = work.Wanted(wording.INFORM, due_on, Errand.INFORM)
        work.set_task(case, wanted, form_key=now.isoformat(), by=by(person), now=now)
        progress.touch(case, now)
        return True


def done(person: Person, reference: str, task_id: str, now: datetime) -> bool:
    """Write down that a task is done."""
    with transaction():
        case = theirs(person, reference)
        found = work.task_of(case, task_id)
        if found is None:
            raise NotTheirs(task_id)
        finished = work.finish(found, by(person), now)
        if finished:
            progress.touch(case, now)
        return finished


def pass_on(
    person: Person, reference: str, region: str, *, reason: str, now: datetime, config: Config
) -> bool:
    """Give a case to another region or to the national desk, and tell who has it now.

    Raises ``NotAllowed`` where that is no region, or the case has ended.
    """
    with transaction():
        if passed_on_already(person, reference, region):
            return False
        case = theirs(person, reference)
        if region not in {NATIONAL, *region_names()}:
            raise NotAllowed(f"no region {region}")
        progress.pass_on(case, region, by(person), reason, now)
        letters.tell_who_has_it_now(case, now, config)
        letters.tell_requester_who_has_it(case, now, config)
        return True


def passed_on_already(person: Person, reference: str, region: str) -> bool:
    """Whether this person did just that: the second of two clicks finds the case out of sight."""
    case = register.find(reference)
    return case is not None and progress.was_just_passed_on(case, region, by(person))


def reopen(person: Person, reference: str, reason: str, now: datetime, config: Config) -> bool:
    """Take back an end that the desk made, and tell whoever answers for the region.

    What goes back into quarantine is told when it leaves that.

    Only the national desk can: an ended case is forgotten on its term, and who puts that off is
    somebody else than who ended it. Raises ``NotAllowed``.
    """
    if person.role is not StaffRole.NATIONAL_DESK:
        raise NotTheirs(reference)
    with transaction():
        case = theirs(person, reference)
        if case.stage is not Stage.ENDED:
            return False
        progress.reopen(case, by(person), reason, now)
        if not case.doubts:
            letters.tell_who_has_it_now(case, now, config)
        return True


def resend(person: Person, reference: str, letter_id: str, now: datetime) -> bool:
    """Send a letter about a case once more, if it is held up.

    One to the requester goes to the address that they have now: a letter is mostly held up because
    the address was wrong, and was corrected since.
    """
    with transaction():
        address = letters.address_of(theirs(person, reference))
        present = dict.fromkeys(letters.TO_REQUESTER, address) if address else {}
        sent = tracing.resend(reference, letter_id, now, present)
        if sent is None:
            raise NotTheirs(letter_id)
        return sent


def set_aside(person: Person, reference: str, letter_id: str, now: datetime) -> bool:
    """Decide that nobody needs a stuck letter any more.

    It befalls the letter and not the case: what is only tidied up puts off no end of a case.
    """
    with transaction():
        theirs(person, reference)
        aside = tracing.set_aside(reference, letter_id, by(person).function, now)
        if aside is None:
            raise NotTheirs(letter_id)
        return aside


def set_aside_besides(person: Person, letter_id: str, now: datetime) -> bool:
    """Decide that nobody needs a stuck letter any more that is about no case.

    That is the national desk's alone: such a letter belongs to no region.
    """
    with transaction():
        about = tracing.about(letter_id)
        national = person.role is StaffRole.NATIONAL_DESK
        if not national or about is None or is_reference(about):
            raise NotTheirs(letter_id)
        return bool(tracing.set_aside(about, letter_id, by(person).function, now))
