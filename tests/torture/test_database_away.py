"""The server of the database ends connections, keeps its answer to itself, or is not there."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus

import pytest

from portal.database import connection
from portal.delivery.outbox import Letter, Outcome, Outgoing, Result, State
from portal.delivery.worker import LEASE, Report, deliver_round
from tests.databases import name_in, server, somebody_writing
from tests.patience import wait_until
from tests.portal_app import PHONE, cases, rows
from tests.torture.commands import kill
from tests.torture.house import House

pytestmark = pytest.mark.postgresql

SENT = Outcome(Result.SENT, "250 taken")
Asked = Future[tuple[int, dict[str, str], str]]


@contextmanager
def away() -> Iterator[None]:
    """A block in which the database's server is not there."""
    server().stop()
    try:
        yield
    finally:
        server().start()


@contextmanager
def asking(ask: Callable[[], tuple[int, dict[str, str], str]]) -> Iterator[Asked]:
    """A visitor who asks, and waits."""
    with ThreadPoolExecutor(1) as visitor:
        yield visitor.submit(ask)


def names_the_phone(page: str) -> bool:
    return PHONE.replace(" ", "") in page.replace("\N{NO-BREAK SPACE}", "").replace(" ", "")


def wait_for(house: House, what: str) -> None:
    """Wait until somebody waits for this in the database."""
    wait_until(lambda: server().waiting(name_in(house.url), what) > 0)


def test_a_process_that_begins_while_the_database_is_away_serves_when_it_is_back(
    house: House,
) -> None:
    name, form = house.form()
    with house.serving() as serving:
        with away():
            gone = serving.workers()
            for process in gone:
                kill(process)
            wait_until(lambda: len(set(serving.workers()) - set(gone)) == 2)
            status, _, page = serving.ask("POST", form.path, form.body, form.headers)
            assert (status, names_the_phone(page)) == (HTTPStatus.SERVICE_UNAVAILABLE, True)
        assert house.send(serving, name, form) == HTTPStatus.SEE_OTHER
    house.check()


def test_a_form_whose_connection_ends_under_way_comes_back_with_its_text(house: House) -> None:
    name, form = house.form()
    with house.serving() as serving:
        ask = partial(serving.ask, "POST", form.path, form.body, form.headers)
        with somebody_writing(house.url), asking(ask) as asked:
            wait_for(house, "advisory")
            server().end_connections(name_in(house.url), "advisory")
            status, _, page = asked.result()
        assert (status, names_the_phone(page)) == (HTTPStatus.SERVICE_UNAVAILABLE, True)
        assert name in page
        assert cases() == []
        assert house.send(serving, name, form) == HTTPStatus.SEE_OTHER
    house.check()


def test_a_form_whose_commit_nobody_was_told_of_is_one_case_when_it_is_sent_again(
    house: House,
) -> None:
    name, form = house.form()
    with house.serving() as serving:
        ask = partial(serving.ask, "POST", form.path, form.body, form.headers)
        with server().telling_nobody(), asking(ask) as asked:
            wait_for(house, "SyncRep")
            server().end_connections(name_in(house.url))
            assert asked.result()[0] == HTTPStatus.SERVICE_UNAVAILABLE
        there = rows()
        assert [case.name for case in cases()] == [name]
        assert house.send(serving, name, form) == HTTPStatus.SEE_OTHER
        assert rows() == there
    assert house.check().doubled == []


def test_a_letter_whose_record_nobody_was_told_of_is_not_sent_again(house: House) -> None:
    house.take_in(email="")
    taken: list[Outgoing] = []
    with ThreadPoolExecutor(1) as worker:

        def send(outgoing: Outgoing) -> Outcome:
            taken.append(outgoing)
            silence.__enter__()
            return SENT

        silence = server().telling_nobody()
        round_ = worker.submit(deliver_round, now, send)
        wait_for(house, "SyncRep")
        server().end_connections(name_in(house.url))
        silence.__exit__(None, None, None)
        assert round_.result() == Report(sent=1)
    assert deliver_round(lambda: now() + 2 * LEASE, send) == Report()
    assert len(taken) == 1


def test_a_letter_that_was_claimed_and_nobody_told_of_it_goes_when_the_lease_ends(
    house: House,
) -> None:
    house.take_in(email="")
    taken: list[Outgoing] = []

    def send(outgoing: Outgoing) -> Outcome:
        taken.append(outgoing)
        return SENT

    deliver_round(now, send)  # the sign of life is given
    house.take_in(email="")
    with server().telling_nobody(), ThreadPoolExecutor(1) as worker:
        round_ = worker.submit(deliver_round, now, send)
        wait_for(house, "SyncRep")
        server().end_connections(name_in(house.url))
        assert round_.exception()
    with connection():
        assert [letter.state for letter in Letter.select().order_by(Letter.created_at)] == [
            State.SENT,
            State.SENDING,
        ]
    assert deliver_round(now, send) == Report()
    assert deliver_round(lambda: now() + 2 * LEASE, send) == Report(sent=1)
    assert len(taken) == 2


def now() -> datetime:
    return datetime.now(UTC)
