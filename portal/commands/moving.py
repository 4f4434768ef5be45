"""How an operator has the portal go from one database to another."""

import argparse
import time

from portal.app import see_that_it_is_sound
from portal.commands.command import Command, Refused, now, settings
from portal.config import database_url
from portal.database import open_database
from portal.database.copying import Sums
from portal.moving import LettersInHand, NotMoved, move
from portal.sealing import Keyring

_TRIES = 30  # a second apart: a letter is in hand for as long as a mail server talks


def _move(asked: argparse.Namespace) -> None:
    config = settings()
    # One that was moved already is opened too: a move that was cut off is ended that way.
    open_database(config.database_url, Keyring(config.data_keys), moving=True)
    see_that_it_is_sound()
    try:
        moved = _move_surely(asked.url)
    except NotMoved as refused:
        raise Refused(f"{refused}") from None
    rows = sum(number for number, _ in moved.values())
    print(f"moved: {rows} rows of {len(moved)} tables, read back and the same. Now:")
    print("- set PORTAL_DATABASE_URL to the new database, and start everything again")
    print("- portal doctor; keep the old database until you have a backup of the new one")


def _move_surely(to: str) -> Sums:
    for _ in range(_TRIES):
        try:
            return move(to, now)
        except LettersInHand:
            time.sleep(1)
    return move(to, now)


def _url(text: str) -> str:
    try:
        return database_url(text)
    except ValueError as fault:
        raise argparse.ArgumentTypeError(f"{fault}") from None


COMMANDS = (
    Command(
        "move",
        "carry all there is to another, empty database, and close this one",
        "portal move postgresql://portal@/portal",
        _move,
        {
            "url": {
                "metavar": "URL",
                "type": _url,
                "help": "where to; leave a password to ~/.pgpass: who looks sees a command's words",
            }
        },
    ),
)
