"""The portal's own server as a process of its own, that can be killed like one."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from http.client import HTTPConnection
from itertools import cycle
from pathlib import Path

from tests.portal_app import environment, form_on, urlencoded

ROOT = Path(__file__).parent.parent
PATIENCE = 20  # seconds


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Answering:
    """Something that answers at an address, asked as a browser would."""

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, dict[str, str], str]:
        """One request on a connection of its own: status, headers, page."""
        raise NotImplementedError

    def fill_in(self, path: str, answers: Mapping[str, str]) -> "Filled":
        """Walk through all steps; gives the last page's form, ready to be sent."""
        cookie = ""
        while True:
            status, headers, page = self.ask("GET", path, headers={"Cookie": cookie})
            cookie = headers.get("Set-Cookie", cookie).partition(";")[0]
            if status == HTTPStatus.SEE_OTHER:
                path = headers["Location"]
                continue
            form = form_on(page, path).fill(answers)
            sent = Filled(form.action, urlencoded(form.data), cookie)
            if form.is_last:
                return sent
            status, headers, page = self.ask("POST", sent.path, sent.body, sent.headers)
            assert status == HTTPStatus.SEE_OTHER, page
            cookie = headers.get("Set-Cookie", cookie).partition(";")[0]
            path = headers["Location"]

    def send(self, form: "Filled") -> tuple[int, str]:
        """Send a form: status, and where it leads."""
        status, headers, _ = self.ask("POST", form.path, form.body, form.headers)
        return status, headers.get("Location", "")


class Server(Answering):
    """``portal serve`` with all its workers, at ``port``; ``log`` takes what it says, or we do."""

    def __init__(
        self, database_url: str, port: int, log: Path | None = None, /, **other: str
    ) -> None:
        self.port, self._log = port, log
        settings = environment(
            database_url, PORTAL_BASE_URL=f"http://127.0.0.1:{port}", PORTAL_LOG_LEVEL="ERROR"
        )
        said = log.open("ab") if log else None
        self._process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "portal.cli", "serve", "--bind", f"127.0.0.1:{port}"],
            env={**settings, "PATH": os.environ["PATH"], **other},
            cwd=ROOT,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=said or subprocess.PIPE,
        )
        if said:
            said.close()
        self._wait_until_it_answers()

    def _wait_until_it_answers(self) -> None:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self._process.poll() is None:
            with contextlib.suppress(OSError):
                self.ask("GET", "/robots.txt")
                return
            time.sleep(0.05)
        self.kill()
        raise RuntimeError("the server does not answer")

    def kill(self) -> str:
        """SIGKILL to every one of its processes at once; gives what they said."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        said = self._process.communicate(timeout=PATIENCE)[1]
        return self._log.read_text() if self._log else said.decode()

    @property
    def pid(self) -> int:
        """The process that the others are children of, and that signals are meant for."""
        return self._process.pid

    def workers(self) -> list[int]:
        """The processes that answer visitors."""
        with contextlib.suppress(OSError):
            children = Path(f"/proc/{self.pid}/task/{self.pid}/children")
            return [int(child) for child in children.read_text().split()]
        return []

    def stop(self) -> None:
        """Ask it to end, as whoever runs services does."""
        os.kill(self.pid, signal.SIGTERM)

    def wait(self) -> int:
        """Wait until it ends by itself; gives its exit status."""
        return self._process.wait(PATIENCE)

    def memory(self) -> int:
        """The most that one of its processes ever held, in octets.

        Not their sum: a worker that is still starting would count as growth.
        """
        told = [Path(f"/proc/{pid}/status").read_text() for pid in (self.pid, *self.workers())]
        return max(1024 * int(status.partition("VmHWM:")[2].split()[0]) for status in told)

    def send_much(self, path: str, head: Mapping[str, str], octets: int) -> tuple[bytes, int]:
        """A body as long as this, sent on for as long as it is taken: first line, octets sent."""
        block, sent = b"x" * 65536, 0
        lines = [f"POST {path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}"]
        lines += [f"{name}: {value}" for name, value in head.items()]
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE) as line:
            line.sendall("\r\n".join([*lines, "", ""]).encode() + block)
            answer = line.recv(65536)
            with contextlib.suppress(OSError):
                while sent < octets:
                    line.sendall(block)
                    sent += len(block)
        return answer.partition(b"\r\n")[0], sent

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, dict[str, str], str]:
        line = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            line.request(method, path, body, dict(headers or {}))
            answer = line.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read().decode()
        finally:
            line.close()

    def send_and_hang_up(self, form: "Filled", octets: int | None = None) -> socket.socket:
        """Send a form, or so much of it, and do not wait for an answer; close what is given."""
        line = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        head = [f"POST {form.path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}"]
        named = form.headers | {"Content-Length": str(len(form.body))}
        head += [f"{name}: {value}" for name, value in named.items()]
        line.sendall("\r\n".join([*head, "", ""]).encode() + form.body[:octets])
        return line


class Balanced(Answering):
    """Several that answer for each other: each request goes to the next of them."""

    def __init__(self, servers: Iterable[Answering]) -> None:
        self._turns = cycle(servers)

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, dict[str, str], str]:
        return next(self._turns).ask(method, path, body, headers)


class Filled:
    """A form as filled in, with the cookie that belongs to it."""

    def __init__(self, path: str, body: bytes, cookie: str) -> None:
        self.path, self.body = path, body
        self.headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}


@contextlib.contextmanager
def serving(database_url: str, port: int, **other: str) -> Iterator[Server]:
    server = Server(database_url, port, **other)
    try:
        yield server
    finally:
        server.kill()
