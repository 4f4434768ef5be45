"""The public's door: where to begin, and the confirmation."""

from http import HTTPStatus
from typing import Any

from flask import (
    Blueprint,
    abort,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug.wrappers import Response as BaseResponse

from portal.cases import register
from portal.intake import fitting
from portal.intake.doors import DOORS, where_to
from portal.intake.handles import new_handle
from portal.routing.regions import destination_of
from portal.web.answering import config

blueprint = Blueprint("intake", __name__)


@blueprint.get("/aanvragen/")
def begin() -> ResponseReturnValue:
    """Two questions that lead to the right form; choosing is a link, and writes nothing."""
    kind, role = request.args.get("kind", ""), request.args.get("role", "")
    asked = "kind" in request.args or "role" in request.args or "next" in request.args
    if asked and kind and role:
        target = where_to(kind, role)
        if target:
            return see(url_for("intake.start", key=target.door, role=target.role))
        return render_template("intake/advice.html", kind=kind, role=role)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if asked else HTTPStatus.OK
    return render_template("intake/begin.html", kind=kind, role=role, asked=asked), status


@blueprint.get("/keuzehulp/")
def fit() -> ResponseReturnValue:
    """Whether a conference fits; the answers stand in the address and nowhere else."""
    found, given = fitting.next_after(request.args), fitting.answered(request.args)
    before: dict[str, Any] = dict(given[:-1])
    back = url_for("intake.fit", **before)
    if isinstance(found, fitting.Outcome):
        return render_template("intake/fitted.html", outcome=found, back=back)
    passed_over = request.args.get("asked") == found.name
    html = render_template(
        "intake/fitting.html",
        question=found,
        given=given,
        back=back,
        passed_over=passed_over,
    )
    return html, HTTPStatus.UNPROCESSABLE_ENTITY if passed_over else HTTPStatus.OK


def start(key: str) -> ResponseReturnValue:
    """Lead to the first step at an address of its own, so that going back finds it again."""
    role = request.args.get("role")
    if key == "learning" and role == "pupil":
        key, role = "pupil", None
    return see(url_for("steps.show", key=key, handle=new_handle(), number=1, role=role))


for _door in DOORS.values():
    blueprint.add_url_rule(_door.path, "start", start, defaults={"key": _door.key})


@blueprint.get("/ontvangen/<token>")
def received(token: str) -> ResponseReturnValue:
    """The confirmation; its address can be kept, shows nothing personal and changes nothing."""
    try:
        case = register.find(_signer().loads(token))
    except BadSignature:
        case = None
    if case is None:
        abort(HTTPStatus.NOT_FOUND)
    return render_template(
        "intake/received.html",
        case=case,
        destination=destination_of(case.region),
        phone_only=not case.email,
    )


def confirm(reference: str) -> BaseResponse:
    """Lead to the confirmation of this case."""
    return see(url_for("intake.received", token=_signer().dumps(reference)))


def see(address: str) -> BaseResponse:
    """Lead to another page, by GET."""
    return redirect(address, HTTPStatus.SEE_OTHER)


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(config().secret_key, salt="received")
