"""The pages of `/na-drie-maanden/`, where a letter leads three months after a conference."""

from http import HTTPStatus

from flask import Blueprint, abort, make_response, render_template, request
from flask.typing import ResponseReturnValue

from portal.cases import conference, followup, register
from portal.cases.followup import Going, Standing, Told
from portal.cases.register import REQUESTER, Case
from portal.database import transaction
from portal.web import tokens
from portal.web.afterwards import Afterwards
from portal.web.answering import answer, now, to
from portal.web.buttons import Button
from portal.web.bystanders import whose

blueprint = Blueprint("aftercare", __name__, url_prefix="/na-drie-maanden")

_QUESTIONS = "aftercare/ask.html"
_ASKED = ("going", "helped", "differently")


@blueprint.route("/<secret>/", methods=["GET", "POST"])
def ask(secret: str) -> ResponseReturnValue:
    """The questions, for as long as an answer is awaited; else how it stands."""
    case = _case(secret)
    standing = followup.standing(case, now())
    if standing is not Standing.AWAITED:
        return render_template("aftercare/standing.html", standing=standing, secret=secret)
    form = Afterwards()

    def act() -> ResponseReturnValue:
        asked = [(text, question) for text in form.texts() if (question := whose(text.data or ""))]
        if asked and "looked" not in request.form:
            return render_template(_QUESTIONS, form=form, secret=secret, asked=asked)
        if _keep(case, form):
            return to("aftercare.thanks")
        return to("aftercare.ask", secret=secret)

    return answer(_QUESTIONS, form, act, secret=secret)


@blueprint.route("/<secret>/stop/", methods=["GET", "POST"])
def stop(secret: str) -> ResponseReturnValue:
    """No more contact: a page with a button, which works at once."""
    case = _case(secret)
    if conference.may_ask(case) is False:
        return render_template("aftercare/standing.html", standing=Standing.DECLINED)

    def act() -> ResponseReturnValue:
        with transaction():
            conference.note_consent(case, REQUESTER, now(), given=False)
        return to("aftercare.stop", secret=secret)

    return answer("aftercare/stop.html", Button(), act, secret=secret)


@blueprint.get("/bedankt/")
def thanks() -> ResponseReturnValue:
    """Tells that the answers are in; safe to reload, and it shows nothing of them."""
    return render_template("aftercare/thanks.html")


def _keep(case: Case, form: Afterwards) -> bool:
    """Keep the answers, once; False where another was first, or none is awaited any more."""
    going, helped, differently = (form[name].data or "" for name in _ASKED)
    with transaction():
        current = register.find(case.reference)
        told = Told(Going(going), helped, differently)
        return current is not None and followup.answer(current, told, now())


def _case(secret: str) -> Case:
    """The case that a link is about; a page that says what to do where the link is dead."""
    reference = tokens.look(tokens.Purpose.FOLLOW_UP, secret, now())
    case = register.find(reference) if reference else None
    if case is None:
        abort(make_response(render_template("aftercare/gone.html"), HTTPStatus.NOT_FOUND))
    return case
