"""The public's door: where to begin, the forms, and the confirmation."""

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
from itsdangerous import BadSignature, URLSafeSerializer
from peewee import PeeweeException
from werkzeug.datastructures import MultiDict

from portal.cases import register
from portal.cases.case import Role
from portal.config import Config
from portal.intake import accept as accepting
from portal.intake.doors import DOORS, Door, where_to
from portal.intake.forms import Intake, new_key
from portal.routing.places import DONT_KNOW
from portal.routing.regions import Destination, destination_of, route
from portal.routing.rules import Choice
from portal.web.pages import comes_from_elsewhere

blueprint = Blueprint("intake", __name__)


@blueprint.get("/aanvragen/")
def begin() -> ResponseReturnValue:
    """Two questions that lead to the right form; choosing is a link, and writes nothing."""
    kind, role = request.args.get("kind", ""), request.args.get("role", "")
    asked = "kind" in request.args or "role" in request.args or "next" in request.args
    if asked and kind and role:
        target = where_to(kind, role)
        if target:
            return redirect(url_for(target.endpoint, role=target.role), HTTPStatus.SEE_OTHER)
        return render_template("intake/advice.html", kind=kind, role=role)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if asked else HTTPStatus.OK
    return render_template("intake/begin.html", kind=kind, role=role, asked=asked), status


@blueprint.route("/aanvragen/leervraag/", methods=["GET", "POST"])
def learning() -> ResponseReturnValue:
    """The form about one pupil's learning; a pupil gets the short one."""
    pupil = request.args.get("role") == Role.PUPIL
    return _door(DOORS["pupil"] if pupil else DOORS["learning"])


@blueprint.route("/aanvragen/groep-wijk-buurt/", methods=["GET", "POST"])
def community() -> ResponseReturnValue:
    """The form for those in a group, district or neighbourhood."""
    return _door(DOORS["community"])


@blueprint.route("/voorstellen/", methods=["GET", "POST"])
def propose() -> ResponseReturnValue:
    """The form for an outsider who proposes a conference to others."""
    return _door(DOORS["proposal"])


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


def _door(door: Door) -> ResponseReturnValue:
    if request.method != "POST":  # HEAD too: nothing happens on either.
        page = make_response(_page(door, _fresh(door)))
        # Not "no-store": the browser's back must bring the form back with its text and its key.
        page.headers["Cache-Control"] = "private, no-cache"
        return page
    switched = DOORS.get(request.form.get("switch", ""))
    if switched:
        return _page(switched, _own_key(switched.form(request.form)))
    try:
        return _take_in(door, door.form(request.form))
    except PeeweeException as fault:
        current_app.logger.error("a request could not be stored: %s", type(fault).__name__)
        form = door.form(request.form)
        return _page(door, form, HTTPStatus.SERVICE_UNAVAILABLE, notice="unavailable")


def _fresh(door: Door) -> Intake:
    form = door.form(MultiDict(), role=request.args.get("role", ""))
    form.form_key.data = new_key()
    return form


def _take_in(door: Door, form: Intake) -> ResponseReturnValue:
    submission = form.submission()
    earlier = register.sent_with(submission.form_key) if form.has_key() else None
    if earlier and register.holds(earlier, submission):
        return _confirm(earlier.reference)
    if comes_from_elsewhere(request, _config()) or not form.has_key() or not form.token_holds():
        return _again(door, form)
    if not form.validate():
        return _page(door, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    if earlier:
        return _to_earlier(door, form, earlier)
    destination = route(submission.postcode, submission.municipality)
    if isinstance(destination, Choice):
        return _page(door, form, choose=(*destination.municipalities, DONT_KNOW))
    return _store(door, form, destination)


def _store(door: Door, form: Intake, destination: Destination) -> ResponseReturnValue:
    try:
        case = accepting.accept(form.submission(), destination, _now(), _config())
    except register.AlreadyReceived as earlier:
        return _to_earlier(door, form, earlier.case)
    return _confirm(case.reference)


def _to_earlier(door: Door, form: Intake, earlier: register.Case) -> ResponseReturnValue:
    """The form was sent before with other words: add these, or make a request of their own."""
    if request.form.get("decision") == "add":
        case = accepting.add(earlier, form.submission(), _now(), _config())
        return _confirm(case.reference)
    return render_template(
        "intake/again.html",
        door=door,
        earlier=earlier,
        typed=[
            (n, v) for n, v in request.form.items(multi=True) if n not in {"form_key", "decision"}
        ],
        form_key=form.form_key.data,
        new_key=new_key(),
    )


def _again(door: Door, form: Intake) -> ResponseReturnValue:
    """A form that is too old, or not ours: it comes back with its text and a fresh token."""
    return _page(door, _own_key(form), HTTPStatus.UNPROCESSABLE_ENTITY, notice="expired")


def _own_key(form: Intake) -> Intake:
    """A key that another site may have chosen is not kept: it could be used to meet the visitor."""
    if not form.has_key() or comes_from_elsewhere(request, _config()):
        form.form_key.data = new_key()
    return form


def _page(
    door: Door,
    form: Intake,
    status: HTTPStatus = HTTPStatus.OK,
    *,
    notice: str = "",
    choose: tuple[str, ...] = (),
) -> ResponseReturnValue:
    asked = {field.short_name for field in form} | {"switch", "csrf_token", "decision"}
    carried = _typed_beside(asked)
    if choose and "place" not in request.form:
        typed = (form["postcode"].data, form["municipality"].data)
        carried.append(("place", " ".join(filter(None, typed))))
    page = render_template(
        "intake/form.html", door=door, form=form, notice=notice, choose=choose, carried=carried
    )
    return page, status


def _typed_beside(names: set[str]) -> list[tuple[str, str]]:
    """What was sent in other fields than these, to be carried along unseen."""
    return [(n, v) for n, v in request.form.items(multi=True) if v and n not in names]


def _confirm(reference: str) -> ResponseReturnValue:
    address = url_for("intake.received", token=_signer().dumps(reference))
    return redirect(address, HTTPStatus.SEE_OTHER)


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(_config().secret_key, salt="received")


def _config() -> Config:
    config: Config = current_app.config["PORTAL"]
    return config


def _now() -> datetime:
    return datetime.now(UTC)
