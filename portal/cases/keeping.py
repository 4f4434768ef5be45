"""How long a case is kept after what last befell it, and which have been kept long enough."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from peewee import fn

from portal.cases import conference
from portal.cases.case import Stage
from portal.cases.register import Case, Event
from portal.database import connection
from portal.workdays import HERE, day_of, months_after

# As the pages on privacy tell.
AFTER_CONTACT = timedelta(weeks=4)  # what ended
AFTER_CONFERENCE = 4  # calendar months: what was finished
AFTER_LAST_STEP = 12  # calendar months: whatever else somebody handled

# The shortest that each stage can be kept; twelve months by the calendar are an hour shorter than
# 365 days where the clock changes in between.
_SHORTEST = {Stage.ENDED: AFTER_CONTACT, Stage.UNDER_WAY: timedelta(days=364)}
_AT_ONCE = 100


def kept_until(case: Case) -> datetime | None:
    """The moment from which a case may be forgotten; None until the first sign of life.

    Months are those of the calendar in the Netherlands. A conference was on a day, so its months
    end when a day does. What was said or done since puts every end off, also that of a case which
    is closed long after its conference: nobody may lose what they have only just told.
    """
    if case.stage in {Stage.QUARANTINED, Stage.AWAITING}:
        return None
    last = last_contact(case)
    if case.stage is Stage.UNDER_WAY:
        # A conference that is agreed upon is a step, though it is yet to come.
        appointed = conference.of(case).starts_at
        return _months_later(max(last, appointed or last), AFTER_LAST_STEP)
    held = conference.held_on(case)
    if held is None:
        return last + AFTER_CONTACT
    # A date that was mistyped must not keep a case for years: it was held before it was closed.
    held = min(held, day_of(last))
    over = months_after(held, AFTER_CONFERENCE) + timedelta(days=1)
    return max(datetime.combine(over, time(), HERE), last + AFTER_CONTACT)


def forgotten_on(case: Case) -> date | None:
    """The day in the Netherlands on which a case is forgotten if nothing befalls it until then."""
    until = kept_until(case)
    return day_of(until) if until else None


def last_contact(case: Case) -> datetime:
    """When the desk or the requester last did or said something about a case."""
    noted: datetime | None = Event.select(fn.MAX(Event.at)).where(Event.case == case).scalar()
    return max(moment for moment in (case.idle_since, case.heard_at, noted) if moment)


def is_past(case: Case, before: datetime) -> bool:
    """Whether the time of a case was over at this moment, or right then."""
    until = kept_until(case)
    return until is not None and until <= before


def past(before: datetime) -> Iterator[str]:
    """The ids of the cases whose time was over by then; they may be deleted while this goes on."""
    for stage, shortest in _SHORTEST.items():
        yield from _past(stage, before - shortest, before)


def unhandled_since() -> datetime | None:
    """Since when the case that waits longest for a sign of life does; None where none does."""
    return _since(Stage.AWAITING)


def quarantined_since() -> datetime | None:
    """Since when the case that is longest in quarantine is; None where none is."""
    return _since(Stage.QUARANTINED)


def _since(stage: Stage) -> datetime | None:
    waiting = Case.select(fn.MIN(Case.idle_since)).where(Case.stage == stage)
    with connection():
        moment: datetime | None = waiting.scalar()
        return moment


def _past(stage: Stage, idle_by: datetime, before: datetime) -> Iterator[str]:
    lying = (Case.stage == stage) & (Case.idle_since <= idle_by)
    beyond = lying
    # Page by page and each after the last one's end, so that none keeps a reading open.
    while page := _page(beyond):
        yield from (case.id for case in page if is_past(case, before))
        since, last = page[-1].idle_since, page[-1].id
        beyond = lying & (Case.idle_since >= since)
        beyond &= ~((Case.idle_since == since) & (Case.id <= last))


def _page(which: object) -> list[Case]:
    found = Case.select(Case.id, Case.kind, Case.status, Case.stage, Case.idle_since, Case.heard_at)
    return list(found.where(which).order_by(Case.idle_since, Case.id).limit(_AT_ONCE))


def _months_later(moment: datetime, months: int) -> datetime:
    local = moment.astimezone(HERE)
    later = datetime.combine(months_after(local.date(), months), local.timetz())
    return later.astimezone(moment.tzinfo)
