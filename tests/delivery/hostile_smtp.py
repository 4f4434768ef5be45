"""A mail server on loopback that misbehaves as told, and keeps every octet it was sent."""

import contextlib
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

STRICT = rb"\r\n\.\r\n"
# What careless servers take for the end of a letter (SMTP smuggling).
LAX = rb"(?:\r\n|\r|\n)\.(?:\r\n|\r|\n)"


@dataclass(frozen=True)
class Received:
    """One whole letter as it came over the wire, dots unstuffed; ``accepted`` when told 2xx.

    ``at`` is ``time.monotonic`` when that was said.
    """

    sender: str
    recipients: tuple[str, ...]
    octets: bytes
    accepted: bool
    at: float = field(default_factory=time.monotonic)

    @property
    def message(self) -> EmailMessage:
        parsed = message_from_bytes(self.octets, policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        return parsed

    @property
    def body(self) -> str:
        payload = self.message.get_payload(decode=True)
        assert isinstance(payload, bytes)
        return payload.decode("utf-8").replace("\r\n", "\n")


class TalkOver(Exception):
    """The far side is gone, or the server has had enough of it."""


@dataclass
class Talk:
    """One connection; an action reads from it what it needs and says what it likes."""

    line: socket.socket
    closing: threading.Event
    sender: str = ""
    recipients: list[str] = field(default_factory=list)
    said: str = ""
    heard: bytes = b""

    def say(self, text: str) -> None:
        self.said = text
        self.send(text.encode("utf-8", "surrogateescape") + b"\r\n")

    def send(self, octets: bytes) -> None:
        try:
            self.line.sendall(octets)
        except OSError as fault:
            raise TalkOver from fault

    def hear(self) -> None:
        try:
            more = self.line.recv(65536)
        except OSError as fault:
            raise TalkOver from fault
        if not more:
            raise TalkOver
        self.heard += more

    def hear_until(self, end: bytes) -> bytes:
        while not (found := re.search(end, self.heard)):
            self.hear()
        octets, self.heard = self.heard[: found.end()], self.heard[found.end() :]
        return octets


Action = Callable[[Talk], None]


def reply(text: str) -> Action:
    return lambda talk: talk.say(text)


def hang(talk: Talk) -> None:
    """Say nothing for as long as the far side waits."""
    while True:
        talk.hear()


def drop(talk: Talk) -> None:
    raise TalkOver


def drip(text: str, every: float = 0.05) -> Action:
    """Say ``text`` one octet at a time, over and over."""

    def action(talk: Talk) -> None:
        while True:
            for octet in text.encode() + b"\r\n":
                talk.send(bytes([octet]))
                if talk.closing.wait(every):
                    raise TalkOver

    return action


def endless(text: str) -> Action:
    """Say ``text`` as fast as it is taken, without end."""

    def action(talk: Talk) -> None:
        while not talk.closing.is_set():
            talk.send((text.encode() + b"\r\n") * 1000)
        raise TalkOver

    return action


def then(*actions: Action) -> Action:
    def action(talk: Talk) -> None:
        for each in actions:
            each(talk)

    return action


_DEFAULTS: dict[str, str] = {
    "banner": "220 hostile.example ESMTP",
    "HELO": "250 hostile.example",
    "STARTTLS": "220 go ahead",
    "AUTH": "235 welcome",
    "MAIL": "250 sender ok",
    "RCPT": "250 recipient ok",
    "DATA": "354 go ahead",
    "dot": "250 2.0.0 taken",
    "RSET": "250 forgotten",
    "QUIT": "221 bye",
}


class HostileServer:
    """Serves until left. ``script`` names an action for a step; the other steps go well.

    Steps: ``banner EHLO HELO STARTTLS AUTH MAIL RCPT DATA dot RSET QUIT``. With ``tls`` it offers
    STARTTLS, or speaks TLS from the first octet when ``implicit``. ``listen=False`` refuses all
    connections on its port until ``open()``. Where it is ``pipelining`` it says so, and hears
    commands that are said ahead either way.
    """

    pipelining = True

    def __init__(
        self,
        script: Mapping[str, Action] | None = None,
        *,
        tls: ssl.SSLContext | None = None,
        implicit: bool = False,
        end_of_data: bytes = STRICT,
        extensions: tuple[str, ...] = ("SIZE 10000000", "8BITMIME", "SMTPUTF8"),
        listen: bool = True,
    ) -> None:
        self.script = dict(script or {})
        self.tls, self.implicit = tls, implicit
        self.end_of_data = end_of_data
        self.extensions = extensions
        self.received: list[Received] = []
        self.commands: list[str] = []
        self.talks = 0
        self.closing = threading.Event()
        self._listen = listen
        self._threads: list[threading.Thread] = []
        self._lines: list[socket.socket] = []
        self._something_came = threading.Condition()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]

    def __enter__(self) -> "HostileServer":
        if self._listen:
            self.open()
        return self

    def open(self) -> None:
        self._socket.listen(64)
        self._start(self._accept)

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        for line in self._lines:
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)
        self._socket.close()

    @property
    def accepted(self) -> list[Received]:
        return [received for received in self.received if received.accepted]

    def wait_for(self, count: int, seconds: float = 10.0) -> None:
        """Wait until ``count`` letters have been accepted; raises ``AssertionError`` if not."""
        with self._something_came:
            came = self._something_came.wait_for(lambda: len(self.accepted) >= count, seconds)
        assert came, f"{len(self.accepted)} of {count} letters came within {seconds} seconds"

    def _start(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while not self.closing.is_set():
                line, _ = self._socket.accept()
                self.talks += 1
                self._start(lambda line=line: self._serve(line))  # type: ignore[misc]

    def _serve(self, line: socket.socket) -> None:
        talk = Talk(line, self.closing)
        self._lines.append(line)
        try:
            if self.implicit:
                self._encrypt(talk)
            self._act("banner", talk)
            while self._next_command(talk):
                pass
        except TalkOver:
            pass
        finally:
            talk.line.close()

    def _next_command(self, talk: Talk) -> bool:
        command = talk.hear_until(rb"\r\n").decode("utf-8", "replace").rstrip("\r\n")
        verb, space, argument = command.partition(" ")
        step = verb.upper()
        self.commands.append(step + space + argument)
        if step in {"MAIL", "RSET"}:
            talk.recipients = []
        if step == "MAIL":
            talk.sender = _path(argument)
        if step == "RCPT":
            talk.recipients.append(_path(argument))
        self._act(step, talk)
        if step == "RCPT" and not talk.said.startswith("2"):
            talk.recipients.pop()
        if step == "STARTTLS" and talk.said.startswith("220"):
            self._encrypt(talk)
        if step == "DATA" and talk.said.startswith("354"):
            self._take(talk)
        return step != "QUIT"

    def _take(self, talk: Talk) -> None:
        # The line before a first dot is the command itself (RFC 5321 section 4.1.1.4).
        talk.heard = b"\r\n" + talk.heard
        octets = talk.hear_until(self.end_of_data).removeprefix(b"\r\n")
        octets = re.sub(rb"\.(?:\r\n|\r|\n)$", b"", octets)
        octets = re.sub(rb"(^|\r\n)\.", rb"\1", octets)
        talk.said = ""
        try:
            self._act("dot", talk)
        finally:
            self._note(talk, octets)

    def _note(self, talk: Talk, octets: bytes) -> None:
        if not (talk.recipients or octets):
            return  # A dot in place of a letter, after its only reader was refused (RFC 2920).
        taken = talk.said.startswith("2")
        with self._something_came:
            self.received.append(
                Received(talk.sender, tuple(talk.recipients), octets, accepted=taken)
            )
            self._something_came.notify_all()

    def _act(self, step: str, talk: Talk) -> None:
        action = self.script.get(step)
        if action:
            action(talk)
        elif step == "EHLO":
            self._greet(talk)
        elif step == "DATA" and not talk.recipients:
            talk.say("554 5.5.1 no valid recipients")
        else:
            talk.say(_DEFAULTS.get(step, "500 what?"))

    def _greet(self, talk: Talk) -> None:
        encrypted = isinstance(talk.line, ssl.SSLSocket)
        offers = [*self.extensions, *["PIPELINING"] * self.pipelining]
        if self.tls and not encrypted:
            offers.append("STARTTLS")
        else:
            offers.append("AUTH PLAIN")
        lines = ["hostile.example", *offers]
        talk.say("\r\n".join([*(f"250-{line}" for line in lines[:-1]), f"250 {lines[-1]}"]))

    def _encrypt(self, talk: Talk) -> None:
        assert self.tls
        try:
            talk.line = self.tls.wrap_socket(talk.line, server_side=True)
        except OSError as fault:
            raise TalkOver from fault
        self._lines.append(talk.line)
        talk.heard = b""


def _path(argument: str) -> str:
    found = re.search("<(.*)>", argument)
    return found.group(1) if found else argument
