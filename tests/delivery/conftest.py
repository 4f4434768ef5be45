"""What the tests of the post office share: a clock that is moved, settings, a letter to send."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from jinja2 import ChoiceLoader, DictLoader

from portal.config import Config, IntakeMail, MailSecurity, Mode
from portal.delivery import letters
from portal.delivery.letters import Envelope, Text
from portal.delivery.outbox import Outgoing, post
from tests.conftest import DATA_KEY, NOON
from tests.databases import hurry
from tests.delivery.hostile_smtp import HostileServer

SENDER = "portaal@example.org"
MANAGER = "manager@example.org"
DESK = "landelijk@example.org"
REQUESTER = "aanvrager@example.org"


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> datetime:
        self.now += timedelta(**by)
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """Templates that a test makes up, beside the real ones."""
    made_up: dict[str, str] = {}
    loader = ChoiceLoader([DictLoader(made_up), letters.templates.loader])  # type: ignore[list-item]
    monkeypatch.setattr(letters.templates, "loader", loader)
    yield made_up
    letters.templates.cache.clear()  # type: ignore[union-attr]


@pytest.fixture
def no_power_cut(db: None) -> None:
    """Commit without waiting for the disk, on this thread: for tests of many commits."""
    hurry()


def config(
    port: int,
    *,
    server: str = "127.0.0.1",
    security: MailSecurity = MailSecurity.NONE,
    username: str = "",
    password: str = "",
    base_url: str = "https://portaal.example.org",
    mail_sender: str = SENDER,
) -> Config:
    """Settings that point at a mail server on loopback."""
    return Config(
        database_url="sqlite:///unused.db",
        base_url=base_url,
        secret_key="s" * 32,
        data_keys=(DATA_KEY,),
        mail_server=server,
        mail_port=port,
        mail_security=security,
        mail_username=username,
        mail_password=password,
        mail_sender=mail_sender,
        intake_mail=IntakeMail.FULL,
        regions=Path("regions.toml"),
        log_level="INFO",
        mode=Mode.PRODUCTION,
        trusted_proxies=0,
        backup_dir=None,
        remind_after=2,
        deputy_after=4,
        desk_after=6,
        digest_hour=7,
    )


def envelope(recipient: str = MANAGER, fallback: str | None = DESK) -> Envelope:
    return Envelope(recipient, fallback, REQUESTER, "EK-7K2M-9QXT")


def put(
    now: datetime = NOON,
    recipient: str = MANAGER,
    fallback: str | None = DESK,
    body: str = "Er is een aanvraag.\n",
) -> str:
    """Put one letter in the outbox and give its id."""
    text = Text("Aanvraag EK-7K2M-9QXT", body)
    return post("intake", text, envelope(recipient, fallback), now, SENDER)


def outgoing(
    body: str = "Er is een aanvraag.\n",
    recipient: str = MANAGER,
    reply_to: str = REQUESTER,
    subject: str = "Aanvraag EK-7K2M-9QXT",
) -> Outgoing:
    return Outgoing("<0123@example.org>", recipient, reply_to, Text(subject, body))


def utc_now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(params=[True, False], ids=["ahead", "one by one"])
def pipelining(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether the mail server hears commands that are said ahead (RFC 2920)."""
    monkeypatch.setattr(HostileServer, "pipelining", request.param)
    return bool(request.param)
