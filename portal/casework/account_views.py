"""The pages on which somebody looks after their own account, and leaves the desk."""

from flask import Blueprint, make_response, render_template, request
from flask.typing import ResponseReturnValue

from portal.audit.trail import Action
from portal.casework import authenticator, cookie, sessions, sign_in, staff
from portal.casework.guard import EVERYBODY, open_to, signed_in, tell
from portal.casework.sign_in_forms import WRONG_EITHER, EitherCodeAsked
from portal.casework.sign_in_views import begin_set_up, codes_page, set_up_page
from portal.web import wording
from portal.web.answering import answer, config, now, refused, to
from portal.web.buttons import Button

blueprint = Blueprint("account", __name__, url_prefix="/beheer")


@blueprint.get("/account/")
@open_to(*EVERYBODY)
def show() -> ResponseReturnValue:
    """Who one is here, and what one can do about it."""
    me = signed_in()
    return render_template(
        "desk/sign_in/account.html",
        form=Button(),
        role=wording.STAFF_ROLES[me.role],
        left=authenticator.recovery_codes_left(staff.get(me.key)),
        hours=sessions.LONGEST.seconds // 3600,
        minutes=sessions.IDLE.seconds // 60,
    )


@blueprint.post("/uitloggen/")
@open_to(*EVERYBODY)
def sign_out() -> ResponseReturnValue:
    """End this session; what is kept of it is deleted, so that a copied cookie is dead too."""
    if not Button().is_ours(request, config()):
        return to("account.show")
    sessions.end(cookie.read())
    tell(Action.SIGNED_OUT)
    return _out()


@blueprint.post("/account/overal-uitloggen/")
@open_to(*EVERYBODY)
def sign_out_everywhere() -> ResponseReturnValue:
    """End every session of one's own."""
    if not Button().is_ours(request, config()):
        return to("account.show")
    sessions.end_all(staff.get(signed_in().key))
    tell(Action.SIGNED_OUT)
    return _out()


@blueprint.route("/account/authenticator/", methods=["GET", "POST"])
@open_to(*EVERYBODY)
def renew() -> ResponseReturnValue:
    """Another authenticator: first a code of the old one, or a recovery code."""
    template, form = "desk/sign_in/renew.html", EitherCodeAsked()

    def act() -> ResponseReturnValue:
        mine = staff.get(signed_in().key)
        pending = sign_in.begin_renewal(mine, form["code"].data, now())
        if pending is None:
            return _wrong(template, form)
        begin_set_up(pending)
        return to("account.set_up")

    return answer(template, form, act)


@blueprint.route("/account/authenticator/instellen/", methods=["GET", "POST"])
@open_to(*EVERYBODY)
def set_up() -> ResponseReturnValue:
    """Another authenticator: then the new one."""
    return set_up_page("desk/sign_in/set_up.html", signed_in().key)


@blueprint.route("/account/herstelcodes/", methods=["GET", "POST"])
@open_to(*EVERYBODY)
def recovery() -> ResponseReturnValue:
    """Other recovery codes, for a code of either kind."""
    template, form = "desk/sign_in/renew_codes.html", EitherCodeAsked()

    def act() -> ResponseReturnValue:
        mine = staff.get(signed_in().key)
        codes = sign_in.renew_recovery_codes(mine, form["code"].data, now())
        if codes is None:
            return _wrong(template, form)
        tell(Action.CHANGED)
        return codes_page(codes, mine)

    return answer(template, form, act)


def _wrong(template: str, form: EitherCodeAsked) -> ResponseReturnValue:
    tell(Action.REFUSED)
    form.refuse(WRONG_EITHER)
    return refused(template, form)


def _out() -> ResponseReturnValue:
    response = make_response(to("sign_in.left"))
    cookie.drop(response)
    # So that the way back in the browser leads to no page of the desk.
    response.headers["Clear-Site-Data"] = '"cache"'
    return response
