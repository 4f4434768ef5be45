"""A request that is sent, beside the least that a form can be which keeps one row."""

import re
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from statistics import median
from urllib.parse import urlencode

from tests.bench.asking import ask, get, post
from tests.bench.bare import Durable
from tests.bench.measured import Measured
from tests.bench.prepared import Ready
from tests.bench.served import bare_serving, portal_serving, production
from tests.bench.table import Row
from tests.databases import empty, on_postgresql
from tests.portal_app import new_database

ROUNDS = 7
EACH = 250  # requests a round

# WordPress with Contact Form 7 and messages that are stored: measured elsewhere, on two cores with
# eight connections at once, and quoted.
_PEER_A_SECOND, _PEER_PROCESSOR = 18.0, 100.0


def rows(folder: Path, rounds: int = ROUNDS, each: int = EACH) -> Iterator[Row]:
    """Send forms to the portal and to the bare form, in turn."""
    settings = production(new_database(folder))
    commits: list[float] = []
    (folder / "commits").mkdir()
    database = empty(folder / "commits")
    with closing(Durable(database)) as line:
        line.lay_out()
    own, least = Measured(), Measured()
    with (
        portal_serving(settings) as (portal, at),
        bare_serving(folder / "bare") as (bare, bare_at),
    ):
        ready, token = Ready(settings), _bare_form(bare_at)
        for warm in (True, *(False for _ in range(rounds))):
            measured = (Measured(), Measured()) if warm else (own, least)
            measured[0].round(portal, at, ready.to_send(each), 303)
            measured[1].round(bare, bare_at, [token] * each, 303)
            commits.append(_commits_a_second(database))
    yield Row("submit", own.speed, "/s", least.speed, 0.5, more=True)
    yield Row("submit: processor time", own.cost, "ms", least.cost)
    if on_postgresql():
        of_it = median(own.database)
        yield Row("submit: processor time, of which the database server", of_it, "ms", own.cost)
    yield Row("submit beside durable commits", own.speed, "/s", median(commits))
    yield Row("submit beside WordPress (quoted)", own.speed, "/s", _PEER_A_SECOND, more=True)
    yield Row("submit beside WordPress (quoted): processor", own.cost, "ms", _PEER_PROCESSOR)


def _bare_form(port: int) -> bytes:
    page = ask(port, get("/formulier/"))
    head, _, token = page.octets.decode().partition("\r\n\r\n")
    found = re.search(r"Set-Cookie: ([^;]+)", head)
    assert found
    typed = {"csrf_token": token, "name": "Noor", "email": "noor@example.org", "story": "x" * 600}
    return post("/formulier/", urlencode(typed).encode(), {"Cookie": found[1]})


def _commits_a_second(database: str, seconds: float = 0.3) -> float:
    number = 0
    with closing(Durable(database)) as line:
        began = time.perf_counter()
        while time.perf_counter() - began < seconds:
            line.keep("Noor")
            number += 1
        return number / (time.perf_counter() - began)
