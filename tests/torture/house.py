"""A portal to be tortured: a database, a mail server that does as told, and what they were told."""

import itertools
import os
import secrets
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from http import HTTPStatus
from http.client import HTTPException
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from itsdangerous import URLSafeSerializer

from portal.cases.register import Case
from portal.config import Config
from portal.database import open_database, transaction
from portal.delivery.outbox import waiting_since
from portal.delivery.smtp import sender
from portal.delivery.worker import Report, deliver_round
from portal.failpoints import Action
from portal.sealing import Keyring
from tests import databases
from tests.conftest import DATA_KEY
from tests.delivery.hostile_smtp import HostileServer
from tests.own_door import request_one
from tests.portal_app import environment
from tests.real_server import Answering, Filled, Server, free_port
from tests.site_build import ensure_built
from tests.torture import commands
from tests.torture.forms import Forms
from tests.torture.invariants import Outside, Verdict, all_of, examine

# Longer than every wait between two tries, and than a lease.
LATER = timedelta(hours=13)
_ROUNDS = 12


@dataclass
class House:
    """Everything that one run needs, and all that the world outside learns in it."""

    url: str
    folder: Path
    mail: HostileServer
    port: int = field(default_factory=free_port)
    acknowledged: dict[str, str] = field(default_factory=dict)
    answers: list[int] = field(default_factory=list)
    broke_off: list[float] = field(default_factory=list)
    keys: str = field(default_factory=lambda: environment("")["PORTAL_DATA_KEYS"])
    typed: str = field(default_factory=lambda: f"kanarie{secrets.token_hex(6)}")

    def __post_init__(self) -> None:
        open_database(self.url, Keyring([DATA_KEY]))
        self.flags.mkdir(exist_ok=True)
        self.log = self.folder / "log"
        ensure_built()
        self.forms = Forms(environment(self.url)["PORTAL_SECRET_KEY"])
        self._numbers = itertools.count(1)

    def beside(self) -> "House":
        """Another machine: with a folder and a port of its own, on the same database."""
        folder = Path(tempfile.mkdtemp(prefix="beside-", dir=self.folder))
        return replace(self, folder=folder, port=free_port())

    @property
    def flags(self) -> Path:
        return self.folder / "flags"

    def settings(self, **other: str) -> dict[str, str]:
        """What a process of this portal is told."""
        own = {
            "PORTAL_BASE_URL": f"http://127.0.0.1:{self.port}",
            "PORTAL_MAIL_PORT": str(self.mail.port),
            "PORTAL_DATA_KEYS": self.keys,
            "PORTAL_LOG_LEVEL": "INFO",
            "PATH": os.environ["PATH"],
        }
        return environment(self.url, **own | other)

    def faults(self, action: Action, *names: str) -> dict[str, str]:
        """The setting that lets these happen, each once as soon as ``expect`` asked for it."""
        for name in names:
            self.flag(name).write_text("0")
        asked = ";".join(f"{name}={action.value}:{self.flag(name)}" for name in names)
        return {"PORTAL_FAILPOINTS": asked}

    def flag(self, name: str) -> Path:
        return self.flags / name.replace(": ", "-").replace(" ", "-")

    def expect(self, name: str) -> None:
        """Let the fault at this place happen at the next that comes by."""
        self.flag(name).unlink()

    @contextmanager
    def serving(self, **other: str) -> Iterator[Server]:
        """The real server, killed in the end."""
        server = self.server(**other)
        try:
            yield server
        finally:
            server.kill()

    def server(self, **other: str) -> Server:
        return Server(self.url, self.port, self.log, **self.settings(**other))

    def form(self, **other: str) -> tuple[str, Filled]:
        """A form with a name that stands nowhere else, ready to be sent; and that name."""
        name = f"{self.typed}x{next(self._numbers)}"
        return name, self.forms.ready(name, **other)

    def several(self, answers: list[dict[str, str]]) -> list[tuple[str, Filled]]:
        """As many of them, made in one go."""
        with transaction():
            return [self.form(**one) for one in answers]

    def send(self, server: Answering, name: str, form: Filled) -> HTTPStatus | None:
        """Send a form once; None where no answer came. What is acknowledged is noted down."""
        try:
            status, address = server.send(form)
        except (OSError, HTTPException):
            return None
        self.answers.append(status)
        if status == HTTPStatus.SEE_OTHER:
            self.acknowledged[_reference(address)] = name
        return HTTPStatus(status)

    def struck(self, action: Action, name: str) -> None:
        """Wait until the fault at this place happened; who hangs there is killed."""
        process = self.raised(name)
        if action is Action.HANG:
            commands.kill(process)
        self.broke_off_now()

    def raised(self, name: str) -> int:
        """Wait until the fault at this place happened; gives the process that it happened to."""
        return commands.raised(self.flag(name))

    def broke_off_now(self) -> None:
        """Note down that whoever had a letter in hand is gone: it may go a second time."""
        self.broke_off.append(time.monotonic())

    def take_in(self, **other: object) -> Case:
        """A request that came in without anybody asking for a page."""
        name = f"{self.typed}x{next(self._numbers)}"
        case = request_one(self.config(), name=name, **other)
        self.acknowledged[case.reference] = name
        return case

    def config(self) -> Config:
        return Config.from_environment(self.settings())

    def start(self, *words: str, **other: str) -> ForkServerProcess:
        """Begin one of the portal's commands."""
        return commands.start(words, self.settings(**other), self.log)

    def run(self, *words: str, **other: str) -> int:
        """Run one of the portal's commands; gives its exit status."""
        return commands.ended(self.start(*words, **other))

    def deliver_all(self) -> None:
        """Let days pass, and everything go; raises ``AssertionError`` where something does not."""
        databases.wait_until_nobody_writes(self.url)
        send = sender(self.config())
        moment = datetime.now(UTC)
        for _ in range(_ROUNDS):
            moment += LATER
            if deliver_round(partial(_at, moment), send) == Report():
                break
        assert waiting_since() is None, "there are letters that nobody sends"

    def verdict(self) -> Verdict:
        outside = Outside(
            self.acknowledged, self.mail.accepted, self.broke_off, self.typed, self.folder
        )
        return examine(outside)

    def check(self) -> Verdict:
        """Deliver everything, and hold it against all that was promised."""
        self.deliver_all()
        verdict = self.verdict()
        assert all_of(verdict) == []
        return verdict


def _at(moment: datetime) -> datetime:
    return moment


def _reference(address: str) -> str:
    """The reference that the page at this address shows."""
    start, _, token = address.rpartition("/")
    assert start == "/ontvangen", address
    secret = environment("")["PORTAL_SECRET_KEY"]
    return str(URLSafeSerializer(secret, salt="received").loads(token))
