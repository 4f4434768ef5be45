"""Several machines on one database: a web server and workers of each, and nothing between them."""

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from http import HTTPStatus
from itertools import cycle
from pathlib import Path
from typing import TypeVar

import pytest

from portal.backup import restore
from portal.cases.case import Doubt
from portal.cases.register import Case, withdraw
from portal.casework.chase import chase
from portal.database import connection, open_database, transaction
from portal.delivery.outbox import Letter
from portal.failpoints import Action
from portal.intake.quarantine import let_through_unseen
from portal.sealing import Keyring
from portal.sweep import past
from portal.workdays import QUARANTINE
from tests.conftest import DATA_KEY
from tests.portal_app import DOORS, cases, letters, required, rows
from tests.real_server import Balanced, Server
from tests.seed import one
from tests.torture.commands import ended
from tests.torture.house import House

pytestmark = pytest.mark.postgresql

DAY = timedelta(days=1)
FORMS = 12
BY_PHONE = {"email": "", "phone": "06 12 34 56 78"}
T = TypeVar("T")


@pytest.fixture
def other(house: House) -> House:
    """The machine beside it."""
    return house.beside()


@pytest.fixture
def servers(house: House, other: House) -> Iterator[list[Server]]:
    """The web servers of both, begun at once."""
    with house.serving() as first, other.serving() as second:
        yield [first, second]


def at_once(works: Iterable[Callable[[], T]]) -> list[T]:
    """Do all of them in the same moment; gives what each gave."""
    works = list(works)
    ready = threading.Barrier(len(works))

    def do(work: Callable[[], T]) -> T:
        ready.wait(30)
        return work()

    with ThreadPoolExecutor(len(works)) as threads:
        return list(threads.map(do, works))


def now() -> datetime:
    return datetime.now(UTC)


def test_a_form_that_is_sent_to_both_at_once_is_one_case(
    house: House, servers: list[Server]
) -> None:
    forms = house.several([BY_PHONE] * FORMS)
    for name, form in forms:
        sent = at_once(partial(house.send, server, name, form) for server in servers)
        assert sent == [HTTPStatus.SEE_OTHER] * 2
    assert rows()[::3] == (FORMS, FORMS)
    assert len(house.acknowledged) == FORMS
    assert house.check().doubled == []


def test_a_form_whose_every_page_another_machine_shows_is_taken_in(
    house: House, servers: list[Server]
) -> None:
    name = f"{house.typed}x0"
    both = Balanced(servers)
    form = both.fill_in(DOORS["community"], required("community", name=name))
    _, confirmation = both.send(form)
    assert house.send(both, name, form) == HTTPStatus.SEE_OTHER
    (reference,) = house.acknowledged
    for server in servers:
        assert reference in server.ask("GET", confirmation, headers=form.headers)[2]
    house.check()


def test_what_is_counted_is_counted_of_both(house: House, servers: list[Server]) -> None:
    forms = house.several([{"email": "noor@example.org"}] * FORMS)
    turns = zip(cycle(servers), forms, strict=False)
    sent = at_once(partial(house.send, server, *form) for server, form in turns)
    assert sent == [HTTPStatus.SEE_OTHER] * FORMS
    assert len(letters("confirmation")) == 1
    assert len(house.acknowledged) == len(letters("intake")) == FORMS
    house.check()


def test_workers_of_both_send_each_letter_once(house: House, other: House) -> None:
    for _ in range(30):
        house.take_in(email="")
    rounds = [machine.start("deliver") for machine in (house, other)]
    assert [ended(each) for each in rounds] == [0, 0]
    assert len(house.mail.accepted) == 30
    assert house.check().doubled == []


@pytest.mark.parametrize("place", ["claim: written", "record: written"])
def test_a_worker_that_froze_with_a_letter_in_hand_holds_up_no_other_machine(
    house: House, other: House, place: str
) -> None:
    for _ in range(3):
        house.take_in(email="")
    faults = house.faults(Action.HANG, place)
    house.expect(place)
    frozen = house.start("deliver", **faults)
    house.raised(place)
    before = len(house.mail.accepted)
    assert other.run("deliver") == 0
    assert len(house.mail.accepted) == before + 2
    house.struck(Action.HANG, place)
    frozen.join()
    assert len(house.check().doubled) == before


def test_a_chore_that_both_do_at_once_is_done_once(house: House, other: House) -> None:
    long_ago = now() - (QUARANTINE + 9) * DAY
    for number in range(FORMS):
        one(long_ago, doubts=[Doubt.TRAP], name=f"{house.typed}q{number}", email="")
        one(long_ago, name=f"{house.typed}w{number}", email="")
    configs = [machine.config() for machine in (house, other)]
    through = at_once(partial(let_through_unseen, now(), config) for config in configs)
    chased = at_once(partial(chase, now(), config) for config in configs)
    # Who was let through has kept its requester waiting as long as the others.
    assert (sum(through), sum(chased)) == (FORMS, 2 * FORMS)
    with connection():
        about = [(letter.name, letter.case_reference) for letter in Letter.select()]
    assert len(about) == len(set(about)) == 3 * FORMS


def test_sweeps_and_backups_of_both_at_once_do_no_harm(
    house: House, other: House, servers: list[Server]
) -> None:
    for _ in range(3):
        _something_old()
    known = {house.take_in().reference for _ in range(5)}
    forms = house.several([BY_PHONE] * FORMS)
    files = [machine.folder / "backup.db" for machine in (house, other)]
    chores = [house.start("sweep"), other.start("sweep")]
    chores += [house.start("backup", str(files[0])), other.start("backup", str(files[1]))]
    both = Balanced(servers)
    with ThreadPoolExecutor(4) as visitors:
        sent = list(visitors.map(lambda form: house.send(both, *form), forms))
    assert sent == [HTTPStatus.SEE_OTHER] * FORMS
    assert [ended(chore) for chore in chores] == [0] * 4
    assert not any(past(now()).values())
    assert len(cases()) == 5 + FORMS
    house.check()
    for file in files:
        assert known <= _restored(house, file)


def _something_old() -> None:
    old = one(now() - 900 * DAY)
    with transaction():
        withdraw(old, now() - 899 * DAY)


def _restored(house: House, file: Path) -> set[str]:
    to = f"sqlite:///{file.with_suffix('.restored')}"
    restore(file, to, Keyring([DATA_KEY]))
    open_database(to, Keyring([DATA_KEY]))
    with connection():
        found = {case.reference for case in Case.select(Case.id, Case.reference)}
    open_database(house.url, Keyring([DATA_KEY]))
    return found
