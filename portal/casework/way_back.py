"""Where somebody goes who has just signed in: to the page they asked for, or to their first."""

from collections.abc import Mapping
from typing import Any, cast

from flask import current_app, request, session, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from portal.casework.people import StaffRole

# The pages that all others are reached from, the first first, and what they are called.
WAYS = (
    ("desk.overview", "Aanvragen"),
    ("absence.show", "Afwezig"),
    ("figures.show", "Cijfers"),
    ("staff.overview", "Medewerkers"),
    ("trail.show", "Logboek"),
    ("account.show", "Mijn account"),
)

_KEY = "desk-way-back"
_LONGEST = 200  # characters; a cookie does not hold much


def remember() -> None:
    """Keep the page that is asked for, in the cookie: an address is never taken from a visitor."""
    if len(request.path) <= _LONGEST:
        session[_KEY] = request.path


def destination(may_use: Mapping[str, frozenset[StaffRole]], role: StaffRole) -> str:
    """The page that was asked for, if it is one that this role may use; else their first page.

    ``may_use`` says which roles may use an endpoint.
    """
    found = _endpoint(session.pop(_KEY, ""))
    if found and role in may_use.get(found[0], ()):
        return url_for(found[0], **found[1])
    first = next(endpoint for endpoint, _ in WAYS if role in may_use.get(endpoint, ()))
    return url_for(first)


def _endpoint(path: str) -> tuple[str, dict[str, Any]] | None:
    try:
        adapter = current_app.url_map.bind("")
        return cast(tuple[str, dict[str, Any]], adapter.match(path, method="GET"))
    except (HTTPException, RequestRedirect):
        return None
