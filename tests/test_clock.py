"""The clock: every chore when it is due, whatever became of the others."""

import threading
from datetime import datetime, timedelta

import pytest

from portal.clock import Chore, run
from tests.conftest import NOON

HOUR = timedelta(hours=1)


class Time:
    """A clock that jumps at each look by the next of ``steps``, and stops the run at the end."""

    def __init__(self, *steps: timedelta) -> None:
        self.now, self.steps, self.stop = NOON, list(steps), threading.Event()

    def __call__(self) -> datetime:
        now = self.now
        if self.steps:
            self.now += self.steps.pop(0)
        else:
            self.stop.set()
        return now


def done(*steps: timedelta, every: timedelta = HOUR) -> list[datetime]:
    """When a chore is done on a clock that takes these steps."""
    time, moments = Time(*steps), list[datetime]()
    run([Chore("note", every, moments.append)], time, time.stop, tick=0)
    return moments


def test_a_chore_is_done_at_once_and_then_as_often_as_it_says() -> None:
    half = HOUR / 2
    assert done(half, half, half, half) == [NOON, NOON + HOUR, NOON + 2 * HOUR]


def test_a_clock_that_was_set_back_stops_no_chore() -> None:
    assert done(-2 * HOUR) == [NOON, NOON - 2 * HOUR]


def test_a_chore_that_fails_holds_up_no_other_and_is_tried_again() -> None:
    def fail(_: datetime) -> None:
        raise OSError("no disk")

    time, moments = Time(timedelta(0), HOUR, timedelta(0)), list[datetime]()
    run([Chore("fail", HOUR, fail), Chore("note", HOUR, moments.append)], time, time.stop, tick=0)
    assert moments == [NOON, NOON + HOUR]


def test_a_fault_is_logged_by_its_kind_and_not_by_its_words(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(_: datetime) -> None:
        raise ValueError("noor@example.org")

    time = Time()
    run([Chore("sweep", HOUR, fail)], time, time.stop, tick=0)
    assert "'sweep' failed: ValueError" in caplog.text
    assert "noor" not in caplog.text
