"""Programs that run beside each other, are watched together, and stop together."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping

GRACE = 10.0  # seconds between being asked to stop and being made to
GLANCE = 0.1  # seconds between two looks at the programs

_PR_SET_PDEATHSIG = 1  # prctl(2)


class ProgramEnded(Exception):
    """A program ended that should not have, or not in this way; the message names it."""


@contextlib.contextmanager
def running(environment: Mapping[str, str]) -> Iterator["Programs"]:
    """A block in which programs run with this environment; when it is left, none of them does."""
    programs = Programs(environment)
    try:
        yield programs
    finally:
        with _deaf():
            programs.stop()


class Programs:
    """What runs within a ``running`` block, each under the name it is spoken of by."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, *command: str) -> None:
        """Start a program that is to run until ``stop``."""
        # In a group of its own a program does not hear Ctrl-C: it is asked to stop only once.
        self._running[name] = subprocess.Popen(  # noqa: S603 - the caller's own program
            command,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            process_group=0,
            preexec_fn=_end_with_parent,  # noqa: PLW1509 - one system call, looked up beforehand
        )

    def run(self, name: str, *command: str) -> None:
        """Run a program to its end; raises ``ProgramEnded`` unless it succeeds."""
        self.start(name, *command)
        code = self._running[name].wait()
        if code:
            raise ProgramEnded(f"{name} failed with exit code {code}")
        del self._running[name]

    def watch(self, until: Callable[[], bool]) -> None:
        """Wait until ``until()``; raises ``ProgramEnded`` as soon as a program has ended."""
        while not until():
            for name, program in self._running.items():
                if program.poll() is not None:
                    raise ProgramEnded(f"{name} ended by itself, exit code {program.returncode}")
            time.sleep(GLANCE)

    def stop(self) -> None:
        """Ask every program to stop, and make those that have not after ``GRACE`` seconds."""
        for program in self._running.values():
            program.terminate()
        deadline = time.monotonic() + GRACE
        for program in self._running.values():
            _see_out(program, deadline)


def _see_out(program: subprocess.Popen[bytes], deadline: float) -> None:
    with contextlib.suppress(subprocess.TimeoutExpired):
        program.wait(max(0.0, deadline - time.monotonic()))
    # The whole group: what the program itself started goes too.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(program.pid, signal.SIGKILL)
    program.wait()


@contextlib.contextmanager
def _deaf() -> Iterator[None]:
    """Hear no signal for a while: an impatient second Ctrl-C must not leave programs behind."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, signal.SIG_IGN) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


_prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None


def _end_with_parent() -> None:
    """Have Linux send SIGTERM when the parent is gone, even by SIGKILL."""
    if _prctl is not None:
        _prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
