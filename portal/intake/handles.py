"""Which drafts this browser may open: a handle stands in the address, its secret in the cookie."""

import secrets

from flask import session

from portal.intake.drafts import new_secret

# How a handle stands in an address: no longer than ours, or one would fill the whole cookie.
RULE = "<string(length=12):handle>"

_KEY = "drafts"
_MOST = 8  # A cookie holds four kilobytes; the oldest gives way.


def new_handle() -> str:
    """A name for a draft in addresses; it opens nothing without the cookie."""
    return secrets.token_urlsafe(9)


def secret_of(handle: str) -> str | None:
    """The secret that this browser holds for a handle, if any."""
    return dict(_held()).get(handle)


def hold(handle: str, secret: str = "") -> str:
    """Let this browser keep the secret, or a new one, for a handle; gives it."""
    secret = secret or new_secret()
    others = [pair for pair in _held() if pair[0] != handle]
    session[_KEY] = [*others, [handle, secret]][-_MOST:]
    return secret


def drop(handle: str) -> None:
    """Let this browser forget a handle."""
    session[_KEY] = [pair for pair in _held() if pair[0] != handle]


def _held() -> list[list[str]]:
    held: list[list[str]] = session.get(_KEY, [])
    return held
