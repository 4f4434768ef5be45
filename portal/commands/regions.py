"""The map of who answers where: proven, put into use, asked."""

import argparse
import sys
from pathlib import Path

from portal.app import open_sound_database
from portal.cases.register import open_cases
from portal.commands.command import Command, Refused, settings
from portal.database import connection, transaction
from portal.routing.checking import check
from portal.routing.loading import LoadRefused, load
from portal.routing.places import normalise_postcode
from portal.routing.regions import route
from portal.routing.rules import Choice


def _check(asked: argparse.Namespace) -> None:
    file = Path(asked.file) if asked.file else settings().regions
    report = check(file)
    for fault in report.faults:
        print(fault, file=sys.stderr)
    if not report.sound:
        raise Refused(f"{file} is not sound; nothing was changed")
    print(report)


def _load(asked: argparse.Namespace) -> None:
    open_sound_database(settings())
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


def _of(asked: argparse.Namespace) -> None:
    open_sound_database(settings())
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


COMMANDS = (
    Command(
        "regions check",
        "prove a regions file, changing nothing",
        "portal regions check regions.toml",
        _check,
        {"file": {"nargs": "?", "help": "default: PORTAL_REGIONS"}},
    ),
    Command(
        "regions load",
        "put a regions file into use, whole or not at all",
        "portal regions load regions.toml",
        _load,
        {"file": {}},
    ),
    Command(
        "regions of",
        "tell who hears of a request from a postcode",
        "portal regions of 3511",
        _of,
        {"postcode": {}, "--municipality": {"default": "", "help": "where a postcode lies in two"}},
    ),
)
