"""The sweep: whatever is kept longer than its period allows is forgotten."""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from peewee import CharField, OperationalError

from portal.audit import trail
from portal.cases import followup
from portal.casework import sessions, staff
from portal.database import Moment, Table, connection, settle, transaction
from portal.delivery import forgetting
from portal.failpoints import failpoint
from portal.intake import drafts
from portal.retention.cases import Cases
from portal.routing import absences
from portal.web import quota, tokens

log = logging.getLogger(__name__)

# A machine that was off this long has somebody who starts it again. A clock that jumps less than
# this costs nobody more than these days of what was to be forgotten anyway.
LONGEST_STOP = timedelta(days=7)
# Above its period, before somebody is told: days on which something may be put right.
SLACK = timedelta(days=2)


class Past(Protocol):
    """Things of one kind whose time is over."""

    def count(self) -> int:
        """How many there are."""

    def forget(self) -> int:
        """Forget them, in transactions that are short; gives how many."""


@dataclass(frozen=True)
class Period:
    """How long things of one kind are kept, and which they are that were there before a moment.

    Things that are kept by the calendar know their own time; with those the period is nothing.
    """

    what: str
    kept: timedelta
    past: Callable[[datetime], Past]


_OWN = timedelta(0)

# Cases first: their letters go with them.
PERIODS = (
    Period("cases", _OWN, Cases),
    Period("answers after three months", _OWN, followup.past),
    Period("texts of letters", forgetting.TEXT_KEPT, forgetting.Texts),
    Period("traces of letters", forgetting.TRACE_KEPT, forgetting.past_traces),
    Period("unfinished forms", drafts.KEPT, drafts.past),
    Period("counts of letters", quota.KEPT, quota.past),
    Period("expired links and visits", _OWN, tokens.past),
    Period("absences that are over", absences.KEPT, absences.past),
    Period("sessions of staff", sessions.IDLE, sessions.past),
    Period("accounts of former staff", staff.KEPT_AFTER_LEAVING, staff.past),
    Period("lines of the audit trail", trail.KEPT, trail.past),
)


class LastSweep(Table):
    """One row: when the sweep last ran, and what was past its period and the slack even then.

    ``overdue`` is JSON: how many, by kind.
    """

    at = Moment()
    overdue = CharField(max_length=1000)


class LongStop(Exception):
    """The clock and the last sweep lie too far apart to be trusted; nothing was forgotten."""


class NotAll(Exception):
    """Some kinds could not be forgotten; the others were."""


def sweep(now: datetime, *, after_a_long_stop: bool = False) -> dict[str, int]:
    """Forget what is past its period; gives how much of what.

    Raises ``LongStop`` where it last ran more than a week ago, or after ``now``: a clock that jumps
    must wipe nothing, and only a person can tell it from a machine that was off. Raises ``NotAll``.
    """
    if not after_a_long_stop:
        _refuse_a_jump(now)
    forgotten, failed = {}, []
    for period in PERIODS:
        try:
            forgotten[period.what] = period.past(now - period.kept).forget()
            failpoint("sweep: kind forgotten")
        except OperationalError:
            raise  # The database: it would be the same with the next kind, and it passes.
        except Exception as fault:  # noqa: BLE001 - one kind must not keep the others here
            failed.append(f"{period.what} ({type(fault).__name__})")
    if not settle():
        log.warning(
            "what was forgotten is still in the files: a table is large, or somebody is reading"
        )
    if failed:
        raise NotAll(f"these could not be forgotten: {', '.join(failed)}")
    failpoint("sweep: settled")
    _remember(now)
    return forgotten


def past(now: datetime) -> dict[str, int]:
    """How much of what is past its period, changing nothing."""
    return {period.what: period.past(now - period.kept).count() for period in PERIODS}


def last() -> LastSweep | None:
    """The last sweep; None before the first."""
    with connection():
        return LastSweep.get_or_none()


def overdue(ran: LastSweep) -> dict[str, int]:
    """What a sweep had to leave although its period and the slack were over: how many, by kind."""
    return dict(json.loads(ran.overdue))


def is_trusted(now: datetime) -> bool:
    """Whether the clock can be right: it did not move more than a week since the last sweep."""
    ran = last()
    return ran is None or abs(now - ran.at) <= LONGEST_STOP


def _refuse_a_jump(now: datetime) -> None:
    ran = last()
    if ran and not is_trusted(now):
        raise LongStop(
            f"the last sweep was on {ran.at:%Y-%m-%d} and the clock says {now:%Y-%m-%d}: "
            "see that the clock is right, then run 'portal sweep --after-a-long-stop'"
        )


def _remember(now: datetime) -> None:
    found = past(now - SLACK)
    left = json.dumps({what: number for what, number in found.items() if number})
    with transaction():
        if not LastSweep.update(at=now, overdue=left).execute():
            LastSweep.create(at=now, overdue=left)
        failpoint("sweep: remembered")
