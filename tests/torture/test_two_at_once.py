"""Two faults at once."""

import resource
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from http import HTTPStatus

import pytest

from portal.backup import restore
from portal.database import transaction
from portal.delivery.outbox import Letter, State
from portal.failpoints import Action
from portal.sealing import Keyring
from tests import databases
from tests.conftest import DATA_KEY
from tests.delivery.hostile_smtp import Talk
from tests.portal_app import PHONE, rows
from tests.torture.commands import ended
from tests.torture.house import House


@contextmanager
def disk_full_for(processes: list[int]) -> Iterator[None]:
    """Whatever these processes write to a file, there is no room for it."""
    before = {one: resource.prlimit(one, resource.RLIMIT_FSIZE) for one in processes}
    for one, (_, hard) in before.items():
        resource.prlimit(one, resource.RLIMIT_FSIZE, (1, hard))
    try:
        yield
    finally:
        for one, limits in before.items():
            with suppress(ProcessLookupError):
                resource.prlimit(one, resource.RLIMIT_FSIZE, limits)


def test_a_worker_that_is_killed_after_a_250_while_the_database_is_locked_doubles_one_letter(
    house: House,
) -> None:
    case = house.take_in(email="")
    killed = threading.Event()

    def take_under_a_lock(talk: Talk) -> None:
        with transaction():
            talk.say("250 taken")
            assert killed.wait(10)

    house.mail.script["dot"] = take_under_a_lock
    faults = house.faults(Action.KILL, "worker: tried")
    house.expect("worker: tried")
    round_ = house.start("deliver", **faults)
    house.struck(Action.KILL, "worker: tried")
    round_.join()
    killed.set()
    del house.mail.script["dot"]
    letter = Letter.get(Letter.case_reference == case.reference)
    assert letter.state is State.SENDING
    assert house.check().doubled == [letter.message_id]


class Hanging:
    """A mail server that takes a letter, and says so when it is told to."""

    def __init__(self, house: House) -> None:
        self._hangs, self._goes_on = threading.Event(), threading.Event()
        house.mail.script["dot"] = self._hang

    def _hang(self, talk: Talk) -> None:
        self._hangs.set()
        self._goes_on.wait(10)
        talk.say("250 taken")

    def wait(self) -> None:
        """Wait until somebody waits for it."""
        assert self._hangs.wait(10)

    def go_on(self) -> None:
        self._goes_on.set()


# A server whose disk is full stops by itself: see the next.
@pytest.mark.sqlite
def test_with_the_disk_full_while_the_mail_server_hangs_nothing_is_lost_and_all_goes_on_after(
    house: House,
) -> None:
    house.take_in(email="")
    hanging = Hanging(house)
    name, form = house.form()
    with house.serving() as server:
        round_ = house.start("deliver")
        hanging.wait()
        assert round_.pid
        with disk_full_for([round_.pid, *server.workers()]):
            before = rows()
            status, _, page = server.ask("POST", form.path, form.body, form.headers)
            assert status == HTTPStatus.SERVICE_UNAVAILABLE
            assert name in page
            assert PHONE.replace(" ", "") in page.replace("\N{NO-BREAK SPACE}", "").replace(" ", "")
            assert rows() == before
            assert server.ask("GET", "/aanvragen/")[0] == HTTPStatus.OK
            hanging.go_on()
            round_.join()
        house.broke_off_now()
        assert house.send(server, name, form) == HTTPStatus.SEE_OTHER
    assert len(house.check().doubled) == 1


@pytest.mark.postgresql
def test_with_the_database_away_while_the_mail_server_hangs_nothing_is_lost_nor_sent_twice(
    house: House,
) -> None:
    house.take_in(email="")
    hanging = Hanging(house)
    name, form = house.form()
    with house.serving() as server:
        round_ = house.start("deliver")
        hanging.wait()
        databases.server().stop()
        try:
            status, _, page = server.ask("POST", form.path, form.body, form.headers)
            assert status == HTTPStatus.SERVICE_UNAVAILABLE
            assert PHONE.replace(" ", "") in page.replace("\N{NO-BREAK SPACE}", "").replace(" ", "")
            hanging.go_on()
            house.mail.wait_for(1)
        finally:
            databases.server().start()
        assert ended(round_) == 0
        assert house.send(server, name, form) == HTTPStatus.SEE_OTHER
    assert house.check().doubled == []


def test_a_server_that_is_killed_during_a_backup_that_is_killed_loses_nothing(house: House) -> None:
    house.take_in()
    file = house.folder / "backup.db"
    places = {"backup: written": "backup", "send: draft closed": "server"}
    faults = house.faults(Action.HANG, *places)
    name, form = house.form()
    for place in places:
        house.expect(place)
    with house.serving(**faults) as server, ThreadPoolExecutor(1) as visitor:
        backup = house.start("backup", str(file), **faults)
        house.raised("backup: written")
        asked = visitor.submit(house.send, server, name, form)
        house.raised("send: draft closed")
        server.kill()
        assert asked.result() is None
        house.struck(Action.HANG, "backup: written")
        backup.join()
    assert not file.exists()
    with house.serving() as server:
        assert house.send(server, name, form) == HTTPStatus.SEE_OTHER
        assert house.run("backup", str(file)) == 0
    house.check()
    restore(file, f"sqlite:///{house.folder / 'elsewhere.db'}", Keyring([DATA_KEY]))
