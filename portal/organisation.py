"""The organisation's own data, as its owner keeps them in one file for site and portal together."""

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

FILE = Path(__file__).parent.parent / "gegevens.toml"


@dataclass(frozen=True)
class Organisation:
    """Name and ways to be reached; ``phone_link`` is the phone number as ``tel:`` wants it."""

    name: str
    phone: str
    phone_link: str
    email: str
    security_email: str
    security_valid_until: date


class OrganisationTorn(Exception):
    """The organisation's data cannot be used; the message says what to mend."""


@cache
def organisation() -> Organisation:
    """Read ``gegevens.toml``; raises ``OrganisationTorn`` where it is missing or torn."""
    try:
        data = tomllib.loads(FILE.read_text(encoding="utf-8"))
        return Organisation(
            name=data["naam"],
            phone=data["telefoon"],
            phone_link=data["telefoon_link"],
            email=data["email"],
            security_email=data["beveiliging_email"],
            security_valid_until=data["beveiliging_geldig_tot"],
        )
    except (OSError, ValueError, KeyError) as fault:
        raise OrganisationTorn(f"{FILE.name} cannot be used ({fault}): mend it") from fault
