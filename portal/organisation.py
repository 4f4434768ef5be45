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
    website: str
    phone: str
    phone_word: str
    phone_link: str
    email: str
    security_email: str
    security_valid_until: date


@cache
def organisation() -> Organisation:
    """Read ``gegevens.toml``; raises ``OSError`` or ``KeyError`` where it is missing or torn."""
    data = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return Organisation(
        name=data["naam"],
        website=data["website"],
        phone=data["telefoon"],
        phone_word=data["telefoon_woord"],
        phone_link=data["telefoon_link"],
        email=data["email"],
        security_email=data["beveiliging_email"],
        security_valid_until=data["beveiliging_geldig_tot"],
    )
