"""The register: every case that was acknowledged, and what befell it."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from peewee import BooleanField, CharField, ForeignKeyField, IntegerField, IntegrityError, fn

from portal.cases.case import (
    Answers,
    Contact,
    Doubt,
    Happening,
    Intent,
    Kind,
    Role,
    Stage,
    Status,
    Submission,
)
from portal.cases.contact import same_mailbox, same_number
from portal.cases.reference import new_reference
from portal.database import Moment, Sealed, Table, Word, connection, keyring, transaction
from portal.failpoints import failpoint


@dataclass(frozen=True)
class By:
    """Who did something at the desk: ``key`` names the person, ``function`` is what people read.

    The function is kept as it was then, so that history stays true when people come and go.
    """

    key: str
    function: str


REQUESTER = By("", "")

_BETWEEN_DOUBTS = "; "


class Case(Table):
    """One request or proposal. Region and reference travel by value, so a new map changes none.

    ``idle_since`` is since when nobody at the desk did anything with it: while a sign of life is
    awaited, since when it is. ``heard_at`` is when its requester last added or corrected something.
    ``heard_after`` and ``in_time`` are about the first sign of life, as a ``Tombstone`` keeps them.
    ``doubts`` is empty unless a person may not have sent it and nobody let it through: until then
    no manager hears of it and nothing counts it, also when it has ended.
    """

    reference = CharField(max_length=20, unique=True)
    form_key = CharField(max_length=64, unique=True)
    fingerprint = CharField(max_length=64)
    kind = Word(Kind)
    intent = Word(Intent)
    role = Word(Role)
    status = Word(Status)
    stage = Word(Stage)
    region = CharField(max_length=40)
    postcode = CharField(max_length=4)
    received_at = Moment()
    idle_since = Moment()
    heard_at = Moment(null=True)
    heard_after = IntegerField(null=True)
    in_time = BooleanField(null=True)
    doubts = CharField(max_length=200, default="")
    municipality = Sealed()  # as typed, where no map knows it
    name = Sealed()
    email = Sealed()
    phone = Sealed()
    answers = Sealed()
    # By these alone a case is found again by its requester; empty where there is none.
    email_hash = CharField(max_length=64, index=True)
    phone_hash = CharField(max_length=64, index=True)

    class Meta:
        indexes = (
            # The desk's lists, in their order; the id makes it the same at every look.
            (("stage", "idle_since", "id"), False),
            (("region", "stage", "idle_since", "id"), False),
            # What came in within a period, to be counted.
            (("received_at",), False),
            # A state that hardly anybody is in would else be looked for in all the others.
            (("status", "stage", "idle_since", "id"), False),
            (("region", "status", "stage", "idle_since", "id"), False),
        )


class Addition(Table):
    """What was sent later to add to a case; the same text is added once."""

    case = ForeignKeyField(Case, backref="additions", on_delete="CASCADE")
    fingerprint = CharField(max_length=64)
    added_at = Moment()
    content = Sealed()

    class Meta:
        indexes = ((("case", "fingerprint"), True),)


class Event(Table):
    """One thing that befell a case; events are only ever appended.

    ``by`` is empty where the requester did it. ``status`` is what the case came to, ``region``
    where it was passed on to; both are None where the event changed neither.
    """

    case = ForeignKeyField(Case, backref="events", on_delete="CASCADE")
    what = Word(Happening)
    at = Moment()
    by = CharField(max_length=80)
    function = CharField(max_length=200)
    status = Word(Status, null=True)
    region = CharField(max_length=40, null=True)
    reason = Sealed(null=True)

    class Meta:
        # Which cases came to something within a period.
        indexes = ((("status", "at"), False),)


class AlreadyReceived(Exception):
    """This form, or this addition, was taken in before; ``case`` is where it went."""

    def __init__(self, case: Case) -> None:
        super().__init__(case.reference)
        self.case = case


class Closed(Exception):
    """The case has ended, or is no longer there: its requester can do nothing more to it."""


def find(reference: str) -> Case | None:
    """The case with this reference, or None."""
    return Case.one(reference=reference)


def find_all(references: Sequence[str]) -> list[Case]:
    """The cases with these references, the newest first; what is not there is passed over."""
    found = Case.select().where(Case.reference.in_(references))
    return list(found.order_by(Case.received_at.desc()))


def email_hash(address: str) -> str:
    """What a case keeps to be found by its requester's address; empty without one."""
    return keyring().digest(same_mailbox(address), "case email") if address else ""


def phone_hash(phone: str) -> str:
    """What a case keeps to be found by its requester's phone number; empty without one."""
    return keyring().digest(same_number(phone), "case phone") if phone else ""


def sent_from(email_hash: str) -> list[str]:
    """The references of the cases that have this address now."""
    if not email_hash:
        return []
    found = Case.select(Case.reference).where(Case.email_hash == email_hash)
    return [case.reference for case in found]


def is_reached_at(reference: str, phone: str) -> bool:
    """Whether there is a case with this reference and this phone number, in any spelling."""
    hashed = phone_hash(phone)
    both = (Case.reference == reference) & (Case.phone_hash == hashed)
    return bool(hashed) and bool(Case.select().where(both).exists())


def history(case: Case) -> list[Event]:
    """What befell a case, from the beginning."""
    return list(Event.select().where(Event.case == case).order_by(Event.at))


def sent_with(form_key: str) -> Case | None:
    """The case that came in with this form, or None."""
    return Case.one(form_key=form_key)


def holds(case: Case, submission: Submission) -> bool:
    """Whether the case, or an addition to it, is exactly this submission."""
    fingerprint = _fingerprint(submission)
    if case.fingerprint == fingerprint:
        return True
    same = (Addition.case == case) & (Addition.fingerprint == fingerprint)
    return bool(Addition.select().where(same).exists())


def new_case(
    submission: Submission, region: str, postcode: str, municipality: str, now: datetime
) -> Case:
    """What ``receive`` writes, sealed; ``postcode`` has four digits or is empty."""
    return Case(
        reference=new_reference(),
        form_key=submission.form_key,
        fingerprint=_fingerprint(submission),
        kind=submission.kind,
        intent=submission.intent,
        role=submission.role,
        status=Status.RECEIVED,
        stage=Stage.AWAITING,
        region=region,
        postcode=postcode,
        municipality=municipality,
        received_at=now,
        idle_since=now,
        name=submission.name,
        email=submission.email,
        phone=submission.phone,
        answers=json.dumps(submission.answers),
        email_hash=email_hash(submission.email),
        phone_hash=phone_hash(submission.phone),
    )


def receive(case: Case, doubts: Iterable[Doubt] = ()) -> None:
    """Write a new case and its first event, as part of the caller's transaction.

    With ``doubts`` it goes into quarantine. Raises ``AlreadyReceived``.
    """
    case.doubts = _BETWEEN_DOUBTS.join(doubts)
    if case.doubts:
        case.stage = Stage.QUARANTINED
    try:
        # A transaction within one is a savepoint: a refused row leaves the outer one sound.
        with transaction():
            case.save(force_insert=True)
        failpoint("receive: case written")
    except IntegrityError:
        if earlier := sent_with(case.form_key):
            raise AlreadyReceived(earlier) from None
        raise
    record(case, Happening.RECEIVED, case.received_at, status=Status.RECEIVED)
    failpoint("receive: event written")


def record(
    case: Case,
    what: Happening,
    now: datetime,
    by: By = REQUESTER,
    *,
    status: Status | None = None,
    region: str | None = None,
    reason: str = "",
) -> None:
    """Append an event to a case, in the caller's transaction."""
    Event.create(
        case=case,
        what=what,
        at=now,
        by=by.key,
        function=by.function,
        status=status,
        region=region,
        reason=reason or None,
    )


def add(case: Case, submission: Submission, now: datetime) -> None:
    """Keep a further submission with a case, in the caller's transaction.

    Raises ``AlreadyReceived`` where the case holds it already.
    """
    if holds(case, submission):
        raise AlreadyReceived(case)
    Addition.create(
        case=case,
        fingerprint=_fingerprint(submission),
        added_at=now,
        content=submission.canonical(),
    )
    # This column alone: the caller's case may be older than what others have changed since.
    Case.update(heard_at=now).where(Case.id == case.id).execute()
    record(case, Happening.ADDED_TO, now)


def still_open(case: Case) -> Case:
    """The case as it is now, in the caller's transaction; raises ``Closed``."""
    now = Case.one(id=case.id)
    if now is None or now.stage is Stage.ENDED:
        raise Closed(case.reference)
    return now


def correct(case: Case, contact: Contact, now: datetime) -> Case | None:
    """Change contact data in the caller's transaction; None where nothing is different.

    Raises ``Closed``.
    """
    case = still_open(case)
    told = {name: text for name, text in asdict(contact).items() if text}
    if all(getattr(case, name) == text for name, text in told.items()):
        return None
    for name, text in told.items():
        setattr(case, name, text)
    case.email_hash, case.phone_hash = email_hash(case.email), phone_hash(case.phone)
    case.heard_at = now
    case.save()
    record(case, Happening.CORRECTED, now)
    return case


def doubts_of(case: Case) -> list[Doubt]:
    """Why it is doubted that a person sent it; nothing once it was let through."""
    return [Doubt(word) for word in case.doubts.split(_BETWEEN_DOUBTS) if word]


def is_doubted(case: Case) -> bool:
    """Whether nobody let it through yet, as it is now, in the caller's transaction."""
    doubted = (Case.id == case.id) & (Case.doubts != "")
    return bool(Case.select().where(doubted).exists())


def withdraw(case: Case, now: datetime) -> None:
    """End a case at its requester's word, in the caller's transaction; raises ``Closed``."""
    case = still_open(case)
    case.status, case.stage, case.idle_since = Status.WITHDRAWN, Stage.ENDED, now
    case.save()
    record(case, Happening.WITHDRAWN, now, status=Status.WITHDRAWN)


def answers_of(case: Case) -> Answers:
    """The optional answers of a case, by field name, in the order of the form."""
    return _answers(_parsed(case.answers, _unread(case.answers)))


def answer_of(case: Case, name: str) -> str:
    """The answer to one optional question of a case, or the first of several; empty without."""
    return next((values[0] for asked, values in answers_of(case) if asked == name), "")


@dataclass(frozen=True, repr=False)  # what it says must not end up in a log
class Added:
    """What was sent later: when, by whom as they called themselves then, and what it says."""

    at: datetime
    name: str
    email: str
    phone: str
    answers: Answers


def additions(case: Case) -> list[Added]:
    """What was added to a case, the oldest first."""
    rows = Addition.select().where(Addition.case == case).order_by(Addition.added_at)
    return [_added(row) for row in rows]


def open_cases() -> Counter[str]:
    """How many cases of each region have not ended, by the region's key."""
    counted = Case.select(Case.region, fn.COUNT(Case.id)).where(Case.stage != Stage.ENDED)
    with connection():
        return Counter(dict(counted.group_by(Case.region).tuples().iterator()))


def _added(row: Addition) -> Added:
    # In the order of Submission.canonical().
    said = _parsed(row.content, ["", "", "", _unread(row.content)])
    name, email, phone, answers = said[-4:]
    return Added(row.added_at, name, email, phone, _answers(answers))


def _parsed(text: str, otherwise: list[Any]) -> list[Any]:
    """What was stored; ``otherwise`` where words stand in the place of what does not open."""
    try:
        stored: list[Any] = json.loads(text)
    except ValueError:
        return otherwise
    return stored


def _unread(words: str) -> list[tuple[str, list[str]]]:
    # By the names of what a manager must not take for left open.
    return [(name, [words]) for name in ("they_know", "safety", "story")]


def _answers(stored: list[tuple[str, list[str]]]) -> Answers:
    return tuple((name, tuple(values)) for name, values in stored)


def _fingerprint(submission: Submission) -> str:
    return keyring().digest(submission.canonical(), "submission")
