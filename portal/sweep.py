"""The sweep: whatever is kept longer than its period allows is forgotten."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.audit import trail
from portal.casework import sessions, staff
from portal.intake import drafts
from portal.routing import absences
from portal.web import quota, tokens

Forget = Callable[[datetime], int]


@dataclass(frozen=True)
class Period:
    """How long something is kept, and how it is forgotten after that."""

    what: str
    kept: timedelta
    forget: Forget


PERIODS = (
    Period("unfinished forms", drafts.KEPT, drafts.forget),
    Period("counts of letters", quota.KEPT, quota.forget),
    Period("expired links and visits", timedelta(0), tokens.forget),
    Period("absences that are over", absences.KEPT, absences.forget),
    Period("sessions of staff", sessions.IDLE, sessions.forget),
    Period("accounts of former staff", staff.KEPT_AFTER_LEAVING, staff.forget),
    Period("lines of the audit trail", trail.KEPT, trail.forget),
)


def sweep(now: datetime) -> dict[str, int]:
    """Forget what is past its period; gives how much of what."""
    return {period.what: period.forget(now - period.kept) for period in PERIODS}
