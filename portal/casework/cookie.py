"""The cookie by which a browser shows that its owner is signed in."""

from typing import Any

from flask import Response, current_app, request

from portal.config import Config


def name(config: Config) -> str:
    """With ``__Host-`` no other host, and no page without https, can put one in its place."""
    return "__Host-desk" if config.secure else "desk"


def read() -> str:
    """The secret that this browser brings; empty without one."""
    return request.cookies.get(name(_config()), "")


def put(response: Response, secret: str) -> None:
    """Give the browser a secret to keep until it is closed.

    Lax, not Strict: a link in a letter, opened from webmail, must find its reader signed in. What
    Lax lets through from other sites is looking, which changes nothing.
    """
    response.set_cookie(name(_config()), secret, **_traits())


def drop(response: Response) -> None:
    """Have the browser forget it."""
    response.delete_cookie(name(_config()), **_traits())


def _traits() -> dict[str, Any]:
    return {"secure": _config().secure, "httponly": True, "samesite": "Lax", "path": "/"}


def _config() -> Config:
    config: Config = current_app.config["PORTAL"]
    return config
