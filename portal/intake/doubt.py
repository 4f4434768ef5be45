"""Doubt: what in the sending of a form makes it likely that no person sent it."""

import re
from dataclasses import dataclass
from datetime import timedelta

from portal.cases.case import Doubt

# From when the first page was sent until the last was. Between them lie three pages at least, each
# to be loaded, looked at and sent; to press their buttons without a look takes longer than this.
FASTEST = timedelta(seconds=3)
# In a day. A school shares one address, and a class may ask together.
MANY = 40

# What a person cannot do is enough by itself. A person who is quick, or who sits where many ask, is
# still a person; who does in three seconds what forty did there before is not.
_POINTS = {Doubt.TRAP: 2, Doubt.LINK: 2, Doubt.FAST: 1, Doubt.MANY: 1}
_ENOUGH = 2

_LINK = re.compile(r"://|\bwww\.|\bhref\b", re.IGNORECASE)


@dataclass(frozen=True, repr=False)  # what was typed must not end up in a log
class Sending:
    """How a form was sent: what stood in the trap, how long it took, and whether many came before.

    ``name`` is what was given for one. ``many`` is about the visitor's address, on that day.
    """

    trap: str
    name: str
    took: timedelta
    many: bool


def doubts(sending: Sending) -> tuple[Doubt, ...]:
    """Why a person may not have sent it; nothing where that is not enough to doubt it."""
    found = {
        Doubt.TRAP: bool(sending.trap.strip()),
        Doubt.LINK: bool(_LINK.search(sending.name)),
        # A clock that was set back in between tells nothing.
        Doubt.FAST: timedelta() <= sending.took < FASTEST,
        Doubt.MANY: sending.many,
    }
    signs = tuple(doubt for doubt, there in found.items() if there)
    return signs if sum(_POINTS[doubt] for doubt in signs) >= _ENOUGH else ()
