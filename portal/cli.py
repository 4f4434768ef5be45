"""The operator's way in: every command, its help, and one line about what is wrong."""

import argparse
import logging
import os
import re
import signal
import socket
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from email_validator import EmailNotValidError
from gunicorn.app.base import BaseApplication
from peewee import PeeweeException

from portal import clock
from portal.app import StartRefused, create_app, open_sound_database
from portal.audit.trail import Action, record
from portal.cases.register import open_cases
from portal.casework import employ, sign_in, staff
from portal.casework.chase import chase
from portal.casework.digest import digest
from portal.casework.people import StaffRole
from portal.casework.staff import Staff
from portal.config import Config, ConfigError
from portal.database import DatabaseUnsound, connection, migrate, open_database, transaction
from portal.delivery.smtp import sender
from portal.delivery.worker import deliver_round, work
from portal.development.settings import SettingsTorn, read_settings
from portal.organisation import OrganisationTorn
from portal.routing.checking import check
from portal.routing.loading import LoadRefused, load
from portal.routing.places import normalise_postcode
from portal.routing.regions import route
from portal.routing.rules import Choice
from portal.sealing import Keyring
from portal.sweep import sweep
from portal.web.pages import FrameMissing

_REFUSALS = (
    ConfigError,
    DatabaseUnsound,
    FrameMissing,
    OrganisationTorn,
    SettingsTorn,
    StartRefused,
    PeeweeException,
    OSError,
)


class Refused(Exception):
    """An action that was asked for and not done; the message says what to do."""


@dataclass(frozen=True)
class Command:
    """A command's words, what it does, and an example of it."""

    words: str
    does: str
    example: str
    run: Callable[[argparse.Namespace], None]


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 when it was done, 1 when it was refused or failed, 2 on wrong usage."""
    asked = _parser().parse_args(arguments)
    try:
        asked.command.run(asked)
    except (Refused, *_REFUSALS) as fault:
        print(f"portal {asked.command.words}: {fault}", file=sys.stderr)
        return 1
    return 0


def _config() -> Config:
    config = Config.from_environment(_environment(os.environ))
    logging.basicConfig(
        level=config.log_level, format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    return config


def _environment(given: Mapping[str, str]) -> Mapping[str, str]:
    """The settings given, or, in a checkout without any, those that ``make run`` made."""
    if any(name.startswith("PORTAL_") for name in given):
        return given
    return read_settings(Path(given.get("VAR", "var")))


def _serve(asked: argparse.Namespace) -> None:
    config = _config()
    _refuse_taken(asked.bind)
    # Built once here, so that a fault is one line and not a crashing server.
    app = create_app(config)
    _Server(app, asked.bind).run()


def _refuse_taken(bind: str) -> None:
    host, _, port = bind.rpartition(":")
    try:
        socket.create_server((host, int(port))).close()
    except OSError as fault:
        raise Refused(f"{bind} cannot be used ({fault.strerror}): give another --bind") from None


def _bind(text: str) -> str:
    if not re.fullmatch(r"[a-zA-Z0-9.-]+:[0-9]{1,5}", text) or int(text.rpartition(":")[2]) > 65535:
        raise argparse.ArgumentTypeError("give host:port, such as 127.0.0.1:8000")
    return text


class _Server(BaseApplication):  # type: ignore[misc]
    """gunicorn with threads; it stands behind a proxy that buffers, never on the open net."""

    def __init__(self, app: Any, bind: str) -> None:
        self._app, self._bind = app, bind
        super().__init__()

    def load_config(self) -> None:
        settings = {
            "bind": self._bind,
            "workers": 2,
            "worker_class": "gthread",
            "threads": 4,
            "timeout": 60,
            "graceful_timeout": 30,
            "loglevel": "error",  # its warnings name visitors by their address
            "control_socket_disable": True,
        }
        for name, value in settings.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Any:
        return self._app


def _worker(_asked: argparse.Namespace) -> None:
    config = _config()
    open_sound_database(config)
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    # Beside the letters, so that a mail server that keeps silent holds up no chore.
    chores = threading.Thread(target=clock.run, args=(_chores(config), _now, stop), name="chores")
    chores.start()
    try:
        work(_now, sender(config), stop)
    finally:
        stop.set()
        chores.join()


def _sweep(_asked: argparse.Namespace) -> None:
    open_sound_database(_config())
    with connection():
        forgotten = sweep(_now())
    print("forgotten: " + ", ".join(f"{number} {what}" for what, number in forgotten.items()))


def _deliver(_asked: argparse.Namespace) -> None:
    config = _config()
    open_sound_database(config)
    report = deliver_round(_now, sender(config))
    print(f"sent {report.sent}, deferred {report.deferred}, stuck {report.stuck}")
    if report.unavailable is not None:
        raise Refused(f"the mail server cannot be used ({report.unavailable}): see PORTAL_MAIL_*")


def _migrate(_asked: argparse.Namespace) -> None:
    config = _config()
    open_database(config.database_url, Keyring(config.data_keys), create=True)
    steps = migrate()
    print("migrated: " + (", ".join(steps) if steps else "the schema was at head already"))


def _regions_check(asked: argparse.Namespace) -> None:
    file = Path(asked.file) if asked.file else _config().regions
    report = check(file)
    for fault in report.faults:
        print(fault, file=sys.stderr)
    if not report.sound:
        raise Refused(f"{file} is not sound; nothing was changed")
    print(report)


def _regions_load(asked: argparse.Namespace) -> None:
    open_sound_database(_config())
    try:
        with connection(), transaction():
            summary = load(Path(asked.file), open_cases())
    except LoadRefused as refused:
        for fault in refused.faults:
            print(fault, file=sys.stderr)
        raise Refused(f"{asked.file} is refused; nothing was changed") from None
    for warning in summary.warnings:
        print(warning, file=sys.stderr)
    print(summary)


def _regions_of(asked: argparse.Namespace) -> None:
    open_sound_database(_config())
    if normalise_postcode(asked.postcode) is None:
        raise Refused(f"{asked.postcode} holds no four-digit postcode, such as 3511")
    found = route(asked.postcode, asked.municipality)
    if isinstance(found, Choice):
        raise Refused(
            "that postcode does not settle it; add --municipality with one of: "
            + ", ".join(found.municipalities)
        )
    place = found.municipality or "no municipality known"
    print(f"{found.region_name} ({place}): {found.function} <{found.email}>")


def _staff_add(asked: argparse.Namespace) -> None:
    config = _config()
    open_sound_database(config)
    newcomer = employ.Newcomer(asked.name, asked.email, asked.role, asked.manager)
    try:
        new = employ.invite(newcomer, _now(), config)
    except employ.AlreadyThere:
        raise Refused(f"{asked.email} has an account: see 'portal staff list'") from None
    except EmailNotValidError:
        raise Refused(f"{asked.email} is no address that mail can go to") from None
    except ValueError as fault:
        raise Refused(f"{fault}") from None
    record(OPERATOR, Action.CHANGED, new.id, _now())
    print(f"invited {asked.email}: the letter holds a link for three days")


def _staff_disable(asked: argparse.Namespace) -> None:
    open_sound_database(_config())
    found = _member(asked.email)
    try:
        employ.disable(found, _now())
    except employ.Hindered as hindered:
        raise Refused(f"{hindered}") from None
    record(OPERATOR, Action.CHANGED, found.id, _now())
    print(f"disabled {asked.email}: signed out everywhere")


def _staff_list(_asked: argparse.Namespace) -> None:
    open_sound_database(_config())
    for one in staff.everybody():
        state = "active" if one.authenticator else "invited"
        post = f"{one.role} {one.manager}" if one.manager else f"{one.role}"
        print(f"{one.id}  {one.name} <{one.email}>  {post}  {state if one.active else 'disabled'}")


def _staff_link(asked: argparse.Namespace) -> None:
    config = _config()
    open_sound_database(config)
    found = _member(asked.email)
    if asked.new_authenticator:
        employ.take_proofs(found)
        found = _member(asked.email)
    make = sign_in.make_link if found.authenticator else employ.invitation_link
    link = make(found, _now(), config)
    record(OPERATOR, Action.CHANGED, found.id, _now())
    print(link)


def _member(email: str) -> Staff:
    """Somebody at work, by their address."""
    with connection():
        found = staff.find_by_email(email)
    if found is None or not found.active:
        raise Refused(f"nobody at work has the address {email}: see 'portal staff list'")
    return found


def _role(text: str) -> StaffRole:
    try:
        return StaffRole(text.replace("-", " "))
    except ValueError:
        raise argparse.ArgumentTypeError(f"give one of: {', '.join(_ROLES)}") from None


_ROLES = [role.replace(" ", "-") for role in StaffRole]

# Who runs these commands has no account; the machine's own records say who that was.
OPERATOR = "operator"


def _now() -> datetime:
    return datetime.now(UTC)


def _chores(config: Config) -> tuple[clock.Chore, ...]:
    return (
        clock.Chore("sweep", timedelta(hours=1), sweep),
        clock.Chore("chase", timedelta(minutes=1), partial(chase, config=config)),
        clock.Chore("digest", timedelta(minutes=1), partial(digest, config=config)),
    )


COMMANDS = (
    Command("serve", "answer visitors", "portal serve --bind 127.0.0.1:8000", _serve),
    Command("worker", "deliver letters until it is stopped", "portal worker", _worker),
    Command("deliver", "deliver what is due and say how it went", "portal deliver", _deliver),
    Command("sweep", "forget what is past its period", "portal sweep", _sweep),
    Command("migrate", "bring the database to head, or begin one", "portal migrate", _migrate),
    Command(
        "regions check",
        "prove a regions file, changing nothing",
        "portal regions check regions.toml",
        _regions_check,
    ),
    Command(
        "regions load",
        "put a regions file into use, whole or not at all",
        "portal regions load regions.toml",
        _regions_load,
    ),
    Command(
        "regions of",
        "tell who hears of a request from a postcode",
        "portal regions of 3511",
        _regions_of,
    ),
    Command(
        "staff add",
        "open an account for the desk and mail its invitation",
        "portal staff add 'Ina de Wit' ina@example.org --role manager --manager utrecht",
        _staff_add,
    ),
    Command(
        "staff disable",
        "let somebody in no more and end what they have open",
        "portal staff disable ina@example.org",
        _staff_disable,
    ),
    Command("staff list", "show who has or had an account", "portal staff list", _staff_list),
    Command(
        "staff link",
        "print a one-time link for somebody who cannot be mailed",
        "portal staff link ina@example.org",
        _staff_link,
    ),
)


GROUPS = {"regions": "the map of who answers where", "staff": "who may sign in at the desk"}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="portal", description=__doc__)
    first = parser.add_subparsers(required=True, metavar="COMMAND")
    groups = {"": first}
    for group, about in GROUPS.items():
        parent = first.add_parser(group, help=about)
        groups[group] = parent.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        group, _, last = command.words.rpartition(" ")
        made = groups[group].add_parser(
            last, help=command.does, description=command.does, epilog=f"example: {command.example}"
        )
        made.set_defaults(command=command)
        _add_arguments(made, command.words)
    return parser


def _add_arguments(parser: argparse.ArgumentParser, words: str) -> None:
    for names, options in _ARGUMENTS.get(words, ()):
        parser.add_argument(*names.split(), **options)


_ARGUMENTS: Mapping[str, Sequence[tuple[str, dict[str, Any]]]] = {
    "serve": [
        ("--bind", {"type": _bind, "default": "127.0.0.1:8000", "help": "address and port"}),
    ],
    "regions check": [("file", {"nargs": "?", "help": "default: PORTAL_REGIONS"})],
    "regions load": [("file", {})],
    "regions of": [
        ("postcode", {}),
        ("--municipality", {"default": "", "help": "where a postcode lies in two"}),
    ],
    "staff add": [
        ("name", {}),
        ("email", {}),
        ("--role", {"type": _role, "required": True, "help": ", ".join(_ROLES)}),
        ("--manager", {"metavar": "KEY", "help": "a manager's key in the map of regions"}),
    ],
    "staff disable": [("email", {})],
    "staff link": [
        ("email", {}),
        (
            "--new-authenticator",
            {"action": "store_true", "help": "for who lost theirs and the recovery codes"},
        ),
    ],
}


if __name__ == "__main__":
    sys.exit(main())
