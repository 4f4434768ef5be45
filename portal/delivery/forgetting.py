"""What the post office forgets, and that it never forgets a letter that is still to arrive."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from peewee import Expression

from portal.database import FORGOTTEN, Rows, connection, turn
from portal.delivery.outbox import OVER, Letter, State

# After sending. What is left of a letter then tells that it went, as a line of the audit trail
# tells who did what, and is kept as long; about a case it goes with the case.
TEXT_KEPT = timedelta(days=30)
TRACE_KEPT = timedelta(days=366)  # twelve months, the longest there are

_AT_ONCE = 100


class Unsent(Exception):
    """A letter about the case was neither sent nor set aside; nothing was deleted."""


def forget_about(reference: str) -> int:
    """Delete every letter about a case, in the caller's transaction; raises ``Unsent``."""
    mine = Letter.case_reference == reference
    if Letter.select().where(mine & Letter.state.not_in(OVER)).exists():
        raise Unsent(reference)
    return int(Letter.delete().where(mine).execute())  # type: ignore[misc]  # the stubs' fault


def unsent_about() -> list[str]:
    """What the letters are about that were neither sent nor set aside, each once."""
    unsent = Letter.state.in_([state for state in State if state not in OVER])
    with connection():
        found = Letter.select(Letter.case_reference).where(unsent).distinct()
        return [letter.case_reference for letter in found.order_by(Letter.case_reference)]


@dataclass(frozen=True)
class Texts:
    """The letters that were sent before a moment and can still be read."""

    sent_before: datetime

    def count(self) -> int:
        """How many there are."""
        with connection():
            return int(Letter.select().where(self._readable).count())

    def forget(self) -> int:
        """Empty them of what they say and of every address; gives how many."""
        gone = 0
        while some := self._forget_some():
            gone += some
        return gone

    @property
    def _readable(self) -> Expression:
        readable: Expression = _sent(self.sent_before) & (Letter.body != FORGOTTEN)
        return readable

    def _forget_some(self) -> int:
        with turn():
            some = Letter.select(Letter.id).where(self._readable).limit(_AT_ONCE)
            emptied = Letter.update(
                recipient=FORGOTTEN,
                fallback=None,
                reply_to=FORGOTTEN,
                subject=FORGOTTEN,
                body=FORGOTTEN,
                last_answer=None,
            )
            return int(emptied.where(Letter.id.in_(some)).execute())


def past_traces(before: datetime) -> Rows:
    """What is left of the letters sent before this moment.

    A copy of a letter that did not arrive stays as long as that does: somebody has it.
    """
    failed = Letter.select(Letter.id).where(Letter.state.in_((State.STUCK, State.SET_ASIDE)))
    copies = Letter.forwarded_from.in_(failed) & ~Letter.forwarded_from.is_null()
    return Rows(Letter, _sent(before) & ~copies)


def _sent(before: datetime) -> Expression:
    sent: Expression = (Letter.state == State.SENT) & (Letter.sent_at < before)
    return sent
