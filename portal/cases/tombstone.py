"""What may still be counted of a case that was forgotten; nothing in it points at anybody."""

from peewee import BooleanField, CharField, IntegerField

from portal.cases import conference
from portal.cases.case import Intent, Kind, Role, Status
from portal.cases.conference import Plan
from portal.cases.life import before_the_end
from portal.cases.register import Case, history
from portal.database import Table, Word
from portal.workdays import HERE


class Tombstone(Table):
    """One forgotten case. ``received_in`` is a month, such as ``2026-08``.

    ``heard_after`` is in how many minutes somebody gave the first sign of life, and ``in_time``
    whether that was within the working days that are promised; both are None where nobody did.
    """

    kind = Word(Kind)
    intent = Word(Intent)
    role = Word(Role)
    region = CharField(max_length=40)
    received_in = CharField(max_length=7, index=True)
    ended_as = Word(Status)
    heard_after = IntegerField(null=True)
    in_time = BooleanField(null=True)
    held = BooleanField()
    plan = Word(Plan, null=True)


def of(case: Case) -> Tombstone:
    """What may be counted of a case as it is now; it is not written by this.

    A conference was held unless that was taken back, however the case ended after it.
    """
    events = history(case)
    came_to = [event.status for event in events if event.status]
    return Tombstone(
        kind=case.kind,
        intent=case.intent,
        role=case.role,
        region=case.region,
        received_in=f"{case.received_at.astimezone(HERE):%Y-%m}",
        ended_as=case.status,
        heard_after=case.heard_after,
        in_time=case.in_time,
        held=Status.HELD in {case.status, before_the_end(came_to)},
        plan=conference.of(case).plan,
    )
