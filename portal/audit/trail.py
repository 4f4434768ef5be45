"""The audit trail: who looked, changed, exported or was refused, without a word about a requester."""

from enum import StrEnum


class Action(StrEnum):
    """What somebody did, or was not allowed to do."""

    LOOKED = "looked"
    CHANGED = "changed"
    EXPORTED = "exported"
    REFUSED = "refused"
    SIGNED_IN = "signed in"
    SIGNED_OUT = "signed out"
