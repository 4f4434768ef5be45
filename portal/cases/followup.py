"""The contact three months after a conference: that it was made, and what was answered.

What was answered is kept apart. Only while the case is there does a pseudonym lead to it.
"""

from enum import StrEnum

from peewee import CharField, DateField, ForeignKeyField

from portal.cases.case import Kind
from portal.cases.register import Case
from portal.database import Moment, Sealed, Table, Word


class Going(StrEnum):
    """How it is going with the plan."""

    AS_AGREED = "as agreed"
    PARTLY = "partly"
    NOT = "not"
    NO_CONFERENCE = "no conference"
    STILL_GOING = "still going"


class FollowUp(Table):
    """That somebody was asked, for the conference of that day; it goes when the case goes."""

    case = ForeignKeyField(Case, unique=True, on_delete="CASCADE")
    held_on = DateField()
    asked_at = Moment()
    reminded_at = Moment(null=True)
    answered_at = Moment(null=True)
    pseudonym = CharField(max_length=32, null=True)


class Reply(Table):
    """What was answered, with no way back to the case: its id is the pseudonym.

    ``held_in`` and ``answered_in`` are months, such as ``2026-08``; a day could point at somebody.
    """

    kind = Word(Kind)
    region = CharField(max_length=40)
    held_in = CharField(max_length=7, index=True)
    answered_in = CharField(max_length=7, index=True)
    going = Word(Going)
    helped = Sealed(null=True)
    differently = Sealed(null=True)
