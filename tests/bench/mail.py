"""What visitors notice of a mail server that is dead or slow, beside one that is quick."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from tests.bench.asking import get
from tests.bench.measured import Measured
from tests.bench.prepared import Ready
from tests.bench.served import portal_serving, production, running, serving, until
from tests.bench.table import Row
from tests.databases import elsewhere
from tests.portal_app import new_database

ROUNDS = 12
EACH = 200
AT_ONCE = 2  # visitors
SLOWER = 1.2  # times as long at the most
_SLOW = 2.0  # seconds a letter
_WAITING = "SELECT COUNT(*) FROM letter WHERE state <> 'sent'"


class _House:
    """A portal and its worker, with a mail server of some kind."""

    def __init__(self, stack: ExitStack, folder: Path, port: int) -> None:
        folder.mkdir()
        self._database = new_database(folder)
        settings = production(self._database, PORTAL_MAIL_PORT=str(port))
        self.ready = Ready(settings)
        self.program, self.port = stack.enter_context(portal_serving(settings))
        stack.enter_context(running("portal.cli", "worker", settings=settings))
        self.sent, self.looked = Measured(), Measured()

    def round(self, each: int) -> None:
        requests = self.ready.to_send(each)
        self.sent.round(self.program, self.port, requests, 303, AT_ONCE)
        page = [get("/aanvragen/")] * each
        self.looked.round(self.program, self.port, page, 200, AT_ONCE)

    def rest(self) -> None:
        """Wait until every letter went: else that costs the next portal's visitors."""
        until(lambda: elsewhere(self._database, _WAITING) == [(0,)])


def rows(folder: Path, rounds: int = ROUNDS, each: int = EACH) -> Iterator[Row]:
    """Send forms to three portals in turn, whose mail servers differ."""
    with ExitStack() as stack:
        houses = _houses(stack, folder)
        for house in houses.values():
            house.round(each)
            house.sent, house.looked = Measured(), Measured()
        for _ in range(rounds):
            for house in houses.values():
                houses["fast"].rest()
                house.round(each)
    fast = houses.pop("fast")
    for name, house in houses.items():
        for percent, goal in ((50, None), (99, SLOWER)):
            value, limit = (each.sent.percentile(percent) for each in (house, fast))
            yield Row(f"submit, p{percent}: mail {name} beside fast", value, "ms", limit, goal)
        value, limit = (each.looked.percentile(99) for each in (house, fast))
        yield Row(f"a page, p99: mail {name} beside fast", value, "ms", limit, SLOWER)


def _houses(stack: ExitStack, folder: Path) -> dict[str, _House]:
    _, fast = stack.enter_context(serving("tests.bench.sink"))
    _, slow = stack.enter_context(serving("tests.bench.sink", "--seconds", str(_SLOW)))
    ports = {"fast": fast, "dead": 9, "slow": slow}
    return {name: _House(stack, folder / name, port) for name, port in ports.items()}
