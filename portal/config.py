"""The portal's settings: read once from the environment, checked all at once, then frozen."""

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from portal.failpoints import Fault, faults_in

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)

PREFIX = "PORTAL_"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class Mode(StrEnum):
    """Where the program runs; development has a mailbox page and serves the site itself."""

    PRODUCTION = "production"
    DEVELOPMENT = "development"


class MailSecurity(StrEnum):
    """How the talk with the mail server is protected; ``none`` is refused off loopback."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


class IntakeMail(StrEnum):
    """How much of a request the intake mail holds."""

    NOTICE = "notice"
    CONTACT = "contact"
    FULL = "full"


class ConfigError(Exception):
    """Settings that are missing or wrong; the message is one line that names all of them."""


@dataclass(frozen=True)
class Config:
    """Every setting, typed; secrets are left out of ``repr``."""

    database_url: str
    base_url: str
    secret_key: str
    data_keys: tuple[bytes, ...]
    mail_server: str
    mail_port: int
    mail_security: MailSecurity
    mail_username: str
    mail_password: str
    mail_sender: str
    intake_mail: IntakeMail
    regions: Path
    log_level: str
    mode: Mode
    trusted_proxies: int
    backup_dir: Path | None
    # Working days without a sign of life, since somebody got a case: until they are reminded, until
    # whoever stands in for them is asked, until the national desk is.
    remind_after: int
    deputy_after: int
    desk_after: int
    digest_hour: int  # 0 to 23, in the Netherlands
    failpoints: tuple[Fault, ...] = ()

    def __repr__(self) -> str:
        return f"Config(mode={self.mode.value}, base_url={self.base_url})"

    @property
    def secure(self) -> bool:
        """Whether visitors reach the portal over https."""
        return self.base_url.startswith("https://")

    @property
    def host(self) -> str:
        """The host, with its port where it has one, that the portal answers to."""
        return urlsplit(self.base_url).netloc

    @property
    def database_folder(self) -> Path | None:
        """Where the file of the database stands; None where a server keeps it."""
        scheme, _, path = self.database_url.partition(":///")
        return Path(path).absolute().parent if scheme == "sqlite" else None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Config":
        """Read the ``PORTAL_`` names; raise ``ConfigError`` naming every one that is amiss."""
        reading = _Reading(environment)
        config = cls(
            database_url=reading.take("DATABASE_URL", database_url, "sqlite:///var/portal.db"),
            base_url=reading.take("BASE_URL", _base_url),
            secret_key=reading.take("SECRET_KEY", _secret),
            data_keys=reading.take("DATA_KEYS", _data_keys),
            mail_server=reading.take("MAIL_SERVER", str),
            mail_port=reading.take("MAIL_PORT", _port, "587"),
            mail_security=reading.take("MAIL_SECURITY", _one_of(MailSecurity), "starttls"),
            mail_username=reading.take("MAIL_USERNAME", str, ""),
            mail_password=reading.take("MAIL_PASSWORD", str, ""),
            mail_sender=reading.take("MAIL_SENDER", _address),
            intake_mail=reading.take("INTAKE_MAIL", _one_of(IntakeMail), "contact"),
            regions=reading.take("REGIONS", Path, "regions.toml"),
            log_level=reading.take("LOG_LEVEL", _log_level, "INFO"),
            mode=reading.take("MODE", _one_of(Mode), "production"),
            trusted_proxies=reading.take("TRUSTED_PROXIES", _count, "0"),
            backup_dir=reading.take("BACKUP_DIR", _optional_path, ""),
            remind_after=reading.take("REMIND_AFTER", _working_days, "2"),
            deputy_after=reading.take("DEPUTY_AFTER", _working_days, "4"),
            desk_after=reading.take("DESK_AFTER", _working_days, "6"),
            digest_hour=reading.take("DIGEST_HOUR", _hour, "7"),
            failpoints=reading.take("FAILPOINTS", faults_in, ""),
        )
        reading.refuse_unless_sound(config)
        return config


class _Reading:
    """One pass over the environment that gathers every fault instead of stopping at the first."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._missing: list[str] = []
        self._wrong: list[str] = []

    def take(self, name: str, read: Callable[[str], T], default: str | None = None) -> T:
        text = self._environment.get(PREFIX + name, "").strip() or default
        if text is None:
            self._missing.append(PREFIX + name)
        else:
            try:
                return read(text)
            except ValueError as fault:
                self._wrong.append(f"{PREFIX}{name} ({fault})")
        # Never used: refuse_unless_sound() raises before the value can be read.
        return None  # type: ignore[return-value]

    def refuse_unless_sound(self, config: Config) -> None:
        if not self._missing and not self._wrong:
            self._wrong.extend(_contradictions(config))
        faults = []
        if self._missing:
            faults.append("missing: " + ", ".join(self._missing))
        if self._wrong:
            faults.append("wrong: " + ", ".join(self._wrong))
        if faults:
            raise ConfigError("settings " + "; ".join(faults))


def _contradictions(config: Config) -> list[str]:
    wrong = []
    if config.mail_security is MailSecurity.NONE and config.mail_server not in LOOPBACK:
        wrong.append("PORTAL_MAIL_SECURITY (none is for loopback only)")
    if config.mode is Mode.DEVELOPMENT and urlsplit(config.base_url).hostname not in LOOPBACK:
        wrong.append("PORTAL_MODE (development is for loopback only)")
    if config.mode is Mode.PRODUCTION and not config.secure:
        wrong.append("PORTAL_BASE_URL (production needs https://)")
    if config.mode is Mode.PRODUCTION and config.failpoints:
        wrong.append("PORTAL_FAILPOINTS (faults on purpose are for development only: leave it out)")
    if not config.remind_after < config.deputy_after < config.desk_after:
        wrong.append("PORTAL_DEPUTY_AFTER (give more than REMIND_AFTER, and less than DESK_AFTER)")
    return wrong


def database_url(text: str) -> str:
    """The URL of a database as it was given; raises ``ValueError`` where it will not do."""
    if text.startswith("sqlite:///"):
        if text.endswith("/"):
            raise ValueError("name the file: sqlite:////var/lib/portal.db, absolute by a fourth /")
        return text
    if not text.startswith("postgresql://"):
        raise ValueError("give sqlite:///path or postgresql://user@host/name")
    _refuse_open_road(text)
    return text


def _refuse_open_road(url: str) -> None:
    """Refuse a server on another machine that need not prove its name; never repeats the URL."""
    # Imported here: the driver is large, and of no use to whoever keeps to SQLite.
    from psycopg import ProgrammingError  # noqa: PLC0415
    from psycopg.conninfo import conninfo_to_dict  # noqa: PLC0415

    try:
        told = conninfo_to_dict(url)
    except ProgrammingError:
        raise ValueError(
            "it cannot be read: a sign in a password is written as %40; see what follows a ?"
        ) from None
    if not told.get("dbname"):
        raise ValueError("name the database: postgresql://user@host/name")
    for port in filter(None, f"{told.get('port') or ''}".split(",")):
        _port(port)
    hosts = f"{told.get('hostaddr') or told.get('host') or ''}".split(",")
    near = all(not host or host.startswith("/") or host in LOOPBACK for host in hosts)
    if not near and told.get("sslmode") != "verify-full":
        raise ValueError("off this machine the server proves its name: add ?sslmode=verify-full")


def _base_url(text: str) -> str:
    if not re.fullmatch(r"https?://[a-zA-Z0-9.-]+(:[0-9]+)?/?", text):
        raise ValueError("give https://host, without a path")
    return text.rstrip("/")


def _secret(text: str) -> str:
    if len(text) < 32:
        raise ValueError("give at least 32 characters")
    return text


def _data_keys(text: str) -> tuple[bytes, ...]:
    try:
        keys = tuple(base64.b64decode(part.strip(), validate=True) for part in text.split(","))
    except ValueError:
        keys = ()
    if not keys or any(len(key) != 32 for key in keys):
        raise ValueError("give 32 bytes in base64 for each key, newest first, comma separated")
    return keys


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise ValueError("give a port from 1 to 65535")
    return int(text)


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise ValueError("give a number, 0 or more")
    return int(text)


def _working_days(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 60:
        raise ValueError("give a number of working days, 1 to 60")
    return int(text)


def _hour(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 23:
        raise ValueError("give an hour, 0 to 23")
    return int(text)


def _address(text: str) -> str:
    name, at, domain = text.partition("@")
    if (
        not text.isascii()
        or not name
        or not at
        or "." not in domain
        or any(c.isspace() or c in '<>,"' for c in text)
    ):
        raise ValueError("give one bare address, such as portaal@example.org")
    return text


def _log_level(text: str) -> str:
    if text.upper() not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
        raise ValueError("give DEBUG, INFO, WARNING or ERROR")
    return text.upper()


def _optional_path(text: str) -> Path | None:
    return Path(text) if text else None


def _one_of(kind: type[E]) -> Callable[[str], E]:
    def read(text: str) -> E:
        try:
            return kind(text)
        except ValueError:
            raise ValueError("give " + " or ".join(member.value for member in kind)) from None

    return read
