"""Health: whether the portal does what it promises, told without a word about anybody."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from portal import room
from portal.backup import newest
from portal.cases.keeping import quarantined_since, unhandled_since
from portal.database import (
    FAULTS,
    DatabaseUnsound,
    check_key,
    connection,
    database,
    pending_migrations,
)
from portal.database.moved import mark_of
from portal.delivery.outbox import held, stuck, waiting_since
from portal.delivery.worker import last_heartbeat
from portal.routing.regions import loaded, unanswered_regions
from portal.sweep import LONGEST_STOP, last, overdue
from portal.workdays import QUARANTINE, add_workdays, workdays_since

LONGEST_WAIT = timedelta(minutes=15)
# A worker that waits for a mail server that is away may be silent for seven minutes.
LONGEST_SILENCE = timedelta(minutes=10)
# It runs every hour.
LONGEST_UNSWEPT = timedelta(hours=26)
# One is made every day.
LONGEST_WITHOUT_BACKUP = timedelta(hours=26)
# Working days. The national desk is asked after six; a request that still has no sign of life two
# weeks after it came is not the business of the desk alone any more.
LONGEST_UNHANDLED = 10

# What is seen without the database.
_BESIDE = frozenset({"backup", "disk"})


@dataclass(frozen=True)
class Check:
    """Whether one thing is well, and a sentence about it."""

    ok: bool
    says: str


def examine(
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    backups: Path | None = None,
    folder: Path | None = None,
) -> dict[str, Check]:
    """Look at everything; a check that cannot be made has failed.

    ``backups`` is the folder in which one is made every day, None where none is to be made;
    ``folder`` is where the database stands, if that is on this machine.
    """
    now = clock()
    checks: dict[str, Callable[[], Check]] = {
        "database": _database,
        "regions": _regions,
        "worker": lambda: _worker(now),
        "letters": lambda: _letters(now),
        "stuck": _stuck,
        "held": _held,
        "backup": lambda: _backup(now, backups),
        "disk": lambda: disk(folder, backups),
        "unhandled": lambda: _unhandled(now),
        "quarantine": lambda: _quarantine(now),
        "sweep": lambda: _sweep(now),
        "kept": _kept,
    }
    try:
        with connection():
            return {name: _guarded(check) for name, check in checks.items()}
    except FAULTS as fault:
        # Called once: one that is far away may let each call wait for five seconds.
        closed = _does_not_answer(fault)
        return {
            name: _guarded(check) if name in _BESIDE else closed for name, check in checks.items()
        }


def _guarded(check: Callable[[], Check]) -> Check:
    try:
        return check()
    except (*FAULTS, DatabaseUnsound) as fault:
        return _does_not_answer(fault)


def _does_not_answer(fault: Exception) -> Check:
    return Check(ok=False, says=f"The database does not answer ({type(fault).__name__}).")


def _database() -> Check:
    pending = pending_migrations()
    check_key()
    with connection():
        moved = mark_of(database.obj)
    if moved:
        return Check(ok=False, says=f"{moved.says()[:1].upper()}{moved.says()[1:]}.")
    if pending:
        return Check(ok=False, says="The schema is behind: run 'portal migrate'.")
    return Check(ok=True, says="The database answers, at head, and its key fits.")


def _regions() -> Check:
    if not loaded():
        return Check(ok=False, says="No regions are loaded: run 'portal regions load FILE'.")
    unanswered = unanswered_regions()
    if unanswered:
        return Check(
            ok=False,
            says=f"The national desk stands in for: {', '.join(unanswered)}: name somebody active "
            "in the regions file, then run 'portal regions load FILE'.",
        )
    return Check(ok=True, says="Every region has somebody.")


def _worker(now: datetime) -> Check:
    beat = last_heartbeat()
    if beat is None or now - beat > LONGEST_SILENCE:
        return Check(ok=False, says="No worker gives a sign of life: start 'portal worker'.")
    return Check(ok=True, says="The worker goes round.")


def _letters(now: datetime) -> Check:
    oldest = waiting_since()
    if oldest is not None and now - oldest > LONGEST_WAIT:
        return Check(ok=False, says="A letter waits too long: see the log of 'portal worker'.")
    return Check(ok=True, says="No letter waits longer than a quarter of an hour.")


def _stuck() -> Check:
    lost = stuck()
    if lost:
        return Check(
            ok=False,
            says=f"Letters that reach nobody: {lost}: send them or set them aside at the desk.",
        )
    return Check(ok=True, says="No letter is stuck without somebody else having it.")


def _held() -> Check:
    if number := held().number:
        return Check(ok=False, says=f"Letters held since a restore: {number}; 'portal release'.")
    return Check(ok=True, says="No letter is held since a restore.")


def _backup(now: datetime, folder: Path | None) -> Check:
    if folder is None:
        return Check(ok=True, says="No backups are asked for: PORTAL_BACKUP_DIR is not set.")
    try:
        made = newest(folder)
    except OSError as fault:
        return Check(
            ok=False,
            says=f"The folder of backups cannot be read ({fault.strerror}): see PORTAL_BACKUP_DIR.",
        )
    if made is None or now - made > LONGEST_WITHOUT_BACKUP:
        return Check(ok=False, says="No backup for a day: see the log of 'portal worker'.")
    return Check(ok=True, says="A backup was made within the last day.")


def disk(database: Path | None, backups: Path | None) -> Check:
    """Whether there is the room that must be kept, where the database and its backups stand."""
    try:
        if database and room.is_scarce(database):
            return Check(
                ok=False,
                says=f"{_left(database)} where the database stands: make room, "
                "no request is taken in until then.",
            )
        if backups and backups.is_dir() and room.is_scarce(backups):
            return Check(ok=False, says=f"{_left(backups)} where the backups stand: make room.")
    except OSError as fault:
        return Check(ok=False, says=f"The disk cannot be looked at ({fault.strerror}).")
    return Check(ok=True, says="No disk is nearly full.")


def _left(folder: Path) -> str:
    free, least = (number // 1_000_000 for number in (room.free(folder), room.least(folder)))
    return f"Only {free} MB are free, and {least} MB must be,"


def _unhandled(now: datetime) -> Check:
    since = unhandled_since()
    if since is not None and workdays_since(since, now) >= LONGEST_UNHANDLED:
        return Check(
            ok=False,
            says=f"Nobody picked up a request for {LONGEST_UNHANDLED} working days: see the desk.",
        )
    return Check(ok=True, says="Nobody waits for a sign of life for two weeks.")


def _quarantine(now: datetime) -> Check:
    since = quarantined_since()
    if since is not None and now - add_workdays(since, QUARANTINE) > LONGEST_WAIT:
        return Check(
            ok=False,
            says="A request stays in quarantine too long: see the log of 'portal worker'.",
        )
    return Check(ok=True, says="Nothing stays in quarantine longer than a working day.")


def _sweep(now: datetime) -> Check:
    ran = last()
    if ran and abs(now - ran.at) > LONGEST_STOP:
        return Check(
            ok=False,
            says="The clock jumped or all stood still: see 'portal sweep', which says what to do.",
        )
    if ran is None or now - ran.at > LONGEST_UNSWEPT:
        return Check(ok=False, says="Nothing was swept for a day: see the log of 'portal worker'.")
    return Check(ok=True, says="What is past its period was forgotten within the last day.")


def _kept() -> Check:
    ran = last()
    left = overdue(ran) if ran else {}
    if left:
        named = ", ".join(f"{number} {what}" for what, number in left.items())
        return Check(
            ok=False, says=f"Kept longer than is promised: {named}: see the log of 'portal worker'."
        )
    return Check(ok=True, says="Nothing is kept longer than is promised.")
