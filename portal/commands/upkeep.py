"""What goes on behind the pages: letters, chores, and the schema."""

import argparse
import logging
import signal
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial

from portal import clock
from portal.aftercare.asking import follow_up
from portal.app import open_sound_database
from portal.casework.chase import chase
from portal.casework.digest import digest
from portal.commands.backups import back_up_daily, held_in_words
from portal.commands.command import Command, Refused, now, settings
from portal.config import Config
from portal.database import connection, migrate, open_database
from portal.delivery.outbox import held
from portal.delivery.smtp import sender
from portal.delivery.worker import deliver_round, work
from portal.intake.quarantine import let_through_unseen
from portal.sealing import Keyring
from portal.sweep import LongStop, NotAll, past, sweep

log = logging.getLogger(__name__)


def _worker(_asked: argparse.Namespace) -> None:
    config = settings()
    open_sound_database(config)
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    # Beside the letters, so that a mail server that keeps silent holds up no chore.
    beside = threading.Thread(target=clock.run, args=(chores(config), now, stop), name="chores")
    beside.start()
    try:
        work(now, sender(config), stop)
    finally:
        stop.set()
        beside.join()


def _sweep(asked: argparse.Namespace) -> None:
    open_sound_database(settings())
    at = now()
    try:
        with connection():
            if asked.dry_run:
                print(f"would be forgotten: {_listed(past(at))}")
                return
            forgotten = sweep(at, after_a_long_stop=asked.after_a_long_stop)
            kept = past(at)["cases"]
    except (LongStop, NotAll) as refused:
        raise Refused(f"{refused}") from None
    print(f"forgotten: {_listed(forgotten)}")
    if kept:
        print(f"kept: {kept} cases, for a letter is neither sent nor set aside: see the overview")


def sweep_surely(at: datetime) -> None:
    """Forget what is past its period, or say in the log why not."""
    try:
        sweep(at)
    except (LongStop, NotAll) as refused:
        log.error("%s", str(refused))


def _listed(numbers: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {what}" for what, number in numbers.items())


def _deliver(_asked: argparse.Namespace) -> None:
    config = settings()
    open_sound_database(config)
    report = deliver_round(now, sender(config))
    print(f"sent {report.sent}, deferred {report.deferred}, stuck {report.stuck}")
    if held().number:
        print(f"{held_in_words()}: see 'portal release'")
    if report.unavailable is not None:
        raise Refused(f"the mail server cannot be used ({report.unavailable}): see PORTAL_MAIL_*")


def _migrate(_asked: argparse.Namespace) -> None:
    config = settings()
    open_database(config.database_url, Keyring(config.data_keys), create=True)
    steps = migrate()
    print("migrated: " + (", ".join(steps) if steps else "the schema was at head already"))


def chores(config: Config) -> tuple[clock.Chore, ...]:
    """What the worker does again and again beside its letters."""
    return (
        clock.Chore("sweep", timedelta(hours=1), sweep_surely),
        clock.Chore("chase", timedelta(minutes=1), partial(chase, config=config)),
        clock.Chore("quarantine", timedelta(minutes=1), partial(let_through_unseen, config=config)),
        clock.Chore("digest", timedelta(minutes=1), partial(digest, config=config)),
        clock.Chore("backup", timedelta(hours=1), partial(back_up_daily, config=config)),
        clock.Chore("contact afterwards", timedelta(minutes=15), partial(follow_up, config=config)),
    )


COMMANDS = (
    Command("worker", "deliver letters until it is stopped", "portal worker", _worker),
    Command("deliver", "deliver what is due and say how it went", "portal deliver", _deliver),
    Command(
        "sweep",
        "forget what is past its period",
        "portal sweep",
        _sweep,
        {
            "--dry-run": {"action": "store_true", "help": "only tell how much would be forgotten"},
            "--after-a-long-stop": {
                "action": "store_true",
                "help": "when the clock is right, however long ago the last",
            },
        },
    ),
    Command("migrate", "bring the database to head, or begin one", "portal migrate", _migrate),
)
