"""Ten thousand visitors in ten minutes, one in twenty of whom sends a request."""

import re
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlencode

from portal.database import connection
from portal.delivery.outbox import Letter
from portal.intake.doors import DOORS
from tests.bench.asking import HOST, Answer, Line, get, post
from tests.bench.letters import waiting
from tests.bench.measured import percentile
from tests.bench.prepared import ANSWERS, opened
from tests.bench.served import portal_serving, production, running, serving, until
from tests.bench.table import Row
from tests.portal_app import new_database

VISITORS, SECONDS = 10_000, 600.0
SHORT = 20  # times fewer, in as much less time
SENDS = 20  # one in so many
AT_ONCE = 40  # visitors, at the most
P95 = 200.0  # milliseconds
LETTERS = 60.0  # seconds after the last visitor

_LETTERS_EACH = 2  # to the manager, and to who asks


def rows(folder: Path, visitors: int = VISITORS, seconds: float = SECONDS) -> Iterator[Row]:
    """Let them come at an even pace, whoever is still there; then wait for the letters."""
    with ExitStack() as stack:
        _, mail = stack.enter_context(serving("tests.bench.sink"))
        settings = production(new_database(folder), PORTAL_MAIL_PORT=str(mail))
        _, port = stack.enter_context(portal_serving(settings))
        stack.enter_context(running("portal.cli", "worker", settings=settings))
        opened(settings)
        answers = _come(port, visitors, seconds)
        began = time.perf_counter()
        with connection():
            until(lambda: not waiting(), 10 * LETTERS)
            drained = time.perf_counter() - began
            written = Letter.select().count()
    failed = sum(answer.status >= HTTPStatus.BAD_REQUEST for answer in answers)
    lost = visitors // SENDS * _LETTERS_EACH - written
    took = [1000 * answer.seconds for answer in answers]
    of = f"{visitors:,} visitors in {seconds:.0f} s"
    yield Row(f"{of}: answers that failed", failed, "answers", len(answers), 0.0)
    yield Row(f"{of}: letters not written", lost, "letters", written + lost, 0.0)
    yield Row(f"{of}: p95", percentile(took, 95), "ms", P95, 1.0)
    yield Row(f"{of}: p99", percentile(took, 99), "ms", P95)
    yield Row(f"{of}: until all letters are out", drained, "s", LETTERS, 1.0)


def short(folder: Path) -> Iterator[Row]:
    """The same pace for less time."""
    return rows(folder, VISITORS // SHORT, SECONDS / SHORT)


def _come(port: int, visitors: int, seconds: float) -> list[Answer]:
    began = time.perf_counter()

    def come(number: int) -> list[Answer]:
        time.sleep(max(0.0, began + number * seconds / visitors - time.perf_counter()))
        return _Visitor(port, number).visit()

    with ThreadPoolExecutor(AT_ONCE) as crowd:
        return [answer for some in crowd.map(come, range(visitors)) for answer in some]


class _Visitor:
    """Somebody with a browser; every one has another address."""

    def __init__(self, port: int, number: int) -> None:
        self._line, self._number = Line(port), number
        self._cookie = ""
        self.answers: list[Answer] = []

    def visit(self) -> list[Answer]:
        """Look around, and perhaps ask for something; gives all answers."""
        try:
            self._see("/aanvragen/")
            path = self._lead(self._see(DOORS["learning"].path))
            page = self._see(path)
            while page and self._number % SENDS == 0 and b"<form" in page.octets:
                path = self._lead(self._send(page))
                page = self._see(path)
        finally:
            self._line.close()
        return self.answers

    def _see(self, path: str) -> Answer:
        return self._kept(self._line.ask(get(path, self._headers())))

    def _send(self, page: Answer) -> Answer:
        text = page.octets.decode()
        hidden = re.findall(r'name="(csrf_token|form_key)"[^>]* value="([^"]+)"', text)
        mine = ANSWERS | {"email": f"noor{self._number}@example.org"}
        action = re.findall(r'<form [^>]*action="([^"]+)"', text)[-1]
        body = urlencode(mine | dict(hidden)).encode()
        return self._kept(self._line.ask(post(action, body, self._headers())))

    def _lead(self, answer: Answer) -> str:
        found = re.search(rb"\r\nLocation: (?:https?://[^/]+)?([^\r]+)", answer.octets)
        if not found:
            raise RuntimeError(f"{answer.status} leads nowhere: {answer.octets[:300]!r}")
        return found[1].decode()

    def _kept(self, answer: Answer) -> Answer:
        self.answers.append(answer)
        cookie = re.search(rb"\r\nSet-Cookie: ([^;]+)", answer.octets)
        self._cookie = cookie[1].decode() if cookie else self._cookie
        return answer

    def _headers(self) -> Mapping[str, str]:
        n = self._number
        return {
            "Host": HOST,
            "Cookie": self._cookie,
            "X-Forwarded-For": f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}",
        }
