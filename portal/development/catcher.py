"""A mail server on loopback that delivers nothing: each letter it accepts becomes one file."""

import asyncio
import itertools
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

LOOPBACK = "127.0.0.1"


@contextmanager
def catching(folder: Path) -> Iterator[int]:
    """Catch letters into ``folder``, byte for byte as they came, until the block is left.

    Gives the port, a free one on loopback. A letter is whole as soon as its ``.eml`` file is
    there, and names sort as letters arrive. Letters over 32 MiB are refused (552), and when the
    folder cannot be written to the sender is asked to come back later (452).
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    controller = _Controller(_Handler(folder))
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


class _Handler:
    """Writes what came, under a name that tells only when it came."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = itertools.count(1)

    async def handle_DATA(  # noqa: N802 - aiosmtpd looks the method up by this name
        self,
        server: SMTP,  # noqa: ARG002
        session: Session,  # noqa: ARG002
        envelope: Envelope,
    ) -> str:
        try:
            self._write(envelope.original_content or b"")
        except OSError as fault:
            return f"452 4.3.1 The letter could not be written (errno {fault.errno})"
        return "250 2.0.0 Caught"

    def _write(self, letter: bytes) -> None:
        name = f"{time.time_ns():020d}-{next(self._count):06d}.eml"
        part = self._folder / f".{name}.part"
        part.write_bytes(letter)
        part.rename(self._folder / name)


class _Controller(Controller):
    """Listens on a socket bound beforehand, so that nobody else can take the port in between."""

    def __init__(self, handler: _Handler) -> None:
        self._socket = socket.create_server((LOOPBACK, 0))
        super().__init__(
            handler,
            hostname=LOOPBACK,
            port=self._socket.getsockname()[1],
            server_hostname="localhost",
            enable_SMTPUTF8=False,
        )

    async def _create_server(self) -> asyncio.AbstractServer:
        return await self.loop.create_server(self._factory_invoker, sock=self._socket)
