"""The real server under a crowd, and killed at the worst moment: one case, one reference."""

import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http import HTTPStatus
from pathlib import Path

import pytest

from portal.database import database, open_database
from portal.sealing import Keyring
from tests.conftest import DATA_KEY
from tests.databases import refuse
from tests.intake.walking import drafts
from tests.portal_app import (
    DOORS,
    cases,
    form_on,
    new_database,
    only_case,
    required,
    rows,
    urlencoded,
)
from tests.portal_app import answers as answers_of
from tests.real_server import Filled, Server, free_port, serving
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


def test_fifty_posts_of_one_step_at_once_are_one_draft(database_url: str) -> None:
    with serving(database_url, free_port()) as server:
        last = server.fill_in(PATH, TYPED)
        path = last.path.replace("controleren", "3")
        step = server.ask("GET", path, headers=last.headers)[2]
        form = form_on(step, path).fill({"story": "Iets anders."})
        sent = Filled(path, urlencoded(form.data), last.headers["Cookie"])
        with ThreadPoolExecutor(50) as crowd:
            answers = set(crowd.map(server.send, [sent] * 50))
        assert answers == {(303, path.replace("/3/", "/4/"))}
        assert len(drafts()) == 1
        assert server.send(last)[0] == 303
    assert answers_of(only_case())["story"] == ("Iets anders.",)


def test_forty_forms_at_once_are_forty_cases(database_url: str) -> None:
    with serving(database_url, free_port()) as server:
        named = [required("pupil", name=f"Noor {n}") for n in range(40)]
        with ThreadPoolExecutor(40) as crowd:
            forms = list(crowd.map(partial(server.fill_in, DOORS["pupil"]), named))
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


def test_the_server_tells_its_log_nothing_of_a_visitor(database_url: str) -> None:
    words = {name: f"k{secrets.token_hex(8)}" for name in ("name", "call_when", "story", "safety")}
    server = Server(database_url, free_port(), PORTAL_LOG_LEVEL="DEBUG")
    form = server.fill_in(PATH, TYPED | words | {"email": f"{words['name']}@example.org"})
    # What cannot be stored is logged, and that line too says what failed and nothing more.
    refuse("letter")
    database.close()
    assert server.send(form)[0] == 503
    said = server.kill()
    assert "could not be stored: IntegrityError" in said
    handle = form.path.split("/")[-3]
    assert not [word for word in (*words.values(), handle, "127.0.0.1") if word in said]


URLENCODED = {"Content-Type": "application/x-www-form-urlencoded"}
MUCH = 100_000_000  # octets


@pytest.mark.parametrize(
    ("said", "refused"),
    [({"Content-Length": f"{MUCH}"}, b"413"), ({"Transfer-Encoding": "chunked"}, b"411")],
)
@pytest.mark.parametrize("path", ["/aanvragen/leervraag/abcdefghijkl/1/", "/mijn-aanvraag/"])
def test_a_hundred_megabytes_are_refused_at_once_and_cost_no_memory(
    database_url: str, path: str, said: dict[str, str], refused: bytes
) -> None:
    with serving(database_url, free_port()) as server:
        for _ in range(20):  # Whatever it needs for an ordinary answer, it has by now.
            server.ask("GET", "/aanvragen/")
        before = server.memory()
        for _ in range(3):
            answer, _ = server.send_much(path, URLENCODED | said, MUCH)
            assert refused in answer
        assert server.memory() - before < MUCH // 10
        assert server.ask("GET", "/aanvragen/")[0] == HTTPStatus.OK


class Visitor:
    """One browser that outlives the server."""

    def __init__(self) -> None:
        self._cookie = ""

    def ask(self, server: Server, method: str, path: str, body: bytes | None = None) -> str:
        """The page in the end, and from then on ``self.path`` is where it stands."""
        headers = {"Cookie": self._cookie, "Content-Type": "application/x-www-form-urlencoded"}
        status, answered, page = server.ask(method, path, body, headers)
        self._cookie = answered.get("Set-Cookie", self._cookie).partition(";")[0]
        self.path = path
        if status == HTTPStatus.SEE_OTHER:
            return self.ask(server, "GET", answered["Location"])
        assert status == HTTPStatus.OK, page
        return page


def test_a_server_killed_between_any_two_steps_loses_nothing(database_url: str) -> None:
    typed = TYPED | {"call_when": "na vieren", "safety": "rustig"}
    port, visitor, sent = free_port(), Visitor(), False
    with serving(database_url, port) as server:
        page = visitor.ask(server, "GET", PATH)
    while not sent:
        form = form_on(page, visitor.path).fill(typed)
        with serving(database_url, port) as server:
            page = visitor.ask(server, "POST", form.action, urlencoded(form.data))
        sent = form.is_last
    assert only_case().reference in page
    told = {name: values[0] for name, values in answers_of(only_case()).items()}
    assert told == {name: typed[name] for name in ("call_when", "safety", "story")}
