"""The conference of a case: what was agreed, who coordinates, when it is and what came of it.

Every function that writes works in its caller's transaction.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from peewee import BooleanField, CharField, ForeignKeyField, IntegerField

from portal.cases.case import Happening, Intent, Kind, Status
from portal.cases.register import By, Case, Event, answer_of, record
from portal.cases.work import Errand, finish_errand
from portal.database import Moment, Sealed, Table, Word
from portal.workdays import day_of


class Payer(StrEnum):
    """Who pays for a conference, as it was agreed; open is an answer too."""

    PROVINCE = "province"
    MUNICIPALITY = "municipality"
    SCHOOL = "school"
    OTHER = "other"
    OPEN = "open"


class Plan(StrEnum):
    """Whether the circle has made its plan."""

    MADE = "made"
    IN_THE_MAKING = "in the making"
    NONE = "none"


class Conference(Table):
    """The road of one case after the first talk; a part that is None is not known yet.

    ``attended`` is JSON: how many came, by role and never by name. ``sequence`` counts the
    appointments made, as calendars do (RFC 5545, section 3.8.7.4). ``may_ask`` is what was noted at
    the desk or said later about contact after three months; None leaves it to the form.
    """

    case = ForeignKeyField(Case, unique=True, on_delete="CASCADE")
    changed_at = Moment()
    question = Sealed(null=True)
    payer = Word(Payer, null=True)
    payer_remark = Sealed(null=True)
    coordinator_name = Sealed(null=True)
    coordinator_email = Sealed(null=True)
    coordinator_phone = Sealed(null=True)
    starts_at = Moment(null=True, index=True)
    minutes = IntegerField(null=True)
    place = Sealed(null=True)
    sequence = IntegerField(default=0)
    attended = CharField(max_length=400, null=True)
    plan = Word(Plan, null=True)
    may_ask = BooleanField(null=True)


@dataclass(frozen=True, repr=False)  # what it says must not end up in a log
class Agreed:
    """What the first talk led to; texts may be empty."""

    question: str
    payer: Payer | None
    payer_remark: str


@dataclass(frozen=True, repr=False)  # as above
class Coordinator:
    """Who prepares and leads it, and how to reach them; all but the name may be empty."""

    name: str
    email: str
    phone: str


@dataclass(frozen=True, repr=False)  # as above
class Appointment:
    """When and where a conference is held, and how many minutes it is to take."""

    starts_at: datetime
    minutes: int
    place: str


@dataclass(frozen=True)
class Outcome:
    """How many came, by role, and whether there is a plan."""

    attended: Mapping[str, int]
    plan: Plan | None


def of(case: Case) -> Conference:
    """What is known of the road of a case; nothing is written for one of which nothing is."""
    found: Conference | None = Conference.get_or_none(Conference.case == case)
    return found or Conference(case=case)


def agree(case: Case, agreed: Agreed, by: By, now: datetime) -> bool:
    """Keep what was agreed in the first talk; False where it says what is kept already."""
    said = {
        "question": agreed.question or None,
        "payer": agreed.payer,
        "payer_remark": agreed.payer_remark or None,
    }
    return _keep(case, said, Happening.AGREED, by, now)


def appoint_coordinator(case: Case, who: Coordinator, by: By, now: datetime) -> bool:
    """Keep who coordinates; False where it says what is kept already."""
    said = {
        "coordinator_name": who.name or None,
        "coordinator_email": who.email or None,
        "coordinator_phone": who.phone or None,
    }
    return _keep(case, said, Happening.COORDINATOR_FOUND, by, now)


def set_date(case: Case, when: Appointment, by: By, now: datetime) -> bool:
    """Keep when and where it is; False where it says what is kept already."""
    said = {"starts_at": when.starts_at, "minutes": when.minutes, "place": when.place or None}
    return _keep(case, said, Happening.APPOINTED, by, now, dated=True)


def call_off(case: Case, by: By, now: datetime) -> bool:
    """Take the date away; False where there is none."""
    said = dict.fromkeys(("starts_at", "minutes", "place"))
    return _keep(case, said, Happening.CALLED_OFF, by, now, dated=True)


def look_back(case: Case, outcome: Outcome, by: By, now: datetime) -> bool:
    """Keep how it went; False where it says what is kept already."""
    attended = {role: number for role, number in sorted(outcome.attended.items()) if number}
    said = {"attended": json.dumps(attended) if attended else None, "plan": outcome.plan}
    return _keep(case, said, Happening.LOOKED_BACK, by, now)


def note_consent(case: Case, by: By, now: datetime, *, given: bool) -> bool:
    """Keep whether there may be contact after three months; False where that is known already.

    Without it nobody has to call any more either: a task to do so is done with.
    """
    if not given:
        finish_errand(case, Errand.FOLLOW_UP, by, now)
    what = Happening.MAY_ASK if given else Happening.MAY_NOT_ASK
    return _keep(case, {"may_ask": given}, what, by, now)


def attended(conference: Conference) -> dict[str, int]:
    """How many came, by role; empty where that is not known."""
    return dict(json.loads(conference.attended)) if conference.attended else {}


def has_contact_afterwards(case: Case) -> bool:
    """Whether there can be contact after three months: with a group, district or neighbourhood.

    Who proposed it for others takes no part, and the plan is not theirs to tell of.
    """
    return case.kind is Kind.COMMUNITY and case.intent is Intent.REQUEST


def may_ask(case: Case) -> bool | None:
    """Whether the requester agrees to contact after three months; None where nobody asked.

    The last that was said counts.
    """
    if not has_contact_afterwards(case):
        return False
    noted: bool | None = of(case).may_ask
    if noted is not None:
        return noted
    said = answer_of(case, "follow_up")
    return said == "yes" if said else None


def held_on(case: Case) -> date | None:
    """The day of a conference that was held: its date, or else the day on which that was noted.

    None too where it was called off after that was noted.
    """
    if case.status not in {Status.HELD, Status.CLOSED}:
        return None
    moment = of(case).starts_at
    if moment is None:
        # Who picks up or opens again what was held does not hold it again.
        noted = (Event.what == Happening.MOVED) & (Event.status == Status.HELD)
        told = (noted | (Event.what == Happening.CALLED_OFF)) & (Event.case == case)
        last = Event.select().where(told).order_by(Event.at.desc()).first()
        if last and last.what is Happening.CALLED_OFF:
            return None
        moment = last.at if last else case.idle_since
    return day_of(moment)


def _keep(
    case: Case,
    said: Mapping[str, Any],
    what: Happening,
    by: By,
    now: datetime,
    *,
    dated: bool = False,
) -> bool:
    road = of(case)
    if all(getattr(road, name) == value for name, value in said.items()):
        return False
    new = road.changed_at is None
    for name, value in said.items():
        setattr(road, name, value)
    road.changed_at = now
    road.sequence += dated
    road.save(force_insert=new)
    record(case, what, now, by)
    return True
