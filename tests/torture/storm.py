"""The long form: thousands of requests while everything that can die does, and all is counted."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from random import Random

from tests.databases import on_postgresql
from tests.real_server import Balanced
from tests.torture import commands
from tests.torture.house import House
from tests.torture.invariants import Verdict, all_of
from tests.torture.troubles import DatabaseServer, Machine, in_turn
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
    machines: int = 1


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
        self._faults: list[str] = []
        lock = threading.Lock()
        houses = [house, *(house.beside() for _ in range(plan.machines - 1))]
        self._machines = [Machine(one, chance, lock) for one in houses]
        self._database = [DatabaseServer(house, chance, lock)] if on_postgresql() else []
        self._all: list[Machine | DatabaseServer] = [*self._machines, *self._database]

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
            servers = Balanced([machine.server for machine in self._machines])
            crowd = Crowd(self._house, servers, self._plan.count, self._is_over)
            crowd.go(self._plan.visitors)
        finally:
            self._done.set()
            for thread in beside:
                thread.join()
            for machine in self._machines:
                machine.stop()

    def stop(self) -> None:
        """Let it end before its time; what was acknowledged by then is counted."""
        self._faults.append("it was stopped before its time")

    def _count(self) -> Outcome:
        self._say("everybody was served; the letters that are left go now")
        # From here on the mail server behaves.
        self._house.mail.script.clear()
        self._guarded(self._house.deliver_all)
        verdict, kills = self._house.verdict(), self._kills()
        faults = [*self._faults, *all_of(verdict)]
        acknowledged = len(self._house.acknowledged)
        if acknowledged < self._plan.count:
            faults.append(f"{self._plan.count - acknowledged} never saw a reference in time")
        if kills < self._plan.kills:
            faults.append(f"only {kills} of {self._plan.kills} kills")
        raised, failed = sum(m.raised for m in self._machines), self._house.answers.count(500)
        if failed > raised:
            faults.append(f"{failed} pages of a fault of ours, of which {raised} were asked for")
        return Outcome(acknowledged, kills, verdict, tuple(faults))

    def _kills(self) -> int:
        return sum(one.kills for one in self._all)

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
        each = chain.from_iterable(one.troubles() for one in self._all)
        troubles = in_turn(list(each), self._chance)
        for share in sorted(self._chance.uniform(0, 0.95) for _ in range(self._plan.kills)):
            if not self._at(share):
                return
            next(troubles)()

    def _let_happen(self) -> None:
        while not self._done.wait(self._chance.uniform(0, 2 * self._between())):
            self._chance.choice(self._machines).let_happen()

    def _between(self) -> float:
        """Seconds between two faults: about as many as there are kills."""
        return max(0.1, min(10.0, self._plan.count / self._plan.kills / 50))

    def _tend(self) -> None:
        while not self._done.wait(_TEND):
            for machine in self._machines:
                machine.tend()

    def _back_up(self) -> None:
        for number in range(1, self._plan.backups + 1):
            if not self._at(number / (self._plan.backups + 1)):
                return
            while not self._backed_up(f"backup-{number}.db") and not self._is_over():
                pass

    def _backed_up(self, name: str) -> bool:
        """Have every machine make a backup at once; False where the database went away."""
        before = self._away()
        files = [machine.house.folder / name for machine in self._machines]
        made = [self._house.start("backup", str(file)) for file in files if not file.exists()]
        failed = [status for status in map(commands.ended, made) if status]
        if failed and before == self._away():
            self._faults.append(f"{len(failed)} of {name} failed")
        return not failed

    def _away(self) -> int:
        return sum(server.times() for server in self._database)

    def _tell(self) -> None:
        began = time.monotonic()
        while not self._counted.wait(_TELL):
            self._say(
                f"{time.monotonic() - began:4.0f} s: {len(self._house.acknowledged)} acknowledged, "
                f"{len(self._house.mail.received)} letters came, {self._kills()} kills"
            )
