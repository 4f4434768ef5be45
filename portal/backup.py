"""Backups: one sound file that holds all there was at one moment, made and put back."""

import os
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from portal import room
from portal.database import (
    MIGRATIONS,
    KeyProof,
    connected,
    connection,
    database,
    sealed_place,
)
from portal.database.copying import NotCopied, copy, write_file
from portal.database.engines import engine_at
from portal.database.sqlite import SCHEME, Sqlite, file_of
from portal.delivery.outbox import UNSENT, State
from portal.failpoints import failpoint
from portal.sealing import Keyring, SealBroken
from portal.workdays import HERE

KEPT = timedelta(days=30)
_NAME = re.compile(r"portal-(\d{4}-\d\d-\d\d)\.db")


class BackupRefused(Exception):
    """A backup was not made, or not put back; the message says what to do."""


@dataclass(frozen=True)
class Restored:
    """How many letters are held, when the sweep had last run, and whether the schema is behind."""

    held: int
    swept_at: datetime | None
    behind: bool


def back_up(to: Path) -> None:
    """Write the open database, as it is at one moment, to a file that is not there yet.

    Others read and write meanwhile. The file is there whole or not at all: it is made under a
    name that ends in ``.part``, looked through, and then renamed. Raises ``BackupRefused``.
    """
    _refuse_existing(to)
    with _part_of(to) as part:
        failpoint("backup: file begun")
        with connection():
            _write(part)
        failpoint("backup: written")
        with closing(_opened(part)) as made:
            _examine(made, part)
        failpoint("backup: examined")
        _keep(part, to)


def _write(part: Path) -> None:
    try:
        write_file(database.obj, part)
    except NotCopied as fault:
        raise BackupRefused(
            f"there is no backup, the copy is not what there was: {fault}"
        ) from fault


def restore(backup: Path, to: str, keys: Keyring) -> Restored:
    """Put a backup in the place of a database that is gone, with its unsent letters held.

    They may have been sent since the backup was made, which nobody but a person can know. ``to``
    is a URL. Raises ``BackupRefused`` where a database is in place, or the backup is not sound, not
    opened by these keys, or of a schema that this program does not know yet.
    """
    if to.startswith(SCHEME):
        return _restore_file(backup, file_of(to), keys)
    with tempfile.TemporaryDirectory() as folder:
        held = Path(folder) / "held.db"
        restored = _restore_file(backup, held, keys)
        _fill(to, held)
    return restored


def _fill(to: str, held: Path) -> None:
    """Fill an empty database on a server; all of it or nothing."""
    source, target = Sqlite.to_read(held), engine_at(to)
    with connected(target):
        if target.get_tables():
            raise BackupRefused(f"{target.says_where()} is not empty: give an empty database")
        try:
            with target.atomic():
                copy(source, target)
                failpoint("restore: filled")
        except NotCopied as fault:
            raise BackupRefused(f"the backup did not arrive as it is ({fault})") from fault
        finally:
            source.close()


def _restore_file(backup: Path, to: Path, keys: Keyring) -> Restored:
    for there in (to, Path(f"{to}-wal"), Path(f"{to}-shm"), Path(f"{to}-journal")):
        _refuse_existing(there)
    if not backup.is_file():
        raise BackupRefused(f"there is no backup {backup}: give a file that is there")
    with _part_of(to) as part:
        shutil.copyfile(backup, part)
        failpoint("restore: copied")
        with closing(_opened(part)) as found:
            _examine(found, backup)
            _refuse_foreign_key(found, backup, keys)
            behind = _is_behind(found, backup)
            restored = Restored(_hold(found), _swept_at(found), behind)
        failpoint("restore: letters held")
        _keep(part, to)
        return restored


def back_up_today(folder: Path, now: datetime) -> bool:
    """Make the backup of this day in the Netherlands, unless it is there; whether it was made.

    Raises ``BackupRefused``, also where it would leave the disk nearly full.
    """
    for left in folder.glob("portal-*.db.part"):
        left.unlink()
    to = folder / f"portal-{now.astimezone(HERE).date()}.db"
    if to.exists():
        return False
    _refuse_scarcity(folder)
    back_up(to)
    return True


def forget_old(folder: Path, now: datetime) -> int:
    """Delete the daily backups of more than thirty days ago; gives how many.

    Those of a day that is yet to come, too: a wrong clock made them, and none would ever go.
    """
    today = now.astimezone(HERE).date()
    old = [path for path, day in _daily(folder) if not today - KEPT <= day <= today]
    for path in old:
        path.unlink()
    return len(old)


def newest(folder: Path) -> datetime | None:
    """When the newest of the daily backups was made; raises ``OSError`` without the folder."""
    made = [path.stat().st_mtime for path, _ in _daily(folder)]
    return datetime.fromtimestamp(max(made), UTC) if made else None


def _daily(folder: Path) -> Iterator[tuple[Path, date]]:
    for path in list(folder.iterdir()):
        named = _NAME.fullmatch(path.name)
        if named:
            with suppress(ValueError):
                yield path, date.fromisoformat(named[1])


def _refuse_scarcity(folder: Path) -> None:
    # On the disk of the database it would close the doors.
    with connection():
        size = database.octets()
    if room.free(folder) - size < room.least(folder):
        raise BackupRefused(f"{folder} has no room for a backup: make some, or give another disk")


def _refuse_existing(path: Path) -> None:
    if path.exists() or path.is_symlink():
        raise BackupRefused(f"{path} is there already: move it away, or give another name")


@contextmanager
def _part_of(to: Path) -> Iterator[Path]:
    """An empty file beside its place that only its owner can read; gone afterwards."""
    if not to.parent.is_dir():
        raise BackupRefused(f"there is no folder {to.parent}: make it, or give another name")
    part = Path(f"{to}.part")
    _clear(part)  # of one that was killed
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        yield part
    finally:
        _clear(part)


def _clear(part: Path) -> None:
    for left in (part, Path(f"{part}-journal")):
        left.unlink(missing_ok=True)


def _keep(part: Path, to: Path) -> None:
    """Give it its name, once it has reached the disk."""
    _sync(part)
    failpoint("backup: synced")
    _refuse_existing(to)
    part.rename(to)
    failpoint("backup: named")
    _sync(to.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)


def _examine(found: sqlite3.Connection, path: Path) -> None:
    try:
        faults = [row[0] for row in found.execute("PRAGMA integrity_check") if row[0] != "ok"]
        orphans = found.execute("PRAGMA foreign_key_check")
        faults += [f"a {row[0]} without its {row[2]}" for row in orphans]
    except sqlite3.DatabaseError as fault:
        faults = [f"{fault}"]
    if faults:
        raise BackupRefused(f"{path} is not sound ({faults[0]}): use another backup")


def _refuse_foreign_key(found: sqlite3.Connection, path: Path, keys: Keyring) -> None:
    try:
        proofs = found.execute("SELECT id, proof FROM key_proof").fetchall()
        for row, proof in proofs:
            keys.open(proof, sealed_place(KeyProof.proof, row))
    except sqlite3.OperationalError:
        raise BackupRefused(f"{path} is no backup of this portal: give another file") from None
    except SealBroken:
        proofs = []
    if not proofs:
        raise BackupRefused(
            f"PORTAL_DATA_KEYS does not open {path}: give the keys of when it was made as well"
        )


def _is_behind(found: sqlite3.Connection, path: Path) -> bool:
    taken = {row[0] for row in found.execute("SELECT name FROM schema_migration")}
    known = {step.stem for step in MIGRATIONS.glob("[0-9]*.py")}
    if taken - known:
        raise BackupRefused(f"{path} is of a newer portal: install that one first")
    return bool(known - taken)


def _hold(found: sqlite3.Connection) -> int:
    marks = ", ".join("?" * len(UNSENT))
    hold = f"UPDATE letter SET state = ? WHERE state IN ({marks})"  # noqa: S608 - marks alone
    with found:
        return found.execute(hold, (State.HELD.value, *(s.value for s in UNSENT))).rowcount


def _swept_at(found: sqlite3.Connection) -> datetime | None:
    with suppress(sqlite3.OperationalError):  # a schema from before the sweep
        for (at,) in found.execute("SELECT MAX(at) FROM last_sweep"):
            return datetime.fromisoformat(at).replace(tzinfo=UTC) if at else None
    return None
