"""The server is stopped in the middle of a request, and the request is finished."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http import HTTPStatus
from http.client import HTTPResponse
from pathlib import Path

from portal.database import transaction
from tests.portal_app import cases
from tests.real_server import PATIENCE, Server
from tests.torture.house import House


def wait_until(so: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not so():
        assert time.monotonic() < end
        time.sleep(0.002)


def is_stopping(server: Server) -> bool:
    """Whether whoever had nothing to do has gone."""
    return len(server.workers()) == 1


def open_files(server: Server) -> int:
    """How many files and connections the processes have that answer visitors."""
    return sum(len(list(Path(f"/proc/{one}/fd").iterdir())) for one in server.workers())


def test_a_form_that_waits_for_the_database_is_taken_in_though_the_server_is_stopped(
    house: House,
) -> None:
    name, form = house.form()
    with house.serving() as server, ThreadPoolExecutor(1) as visitor:
        with transaction():  # as anybody who writes: nobody else can meanwhile
            before = open_files(server)
            asked = visitor.submit(house.send, server, name, form)
            wait_until(lambda: open_files(server) > before)
            server.stop()
            wait_until(lambda: is_stopping(server))
            assert not asked.done()
        assert asked.result() == HTTPStatus.SEE_OTHER
        assert server.wait() == 0
    house.check()


def test_a_form_of_which_half_has_come_is_taken_in_though_the_server_is_stopped(
    house: House,
) -> None:
    name, form = house.form()
    with house.serving() as server:
        before = open_files(server)
        line = server.send_and_hang_up(form, half := len(form.body) // 2)
        wait_until(lambda: open_files(server) > before)
        server.stop()
        wait_until(lambda: is_stopping(server))
        assert cases() == []
        line.sendall(form.body[half:])
        with closing(line), HTTPResponse(line) as answer:
            answer.begin()
            assert answer.status == HTTPStatus.SEE_OTHER
        assert server.wait() == 0
    assert [case.name for case in cases()] == [name]
    house.check()
