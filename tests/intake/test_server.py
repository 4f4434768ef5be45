"""The real server under a crowd, and killed at the worst moment: one case, one reference."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from portal.database import open_database
from portal.sealing import Keyring
from tests.conftest import DATA_KEY
from tests.portal_app import DOORS, cases, new_database, only_case, required, rows
from tests.real_server import free_port, serving
from tests.site_build import ensure_built

PATH = DOORS["community"]
TYPED = required("community", story="Er is veel lawaai in de straat.")


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    ensure_built()
    url = new_database(tmp_path)
    open_database(url, Keyring([DATA_KEY]))
    return url


def test_fifty_posts_of_one_form_at_once_are_one_case(database_url: str) -> None:
    with serving(database_url, free_port()) as server:
        form = server.fill_in(PATH, TYPED)
        with ThreadPoolExecutor(50) as crowd:
            answers = set(crowd.map(server.send, [form] * 50))
    ((status, address),) = answers
    assert status == 303
    assert address.startswith("/ontvangen/")
    assert rows() == (1, 0, 1, 2)


def test_forty_forms_at_once_are_forty_cases(database_url: str) -> None:
    with serving(database_url, free_port()) as server:
        forms = [server.fill_in(PATH, TYPED | {"name": f"Noor {n}"}) for n in range(40)]
        with ThreadPoolExecutor(40) as crowd:
            answers = list(crowd.map(server.send, forms))
    assert {status for status, _ in answers} == {303}
    assert len({address for _, address in answers}) == 40
    assert {case.name for case in cases()} == {f"Noor {n}" for n in range(40)}


def test_killed_between_commit_and_answer_a_retry_gives_the_reference_that_was_written(
    database_url: str,
) -> None:
    port = free_port()
    with serving(database_url, port) as server:
        form = server.fill_in(PATH, TYPED)
        line = server.send_and_hang_up(form)
        end = time.monotonic() + 10
        while not cases() and time.monotonic() < end:
            pass
        server.kill()
        line.close()
    reference = only_case().reference
    with serving(database_url, port) as server:
        status, address = server.send(form)
        assert status == 303
        assert reference in server.ask("GET", address)[2]
    assert rows() == (1, 0, 1, 2)
