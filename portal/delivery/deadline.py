"""A connection that is over when its time is up, whatever the far side does."""

import socket
import threading
from contextlib import suppress
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any


class Deadline:
    """The end of a whole talk: when it comes the socket is shut, whatever is waited for.

    A time-out on the socket starts anew with every octet; this does not. Use it once, in a
    ``with`` that spans the talk.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.passed = False
        self._ends = 0.0
        self._line: socket.socket | None = None
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> "Deadline":
        self._ends = monotonic() + self.seconds
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        self._timer.join()
        if self._line:
            self._line.close()

    @property
    def remaining(self) -> float:
        """Seconds left, less than none when it has passed."""
        return self._ends - monotonic()

    def left(self) -> float:
        """Seconds left; raises ``TimeoutError`` where there are none."""
        left = self.remaining
        if left <= 0:
            raise TimeoutError
        return left

    def watch(self, line: socket.socket) -> None:
        """Shut ``line`` when time is up, also after it has been wrapped for TLS."""
        with self._lock:
            # Wrapping takes the socket's handle away; a second one reaches the line all the same.
            self._line = line.dup()
        if self.passed:
            self._cut()

    def _cut(self) -> None:
        with self._lock:
            self.passed = True
            if self._line:
                with suppress(OSError):
                    self._line.shutdown(socket.SHUT_RDWR)


def connect(host: str, port: int, deadline: Deadline) -> socket.socket:
    """Connect to the first address of ``host`` that answers; raises ``OSError`` or ``ValueError``.

    The connection is under the deadline's watch.
    """
    addresses = _look_up(host, port, deadline.left())
    fault = OSError("the name has no address")
    for tried, (family, kind, protocol, _, address) in enumerate(addresses):
        line = socket.socket(family, kind, protocol)
        try:
            # A silent address leaves time for the next one and for the talk.
            line.settimeout(deadline.left() / (len(addresses) - tried + 1))
            line.connect(address)
            line.settimeout(deadline.left())
        except OSError as refused:
            line.close()
            fault = refused
        else:
            deadline.watch(line)
            return line
    raise fault


def _look_up(host: str, port: int, seconds: float) -> list[Any]:
    """Ask for the addresses of a name, on a thread because the resolver takes no time-out.

    One that is not answered ends with the resolver's own patience, after the talk.
    """
    answer: SimpleQueue[list[Any] | Exception] = SimpleQueue()

    def ask() -> None:
        try:
            answer.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as fault:
            answer.put(fault)

    threading.Thread(target=ask, daemon=True).start()
    try:
        found = answer.get(timeout=seconds)
    except Empty:
        raise TimeoutError from None
    if isinstance(found, Exception):
        raise found
    return found
