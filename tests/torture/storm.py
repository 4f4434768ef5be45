"""The long form: thousands of requests while everything that can die does, and all is counted."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from tests.torture.house import House
from tests.torture.invariants import Verdict, all_of
from tests.torture.troubles import Machine
from tests.torture.visitors import Crowd

Say = Callable[[str], None]

_TEND = 0.2  # seconds between two looks
_TELL = 10.0  # seconds between two words of progress


@dataclass(frozen=True)
class Plan:
    """How many are to be acknowledged, how often something is killed, and within what time."""

    count: int
    kills: int
    minutes: float
    visitors: int = 8
    backups: int = 2


@dataclass(frozen=True)
class Outcome:
    """What became of it."""

    acknowledged: int
    kills: int
    verdict: Verdict
    faults: tuple[str, ...]

    @property
    def line(self) -> str:
        """The one line that others read."""
        found = self.verdict
        return (
            f"acknowledged {self.acknowledged}, lost {len(found.lost)}, "
            f"without a letter {len(found.without_a_letter)}, doubled {len(found.doubled)}, "
            f"kills {self.kills}"
        )


class Storm:
    """One run of it."""

    def __init__(self, house: House, plan: Plan, chance: Random, say: Say) -> None:
        self._house, self._plan, self._chance, self._say = house, plan, chance, say
        self._ends = time.monotonic() + plan.minutes * 60
        self._done, self._counted = threading.Event(), threading.Event()
        self._machine = Machine(house, chance)
        self._faults: list[str] = []

    def run(self) -> Outcome:
        """Let it come over the house, and count what is left."""
        telling = threading.Thread(target=self._tell)
        telling.start()
        try:
            self._rage()
            return self._count()
        finally:
            self._counted.set()
            telling.join()

    def _rage(self) -> None:
        works = (self._kill, self._let_happen, self._tend, self._back_up)
        beside = [threading.Thread(target=self._guarded, args=(work,)) for work in works]
        for thread in beside:
            thread.start()
        try:
            crowd = Crowd(self._house, self._machine.server, self._plan.count, self._is_over)
            crowd.go(self._plan.visitors)
        finally:
            self._done.set()
            for thread in beside:
                thread.join()
            self._machine.stop()

    def stop(self) -> None:
        """Let it end before its time; what was acknowledged by then is counted."""
        self._faults.append("it was stopped before its time")

    def _count(self) -> Outcome:
        self._say("everybody was served; the letters that are left go now")
        # From here on the mail server behaves.
        self._house.mail.script.clear()
        self._guarded(self._house.deliver_all)
        verdict, kills = self._house.verdict(), self._machine.kills
        faults = [*self._faults, *all_of(verdict)]
        acknowledged = len(self._house.acknowledged)
        if acknowledged < self._plan.count:
            faults.append(f"{self._plan.count - acknowledged} never saw a reference in time")
        if kills < self._plan.kills:
            faults.append(f"only {kills} of {self._plan.kills} kills")
        return Outcome(acknowledged, kills, verdict, tuple(faults))

    def _is_over(self) -> bool:
        return time.monotonic() > self._ends or bool(self._faults)

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as fault:  # noqa: BLE001 - the harness itself: the run is worth nothing then
            self._faults.append(f"{work.__name__}: {fault!r}")

    def _share(self) -> float:
        return len(self._house.acknowledged) / self._plan.count

    def _at(self, share: float) -> bool:
        """Wait until so much is done; False where all is over first."""
        while self._share() < share and not self._is_over():
            if self._done.wait(0.01):
                return False
        return not self._is_over()

    def _kill(self) -> None:
        for share in sorted(self._chance.uniform(0, 0.95) for _ in range(self._plan.kills)):
            if not self._at(share):
                return
            self._machine.kill_something()

    def _let_happen(self) -> None:
        while not self._done.wait(self._chance.uniform(0, 2 * self._between())):
            self._machine.let_happen()

    def _between(self) -> float:
        """Seconds between two faults: about as many as there are kills."""
        return max(0.1, min(10.0, self._plan.count / self._plan.kills / 50))

    def _tend(self) -> None:
        while not self._done.wait(_TEND):
            self._machine.tend()

    def _back_up(self) -> None:
        for number in range(1, self._plan.backups + 1):
            if not self._at(number / (self._plan.backups + 1)):
                return
            file = self._house.folder / f"backup-{number}.db"
            if self._house.run("backup", str(file)):
                self._faults.append(f"backup {number} failed")

    def _tell(self) -> None:
        began = time.monotonic()
        while not self._counted.wait(_TELL):
            self._say(
                f"{time.monotonic() - began:4.0f} s: {len(self._house.acknowledged)} acknowledged, "
                f"{len(self._house.mail.received)} letters came, {self._machine.kills} kills"
            )
