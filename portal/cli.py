"""The operator's way in: every command, its help, and one line about what is wrong."""

import argparse
import sys

from portal.app import StartRefused
from portal.commands import backups, doctor, keys, moving, regions, serving, staff, upkeep
from portal.commands.command import Refused
from portal.config import ConfigError
from portal.database import FAULTS, DatabaseUnsound, in_words
from portal.development.settings import SettingsTorn
from portal.log import classes, places
from portal.organisation import OrganisationTorn
from portal.web.pages import FrameMissing

COMMANDS = (
    *serving.COMMANDS,
    *upkeep.COMMANDS,
    *regions.COMMANDS,
    *staff.COMMANDS,
    *keys.COMMANDS,
    *backups.COMMANDS,
    *moving.COMMANDS,
    *doctor.COMMANDS,
)
GROUPS = {
    "regions": "the map of who answers where",
    "staff": "who may sign in at the desk",
    "keys": "what seals the texts",
}

_REFUSALS = (
    Refused,
    ConfigError,
    DatabaseUnsound,
    FrameMissing,
    OrganisationTorn,
    SettingsTorn,
    StartRefused,
    OSError,
)


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 when it was done, 1 when it was refused or failed, 2 on wrong usage."""
    asked = _parser().parse_args(arguments)
    try:
        asked.command.run(asked)
    except _REFUSALS as fault:
        said = f"{fault}"
    except FAULTS as fault:
        said = in_words(fault)
    except Exception as fault:  # noqa: BLE001 - a traceback shows values, and is no line
        place = (*places(fault), "nowhere")[0]
        said = f"a fault of the program ({classes(fault)} at {place}): nothing more was done"
    else:
        return 0
    print(f"portal {asked.command.words}: {said}", file=sys.stderr)
    return 1


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
        for name, options in command.arguments.items():
            made.add_argument(name, **options)
    return parser


if __name__ == "__main__":
    sys.exit(main())
