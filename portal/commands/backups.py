"""What an operator does against the day that the machine is gone, and on that day."""

import argparse
from datetime import datetime
from pathlib import Path

from portal import backup, sweep
from portal.app import open_sound_database
from portal.commands.command import Command, Refused, now, settings
from portal.config import Config
from portal.database import check_key, open_database, pending_migrations
from portal.database.engines import engine_at
from portal.delivery import outbox
from portal.sealing import Keyring


def back_up_daily(at: datetime, config: Config) -> None:
    """Make the backup of the day and forget the old ones, where a folder is given for them."""
    if config.backup_dir is None:
        return
    backup.back_up_today(config.backup_dir, at)
    # As with the sweep: a clock that jumps must wipe nothing.
    if sweep.is_trusted(at):
        backup.forget_old(config.backup_dir, at)


def held_in_words() -> str:
    """How many letters are held, the oldest of when, and what to know before they are released."""
    held = outbox.held()
    if not held.number:
        return "no letter is held"
    return (
        f"{held.number} letters are held since a restore, the oldest of {held.oldest:%Y-%m-%d}; "
        "any that were sent after the backup was made go a second time, with the same Message-ID"
    )


def _backup(asked: argparse.Namespace) -> None:
    config = settings()
    # Also before an upgrade, when the schema is still behind.
    open_database(config.database_url, Keyring(config.data_keys))
    pending_migrations()  # Refuses what a newer program made.
    check_key()
    try:
        backup.back_up(Path(asked.file))
    except backup.BackupRefused as refused:
        raise Refused(f"{refused}") from None
    print(
        f"backed up to {asked.file}, sound; keep PORTAL_DATA_KEYS elsewhere, nothing opens it else"
    )


def _restore(asked: argparse.Namespace) -> None:
    config = settings()
    try:
        restored = backup.restore(Path(asked.file), config.database_url, Keyring(config.data_keys))
    except backup.BackupRefused as refused:
        raise Refused(f"{refused}") from None
    to = engine_at(config.database_url).says_where()
    print(f"restored {to} from {asked.file}, sound; what came in since is not in it. Now:")
    for step in _steps(restored):
        print(f"- {step}")


def _steps(restored: backup.Restored) -> list[str]:
    steps = []
    if restored.behind:
        steps.append("portal migrate: its schema is older than this portal")
    # What had been forgotten since is there again, and the sweep may take the gap for a jump.
    long_ago = restored.swept_at and now() - restored.swept_at > sweep.LONGEST_STOP
    steps.append(
        f"portal sweep{' --after-a-long-stop' if long_ago else ''}: what had been forgotten since "
        "the backup is there again until then"
    )
    steps.append(
        f"portal release: {restored.held} letters that were unsent when the backup was made are "
        "held; see in the mail server's log which of them went since"
    )
    steps.append(
        "tell the regional managers: requests, withdrawals and changes since the backup are in "
        "their mailboxes alone, and reminders may come twice"
    )
    return steps


def _release(asked: argparse.Namespace) -> None:
    open_sound_database(settings())
    print(held_in_words(), flush=True)
    if not asked.dry_run:
        print(f"released {outbox.release(now())}")


COMMANDS = (
    Command(
        "backup",
        "write all there is to one new file, while all goes on",
        "portal backup /srv/backups/before-upgrade.db",
        _backup,
        {"file": {"metavar": "FILE"}},
    ),
    Command(
        "restore",
        "put a backup in the place of a database that is gone",
        "portal restore /srv/backups/portal-2026-11-23.db",
        _restore,
        {"file": {"metavar": "FILE"}},
    ),
    Command(
        "release",
        "let the letters go that are held after a restore",
        "portal release --dry-run",
        _release,
        {"--dry-run": {"action": "store_true", "help": "only tell how many are held"}},
    ),
)
