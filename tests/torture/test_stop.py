"""The server is stopped in the middle of a request, and the request is finished."""

import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http import HTTPStatus
from http.client import HTTPResponse
from pathlib import Path
from signal import SIGABRT

from portal.database import transaction
from tests.patience import wait_until
from tests.portal_app import cases
from tests.real_server import Server
from tests.torture.house import House


def is_stopping(server: Server) -> bool:
    """Whether whoever had nothing to do has gone."""
    return len(server.workers()) == 1


def has_a_visitor(server: Server) -> bool:
    """Whether somebody was let in: until then a connection belongs to no process."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return any(
        (int(local.rpartition(":")[2], 16), state) == (server.port, "01") and int(rest[-1])
        for _, local, _, state, *rest in (line[:10] for line in lines)
    )


def wait_until_ready(server: Server) -> None:
    """Wait until each process would hear of a stop: one that begins still has other ears."""
    wait_until(lambda: len(server.workers()) == 2 and all(map(_hears, server.workers())))


def _hears(process: int) -> bool:
    status = Path(f"/proc/{process}/status").read_text()
    caught = int(re.findall(r"SigCgt:\s*(\w+)", status)[0], 16)
    # It begins with its parent's handlers; this one is the last that it gets of its own.
    return bool(caught >> (SIGABRT - 1) & 1)


def test_a_form_that_waits_for_the_database_is_taken_in_though_the_server_is_stopped(
    house: House,
) -> None:
    name, form = house.form()
    with house.serving() as server, ThreadPoolExecutor(1) as visitor:
        with transaction():  # as anybody who writes: nobody else can meanwhile
            wait_until_ready(server)
            asked = visitor.submit(house.send, server, name, form)
            wait_until(lambda: has_a_visitor(server))
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
        wait_until_ready(server)
        line = server.send_and_hang_up(form, half := len(form.body) // 2)
        wait_until(lambda: has_a_visitor(server))
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
