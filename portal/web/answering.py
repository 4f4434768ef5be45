"""What pages with a form have in common: they come back with all that was typed."""

from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from flask import current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from peewee import PeeweeException

from portal.config import Config
from portal.sealing import SealBroken
from portal.web.buttons import Button

Act = Callable[[], ResponseReturnValue]


def answer(template: str, form: Button, act: Act, **shown: object) -> ResponseReturnValue:
    """Show the form, or act on it; where that cannot be, it comes back with all that was typed."""
    if request.method != "POST":  # HEAD too: nothing happens on either.
        return render_template(template, form=form, **shown)
    status, notice = HTTPStatus.UNPROCESSABLE_ENTITY, ""
    if not form.is_ours(request, config()):
        notice = "expired"
    elif form.validate():
        try:
            return act()
        except (PeeweeException, SealBroken) as fault:
            current_app.logger.error(
                "%s could not be done: %s", request.endpoint, type(fault).__name__
            )
            status, notice = HTTPStatus.SERVICE_UNAVAILABLE, "unavailable"
    return render_template(template, form=form, notice=notice, **shown), status


def refused(template: str, form: Button, **shown: object) -> ResponseReturnValue:
    """The form once more, with the errors that were found after it had been checked."""
    return render_template(template, form=form, **shown), HTTPStatus.UNPROCESSABLE_ENTITY


def to(endpoint: str, **values: Any) -> ResponseReturnValue:
    """On to another page; coming back does not send anything again."""
    return redirect(url_for(endpoint, **values), HTTPStatus.SEE_OTHER)


def config() -> Config:
    """The portal's settings."""
    found: Config = current_app.config["PORTAL"]
    return found


def now() -> datetime:
    """This moment."""
    return datetime.now(UTC)
