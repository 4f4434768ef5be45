"""Forgetting a case: its letters and all that hangs on it go, and what may be counted stays."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from peewee import OperationalError

from portal.cases import keeping, tombstone
from portal.cases.register import Case
from portal.database import connection, turn
from portal.delivery.forgetting import Unsent, forget_about
from portal.failpoints import failpoint

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Cases:
    """The cases whose time was over by a moment, those that a letter holds included."""

    before: datetime

    def count(self) -> int:
        """How many there are."""
        return sum(1 for _ in self._ids())

    def forget(self) -> int:
        """Forget each in a transaction of its own; gives how many.

        One that a letter holds stays, and so does one that fails.
        """
        return sum(_forget_surely(key, self.before) for key in self._ids())

    def _ids(self) -> Iterator[str]:
        with connection():
            yield from keeping.past(self.before)


def _forget_surely(key: str, before: datetime) -> bool:
    try:
        with turn():
            return _forget(key, before)
    except Unsent:
        return False
    except OperationalError:
        raise  # The database: it would be the same with the next case, and it passes.
    except Exception as fault:  # noqa: BLE001 - one case must not keep the others from being forgotten
        log.error("case %s could not be forgotten: %s", key, type(fault).__name__)
        return False


def _forget(key: str, before: datetime) -> bool:
    case = Case.get_or_none(Case.id == key)
    # As it is now: somebody may have opened it again, or added to it, since it was looked for.
    if case is None or not keeping.is_past(case, before):
        return False
    forget_about(case.reference)
    if not case.doubts:
        tombstone.of(case).save(force_insert=True)
    # What hangs on it goes with it (ON DELETE CASCADE).
    case.delete_instance()
    failpoint("sweep: case forgotten")
    return True
