"""The requester's own door: who may come in, and what they can do there to their own case."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from portal.address import plain_address
from portal.cases import conference, life, register
from portal.cases.case import Contact, Happening, Intent, Role, Stage, Status
from portal.cases.reference import read_reference
from portal.cases.register import Case, Event
from portal.config import Config
from portal.database import transaction
from portal.delivery.letters import compose, to_one_reader
from portal.delivery.outbox import post
from portal.delivery.tracing import arrived_at, letters_about
from portal.intake import accept
from portal.organisation import organisation
from portal.web import quota, tokens

# Mail servers that do not know us yet let a letter wait a quarter of an hour or so; what is
# left must be enough to read it in. Longer would only help whoever finds the mailbox open.
LINK_LIFETIME = timedelta(minutes=30)
# However busy its visitor is: the next one at a shared computer must not find it open.
VISIT_LIFETIME = timedelta(minutes=60)

# To one address (UX, letters).
_LINKS_A_DAY = 3
# With one reference. A phone number has some 27 bits, so who found a reference on paper must not
# be able to try them all.
_TRIES_A_DAY = 10
# To one address that was replaced, so that going to and fro fills nobody's mailbox.
_REPLACED_A_DAY = 1
_WEEK = 7  # days

# From a commit until a mail server took the letter, on an ordinary day.
_LETTER_TAKES = timedelta(minutes=1)

# A letter about all the cases of an address; their references would say how many there are.
_NO_CASE = "own-door"


class _Nobody(Exception):
    """No case has this address, so that its letter is taken back."""


def send_link(address: str, now: datetime, config: Config) -> None:
    """Mail a link to an address that some case has; an address that none has costs the same work.

    Either way the same is counted, made, sealed and written, statement by statement. Only at the
    end is the letter kept or, where nobody asked for anything, rolled back. The token stays: its
    secret was in that letter alone. Within the quota; what is refused is refused in silence.
    """
    address = plain_address(address)
    with transaction():
        if not _is_free(quota.Purpose.LINK, address, now, _LINKS_A_DAY):
            return
        hashed = register.email_hash(address)
        secret = tokens.issue(tokens.Purpose.OWN_DOOR, hashed, now, LINK_LIFETIME)
        try:
            with transaction():
                _write_link(address, secret, now, config)
                if not register.sent_from(hashed):
                    raise _Nobody
        except _Nobody:
            pass


def link_holds(secret: str, now: datetime) -> bool:
    """Whether a link can still be used; looking changes nothing."""
    return tokens.look(tokens.Purpose.OWN_DOOR, secret, now) is not None


def enter_by_link(secret: str, earlier: str, now: datetime) -> str | None:
    """Use a link up and begin a visit to all cases of its address; gives the visit's secret.

    It takes the place of the ``earlier`` visit of the same browser, if there was one.
    """
    with transaction():
        hashed = tokens.consume(tokens.Purpose.OWN_DOOR, secret, now)
        references = register.sent_from(hashed) if hashed else []
        return _begin_visit(references, earlier, now) if references else None


def enter_by_phone(phone: str, reference: str, earlier: str, now: datetime) -> str | None:
    """Begin a visit to the one case with this reference and number; gives the visit's secret.

    None, after the same statements, where there is no such case, where the number is another, and
    where this reference was tried too often today. ``earlier`` is as with a link.
    """
    known = read_reference(reference) or ""
    with transaction():
        free = _is_free(quota.Purpose.TRY, known, now, _TRIES_A_DAY)
        if not register.is_reached_at(known, phone) or not free:
            return None
        return _begin_visit([known], earlier, now)


def visited(visit: str, now: datetime) -> list[str]:
    """The references of the cases that a visit is to; none when it is over."""
    return (tokens.look(tokens.Purpose.VISIT, visit, now) or "").split()


def leave(visit: str, now: datetime) -> None:
    """End a visit at once, wherever its secret has got to."""
    tokens.consume(tokens.Purpose.VISIT, visit, now)


def add(case: Case, text: str, now: datetime, config: Config) -> None:
    """Add a text to a case and tell its manager; the same text twice is added once.

    Raises ``register.Closed``.
    """
    with transaction():
        case = register.still_open(case)
        accept.add(case, accept.submission_of(case, (("addition", (text,)),)), now, config)


def correct(case: Case, contact: Contact, now: datetime, config: Config) -> None:
    """Change contact data and tell the manager, unless nothing is different.

    The address that was replaced is told that it was: it may not have been its owner's doing.
    Raises ``register.Closed``.
    """
    with transaction():
        before: str = register.still_open(case).email
        changed = register.correct(case, contact, now)
        if changed:
            accept.write_to_manager("corrected", changed, now, config)
            if before and register.email_hash(before) != changed.email_hash:
                _tell_old_address(changed, before, now, config)


def withdraw(case: Case, now: datetime, config: Config) -> None:
    """Withdraw a case and tell the manager; a second time does nothing."""
    try:
        with transaction():
            register.withdraw(case, now)
            accept.write_to_manager("withdrawn", case, now, config)
    except register.Closed:
        pass


def decides_on_contact(case: Case) -> bool:
    """Whether contact three months after the conference is still to be agreed to or refused."""
    gone = case.status in life.ENDED - {Status.CLOSED}
    return conference.has_contact_afterwards(case) and not gone


def decide_on_contact(case: Case, now: datetime, *, given: bool) -> None:
    """Keep whether there may be contact three months after the conference, from now on.

    Raises ``register.Closed`` where there is nothing to decide.
    """
    with transaction():
        current = register.find(case.reference)
        if current is None or not decides_on_contact(current):
            raise register.Closed(case.reference)
        conference.note_consent(current, register.REQUESTER, now, given=given)


def day_to_come(case: Case) -> datetime | None:
    """When the conference is; None unless that is planned, and for who proposed it for others.

    Those it is about decide who comes, and so who knows when.
    """
    planned = case.status is Status.PLANNED and case.intent is Intent.REQUEST
    return conference.of(case).starts_at if planned else None


def told(events: Iterable[Event]) -> list[Event]:
    """What befell a case, without what would tell a spammer that it was doubted."""
    return [event for event in events if event.what is not Happening.LET_THROUGH]


def delivered_at(case: Case, now: datetime) -> datetime | None:
    """When word of a case reached whoever is to look at it next; None before that.

    As far as mail servers tell: they took a letter, and nobody says that it was read. What is in
    quarantine is seen at the national desk at once; it is told as late as if a letter had gone.
    """
    if case.stage is Stage.QUARANTINED:
        seen = case.idle_since + _LETTER_TAKES
        return seen if seen <= now else None
    letters = ("intake", "moved_to_you", "returned")
    return arrived_at(case.reference, letters, since=case.idle_since)


def _is_free(purpose: quota.Purpose, whose: str, now: datetime, a_day: int) -> bool:
    return quota.take(purpose, whose, now, a_day=a_day, a_week=a_day * _WEEK)


def _begin_visit(references: list[str], earlier: str, now: datetime) -> str:
    leave(earlier, now)
    # Fixed here: who corrects an address stays with the case, and comes no nearer to those that
    # the new address has.
    return tokens.issue(tokens.Purpose.VISIT, " ".join(references), now, VISIT_LIFETIME)


def _write_link(address: str, secret: str, now: datetime, config: Config) -> None:
    door = f"{config.base_url}/mijn-aanvraag/"
    text = compose(
        "link",
        link=f"{door}link/{secret}/",
        door=door,
        minutes=LINK_LIFETIME // timedelta(minutes=1),
        organisation=organisation(),
    )
    # Nobody else may come in.
    envelope = to_one_reader(address, _NO_CASE)
    post("link", text, envelope, now, config.mail_sender)


def _tell_old_address(case: Case, address: str, now: datetime, config: Config) -> None:
    """Say that it was replaced, by what not, and how to object; within the quota.

    An address that took no letter is told nothing: it was wrong, which is why it was replaced.
    """
    came_back = any(
        letter.recipient == address and letter.came_back for letter in letters_about(case.reference)
    )
    plain = plain_address(address)
    if came_back or not _is_free(quota.Purpose.OLD_ADDRESS, plain, now, _REPLACED_A_DAY):
        return
    text = compose(
        "address_changed",
        reference=case.reference,
        pupil=case.role is Role.PUPIL,
        proposal=case.intent is Intent.PROPOSAL,
        organisation=organisation(),
    )
    # Nobody else may read who asked for what.
    envelope = to_one_reader(address, case.reference)
    post("address_changed", text, envelope, now, config.mail_sender)
