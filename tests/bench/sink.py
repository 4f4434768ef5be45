"""A mail server that takes every letter, at once or after a while, and forgets it.

It hears commands that are said ahead, as Postfix, Exim and the large mail companies do.
"""

import argparse
import asyncio
from typing import Any

from aiosmtpd.controller import Controller


class _Sink:
    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    async def handle_EHLO(  # noqa: N802 - the library's name
        self, _server: Any, session: Any, _envelope: Any, hostname: str, offers: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return [*offers[:-1], "250-PIPELINING", offers[-1]]

    async def handle_DATA(self, *_: Any) -> str:  # noqa: N802 - the library's name
        if self._seconds:
            await asyncio.sleep(self._seconds)
        print("taken", flush=True)  # noqa: T201 - who started it counts
        return "250 taken"


if __name__ == "__main__":
    asked = argparse.ArgumentParser()
    asked.add_argument("--bind", required=True)
    asked.add_argument("--seconds", type=float, default=0.0)
    options = asked.parse_args()
    host, _, port = options.bind.rpartition(":")
    controller = Controller(_Sink(options.seconds), hostname=host, port=int(port))
    controller.start()
    asyncio.run(asyncio.Event().wait())
