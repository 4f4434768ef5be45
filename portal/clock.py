"""The clock: chores that are done again and again, so that none ever waits for another."""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

log = logging.getLogger(__name__)

TICK = 20.0  # seconds between two looks at what is due


@dataclass(frozen=True)
class Chore:
    """Something to do, how often, and by what name it is spoken of in the log."""

    name: str
    every: timedelta
    do: Callable[[datetime], object]


def run(
    chores: Sequence[Chore],
    clock: Callable[[], datetime],
    stop: threading.Event,
    tick: float = TICK,
) -> None:
    """Do each chore at once, and then as often as it says, until ``stop`` is set."""
    done: dict[str, datetime] = {}
    while not stop.is_set():
        for chore in chores:
            _do_if_due(chore, done, clock())
        stop.wait(tick)


def _do_if_due(chore: Chore, done: dict[str, datetime], now: datetime) -> None:
    last = done.get(chore.name)
    # A clock that was set back must not stop a chore until it has caught up.
    if last and last <= now < last + chore.every:
        return
    done[chore.name] = now
    try:
        chore.do(now)
    except Exception as fault:  # noqa: BLE001 - the head of the loop: the next chore must be done
        log.error("the chore '%s' failed: %s", chore.name, type(fault).__name__)
