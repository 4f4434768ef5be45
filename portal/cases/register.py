"""The register: every case that was acknowledged, and what befell it."""

import json
from datetime import datetime

from peewee import CharField, ForeignKeyField, IntegrityError

from portal.cases.case import Answers, Happening, Intent, Kind, Role, Status, Submission
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


def find(reference: str) -> Case | None:
    """The case with this reference, or None."""
    return Case.get_or_none(Case.reference == reference)


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


def answers_of(case: Case) -> Answers:
    """The optional answers of a case, by field name, in the order of the form."""
    return tuple((name, tuple(values)) for name, values in json.loads(case.answers))


def _fingerprint(submission: Submission) -> str:
    return keyring().digest(submission.canonical(), "submission")
