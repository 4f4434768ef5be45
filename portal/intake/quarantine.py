"""The end of quarantine: what nobody at the national desk looked at still reaches its manager."""

import logging
from datetime import datetime, timedelta

from peewee import OperationalError

from portal.cases import progress, register
from portal.cases.case import Stage
from portal.cases.register import By, Case
from portal.config import Config
from portal.database import connection, transaction
from portal.intake.accept import announce
from portal.web import wording
from portal.workdays import QUARANTINE, add_workdays

log = logging.getLogger(__name__)

_ITSELF = By("portal", "het portaal, vanzelf")


def let_through_unseen(now: datetime, config: Config) -> int:
    """Let every case through at which nobody looked in time; gives how many.

    Each in a transaction of its own, with its letters.
    """
    with connection():
        return sum(_let_through_surely(key, now, config) for key in _in_quarantine(now))


def _in_quarantine(now: datetime) -> list[str]:
    """The ids of the cases whose time may be over, the longest there first."""
    # So many working days are never shorter than as many days of 24 hours, as with the chase.
    long = Case.idle_since <= now - timedelta(days=QUARANTINE)
    found = Case.select(Case.id).where((Case.stage == Stage.QUARANTINED) & long)
    return [case.id for case in found.order_by(Case.idle_since, Case.id)]


def _let_through_surely(key: str, now: datetime, config: Config) -> bool:
    try:
        with transaction():
            return _let_through(key, now, config)
    except OperationalError:
        raise  # The database: it would be the same with the next case, and it passes.
    except Exception as fault:  # noqa: BLE001 - one case must not keep the others waiting
        log.error("case %s could not leave quarantine: %s", key, type(fault).__name__)
        return False


def _let_through(key: str, now: datetime, config: Config) -> bool:
    case = Case.get_or_none((Case.id == key) & (Case.stage == Stage.QUARANTINED))
    if case is None or add_workdays(case.idle_since, QUARANTINE) > now:
        return False
    why = [wording.DOUBTS[doubt] for doubt in register.doubts_of(case)]
    progress.let_through(case, _ITSELF, ". ".join(["Niemand keek ernaar", *why, ""]).strip(), now)
    announce(case, now, config, unseen=True)
    return True
