"""The keys that seal what the database keeps."""

import argparse

from portal.app import open_sound_database
from portal.commands.command import Command, Refused, settings
from portal.rotation import NotRotated, rotate


def _rotate(_asked: argparse.Namespace) -> None:
    config = settings()
    open_sound_database(config)
    try:
        done = rotate()
    except NotRotated as refused:
        raise Refused(f"{refused}") from None
    if not done.clean:
        raise Refused(
            f"sealed {done.values} values anew, but the files still hold what they "
            "were: a table is large, or somebody is reading: run 'portal keys rotate' again"
        )
    print(
        f"sealed {done.values} values anew: the newest of PORTAL_DATA_KEYS opens everything, and "
        "the others are needed only for backups that were made until now"
    )


COMMANDS = (
    Command(
        "keys rotate",
        "seal everything anew with the newest of PORTAL_DATA_KEYS, while all goes on",
        "portal keys rotate",
        _rotate,
    ),
)
