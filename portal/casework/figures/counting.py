"""What came in, counted by the database: of cases that are there and of those that were forgotten.

Each case is in the register or has a tombstone, and never both; so each is counted once. What
was never let out of quarantine is counted nowhere.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from peewee import JOIN, SQL, Expression, fn

from portal.cases.case import Intent, Kind, Role, Status
from portal.cases.conference import Conference, Plan
from portal.cases.followup import Going, Reply
from portal.cases.life import ENDED
from portal.cases.register import Case
from portal.cases.tombstone import Tombstone
from portal.casework.figures.periods import Period, quarters
from portal.casework.figures.small import LEAST
from portal.database import connection
from portal.workdays import HERE

_HOUR = 60  # minutes

_HELD = frozenset({Status.HELD, Status.CLOSED})


class Sign(StrEnum):
    """Whether the first sign of life came within the working days that are promised."""

    IN_TIME = "in time"
    LATE = "late"
    NONE = "none"


class Course(StrEnum):
    """What became of a case: whether the conference was held, and whether that led to a plan."""

    PLAN = "plan"
    IN_THE_MAKING = "in the making"
    NO_PLAN = "no plan"
    UNDER_WAY = "under way"
    ENDED = "ended"


@dataclass(frozen=True)
class Counted:
    """How many cases came in that are alike in all of this; ``quarter`` is 1 to 4."""

    quarter: int
    region: str
    kind: Kind
    intent: Intent
    role: Role
    sign: Sign
    course: Course
    number: int


@dataclass(frozen=True)
class Answered:
    """How many answered, three months after their conference, that it goes like this."""

    quarter: int
    region: str
    going: Going
    number: int


def first_year(default: int) -> int:
    """The year in which the oldest case came in that is still known of."""
    with connection():
        oldest = Case.select(fn.MIN(Case.received_at)).scalar()
        months = [
            Tombstone.select(fn.MIN(Tombstone.received_in)).scalar(),
            Reply.select(fn.MIN(Reply.answered_in)).scalar(),
        ]
    years = [int(month[:4]) for month in months if month]
    return min(*years, default, oldest.astimezone(HERE).year if oldest else default)


def cases(year: int) -> list[Counted]:
    """The cases that came in during a year."""
    with connection():
        return [
            counted
            for quarter, period in enumerate(quarters(year), start=1)
            for rows in (_live(quarter, period), _forgotten(quarter, period))
            for counted in rows
        ]


def replies(year: int) -> list[Answered]:
    """The answers that came in during a year."""
    alike = (Reply.region, Reply.going)
    query = Reply.select(*alike, fn.COUNT(Reply.id)).group_by(*alike)
    with connection():
        return [
            Answered(quarter, *row)
            for quarter, period in enumerate(quarters(year), start=1)
            for row in _rows(query.where(Reply.answered_in.between(*period.months)))
        ]


@dataclass(frozen=True, repr=False)  # what it says must not end up in a log
class InWords:
    """What was answered in people's own words, question by question, each in alphabetical order.

    So nothing tells which two were said by one, where, or in which month.
    """

    helped: tuple[str, ...]
    differently: tuple[str, ...]


def in_words(year: int) -> InWords | None:
    """What was answered in a year, the whole country together; None where it is by too few."""
    first, *_, last = quarters(year)
    wanted = Reply.answered_in.between(first.months[0], last.months[1])
    with connection():
        found = [reply for reply in Reply.select().where(wanted) if _says_more(reply)]
    if len(found) < LEAST:
        return None
    return InWords(
        helped=tuple(sorted(reply.helped for reply in found if reply.helped)),
        differently=tuple(sorted(reply.differently for reply in found if reply.differently)),
    )


def waits(period: Period, region: str) -> Counter[int]:
    """Within how many whole hours the first sign of life came, and how often; empty is anywhere."""
    came_in: dict[Any, Expression] = {
        Case: _received(period),
        Tombstone: Tombstone.received_in.between(*period.months),
    }
    found: Counter[int] = Counter()
    with connection():
        for table, period_of in came_in.items():
            wanted = period_of & table.heard_after.is_null(False)  # noqa: FBT003
            # Begun hours: "within 4 hours" must be true.
            hour = ((table.heard_after + _HOUR - 1) / _HOUR).cast("INTEGER")
            # By its place in the list: with its numbers as values it would be another expression.
            query = table.select(hour, fn.COUNT(table.id)).group_by(SQL("1"))
            query = query.where(table.region == region) if region else query
            found.update(dict(_rows(query.where(wanted))))
    return found


def _says_more(reply: Reply) -> bool:
    return bool(reply.helped or reply.differently)


def _live(quarter: int, period: Period) -> Iterator[Counted]:
    alike = (Case.region, Case.kind, Case.intent, Case.role, Case.in_time, Case.status)
    columns = (*alike, Conference.plan)
    query = Case.select(*columns, fn.COUNT(Case.id)).join(Conference, JOIN.LEFT_OUTER)
    for row in _rows(query.where(_received(period)).group_by(*columns)):
        region, kind, intent, role, in_time, status, plan, number = row
        course = _course(status, plan, held=status in _HELD)
        yield Counted(quarter, region, kind, intent, role, _sign(in_time), course, number)


def _forgotten(quarter: int, period: Period) -> Iterator[Counted]:
    alike = (Tombstone.region, Tombstone.kind, Tombstone.intent, Tombstone.role, Tombstone.in_time)
    columns = (*alike, Tombstone.ended_as, Tombstone.held, Tombstone.plan)
    query = Tombstone.select(*columns, fn.COUNT(Tombstone.id)).group_by(*columns)
    for row in _rows(query.where(Tombstone.received_in.between(*period.months))):
        region, kind, intent, role, in_time, status, held, plan, number = row
        course = _course(status, plan, held=held)
        yield Counted(quarter, region, kind, intent, role, _sign(in_time), course, number)


def _rows(query: Any) -> Iterator[tuple[Any, ...]]:
    return iter(query.tuples())


def _received(period: Period) -> Expression:
    within = (Case.received_at >= period.since) & (Case.received_at < period.before)
    real: Expression = within & (Case.doubts == "")
    return real


def _sign(in_time: bool | None) -> Sign:
    if in_time is None:
        return Sign.NONE
    return Sign.IN_TIME if in_time else Sign.LATE


def _course(status: Status, plan: Plan | None, *, held: bool) -> Course:
    if held:
        plans = {Plan.MADE: Course.PLAN, Plan.IN_THE_MAKING: Course.IN_THE_MAKING}
        return plans.get(plan, Course.NO_PLAN) if plan else Course.NO_PLAN
    return Course.ENDED if status in ENDED else Course.UNDER_WAY
