"""What may still be counted of a case that was forgotten; nothing in it points at anybody."""

from peewee import BooleanField, CharField, IntegerField

from portal.cases.case import Intent, Kind, Role, Status
from portal.cases.conference import Plan
from portal.database import Table, Word


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
