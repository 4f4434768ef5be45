"""Quotas: how often something may go to or come from one address, counted without keeping it."""

import ipaddress
from datetime import datetime, timedelta
from enum import StrEnum

from peewee import CharField

from portal.database import Rows, Table, Word, keyring

_WEEK = 7  # days
KEPT = timedelta(days=_WEEK)


class Purpose(StrEnum):
    """What is counted."""

    CONFIRMATION = "confirmation"
    RESUMING = "resuming"
    LINK = "link"
    TRY = "try at the own door"
    CODE = "code of one member of staff"
    OLD_ADDRESS = "word to an address that was replaced"
    ROAD = "word on the road to a conference"
    WRONG_CODE = "wrong code after one link"
    FORM = "form that was sent from one visitor's address"


class QuotaUse(Table):
    """One use; the digest is keyed and differs from day to day, so days cannot be joined."""

    purpose = Word(Purpose)
    digest = CharField(max_length=64)
    day = CharField(max_length=10)

    class Meta:
        indexes = ((("digest",), False), (("day",), False))


def take(purpose: Purpose, address: str, now: datetime, *, a_day: int, a_week: int) -> bool:
    """Count one use, in the caller's transaction, and tell whether it was still free.

    A week is today and the six days before it. What is refused is not counted.
    """
    mailbox = _mailbox(address)
    digests = [_digest(purpose, mailbox, now - timedelta(days=back)) for back in range(_WEEK)]
    marks = ", ".join("?" * len(digests))
    used = [use.digest for use in QuotaUse.where(f'"digest" IN ({marks})', *digests)]
    if used.count(digests[0]) >= a_day or len(used) >= a_week:
        return False
    QuotaUse.create(purpose=purpose, digest=digests[0], day=_day(now))
    return True


def place_of(visitor: str | None) -> str:
    """Where a visitor's address belongs: of IPv6 the network of one household; empty for none.

    A machine's own address is no visitor's. Behind a proxy whose word is not taken
    (``PORTAL_TRUSTED_PROXIES``) everybody has it, and would be counted as one.
    """
    try:
        address = ipaddress.ip_address(visitor or "")
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return place_of(str(address.ipv4_mapped))
        if not address.is_loopback:
            return str(ipaddress.ip_network((address, 64), strict=False))
    return "" if address.is_loopback else str(address)


def past(before: datetime) -> Rows:
    """The counts of the days before this one."""
    return Rows(QuotaUse, QuotaUse.day < _day(before))


def _day(now: datetime) -> str:
    return now.date().isoformat()


def _digest(purpose: Purpose, mailbox: str, day: datetime) -> str:
    return keyring().digest(mailbox, f"quota {purpose.value} {_day(day)}")


def _mailbox(address: str) -> str:
    """One spelling for what lands in one mailbox: case, plus-addresses and dots do not count."""
    local, _, domain = address.casefold().rpartition("@")
    return local.partition("+")[0].replace(".", "") + "@" + domain
