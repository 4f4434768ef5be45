"""The cookie by which a browser shows that its owner is signed in."""

from typing import Any

from flask import Response, request

from portal.config import Config
from portal.web.answering import config


def name(settings: Config) -> str:
    """With ``__Host-`` no other host, and no page without https, can put one in its place."""
    return "__Host-desk" if settings.secure else "desk"


def read() -> str:
    """The secret that this browser brings; empty without one."""
    return request.cookies.get(name(config()), "")


def put(response: Response, secret: str) -> None:
    """Give the browser a secret to keep until it is closed.

    Lax, not Strict: a link in a letter, opened from webmail, must find its reader signed in. What
    Lax lets through from other sites is looking, which changes nothing.
    """
    response.set_cookie(name(config()), secret, **_traits())


def drop(response: Response) -> None:
    """Have the browser forget it."""
    response.delete_cookie(name(config()), **_traits())


def _traits() -> dict[str, Any]:
    return {"secure": config().secure, "httponly": True, "samesite": "Lax", "path": "/"}
