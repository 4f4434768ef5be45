"""What befalls the portal meanwhile: processes are killed at random, and faults happen in them."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from multiprocessing.context import ForkServerProcess
from random import Random

from portal.failpoints import Action
from tests.databases import name_in, server
from tests.torture import commands
from tests.torture.house import House
from tests.torture.places import KEEPING, SENDING, TALKING

_MAIL_WORKERS = 2
# Those that a server or a worker comes by while forms are sent and letters go.
_PLACES = (*KEEPING, *SENDING, *TALKING)
_HANGING = 1.0  # seconds, before somebody notices
_COMES_BY = 3.0  # seconds, until a place is given up
_AWAY = 0.5  # seconds at the most, and what it takes to begin

Trouble = Callable[[], None]


def in_turn(troubles: list[Trouble], chance: Random) -> Iterator[Trouble]:
    """Each of them once, in any order, and then each once more, and so on."""
    while True:
        chance.shuffle(troubles)
        yield from list(troubles)


class DatabaseServer:
    """What the databases are on: it is stopped and begun anew; ``lock`` is held meanwhile."""

    def __init__(self, house: House, chance: Random, lock: threading.Lock) -> None:
        self._name, self._chance, self._lock = name_in(house.url), chance, lock
        self.kills = 0

    def troubles(self) -> list[Trouble]:
        """What may befall it."""
        return [self._stop, self._end_connections]

    def times(self) -> int:
        """How often something befell it; whoever asks waits until it is over."""
        with self._lock:
            return self.kills

    def _stop(self) -> None:
        with self._lock:
            server().stop()
            self.kills += 1
            time.sleep(self._chance.uniform(0, _AWAY))
            server().start()

    def _end_connections(self) -> None:
        with self._lock:
            server().end_connections(self._name)
            self.kills += 1


class Machine:
    """The processes of a portal, begun anew when they die.

    ``lock`` is held while they are, and while their database is away: nothing begins without it.
    """

    def __init__(self, house: House, chance: Random, lock: threading.Lock) -> None:
        self.house, self._chance, self._lock = house, chance, lock
        self.actions = {name: chance.choice(list(Action)) for name in _PLACES}
        self._faults = _setting(house, self.actions)
        self.kills = self.raised = 0
        self.server = self.house.server(**self._faults)
        self._workers = [self._worker() for _ in range(_MAIL_WORKERS)]

    def _worker(self) -> ForkServerProcess:
        return self.house.start("worker", **self._faults)

    def troubles(self) -> list[Trouble]:
        """SIGKILL to the whole server, to one process of it, or to a worker that sends letters."""
        return [self._kill_server, self._kill_answering, self._kill_sending]

    def _kill_server(self) -> None:
        with self._lock:
            self.server.kill()
            self.kills += 1
            self.server = self.house.server(**self._faults)

    def _kill_answering(self) -> None:
        with self._lock:
            if answering := self.server.workers():
                self.kill(self._chance.choice(answering))

    def _kill_sending(self) -> None:
        with self._lock:
            victim = self._chance.choice(self._workers)
            if victim.pid and victim.is_alive():
                self.kill(victim.pid)
                self.house.broke_off_now()
            self._tend()

    def kill(self, process: int) -> None:
        """SIGKILL to one of ours; whatever has its number by then is left in peace."""
        if process in {*self.server.workers(), *(worker.pid for worker in self._workers)}:
            commands.kill(process)
            self.kills += 1

    def tend(self) -> None:
        """Begin anew whatever died by itself."""
        with self._lock:
            self._tend()

    def _tend(self) -> None:
        for place, worker in enumerate(self._workers):
            worker.join(0)
            if worker.exitcode is not None:
                worker.close()
                self._workers[place] = self._worker()

    def let_happen(self) -> None:
        """Let one of the faults happen, at the next process that comes by."""
        name = self._chance.choice(_PLACES)
        flag = self.house.flag(name)
        self.house.expect(name)
        if not commands.comes(flag, _COMES_BY):
            # Nobody is to meet it later, when nobody looks.
            with suppress(FileExistsError), flag.open("x") as raised:
                raised.write("0")
                return
        if self.actions[name] is Action.KILL:
            self.kills += 1
        if self.actions[name] is Action.RAISE:
            self.raised += 1
        if self.actions[name] is Action.HANG:
            time.sleep(self._chance.uniform(0, _HANGING))
            with self._lock:
                self.kill(self.house.raised(name))
        if name in TALKING:
            self.house.broke_off_now()

    def stop(self) -> None:
        """End everything for good."""
        with self._lock:
            self.server.kill()
            for worker in self._workers:
                worker.kill()
                worker.join(commands.PATIENCE)
                worker.close()
                self.house.broke_off_now()


def _setting(house: House, actions: dict[str, Action]) -> dict[str, str]:
    asked = [house.faults(action, name)["PORTAL_FAILPOINTS"] for name, action in actions.items()]
    return {"PORTAL_FAILPOINTS": ";".join(asked)}
