"""The register: every case that was acknowledged, and what befell it."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from peewee import CharField, ForeignKeyField, IntegrityError

from portal.cases.case import (
    Answers,
    Contact,
    Happening,
    Intent,
    Kind,
    Role,
    Status,
    Submission,
)
from portal.cases.contact import same_mailbox, same_number
from portal.cases.reference import new_reference
from portal.database import Moment, Sealed, Table, Word, keyring, transaction


class Case(Table):
    """One request or proposal. Region and reference travel by value, so a new map changes none."""

    reference = CharField(max_length=20, unique=True)
    form_key = CharField(max_length=64, unique=True)
    fingerprint = CharField(max_length=64)
    kind = Word(Kind)
    intent = Word(Intent)
    role = Word(Role)
    status = Word(Status)
    region = CharField(max_length=40)
    postcode = CharField(max_length=4)
    received_at = Moment()
    municipality = Sealed()  # as typed, where no map knows it
    name = Sealed()
    email = Sealed()
    phone = Sealed()
    answers = Sealed()
    # By these alone a case is found again by its requester; empty where there is none.
    email_hash = CharField(max_length=64, index=True)
    phone_hash = CharField(max_length=64, index=True)

    class Meta:
        indexes = ((("region", "received_at"), False),)


class Addition(Table):
    """What was sent later to add to a case; the same text is added once."""

    case = ForeignKeyField(Case, backref="additions", on_delete="CASCADE")
    fingerprint = CharField(max_length=64)
    added_at = Moment()
    content = Sealed()

    class Meta:
        indexes = ((("case", "fingerprint"), True),)


class Event(Table):
    """One thing that befell a case; events are only ever appended."""

    case = ForeignKeyField(Case, backref="events", on_delete="CASCADE")
    what = Word(Happening)
    at = Moment()


class AlreadyReceived(Exception):
    """This form, or this addition, was taken in before; ``case`` is where it went."""

    def __init__(self, case: Case) -> None:
        super().__init__(case.reference)
        self.case = case


class Closed(Exception):
    """The case has been withdrawn, or is no longer there: nothing can be done to it."""


def find(reference: str) -> Case | None:
    """The case with this reference, or None."""
    return Case.get_or_none(Case.reference == reference)


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
    return Case.get_or_none(Case.form_key == form_key)


def holds(case: Case, submission: Submission) -> bool:
    """Whether the case, or an addition to it, is exactly this submission."""
    fingerprint = _fingerprint(submission)
    if case.fingerprint == fingerprint:
        return True
    same = (Addition.case == case) & (Addition.fingerprint == fingerprint)
    return bool(Addition.select().where(same).exists())


def receive(
    submission: Submission, region: str, postcode: str, municipality: str, now: datetime
) -> Case:
    """Write the case and its first event, as part of the caller's transaction.

    ``postcode`` has four digits or is empty. Raises ``AlreadyReceived``.
    """
    try:
        # A transaction within one is a savepoint: a refused row leaves the outer one sound.
        with transaction():
            case = Case.create(
                reference=new_reference(),
                form_key=submission.form_key,
                fingerprint=_fingerprint(submission),
                kind=submission.kind,
                intent=submission.intent,
                role=submission.role,
                status=Status.RECEIVED,
                region=region,
                postcode=postcode,
                municipality=municipality,
                received_at=now,
                name=submission.name,
                email=submission.email,
                phone=submission.phone,
                answers=json.dumps(submission.answers),
                email_hash=email_hash(submission.email),
                phone_hash=phone_hash(submission.phone),
            )
    except IntegrityError:
        if earlier := sent_with(submission.form_key):
            raise AlreadyReceived(earlier) from None
        raise
    Event.create(case=case, what=Happening.RECEIVED, at=now)
    return case


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
    Event.create(case=case, what=Happening.ADDED_TO, at=now)


def still_open(case: Case) -> Case:
    """The case as it is now, in the caller's transaction; raises ``Closed``."""
    now = Case.get_or_none(Case.id == case.id)
    if now is None or now.status is Status.WITHDRAWN:
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
    case.save()
    Event.create(case=case, what=Happening.CORRECTED, at=now)
    return case


def withdraw(case: Case, now: datetime) -> None:
    """End a case at its requester's word, in the caller's transaction; raises ``Closed``."""
    case = still_open(case)
    case.status = Status.WITHDRAWN
    case.save()
    Event.create(case=case, what=Happening.WITHDRAWN, at=now)


def answers_of(case: Case) -> Answers:
    """The optional answers of a case, by field name, in the order of the form."""
    return tuple((name, tuple(values)) for name, values in json.loads(case.answers))


def _fingerprint(submission: Submission) -> str:
    return keyring().digest(submission.canonical(), "submission")
