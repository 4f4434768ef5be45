"""The settings of a development machine: made at the first start, brought up to date at each."""

import base64
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from portal.config import Mode

REGIONS = Path(__file__).parent.parent / "routing" / "example.toml"

_FILE = "sqlite:///"


class SettingsTorn(Exception):
    """The settings file holds a line that cannot be read; the message names it."""


def settings_file(var: Path) -> Path:
    """Where the settings live: ``portal.env`` in the folder that keeps all state."""
    return var / "portal.env"


def state_folder(database_url: str) -> Path:
    """Where all state lives: beside the database, or where ``VAR`` says when that is a server's."""
    if database_url.startswith(_FILE):
        return Path(database_url.removeprefix(_FILE)).parent
    return Path(os.environ.get("VAR", "var"))


def mailbox_folder(var: Path) -> Path:
    """Where caught letters lie."""
    return var / "mailbox"


def read_settings(var: Path) -> dict[str, str]:
    """What ``portal.env`` holds, empty where there is none; raises ``SettingsTorn``."""
    return _read(settings_file(var))


def with_own(settings: Mapping[str, str], folder: Path) -> Mapping[str, str]:
    """These settings and, in development, what a person put beside them in ``.env``.

    Whatever is set already stays. In production the file is not looked at: a setting that works
    or not by where a program was started from is nobody's to find. Raises ``SettingsTorn``.
    """
    together = {**_read(folder / ".env"), **settings}
    # Settings without a mode are production's.
    mode = (settings or together).get("PORTAL_MODE")
    return together if mode == Mode.DEVELOPMENT.value else settings


def renew_settings(var: Path, port: int, mail_port: int) -> dict[str, str]:
    """Write ``portal.env`` for this start and give what it holds.

    Ports and places are new each time; the rest is kept as it is found, above all the keys:
    without them nothing in the database opens. Raises ``SettingsTorn`` and ``OSError``.
    """
    settings = (
        _first_settings() | read_settings(var) | _settings_of_this_start(var, port, mail_port)
    )
    _write(settings_file(var), "".join(f"{name}={value}\n" for name, value in settings.items()))
    return settings


def _first_settings() -> dict[str, str]:
    return {
        "PORTAL_SECRET_KEY": secrets.token_urlsafe(48),
        "PORTAL_DATA_KEYS": base64.b64encode(secrets.token_bytes(32)).decode(),
        "PORTAL_MAIL_SENDER": "portaal@example.org",
        "PORTAL_REGIONS": str(REGIONS),
    }


def _settings_of_this_start(var: Path, port: int, mail_port: int) -> dict[str, str]:
    return {
        "PORTAL_MODE": "development",
        "PORTAL_BASE_URL": f"http://127.0.0.1:{port}",
        "PORTAL_DATABASE_URL": f"sqlite:///{var.absolute() / 'portal.db'}",
        "PORTAL_MAIL_SERVER": "127.0.0.1",
        "PORTAL_MAIL_PORT": str(mail_port),
        "PORTAL_MAIL_SECURITY": "none",
    }


def _read(file: Path) -> dict[str, str]:
    if not file.exists():
        return {}
    lines = file.read_text(encoding="utf-8").splitlines()
    pairs = [_pair(file, number, line) for number, line in enumerate(lines, 1) if _counts(line)]
    return dict(pairs)


def _counts(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _pair(file: Path, number: int, line: str) -> tuple[str, str]:
    name, equals, value = line.partition("=")
    if not equals or value.strip()[:1] in {'"', "'"}:
        how = "write NAME=VALUE without quotes, or remove the line"
        raise SettingsTorn(f"{file}, line {number}: {how}")
    return name.strip(), value.strip()


def _write(file: Path, text: str) -> None:
    """Replace the file in one step, so that a start cut short never leaves half the keys."""
    part = file.with_name(f".{file.name}.part")
    part.unlink(missing_ok=True)
    # Made with its rights, so that the keys are at no moment open to others.
    with os.fdopen(
        os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
    ) as opened:
        opened.write(text)
        opened.flush()
        os.fsync(opened.fileno())
    part.replace(file)
