"""The clock behind every promise of a sign of life: who is asked next when nobody gives one."""

import logging
from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum

from peewee import CharField, ForeignKeyField, OperationalError, fn

from portal.cases.case import Intent, Stage
from portal.cases.register import Case
from portal.config import Config
from portal.database import Moment, Table, Word, connection, transaction
from portal.delivery.letters import Envelope, compose
from portal.delivery.outbox import post
from portal.organisation import organisation
from portal.routing.regions import Destination, line_of
from portal.routing.rules import NATIONAL
from portal.workdays import add_workdays, day_of, workdays_since

log = logging.getLogger(__name__)

# Without anything done to it at the desk; days of the calendar.
RESTS_AFTER = timedelta(days=14)


class Step(StrEnum):
    """Who is asked, in this order, when a case gets no sign of life."""

    REMINDER = "reminder"
    DEPUTY = "deputy"
    NATIONAL_DESK = "national desk"


class ChaseStep(Table):
    """A step that was taken, once for each time that a case is kept waiting.

    ``since`` is when that waiting began: a case that is passed on, or opened again, waits anew.
    ``asked`` is the key of the manager who was written to, or the national desk's; None where the
    step was passed over, because a later one was due too or its reader had been asked before.
    """

    case = ForeignKeyField(Case, on_delete="CASCADE")
    since = Moment()
    step = Word(Step)
    region = CharField(max_length=40)
    asked = CharField(max_length=40, null=True)
    at = Moment()

    class Meta:
        indexes = ((("case", "since", "step"), True), (("asked", "step"), False))


def chase(now: datetime, config: Config) -> int:
    """Write about every case that has waited too long; gives how many letters went.

    Each step is written down in the transaction of its letter, so that neither is there without
    the other, whoever is killed when and however many look at once. After a long stop the furthest
    step that is due is taken and those before it are passed over: sent together they would set
    three people to work on one case, and whoever had it first hears of it in the digest.
    """
    with connection():
        return sum(_chase_surely(key, now, config) for key in _kept_waiting(now, config))


def resting(now: datetime, regions: Collection[str] | None, most: int) -> list[str]:
    """References of cases under way with which nobody did anything for 14 days, the longest first.

    ``regions`` are the keys of the regions to look in; None stands for all.
    """
    rests = (Case.stage == Stage.UNDER_WAY) & (Case.idle_since <= now - RESTS_AFTER)
    if regions is not None:
        rests &= Case.region.in_(list(regions))
    with connection():
        found = Case.select(Case.reference).where(rests).order_by(Case.idle_since, Case.id)
        return [case.reference for case in found.limit(most)]


def called_in(manager: str) -> frozenset[str]:
    """The keys of the regions where this manager was asked to step in for a case still open.

    Who is asked to act on a case must be able to open it, until it has ended or moved on.
    """
    asked = (ChaseStep.asked == manager) & (ChaseStep.step == Step.DEPUTY)
    still = (Case.stage != Stage.ENDED) & (Case.region == ChaseStep.region)
    with connection():
        found = Case.select(Case.region).join(ChaseStep).where(asked & still)
        return frozenset(case.region for case in found)


def _kept_waiting(now: datetime, config: Config) -> list[str]:
    """The ids of the cases for which a step may be due, the longest waiting first."""
    last = ChaseStep.select().where(
        (ChaseStep.case == Case.id)
        & (ChaseStep.since == Case.idle_since)
        & (ChaseStep.step == Step.NATIONAL_DESK)
    )
    # So many working days are never shorter than as many days of 24 hours: where the clock
    # changes there is a Sunday in between.
    long = Case.idle_since <= now - timedelta(days=config.remind_after)
    found = Case.select(Case.id).where((Case.stage == Stage.AWAITING) & long & ~fn.EXISTS(last))
    return [case.id for case in found.order_by(Case.idle_since, Case.id)]


def _chase_surely(key: str, now: datetime, config: Config) -> bool:
    try:
        with transaction():
            return _take_a_step(key, now, config)
    except OperationalError:
        raise  # The database: it would be the same with the next case, and it passes.
    except Exception as fault:  # noqa: BLE001 - one case must not keep the others waiting
        log.error("case %s could not be chased: %s", key, type(fault).__name__)
        return False


def _take_a_step(key: str, now: datetime, config: Config) -> bool:
    """Take the furthest step that is due for a case as it is now; whether a letter goes."""
    case = Case.get_or_none((Case.id == key) & (Case.stage == Stage.AWAITING))
    if case is None:
        return False
    waiting = (ChaseStep.case == case) & (ChaseStep.since == case.idle_since)
    taken = {row.step: row.asked for row in ChaseStep.select().where(waiting)}
    due = [step for step in _due(case.idle_since, now, config) if step not in taken]
    if not due:
        return False
    *passed_over, step = due
    line = line_of(case.region, day_of(now))
    to = _asked(step, line, {asked for asked in taken.values() if asked})
    if to:
        _write(_letter(step, to), case, to, silent=line[0], now=now, config=config)
    for one in passed_over:
        _note(one, case, None, now)
    _note(step, case, to, now)
    return to is not None


def _due(since: datetime, now: datetime, config: Config) -> list[Step]:
    """The steps whose time has come, in order."""
    after = (config.remind_after, config.deputy_after, config.desk_after)
    return [
        step for step, days in zip(Step, after, strict=True) if add_workdays(since, days) <= now
    ]


def _asked(step: Step, line: tuple[Destination, ...], before: set[str]) -> Destination | None:
    """Who is written to; None where everybody in the line was, and the end has not come."""
    if step is Step.REMINDER:
        return line[0]
    if step is Step.NATIONAL_DESK:
        return line[-1]
    # Where the reminder was passed over, its reader is the one who was silent.
    before = before or {_key(line[0])}
    return next((to for to in line if _key(to) not in before), None)


def _key(destination: Destination) -> str:
    return destination.manager or NATIONAL


def _note(step: Step, case: Case, to: Destination | None, now: datetime) -> None:
    ChaseStep.create(
        case=case,
        since=case.idle_since,
        step=step,
        region=case.region,
        asked=_key(to) if to else None,
        at=now,
    )


def _write(
    letter: str, case: Case, to: Destination, *, silent: Destination, now: datetime, config: Config
) -> None:
    """Post a letter that holds a reference, a region, how long it takes and a link; no more."""
    text = compose(
        letter,
        reference=case.reference,
        proposal=case.intent is Intent.PROPOSAL,
        region=to.region_name,
        function=to.function,
        national=to.national,
        silent=silent.function if silent != to else "",
        waited=workdays_since(case.idle_since, now),
        link=f"{config.base_url}/beheer/zaak/{case.reference}/",
    )
    envelope = Envelope(
        recipient=to.email,
        fallback=to.fallback_email,
        reply_to=organisation().email,
        case_reference=case.reference,
    )
    post(letter, text, envelope, now, config.mail_sender)


def _letter(step: Step, to: Destination) -> str:
    if step is Step.REMINDER:
        return "reminder"
    return "desk_takes_over" if to.national else "stand_in"
