"""The pages of `/na-drie-maanden/`, where a letter leads three months after a conference."""

from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus

from flask import (
    Blueprint,
    abort,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from peewee import PeeweeException

from portal.cases import conference, followup, register
from portal.cases.followup import Going, Standing, Told
from portal.cases.register import REQUESTER, Case
from portal.config import Config
from portal.database import transaction
from portal.web import tokens
from portal.web.afterwards import Afterwards
from portal.web.buttons import Button
from portal.web.bystanders import whose

blueprint = Blueprint("aftercare", __name__, url_prefix="/na-drie-maanden")

_ASKED = ("going", "helped", "differently")

Act = Callable[[], ResponseReturnValue]


@blueprint.route("/<secret>/", methods=["GET", "POST"])
def ask(secret: str) -> ResponseReturnValue:
    """The questions, for as long as an answer is awaited; else how it stands."""
    case = _case(secret)
    standing = followup.standing(case, _now())
    if standing is not Standing.AWAITED:
        return render_template("aftercare/standing.html", standing=standing, secret=secret)
    form = Afterwards()

    def act() -> ResponseReturnValue:
        asked = [(text, question) for text in form.texts() if (question := whose(text.data or ""))]
        if asked and "looked" not in request.form:
            return _render("ask", form, secret, asked=asked)
        if _keep(case, form):
            return redirect(url_for("aftercare.thanks"), HTTPStatus.SEE_OTHER)
        return redirect(url_for("aftercare.ask", secret=secret), HTTPStatus.SEE_OTHER)

    return _answer("ask", form, secret, act)


@blueprint.route("/<secret>/stop/", methods=["GET", "POST"])
def stop(secret: str) -> ResponseReturnValue:
    """No more contact: a page with a button, which works at once."""
    case = _case(secret)
    if conference.may_ask(case) is False:
        return render_template("aftercare/standing.html", standing=Standing.DECLINED)

    def act() -> ResponseReturnValue:
        with transaction():
            conference.note_consent(case, REQUESTER, _now(), given=False)
        return redirect(url_for("aftercare.stop", secret=secret), HTTPStatus.SEE_OTHER)

    return _answer("stop", Button(), secret, act)


@blueprint.get("/bedankt/")
def thanks() -> ResponseReturnValue:
    """Tells that the answers are in; safe to reload, and it shows nothing of them."""
    return render_template("aftercare/thanks.html")


def _answer(page: str, form: Button, secret: str, act: Act) -> ResponseReturnValue:
    """Show the form, or act on it; where that cannot be, it comes back with all that was typed."""
    if request.method != "POST":  # HEAD too: nothing happens on either.
        return _render(page, form, secret)
    status, notice = HTTPStatus.UNPROCESSABLE_ENTITY, ""
    if not form.is_ours(request, _config()):
        notice = "expired"
    elif form.validate():
        try:
            return act()
        except PeeweeException as fault:
            current_app.logger.error("an answer could not be kept: %s", type(fault).__name__)
            status, notice = HTTPStatus.SERVICE_UNAVAILABLE, "unavailable"
    return _render(page, form, secret, notice=notice), status


def _render(page: str, form: Button, secret: str, **shown: object) -> str:
    return render_template(f"aftercare/{page}.html", form=form, secret=secret, **shown)


def _keep(case: Case, form: Afterwards) -> bool:
    """Keep the answers, once; False where another was first, or none is awaited any more."""
    going, helped, differently = (form[name].data or "" for name in _ASKED)
    with transaction():
        current = register.find(case.reference)
        told = Told(Going(going), helped, differently)
        return current is not None and followup.answer(current, told, _now())


def _case(secret: str) -> Case:
    """The case that a link is about; a page that says what to do where the link is dead."""
    reference = tokens.look(tokens.Purpose.FOLLOW_UP, secret, _now())
    case = register.find(reference) if reference else None
    if case is None:
        abort(make_response(render_template("aftercare/gone.html"), HTTPStatus.NOT_FOUND))
    return case


def _config() -> Config:
    config: Config = current_app.config["PORTAL"]
    return config


def _now() -> datetime:
    return datetime.now(UTC)
