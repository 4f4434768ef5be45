"""Pages of a form, beside a view of one line under the same server."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path

from portal.intake.doors import DOORS
from portal.intake.handles import new_handle
from tests.bench.asking import get
from tests.bench.measured import Measured
from tests.bench.prepared import Ready
from tests.bench.served import bare_serving, portal_serving, production
from tests.bench.table import Row
from tests.portal_app import new_database

ROUNDS = 5
EACH = 250


def rows(folder: Path, rounds: int = ROUNDS, each: int = EACH) -> Iterator[Row]:
    """Look at the pages and at the line, in turn."""
    settings = production(new_database(folder))
    with (
        portal_serving(settings) as (portal, at),
        bare_serving(folder / "bare") as (bare, bare_at),
    ):
        first = get(f"{DOORS['learning'].path}{new_handle()}/1/")
        asked = {
            "the beginning": (portal, at, [get("/aanvragen/")] * each),
            "the first page of a form": (portal, at, [first] * each),
            "the last page of a form": (portal, at, Ready(settings).to_check(each)),
            "a line": (bare, bare_at, [get("/")] * each),
        }
        found = {name: Measured() for name in asked}
        for warm, (name, (program, port, requests)) in product(range(rounds + 1), asked.items()):
            measured = found[name] if warm else Measured()
            measured.round(program, port, requests, 200)
    line = found.pop("a line")
    for name, measured in found.items():
        yield Row(f"{name} beside a line", measured.speed, "/s", line.speed, more=True)
        yield Row(f"{name}: processor time", measured.cost, "ms", line.cost)
