"""Many visitors at once, who cost as little as can be: requests made beforehand, as octets."""

import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

HOST = "portaal.example.org"
AT_ONCE = 8  # connections
PATIENCE = 60.0  # seconds

_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)


@dataclass(frozen=True)
class Answer:
    """What came of one request: its status, the whole answer, and how long that took."""

    status: int
    seconds: float
    octets: bytes


def get(path: str, headers: Mapping[str, str] | None = None) -> bytes:
    """A request for a page."""
    return _request(f"GET {path} HTTP/1.1", headers or {}, b"")


def post(path: str, body: bytes, headers: Mapping[str, str] | None = None) -> bytes:
    """A form that is sent."""
    own = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Content-Length": str(len(body)),
    }
    return _request(f"POST {path} HTTP/1.1", own | dict(headers or {}), body)


def _request(line: str, headers: Mapping[str, str], body: bytes) -> bytes:
    forwarded = {"Host": HOST, "X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https"}
    named = [f"{name}: {value}" for name, value in (forwarded | dict(headers)).items()]
    return "\r\n".join([line, *named, "", ""]).encode() + body


class Line:
    """One connection that is used again and again, and made anew where it was closed."""

    def __init__(self, port: int, tls: ssl.SSLContext | None = None) -> None:
        self._port, self._tls = port, tls
        self._line: socket.socket | None = None

    def ask(self, request: bytes) -> Answer:
        """Send a request and wait for the whole answer."""
        began = time.perf_counter()
        try:
            octets = self._ask(request)
        except (BrokenPipeError, ConnectionResetError, EOFError):
            # It was kept for the next request, and closed for want of one.
            self.close()
            octets = self._ask(request)
        return Answer(int(octets[9:12]), time.perf_counter() - began, octets)

    def close(self) -> None:
        """Hang up."""
        if self._line:
            self._line.close()
        self._line = None

    def _ask(self, request: bytes) -> bytes:
        if self._line is None:
            self._line = self._dialled()
        self._line.sendall(request)
        octets = b""
        while not _is_whole(octets):
            more = self._line.recv(65536)
            if not more:
                raise EOFError
            octets += more
        if b"\r\nConnection: close" in octets:
            self.close()
        return octets

    def _dialled(self) -> socket.socket:
        line = socket.create_connection(("127.0.0.1", self._port), PATIENCE)
        return self._tls.wrap_socket(line, server_hostname=HOST) if self._tls else line


def _is_whole(octets: bytes) -> bool:
    head, end, body = octets.partition(b"\r\n\r\n")
    found = _LENGTH.search(head)
    return bool(end) and len(body) >= (int(found[1]) if found else 0)


def ask(port: int, request: bytes) -> Answer:
    """One request on a connection of its own."""
    line = Line(port)
    try:
        return line.ask(request)
    finally:
        line.close()


def ask_all(
    port: int,
    requests: Sequence[bytes],
    at_once: int = AT_ONCE,
    tls: ssl.SSLContext | None = None,
) -> list[Answer]:
    """Send all, so many at once, each connection the next when it has its answer."""
    waiting, lock = iter(requests), threading.Lock()
    lines = [Line(port, tls) for _ in range(at_once)]
    with ThreadPoolExecutor(at_once) as crowd:
        found = crowd.map(lambda line: _ask_some(line, waiting, lock), lines)
        return [answer for some in found for answer in some]


def _ask_some(line: Line, waiting: Iterator[bytes], lock: threading.Lock) -> list[Answer]:
    answers: list[Answer] = []
    try:
        while True:
            with lock:
                request = next(waiting, None)
            if request is None:
                return answers
            answers.append(line.ask(request))
    finally:
        line.close()
