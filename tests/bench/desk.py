"""The desk with many cases beside the desk with few: as many statements, and about as long."""

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from itertools import product
from logging.handlers import BufferingHandler
from pathlib import Path
from statistics import median

from portal.app import open_sound_database
from portal.cases.case import Status
from portal.cases.register import By, Case
from portal.cases.work import Wanted, set_task
from portal.database import connection, database, transaction
from portal.routing.rules import NATIONAL
from tests.bench.table import Row
from tests.casework.staff_house import House
from tests.portal_app import Browser, build, new_database
from tests.seed import seed

FEW, MANY = 1_000, 1_000_000
ROUNDS = 15  # of one look at every page, few and many in turn
SLOWER = 1.5  # times as long as with few, at the most
_TASK_EACH = 100  # cases
_BUSY = 2_000  # tasks at the most: more than people have open at once in the whole country

# Nobody is in this state, so that a list of it has to be sure of that.
RARE = Status.WAITING
# So few, that the few too fill a page of each list.
_REGIONS = ("utrecht", "zeeland", NATIONAL)
_STATES = tuple(status for status in Status if status is not RARE)


@dataclass
class Desk:
    """A desk with so many cases, and how it is looked at."""

    house: House
    people: Mapping[str, Browser]
    reference: str

    def look(self, who: str, page: str) -> None:
        """Open a page as somebody; raises where it is not there."""
        answer = self.people[who].get(page.format(reference=self.reference))
        if answer.status_code not in {HTTPStatus.OK, HTTPStatus.SEE_OTHER, HTTPStatus.FOUND}:
            raise LookupError(f"{page}: {answer.status}")


# What is looked at, by whom.
PAGES = {
    "desk, a manager": ("a", "/beheer/"),
    "desk, the national desk": ("desk", "/beheer/"),
    "what has ended": ("desk", "/beheer/?state=ended"),
    "a state that nobody is in, a manager": ("a", f"/beheer/?state={RARE.value}"),
    "a state that nobody is in, the national desk": ("desk", f"/beheer/?state={RARE.value}"),
    "what came in this week": ("desk", "/beheer/?age=week"),
    "search by reference": ("a", "/beheer/?reference={reference}"),
    "one case": ("a", "/beheer/zaak/{reference}/"),
}


def rows(folder: Path, few: int = FEW, many: int = MANY, rounds: int = ROUNDS) -> Iterator[Row]:
    """Fill two databases in ``folder`` and measure each page on both, in turn."""
    desks = {number: _furnish(folder / str(number), number) for number in (few, many)}
    statements = {number: _statements(desk) for number, desk in desks.items()}
    took: dict[tuple[int, str], list[float]] = {}
    # In turn and close together, so that whatever else the machine does weighs on both.
    for _, (name, page), number in product(range(rounds), PAGES.items(), desks):
        _open(desks[number])
        desks[number].look(*page)  # what a page reads anew is read before it is timed
        took.setdefault((number, name), []).append(_seconds(desks[number], *page))
    for name in PAGES:
        counts = statements[many][name], statements[few][name]
        yield Row(f"{name}: statements", counts[0], "statements", counts[1], 1.0)
        value, limit = (1000 * median(took[number, name]) for number in (many, few))
        yield Row(f"{name}: {many:,} beside {few:,} cases", value, "ms", limit, SLOWER)


def _furnish(folder: Path, number: int) -> Desk:
    folder.mkdir()
    house = House(build(new_database(folder)))
    now = datetime.now(UTC)
    for name in ("a", "desk"):
        house.take_on(name)
    people = {name: house.signed_in(name) for name in house.staff}
    with connection():
        seed(number, now, _REGIONS, _STATES)
        _set_tasks(min(number // _TASK_EACH, _BUSY), now)
        database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        mine = (Case.region == "utrecht") & (Case.status == Status.PLANNED)
        reference = Case.select(Case.reference).where(mine).limit(1).get().reference
    return Desk(house, people, reference)


def _set_tasks(number: int, now: datetime) -> None:
    by = By("somebody", "Regiomanager Utrecht (voorbeeld)")
    with transaction():
        for count, case in enumerate(Case.select().limit(number)):
            wanted = Wanted("Bellen met de school", now.date() + timedelta(days=count % 30 - 7))
            set_task(case, wanted, form_key="bench", by=by, now=now)


def _open(desk: Desk) -> None:
    open_sound_database(desk.house.app.config["PORTAL"])


def _seconds(desk: Desk, who: str, page: str) -> float:
    began = time.perf_counter()
    desk.look(who, page)
    return time.perf_counter() - began


def _statements(desk: Desk) -> dict[str, int]:
    _open(desk)
    counts = {}
    for name, page in PAGES.items():
        with _heard() as heard:
            desk.look(*page)
        counts[name] = len(heard)
    return counts


@contextmanager
def _heard() -> Iterator[list[logging.LogRecord]]:
    """Every statement that is put to the database meanwhile."""
    log, heard = logging.getLogger("peewee"), BufferingHandler(10_000)
    level = log.level
    log.addHandler(heard)
    log.setLevel(logging.DEBUG)
    try:
        yield heard.buffer
    finally:
        log.setLevel(level)
        log.removeHandler(heard)
