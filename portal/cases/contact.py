"""Contact data: in one spelling to be compared by, and masked to be shown."""

import re
import unicodedata

from email_validator import EmailNotValidError

from portal.address import plain_address

_DUTCH = re.compile(r"(?:(?:00)?310?|0?)([1-9][0-9]{8})")


def same_mailbox(address: str) -> str:
    """One spelling for what is surely one mailbox: capitals and ways to write the domain.

    Dots and plus-addresses do count here, other than in a quota: with most providers they are
    other people's mailboxes, and this tells whose case it is.
    """
    try:
        return plain_address(address).casefold()
    except EmailNotValidError:
        return address.strip().casefold()


def same_number(phone: str) -> str:
    """One spelling for a phone number: digits alone, the Dutch ones as they are dialled at home.

    Numbers abroad begin with 00 and the country's code.
    """
    text = unicodedata.normalize("NFKC", phone)
    digits = re.sub(r"[^0-9]", "", text.replace("+", "00"))
    dutch = _DUTCH.fullmatch(digits)
    return "0" + dutch[1] if dutch else digits


def masked_email(address: str) -> str:
    """An address its owner knows again and nobody else can write to: ``n…@example.org``."""
    local, _, domain = address.rpartition("@")
    return f"{_first(local)}…@{domain}" if local else ""


def masked_phone(phone: str) -> str:
    """The last two digits of a number: ``… 78``."""
    digits = re.sub(r"[^0-9]", "", unicodedata.normalize("NFKC", phone))
    return f"… {digits[-2:]}" if digits else ""


def masked_name(name: str) -> str:
    """The first letter of a name: ``N…``."""
    return f"{_first(name)}…" if name else ""


def _first(text: str) -> str:
    # Marks that steer the direction of the text around them are no letters.
    return next((sign for sign in text if sign.isalnum()), "")
