"""The contact three months after a conference: when it is due, and what came of it.

What was answered is kept apart. Only while the case is there does a pseudonym lead to it. Every
function that writes works in its caller's transaction, on a case that was read in it.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from peewee import BooleanField, CharField, DateField, ForeignKeyField, fn

from portal.cases import conference
from portal.cases.case import Kind, Status
from portal.cases.conference import Conference
from portal.cases.keeping import AFTER_CONFERENCE
from portal.cases.register import Case, Event
from portal.database import Moment, Rows, Sealed, Table, Word
from portal.workdays import HERE, day_of, months_after

MONTHS = 3
KEPT = 24  # calendar months: what was answered, as the pages on privacy tell
REMIND_AFTER = timedelta(days=14)
# Who gets a letter can answer for at least so long.
TIME_TO_ANSWER = timedelta(days=7)

# No three months are shorter, and no four longer.
_SHORTEST, _LONGEST = timedelta(days=89), timedelta(days=123)
# In UTC a day begins at another hour than here.
_A_DAY = timedelta(days=1)


class Going(StrEnum):
    """How it is going with the plan."""

    AS_AGREED = "as agreed"
    PARTLY = "partly"
    NOT = "not"
    NO_CONFERENCE = "no conference"
    STILL_GOING = "still going"


class Standing(StrEnum):
    """Whether an answer is awaited; NOT_NOW where nobody was asked, it is called off, or past."""

    AWAITED = "awaited"
    ANSWERED = "answered"
    DECLINED = "declined"
    NOT_NOW = "not now"


class FollowUp(Table):
    """That somebody was asked, for the conference of that day; it goes when the case goes.

    ``by_phone`` is true where the requester has no mailbox, and a task asks the manager to call.
    """

    case = ForeignKeyField(Case, unique=True, on_delete="CASCADE")
    held_on = DateField()
    asked_at = Moment(index=True)
    by_phone = BooleanField(default=False)
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


@dataclass(frozen=True, repr=False)  # what it says must not end up in a log
class Told:
    """What somebody answers; both texts may be empty."""

    going: Going
    helped: str
    differently: str


def due_on(held_on: date) -> date:
    """The day from which on somebody may be asked about a conference of that day."""
    return months_after(held_on, MONTHS)


def open_until(held_on: date) -> datetime:
    """When it is too late to answer about a conference of that day: its case may go then."""
    return datetime.combine(months_after(held_on, AFTER_CONFERENCE), time(), HERE)


def of(case: Case) -> FollowUp | None:
    """That the requester of this case was asked, and whether they answered; never what."""
    found: FollowUp | None = FollowUp.get_or_none(FollowUp.case == case)
    return found


def standing(case: Case, now: datetime) -> Standing:
    """Whether an answer about this case is awaited."""
    asked, held_on = of(case), conference.held_on(case)
    if asked is not None and asked.answered_at is not None:
        return Standing.ANSWERED
    if conference.may_ask(case) is False:
        return Standing.DECLINED
    if asked is None or held_on is None or not _is_about(asked, held_on):
        return Standing.NOT_NOW
    return Standing.AWAITED if now < open_until(held_on) else Standing.NOT_NOW


def perhaps_due(now: datetime) -> list[str]:
    """The ids of the cases whose requester may have to be asked or reminded, none of them twice.

    Found by the few weeks in which that can be, so that all other cases are left alone.
    """
    return sorted({*_perhaps_to_ask(now), *_perhaps_to_remind(now)})


def to_ask(case: Case, now: datetime) -> date | None:
    """The day of the conference about which it is time to ask; None where it is not.

    Nobody is asked twice about one conference, nor again who has answered. Where it turned out to
    be held after all once its requester had been asked, that is another one.
    """
    held_on, asked = _in_time(case, now), of(case)
    if held_on is None or asked is None:
        return held_on
    return None if asked.answered_at or _is_about(asked, held_on) else held_on


def to_remind(case: Case, now: datetime) -> date | None:
    """The day of the conference of which it is time to remind, once; None where it is not."""
    held_on, asked = _in_time(case, now), of(case)
    # A task stays in sight until it is done, so who is to be called gets no letter besides.
    if held_on is None or asked is None or asked.by_phone or asked.reminded_at:
        return None
    silent = asked.answered_at is None and _is_about(asked, held_on)
    return held_on if silent and day_of(asked.asked_at) + REMIND_AFTER <= day_of(now) else None


def note_asked(case: Case, held_on: date, now: datetime, *, by_phone: bool) -> None:
    """Write down that its requester is asked about the conference of that day."""
    asked = of(case)
    new = asked is None
    asked = asked or FollowUp(case=case)
    asked.held_on, asked.asked_at, asked.by_phone, asked.reminded_at = held_on, now, by_phone, None
    asked.save(force_insert=new)


def note_reminded(case: Case, now: datetime) -> None:
    """Write down that its requester, who was asked, is reminded."""
    FollowUp.update(reminded_at=now).where(FollowUp.case == case).execute()


def answer(case: Case, told: Told, now: datetime) -> bool:
    """Keep an answer apart from the case; False where none is awaited, or no longer."""
    asked, held_on = of(case), conference.held_on(case)
    if asked is None or held_on is None or standing(case, now) is not Standing.AWAITED:
        return False
    reply = Reply.create(
        kind=case.kind,
        region=case.region,
        held_in=f"{held_on:%Y-%m}",
        answered_in=f"{now.astimezone(HERE):%Y-%m}",
        going=told.going,
        helped=told.helped or None,
        differently=told.differently or None,
    )
    asked.answered_at, asked.pseudonym = now, reply.id
    asked.save()
    return True


def past(before: datetime) -> Rows:
    """The answers given so many months before this moment; by whole months, and never longer."""
    last = months_after(day_of(before).replace(day=1), -KEPT)
    return Rows(Reply, Reply.answered_in <= last.isoformat()[:7])


def _is_about(asked: FollowUp, held_on: date) -> bool:
    """Whether somebody was asked about a conference of that day; what comes later is another."""
    return held_on <= day_of(asked.asked_at)


def _in_time(case: Case, now: datetime) -> date | None:
    """The day of a conference about which its requester may be written to now."""
    held_on = conference.held_on(case)
    if held_on is None or not conference.may_ask(case):
        return None
    due = due_on(held_on) <= day_of(now)
    return held_on if due and now + TIME_TO_ANSWER <= open_until(held_on) else None


def _perhaps_to_ask(now: datetime) -> list[str]:
    first, last = now - _LONGEST - _A_DAY, now - _SHORTEST + _A_DAY
    # Of a conference that can be three months ago, who was asked since then was asked about it.
    asked = FollowUp.select().where((FollowUp.case == Case.id) & (FollowUp.asked_at > last))
    held = (Case.kind == Kind.COMMUNITY) & Case.status.in_([Status.HELD, Status.CLOSED])
    dated = Conference.select(Conference.case).where(Conference.starts_at.between(first, last))
    noted = Event.select(Event.case).where(
        (Event.status == Status.HELD) & Event.at.between(first, last)
    )
    found = Case.select(Case.id).where(Case.id.in_(dated | noted) & held & ~fn.EXISTS(asked))
    return [case.id for case in found]


def _perhaps_to_remind(now: datetime) -> list[str]:
    first, last = now - _LONGEST - _A_DAY, now - REMIND_AFTER + _A_DAY
    asked = FollowUp.asked_at.between(first, last)
    return [case.id for case in Case.select(Case.id).join(FollowUp).where(asked)]
