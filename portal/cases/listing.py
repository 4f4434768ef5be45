"""The lists of cases: a page at a time, each as quick whether there are ten cases or a million."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from peewee import SQL, Expression

from portal.cases.case import Kind, Stage, Status
from portal.cases.register import Case

SIZE = 25

# What a list shows; answers and contact data stay sealed.
_COLUMNS = (
    Case.id,
    Case.reference,
    Case.kind,
    Case.intent,
    Case.role,
    Case.status,
    Case.stage,
    Case.region,
    Case.postcode,
    Case.municipality,
    Case.received_at,
    Case.idle_since,
    Case.heard_at,
)


@dataclass(frozen=True)
class Wanted:
    """Which cases to list; None stands for any. The moments bound when a case came in.

    ``doubted`` tells whether those are listed too that nobody let out of quarantine.
    """

    regions: frozenset[str] | None
    status: Status | None = None
    kind: Kind | None = None
    since: datetime | None = None
    before: datetime | None = None
    doubted: bool = False


@dataclass(frozen=True)
class Place:
    """Where in a list a page begins: right after this case."""

    idle_since: datetime
    id: str

    def __str__(self) -> str:
        return f"{self.idle_since.isoformat()}~{self.id}"

    @classmethod
    def read(cls, text: str) -> "Place":
        """The place that was written so; raises ``ValueError`` where it cannot be one."""
        moment, _, case = text.partition("~")
        place = cls(datetime.fromisoformat(moment), case)
        if place.idle_since.tzinfo is None or not case:
            raise ValueError("no place in a list")
        return place


@dataclass(frozen=True)
class Page:
    """Cases in their order; ``after`` is where the next page begins, None on the last."""

    cases: list[Case]
    after: Place | None


def page(stage: Stage, wanted: Wanted, after: Place | None = None) -> Page:
    """A page of at most ``SIZE`` cases in one stage.

    Those that lie longest come first, but of those that ended the newest. The place of a page
    hangs on its last case and not on a number, so that nothing is skipped or shown twice when
    cases come and go in between.
    """
    if wanted.regions is None:
        found = _rows(stage, wanted, after, None)
    else:
        # A query for each region, each on its index: a list over several would be sorted first.
        rows = (row for key in wanted.regions for row in _rows(stage, wanted, after, key))
        found = sorted(rows, key=lambda c: (c.idle_since, c.id), reverse=_newest_first(stage))
    shown = found[:SIZE]
    more = len(found) > SIZE
    return Page(shown, Place(shown[-1].idle_since, shown[-1].id) if more else None)


def _newest_first(stage: Stage) -> bool:
    return stage is Stage.ENDED


def _rows(stage: Stage, wanted: Wanted, after: Place | None, region: str | None) -> list[Case]:
    query = Case.select(*_COLUMNS).where(Case.stage == stage)
    for condition in _conditions(stage, wanted, after, region):
        query = query.where(condition)
    order: tuple[Any, ...] = (Case.idle_since, Case.id)
    if _newest_first(stage):
        order = tuple(column.desc() for column in order)
    return list(query.order_by(*order).limit(SIZE + 1))


def _conditions(
    stage: Stage, wanted: Wanted, after: Place | None, region: str | None
) -> Iterable[Expression]:
    if region is not None:
        yield Case.region == region
    if not wanted.doubted:
        yield Case.doubts == ""
    if wanted.status:
        yield Case.status == wanted.status
    if wanted.kind:
        yield Case.kind == wanted.kind
    if wanted.since:
        # PostgreSQL takes this to have nothing to do with how long a case lies: it would expect
        # hardly any, and read and sort them all by the index on it. So it gets no index to use.
        came_in = Case.received_at.concat(SQL("''"))
        yield came_in >= Case.received_at.db_value(wanted.since)
        # Nothing lies longer than it is there; said so, because the index knows only of lying.
        yield Case.idle_since >= wanted.since
    if wanted.before:
        yield Case.received_at < wanted.before
    if after:
        yield from _beyond(stage, after)


def _beyond(stage: Stage, place: Place) -> Iterable[Expression]:
    # As a range with an exception: an "or" would keep the index from being used.
    same = Case.idle_since == place.idle_since
    if _newest_first(stage):
        yield Case.idle_since <= place.idle_since
        yield ~(same & (Case.id >= place.id))
    else:
        yield Case.idle_since >= place.idle_since
        yield ~(same & (Case.id <= place.id))
