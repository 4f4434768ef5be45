"""Waiting for something to be so, and never for ever."""

import time
from collections.abc import Callable

PATIENCE = 30.0  # seconds


def wait_until(so: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Wait until something is so; raises ``AssertionError`` where it is not within that time."""
    end = time.monotonic() + seconds
    while not so():
        assert time.monotonic() < end, "what was waited for does not come"
        time.sleep(0.002)
