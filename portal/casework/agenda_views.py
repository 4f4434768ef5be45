"""The date of a conference for the coordinator's calendar, behind the link in their letter."""

from flask import Blueprint, Response, abort
from flask.typing import ResponseReturnValue

from portal.cases import conference
from portal.cases.register import find
from portal.casework.calendar import entry
from portal.web.answering import config, now
from portal.web.tokens import Purpose, look

blueprint = Blueprint("agenda", __name__)


@blueprint.get("/agenda/<secret>/")
def take(secret: str) -> ResponseReturnValue:
    """The appointment as it is now, to whoever coordinates now.

    Nothing but day, time and place can be read from it.
    """
    reference, _, address = (look(Purpose.CALENDAR, secret, now()) or "").partition(" ")
    case = find(reference) if reference else None
    road = conference.of(case) if case else None
    if road is None or road.starts_at is None or road.coordinator_email != address:
        abort(404)
    return calendar_file(entry(road, now(), config()))


def calendar_file(text: str) -> Response:
    """A calendar's entry, to be opened by a calendar and not by the browser."""
    headers = {"Content-Disposition": 'attachment; filename="conferentie.ics"'}
    return Response(text, mimetype="text/calendar", headers=headers)
