"""The doctor: looks at everything that the portal stands on, changes nothing, names each cure."""

import argparse
import json
import secrets
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from portal.app import MANIFEST
from portal.casework.people import StaffRole
from portal.casework.staff import Staff
from portal.commands.command import Command, Refused, now, settings
from portal.config import Config, ConfigError
from portal.database import (
    FAULTS,
    DatabaseUnsound,
    check_integrity,
    check_key,
    connection,
    in_words,
    open_database,
    pending_migrations,
)
from portal.database.sqlite import SCHEME, file_of
from portal.delivery.letters import compose
from portal.delivery.outbox import Outcome, Outgoing, Result
from portal.delivery.smtp import greet, sender
from portal.delivery.worker import last_heartbeat
from portal.development.settings import SettingsTorn, settings_file, state_folder
from portal.health import Check, disk, examine
from portal.organisation import organisation
from portal.rotation import closed_columns
from portal.routing.places import as_ranges
from portal.routing.regions import unclaimed_postcodes
from portal.sealing import Keyring, SealBroken
from portal.sweep import last as last_sweep
from portal.web.pages import FrameMissing, read_frame

# Machines that are kept in time differ by less.
SLACK = timedelta(minutes=5)
_SHOWN = 20  # of many postcodes

_FAULTS = (DatabaseUnsound, SealBroken, ConfigError, FrameMissing, OSError)


@dataclass(frozen=True)
class Patient:
    """What is looked at: these settings at this moment, and where a test letter goes to, if any."""

    config: Config
    now: datetime
    mail_to: str | None

    @property
    def database(self) -> Path | None:
        """The file of the database; None where a server keeps it."""
        url = self.config.database_url
        return file_of(url) if url.startswith(SCHEME) else None


def _doctor(asked: argparse.Namespace) -> None:
    checks = look(asked.mail, now())
    ill = [name for name, check in checks.items() if not check.ok]
    print(_as_json(checks, ill) if asked.json else _as_text(checks))
    if ill:
        raise Refused(f"{len(ill)} of {len(checks)} are not well: {', '.join(ill)}")


def look(mail_to: str | None, at: datetime) -> dict[str, Check]:
    """Look at everything, in the order in which it is best mended; what cannot be seen is ill."""
    try:
        patient = Patient(settings(), at, mail_to)
    except (ConfigError, SettingsTorn) as fault:
        return {"settings": Check(ok=False, says=f"{fault}."), **_unseen("settings")}
    opened = _guarded(_database, patient)
    checks = {"settings": Check(ok=True, says="All settings are there and sound.")}
    checks["database"] = opened
    if not opened.ok:
        checks |= _unseen("database", _AT_DATABASE)
    else:
        checks |= {name: _guarded(see, patient) for name, see in _AT_DATABASE.items()}
        # The database is looked at more closely above; the disk also where no database opens.
        seen = examine(lambda: at, patient.config.backup_dir)
        beside = {"database", "disk"}
        checks |= {name: check for name, check in seen.items() if name not in beside}
    return checks | {name: _guarded(see, patient) for name, see in _BESIDE.items()}


def _guarded(see: Callable[[Patient], Check], patient: Patient) -> Check:
    try:
        return see(patient)
    except FAULTS as fault:
        return Check(ok=False, says=f"{_begun(in_words(fault))}.")
    except _FAULTS as fault:
        return Check(ok=False, says=f"{_begun(str(fault))}.")


def _begun(text: str) -> str:
    """As a sentence begins, unless it does with a name that stands as it is."""
    return text[:1].upper() + text[1:] if text.startswith(("the ", "this ")) else text


def _unseen(first: str, names: Mapping[str, object] | None = None) -> dict[str, Check]:
    names = {"database": None, **_AT_DATABASE, **_BESIDE} if names is None else names
    return dict.fromkeys(names, Check(ok=False, says=f"Not looked at: mend '{first}' first."))


def _as_json(checks: Mapping[str, Check], ill: list[str]) -> str:
    told = {name: asdict(check) for name, check in checks.items()}
    return json.dumps({"status": "fail" if ill else "ok", "checks": told}, indent=1)


def _as_text(checks: Mapping[str, Check]) -> str:
    return "\n".join(
        f"{'ok  ' if check.ok else 'fail'}  {name:9}  {check.says}"
        for name, check in checks.items()
    )


# -- what the database tells


def _database(patient: Patient) -> Check:
    open_database(patient.config.database_url, Keyring(patient.config.data_keys))
    return Check(ok=True, says="The database opens, and keeps the settings it was given.")


def _keys(_: Patient) -> Check:
    check_key()
    closed = closed_columns()
    if closed:
        return Check(
            ok=False,
            says=f"A key is missing, for these do not open: {', '.join(closed)}: "
            "add the key they were sealed with to PORTAL_DATA_KEYS.",
        )
    return Check(ok=True, says="PORTAL_DATA_KEYS opens what the database holds.")


def _schema(_: Patient) -> Check:
    pending = pending_migrations()
    if pending:
        return Check(ok=False, says=f"The schema lacks {', '.join(pending)}: run 'portal migrate'.")
    return Check(ok=True, says="The schema is at head.")


def _integrity(_: Patient) -> Check:
    check_integrity(references=True)
    return Check(ok=True, says="The database is whole, and no row refers to nothing.")


def _places(_: Patient) -> Check:
    gaps = unclaimed_postcodes()
    if gaps:
        return Check(
            ok=False,
            says=f"The national desk has {len(gaps)} postcodes that no region has: "
            f"{as_ranges(gaps[:_SHOWN])}: add them, then 'portal regions load FILE'.",
        )
    return Check(ok=True, says="Every postcode has a region.")


def _staff(_: Patient) -> Check:
    with connection():
        at_work = list(Staff.select().where(Staff.active))
    ready = {member.role for member in at_work if member.__data__["authenticator"]}
    for role in (StaffRole.ADMINISTRATOR, StaffRole.NATIONAL_DESK):
        if role not in ready:
            option = role.replace(" ", "-")
            return Check(
                ok=False,
                says=f"No {role} can sign in: run 'portal staff add NAME EMAIL --role {option}'.",
            )
    waiting = sum(not member.__data__["authenticator"] for member in at_work)
    if waiting:
        return Check(
            ok=False,
            says=f"{waiting} at work have no authenticator yet: see who is 'invited' in "
            "'portal staff list', and send them what 'portal staff link EMAIL' prints.",
        )
    return Check(ok=True, says=f"{len(at_work)} people can sign in, an administrator among them.")


def _clock(patient: Patient) -> Check:
    swept, beat = last_sweep(), last_heartbeat()
    written = [moment for moment in (swept.at if swept else None, beat) if moment]
    if any(moment > patient.now + SLACK for moment in written):
        return Check(
            ok=False,
            says=f"The clock says {patient.now:%Y-%m-%d %H:%M} UTC, and later moments were written "
            "already: set it right, and have it kept in time (timedatectl set-ntp true).",
        )
    return Check(ok=True, says="The clock is not behind what was written.")


# -- what the machine tells


def _files(patient: Patient) -> Check:
    open_to_all = [path for path in _private(patient) if path.stat().st_mode & stat.S_IRWXO]
    if open_to_all:
        names = " ".join(str(path) for path in open_to_all)
        return Check(ok=False, says=f"Everybody on this machine may come at it: chmod o= {names}.")
    return Check(ok=True, says="Nobody else on this machine can read the files.")


def _private(patient: Patient) -> Iterator[Path]:
    file, folder = patient.database, patient.config.backup_dir
    wal, shm = Path(f"{file}-wal"), Path(f"{file}-shm")
    env = settings_file(state_folder(patient.config.database_url))
    beside = (file, wal, shm, env) if file else (env,)
    kept = (folder, *folder.iterdir()) if folder and folder.is_dir() else ()
    # Never a folder that a URL names by mistake: the cure would shut it to others.
    return (path for path in (*beside, *kept) if path.is_file())


def _mail(patient: Patient) -> Check:
    if patient.mail_to is None:
        refused = greet(patient.config)
        if refused is None:
            return Check(ok=True, says="The mail server lets the portal in; no letter was sent.")
        return _no_mail(refused)
    outcome = _send(patient.config, patient.mail_to)
    if outcome.result is not Result.SENT:
        return _no_mail(outcome.answer)
    return Check(ok=True, says=f"The mail server took a letter, and said: {outcome.answer}.")


def _no_mail(why: str) -> Check:
    return Check(ok=False, says=f"No mail can go out ({why}): see PORTAL_MAIL_*.")


def _send(config: Config, recipient: str) -> Outcome:
    domain = config.mail_sender.rpartition("@")[2]
    text = compose("proof", organisation=organisation(), host=config.host)
    message_id = f"<{secrets.token_hex(16)}@{domain}>"
    return sender(config)(Outgoing(message_id, recipient, config.mail_sender, text))


def _disk(patient: Patient) -> Check:
    return disk(patient.config.database_folder, patient.config.backup_dir)


def _site(_: Patient) -> Check:
    read_frame(MANIFEST)
    return Check(ok=True, says="The site is built.")


_AT_DATABASE: dict[str, Callable[[Patient], Check]] = {
    "keys": _keys,
    "schema": _schema,
    "integrity": _integrity,
    "places": _places,
    "staff": _staff,
    "clock": _clock,
}
_BESIDE: dict[str, Callable[[Patient], Check]] = {
    "files": _files,
    "mail": _mail,
    "disk": _disk,
    "site": _site,
}

COMMANDS = (
    Command(
        "doctor",
        "look at everything the portal stands on, changing nothing, and name each cure",
        "portal doctor --mail you@example.org",
        _doctor,
        {
            "--mail": {"metavar": "ADDRESS", "help": "also send one real test letter there"},
            "--json": {"action": "store_true", "help": "for a machine to read"},
        },
    ),
)
