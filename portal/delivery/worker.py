"""The worker: takes letters out of the outbox one by one and writes down what became of them."""

import logging
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from time import sleep
from typing import TypeVar

from peewee import PeeweeException

from portal.database import Moment, Table, connection, transaction
from portal.delivery.outbox import (
    Claim,
    Outcome,
    Result,
    Send,
    State,
    claim,
    record,
    record_and_claim,
)
from portal.failpoints import failpoint

log = logging.getLogger(__name__)

T = TypeVar("T")

Clock = Callable[[], datetime]

# Longer than a talk with the mail server may take (smtp.TALK), or a live worker's letter would
# be taken by another.
LEASE = timedelta(minutes=5)

IDLE = 1.0  # seconds between two looks at an empty outbox
SHORTEST_PAUSE = 5.0  # seconds after the mail server could not be reached; then doubled
LONGEST_PAUSE = 300.0

_BEAT_EVERY = timedelta(seconds=15)
# Seconds between two tries to record, beside the time-out of a lock: a server starts again in some.
_RESTS = (0.1, 0.5, 1, 3, 5)


class Heartbeat(Table):
    """One row: when a worker last went round."""

    at = Moment()


@dataclass(frozen=True)
class Report:
    """How many letters of a round went which way; ``unavailable`` is why it stopped early.

    It is the mail server's own answer, and may hold an address: for the operator, not for a log.
    """

    sent: int = 0
    deferred: int = 0
    stuck: int = 0
    unavailable: str | None = None


def work(clock: Clock, send: Send, stop: threading.Event) -> None:
    """Deliver until ``stop`` is set, finishing the letter in hand first."""
    pause = IDLE
    while not stop.is_set():
        report = None
        try:
            report = deliver_round(clock, send, stop)
        except Exception as fault:  # noqa: BLE001 - the head of the loop: a full disk passes too
            log.error("a round of letters failed: %s", type(fault).__name__)
        pause = _next_pause(pause, report)
        if pause > IDLE:
            log.warning("no mail goes out, next try in %d seconds; why: portal deliver", pause)
        stop.wait(pause)


def deliver_round(clock: Clock, send: Send, stop: threading.Event | None = None) -> Report:
    """Try every letter that is due as the round begins, the longest due first.

    A mail server that cannot be talked with ends the round, whatever is still due.
    """
    # Letter after letter in one talk, where the sender can.
    talk = send if isinstance(send, AbstractContextManager) else nullcontext()
    with connection(), talk:
        return _round(clock, send, stop or threading.Event())


def last_heartbeat() -> datetime | None:
    """When a worker last gave a sign of life; None before the first.

    It does so before and after every letter, but not while it waits for a mail server that is
    away: up to ``LONGEST_PAUSE`` and one talk may lie between two.
    """
    with connection():
        newest = Heartbeat.select().order_by(Heartbeat.at.desc()).first()
        return newest.at if newest else None


def _next_pause(pause: float, report: Report | None) -> float:
    if report and report.unavailable is None:
        return IDLE
    if report and report.sent:
        return SHORTEST_PAUSE
    return min(max(2 * pause, SHORTEST_PAUSE), LONGEST_PAUSE)


def _round(clock: Clock, send: Send, stop: threading.Event) -> Report:
    began = clock()
    states: Counter[State] = Counter()
    beaten = _beat(began, None)
    claimed = None if stop.is_set() else claim(began, clock() + LEASE)
    while claimed:
        failpoint("worker: claimed")
        outcome = _try(claimed, send)
        failpoint("worker: tried")
        state, following = _surely(partial(_pass_on, claimed, outcome, clock, began, stop))
        failpoint("worker: recorded")
        _tell(claimed, state)
        if outcome.result is Result.UNAVAILABLE:
            return _report(states, outcome.answer)
        states[state] += 1
        beaten, claimed = _beat(clock(), beaten), following
    return _report(states, None)


def _try(claimed: Claim, send: Send) -> Outcome:
    try:
        return send(claimed.outgoing())
    except Exception as fault:  # noqa: BLE001 - one poisoned letter must not hold up the others
        return Outcome(Result.REFUSED, f"{type(fault).__name__}: {fault}")


def _pass_on(
    claimed: Claim, outcome: Outcome, clock: Clock, due_by: datetime, stop: threading.Event
) -> tuple[State, Claim | None]:
    """Record what came of a letter and, where the round goes on, take the next."""
    now = clock()
    if stop.is_set() or outcome.result is Result.UNAVAILABLE:
        return record(claimed, outcome, now), None
    return record_and_claim(claimed, outcome, now, due_by, now + LEASE)


def _surely(act: Callable[[], T]) -> T:
    """Try again, whatever the database says: an accepted letter that is not recorded goes twice."""
    for rest in _RESTS:
        try:
            return act()
        except PeeweeException:
            sleep(rest)
    return act()


def _tell(claimed: Claim, state: State) -> None:
    letter = claimed.letter
    reference = letter.case_reference
    about = {"reference": reference}
    log.info("letter %s (%s): %s", letter.id, letter.name, state.value, extra=about)


def _report(states: Counter[State], unavailable: str | None) -> Report:
    return Report(
        states[State.SENT], states[State.DEFERRED], states[State.STUCK], unavailable=unavailable
    )


def _beat(now: datetime, beaten: datetime | None) -> datetime:
    """Give a sign of life, if the last was long ago; gives when that was."""
    last = beaten or last_heartbeat()
    # A clock that was set back must not silence the heart until it has caught up.
    if last and last <= now < last + _BEAT_EVERY:
        return last
    # One that cannot be given must not keep the letter in hand for as long as it was claimed.
    with suppress(PeeweeException), transaction():
        if not Heartbeat.update(at=now).execute():
            Heartbeat.create(at=now)
    return now
