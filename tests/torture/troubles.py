"""What befalls the portal meanwhile: processes are killed at random, and faults happen in them."""

import threading
import time
from contextlib import suppress
from multiprocessing.context import ForkServerProcess
from random import Random

from portal.failpoints import Action
from tests.torture import commands
from tests.torture.house import House
from tests.torture.places import KEEPING, SENDING, TALKING

_MAIL_WORKERS = 2
# Those that a server or a worker comes by while forms are sent and letters go.
_PLACES = (*KEEPING, *SENDING, *TALKING)
_HANGING = 1.0  # seconds, before somebody notices
_COMES_BY = 3.0  # seconds, until a place is given up


class Machine:
    """The processes of a portal, begun anew when they die."""

    def __init__(self, house: House, chance: Random) -> None:
        self._house, self._chance = house, chance
        self.actions = {name: chance.choice(list(Action)) for name in _PLACES}
        self._faults = _setting(house, self.actions)
        self._lock = threading.Lock()
        self.kills = 0
        self.server = self._house.server(**self._faults)
        self._workers = [self._worker() for _ in range(_MAIL_WORKERS)]

    def _worker(self) -> ForkServerProcess:
        return self._house.start("worker", **self._faults)

    def kill_something(self) -> None:
        """SIGKILL to the whole server, to one process of it, or to a worker that sends letters."""
        with self._lock:
            self._chance.choice([self._kill_server, self._kill_answering, self._kill_sending])()

    def _kill_server(self) -> None:
        self.server.kill()
        self.kills += 1
        self.server = self._house.server(**self._faults)

    def _kill_answering(self) -> None:
        if answering := self.server.workers():
            self.kill(self._chance.choice(answering))

    def _kill_sending(self) -> None:
        victim = self._chance.choice(self._workers)
        if victim.pid and victim.is_alive():
            self.kill(victim.pid)
            self._house.broke_off_now()
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
        flag = self._house.flag(name)
        self._house.expect(name)
        if not commands.comes(flag, _COMES_BY):
            # Nobody is to meet it later, when nobody looks.
            with suppress(FileExistsError), flag.open("x") as raised:
                raised.write("0")
                return
        if self.actions[name] is Action.KILL:
            self.kills += 1
        if self.actions[name] is Action.HANG:
            time.sleep(self._chance.uniform(0, _HANGING))
            with self._lock:
                self.kill(self._house.raised(name))
        if name in TALKING:
            self._house.broke_off_now()

    def stop(self) -> None:
        """End everything for good."""
        with self._lock:
            self.server.kill()
            for worker in self._workers:
                worker.kill()
                worker.join(commands.PATIENCE)
                worker.close()
                self._house.broke_off_now()


def _setting(house: House, actions: dict[str, Action]) -> dict[str, str]:
    asked = [house.faults(action, name)["PORTAL_FAILPOINTS"] for name, action in actions.items()]
    return {"PORTAL_FAILPOINTS": ";".join(asked)}
