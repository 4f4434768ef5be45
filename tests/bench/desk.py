"""The portal with many cases beside the portal with few: as many statements, about as long."""

import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from http import HTTPStatus
from itertools import product
from math import log
from pathlib import Path
from statistics import linear_regression, median

from portal import health
from portal.cases.case import Intent, Kind, Role, Status, Submission
from portal.cases.register import By, Case
from portal.cases.work import Wanted, set_task
from portal.config import Config
from portal.database import connection, open_database, transaction
from portal.delivery.letters import Text, to_one_reader
from portal.delivery.outbox import Letter, Outcome, Outgoing, Result, State, post
from portal.delivery.worker import deliver_round
from portal.intake import drafts
from portal.intake.accept import accept, prepare
from portal.routing.regions import destination_of
from portal.routing.rules import NATIONAL
from portal.sealing import Keyring
from tests.bench.prepared import ANSWERS
from tests.bench.table import Row
from tests.casework.staff_house import House
from tests.databases import raw, rest
from tests.plans import heard
from tests.portal_app import Browser, build, new_database
from tests.seed import seed, write

CASES = (1_000, 10_000, 100_000, 1_000_000)
ROUNDS = 9  # of one look at every page, few and many in turn
SLOWER = 1.5  # times as long as with few, at the most
_TEXT = Text("Een brief", "Beste")
_READER = "regiomanager@example.org"
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

    def acts(self) -> Mapping[str, Callable[[], None]]:
        """Everything that is timed, by name."""
        pages = {name: partial(self.look, *page) for name, page in PAGES.items()}
        return pages | {"submit": self.submit, "a letter": self.claim, "health": self.examine}

    def submit(self) -> None:
        """Take in a request; raises where it is not taken in."""
        told = {name: [value] for name, value in ANSWERS.items()}
        secret, now = drafts.new_secret(), datetime.now(UTC)
        with transaction():
            draft = drafts.save(secret, "learning", 1, told, now)
            submission = Submission(
                form_key=draft.form_key,
                kind=Kind.LEARNING,
                intent=Intent.REQUEST,
                role=Role.RELATIVE,
                postcode="3511",
                municipality="Utrecht",
                name="Noor",
                email=f"{secret[:20]}a@example.org",
                phone="",
                answers=(("how", ("zo",)),),
            )
            case = accept(prepare(submission, destination_of("utrecht"), now, self.config))
            drafts.close(draft, case.reference, {}, now)

    def claim(self) -> None:
        """Write a letter and send it with all that are due; raises where none goes."""
        now = datetime.now(UTC)
        post("intake", _TEXT, to_one_reader(_READER, "EK-7K2M-9QXT"), now, _READER)
        report = deliver_round(lambda: datetime.now(UTC), _taken)
        if not report.sent:
            raise LookupError("no letter is due")

    def examine(self) -> None:
        """Look whether all is well; raises where it does not see that a letter is stuck."""
        if health.examine()["stuck"].ok:
            raise LookupError("a stuck letter is not seen")

    @property
    def config(self) -> Config:
        """The settings of this portal."""
        config: Config = self.house.app.config["PORTAL"]
        return config

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


def rows(folder: Path, cases: Sequence[int] = CASES, rounds: int = ROUNDS) -> Iterator[Row]:
    """Fill a database in ``folder`` for each number and measure each page on all, in turn."""
    desks = {number: _furnish(folder / str(number), number) for number in cases}
    few, many = min(cases), max(cases)
    statements = {number: _statements(desks[number]) for number in (few, many)}
    took: dict[tuple[int, str], list[float]] = {}
    # In turn and close together, so that whatever else the machine does weighs on all.
    for _, (number, desk) in product(range(rounds), desks.items()):
        _open(desk)
        for name, act in desk.acts().items():
            act()  # what a page reads anew is read before it is timed
            took.setdefault((number, name), []).append(_seconds(act))
    for name in desks[few].acts():
        if name in PAGES:
            counts = statements[many][name], statements[few][name]
            yield Row(f"{name}: statements", counts[0], "statements", counts[1], 1.0)
        medians = [1000 * median(took[number, name]) for number in cases]
        row = f"{name}: {many:,} beside {few:,} cases"
        yield Row(row, medians[-1], "ms", medians[0], SLOWER)
        yield Row(f"{name}: growth from {few:,}", _slope(cases, medians), "exponent", 1.0)


def _slope(sizes: Sequence[int], values: Sequence[float]) -> float:
    """By which power of the size the values grow: the line of least squares through the logs."""
    return linear_regression([log(size) for size in sizes], [log(value) for value in values]).slope


def _furnish(folder: Path, number: int) -> Desk:
    folder.mkdir()
    house = House(build(new_database(folder)))
    now = datetime.now(UTC)
    for name in ("a", "desk"):
        house.take_on(name)
    people = {name: house.signed_in(name) for name in house.staff}
    with connection():
        seed(number, now, _REGIONS, _STATES)
        _write_letters(number, now)
        _set_tasks(min(number // _TASK_EACH, _BUSY), now)
        rest()
        mine = (Case.region == "utrecht") & (Case.status == Status.PLANNED)
        reference = Case.select(Case.reference).where(mine).limit(1).get().reference
    return Desk(house, people, reference)


def _set_tasks(number: int, now: datetime) -> None:
    by = By("somebody", "Regiomanager Utrecht (voorbeeld)")
    with transaction():
        for count, case in enumerate(Case.select().limit(number)):
            wanted = Wanted("Bellen met de school", now.date() + timedelta(days=count % 30 - 7))
            set_task(case, wanted, form_key="bench", by=by, now=now)


def _write_letters(number: int, now: datetime) -> None:
    """As many letters that were sent, all alike, for nobody opens them; and one that is stuck."""
    key = post("intake", _TEXT, to_one_reader(_READER, "EK"), now, _READER)
    Letter.update(state=State.STUCK).execute()
    names = [field.column_name for field in Letter._meta.sorted_fields]
    (row,) = raw(f"SELECT {', '.join(names)} FROM letter WHERE id = ?", key)  # noqa: S608
    stored = dict(zip(names, row, strict=True))
    stored |= {"state": State.SENT.value, "sent_at": stored["created_at"]}
    # Random, as they are: what is written in the order of its index costs less.
    ids = (secrets.token_hex(16) for _ in range(number))
    own = ({"id": one, "message_id": one, "case_reference": one} for one in ids)
    write(Letter, (stored | each for each in own))


def _taken(_: Outgoing) -> Outcome:
    return Outcome(Result.SENT, "250 taken")


def _open(desk: Desk) -> None:
    open_database(desk.config.database_url, Keyring(desk.config.data_keys))


def _seconds(act: Callable[[], None]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def _statements(desk: Desk) -> dict[str, int]:
    _open(desk)
    counts = {}
    for name, page in PAGES.items():
        with heard() as statements:
            desk.look(*page)
        counts[name] = len(statements)
    return counts
