"""What the portal asks of a machine: memory, time to start, room on disk, octets on the wire."""

import gzip
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from statistics import median

from packaging.requirements import Requirement

from portal.database import connection
from portal.intake.doors import DOORS
from portal.intake.handles import new_handle
from tests.bench.asking import ask, ask_all, get
from tests.bench.letters import waiting
from tests.bench.measured import refuse_others
from tests.bench.prepared import Ready
from tests.bench.served import (
    ROOT,
    Family,
    database_server,
    portal_serving,
    production,
    running,
    serving,
    until,
)
from tests.bench.table import Row
from tests.databases import on_postgresql
from tests.portal_app import new_database

STARTS = 5
LOAD = 500  # forms
SETTLE = 3.0  # seconds, in which the worker begins its chores
MEMORY = 150.0  # megabytes
START = 2.0  # seconds
_PROCESSOR = 6.0  # milliseconds, of web and worker together
# The first flight of a connection carries about so much (ten segments, RFC 6928).
_FLIGHT = 14_600.0

SITE = ROOT / "build" / "site"


def rows(
    folder: Path, starts: int = STARTS, load: int = LOAD, settle: float = SETTLE
) -> Iterator[Row]:
    """Start it, look at it idle, load it, look again; count files and octets, once."""
    with ExitStack() as stack:
        _, mail = stack.enter_context(serving("tests.bench.sink"))
        settings = production(new_database(folder), PORTAL_MAIL_PORT=str(mail))
        took = [_seconds_to_start(settings) for _ in range(starts)]
        yield Row("start until the first page", median(took), "s", START, 1.0)
        web, port = stack.enter_context(portal_serving(settings))
        worker = stack.enter_context(running("portal.cli", "worker", settings=settings))
        ask_all(port, [get("/aanvragen/")] * 8)
        time.sleep(settle)
        yield from _memory("idle", (web, worker))
        yield from _cost(Ready(settings).to_send(load), port, (web, worker))
        yield from _memory(f"after {load} forms", (web, worker))
        page = ask(port, get(f"{DOORS['learning'].path}{new_handle()}/1/")).octets
    if not on_postgresql():  # what is the same on either
        yield from _room()
        yield from _wire(page.partition(b"\r\n\r\n")[2])


def _seconds_to_start(settings: dict[str, str]) -> float:
    began = time.perf_counter()
    with portal_serving(settings) as (_, port):
        ask(port, get("/aanvragen/"))
        return time.perf_counter() - began


def _cost(requests: Sequence[bytes], port: int, programs: Sequence[Family]) -> Iterator[Row]:
    """Send these forms and wait for their letters; by a server of the database too, if any."""
    parts = (*programs, database_server())
    before = [part.processor() for part in parts]
    with connection():  # kept, for we look often
        refuse_others(ask_all(port, requests), 303)
        until(lambda: not waiting(), pause=0.02)
    used = [
        1000 * (part.processor() - was) / len(requests)
        for part, was in zip(parts, before, strict=True)
    ]
    name = "a request with its letters sent: processor time"
    yield Row(name, sum(used), "ms", _PROCESSOR, 1.0)
    if on_postgresql():
        yield Row(f"{name}, of which the database server", used[-1], "ms", sum(used))


def _memory(when: str, programs: Sequence[Family]) -> Iterator[Row]:
    shared = sum(program.proportional() for program in programs)
    whole = sum(program.resident() for program in programs)
    yield Row(f"memory, {when}, web and worker (PSS)", shared, "MB", MEMORY, 1.0)
    yield Row(f"memory, {when}, web and worker (RSS summed)", whole, "MB", MEMORY)
    if on_postgresql():
        server = database_server().proportional()
        yield Row(f"memory, {when}, the database server beside them (PSS)", server, "MB", shared)


def _room() -> Iterator[Row]:
    """What is installed to run it, beside Flask and its server alone."""
    needed = _needed("eigen-kracht-portal")
    least = {**_needed("flask"), **_needed("gunicorn")}
    portal = _size(file for file in (ROOT / "portal").rglob("*") if "__pycache__" not in file.parts)
    own = sum(_installed(each) for name, each in needed.items() if name != "eigen-kracht-portal")
    limit = sum(map(_installed, least.values()))
    yield Row("installed, with all it leans on", (own + portal) / 1e6, "MB", limit / 1e6)
    yield Row("installed, of which the portal itself", portal / 1e6, "MB", own / 1e6)
    yield Row("the site as it is served", _size(SITE.rglob("*")) / 1e6, "MB", own / 1e6)


def _needed(name: str, found: dict[str, Distribution] | None = None) -> dict[str, Distribution]:
    """A distribution and all that it needs, without extras of its own, by name."""
    found = {} if found is None else found
    try:
        found[name] = distribution(name)
    except PackageNotFoundError:
        return found
    for text in found[name].requires or ():
        wanted = Requirement(text)
        asked = not wanted.marker or wanted.marker.evaluate({"extra": ""})
        if asked and wanted.name.lower() not in found:
            _needed(wanted.name.lower(), found)
        if asked and "binary" in wanted.extras:
            _needed(f"{wanted.name.lower()}-binary", found)
    return found


def _installed(each: Distribution) -> int:
    return _size(Path(str(each.locate_file(file))) for file in each.files or ())


def _size(files: Iterable[Path]) -> int:
    return sum(file.stat().st_size for file in files if file.is_file())


def _wire(form: bytes) -> Iterator[Row]:
    """Octets of a page and of what it loads, as small as they are sent."""
    home = (SITE / "index.html").read_bytes()
    yield Row("home page", _sent(SITE / "index.html") / 1e3, "kB", _FLIGHT / 1e3)
    yield Row("home page with all it loads", _whole(home, "index.html") / 1e3, "kB", _FLIGHT / 1e3)
    yield Row("form page, unpacked", len(form) / 1e3, "kB", _FLIGHT / 1e3)
    packed = len(gzip.compress(form, 6))
    yield Row("form page, packed", packed / 1e3, "kB", _FLIGHT / 1e3)
    yield Row("form page with all it loads", (packed + _loaded(form)) / 1e3, "kB", _FLIGHT / 1e3)


def _whole(page: bytes, name: str) -> int:
    return _sent(SITE / name) + _loaded(page)


def _loaded(page: bytes) -> int:
    named = re.findall(rb'(?:src|href)="/?([^"?#]+\.(?:css|js|svg|png|woff2))["?#]', page)
    files = {SITE / name.decode() for name in named}
    return sum(_sent(file) for file in files if file.is_file())


def _sent(file: Path) -> int:
    copies = [file.with_name(f"{file.name}{kind}") for kind in (".br", ".gz", "")]
    return next(copy.stat().st_size for copy in copies if copy.is_file())
