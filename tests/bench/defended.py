"""A request that is sent, beside the same with every defence taken out: what they cost."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from portal.cases.register import Case
from portal.config import Config
from portal.database import connection, open_database
from portal.sealing import Keyring
from tests.bench.measured import Measured
from tests.bench.prepared import Ready
from tests.bench.served import Program, portal_serving, production, serving
from tests.bench.table import Row
from tests.portal_app import new_database

ROUNDS = 9
EACH = 200  # requests a round
GOAL = 1.3  # times as long, at the most


@dataclass
class Side:
    """One of the two: its settings, and what was measured of it."""

    settings: dict[str, str]
    measured: Measured = field(default_factory=Measured)

    def send(self, program: Program, port: int, each: int) -> None:
        """One round on forms that are filled in now."""
        self._open()
        self.measured.round(program, port, Ready(self.settings).to_send(each), 303)

    def refuse_others(self, number: int) -> None:
        """Raise ``RuntimeError`` unless so many requests were taken in."""
        self._open()
        with connection():
            found = Case.select().count()
        if found != number:
            raise RuntimeError(f"{found} taken in of {number}")

    def _open(self) -> None:
        config = Config.from_environment(self.settings)
        open_database(config.database_url, Keyring(config.data_keys))


def rows(folder: Path, rounds: int = ROUNDS, each: int = EACH) -> Iterator[Row]:
    """Send forms to the portal as it is and to the one without, in turn."""
    own, bare = (Side(_settings(folder / name)) for name in ("as it is", "without"))
    with (
        portal_serving(own.settings) as (portal, at),
        serving("tests.bench.undefended", "serve", settings=bare.settings) as (without, bare_at),
    ):
        for warming in (True, *(False for _ in range(rounds))):
            own.send(portal, at, each)
            bare.send(without, bare_at, each)
            if warming:
                own.measured, bare.measured = Measured(), Measured()
    for side in (own, bare):
        side.refuse_others((rounds + 1) * each)
    # The round of each that whatever else the machine does disturbed least.
    took = [1000 / max(side.measured.a_second) for side in (own, bare)]
    used = [min(side.measured.processor) for side in (own, bare)]
    yield Row("submit beside the same without defences", took[0], "ms", took[1], GOAL)
    yield Row("submit without defences: processor time", used[0], "ms", used[1], GOAL)


def _settings(folder: Path) -> dict[str, str]:
    folder.mkdir()
    return production(new_database(folder))
