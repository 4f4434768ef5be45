"""The pages on which an administrator takes on staff and sees them out."""

from http import HTTPStatus

from flask import Blueprint, abort, flash, render_template
from flask.typing import ResponseReturnValue

from portal.audit.trail import Action
from portal.casework import employ, staff
from portal.casework.guard import open_to, signed_in, tell
from portal.casework.people import StaffRole
from portal.casework.sign_in_forms import Invitation
from portal.casework.staff import Staff
from portal.routing.regions import managers
from portal.web.answering import answer, config, now, refused, to
from portal.web.buttons import Button

blueprint = Blueprint("staff", __name__, url_prefix="/beheer/medewerkers")


@blueprint.get("/")
@open_to(StaffRole.ADMINISTRATOR)
def overview() -> ResponseReturnValue:
    """Everybody who has or had an account."""
    tell(Action.LOOKED)
    return render_template(
        "desk/sign_in/staff.html", everybody=staff.everybody(), managers=managers()
    )


@blueprint.route("/uitnodigen/", methods=["GET", "POST"])
@open_to(StaffRole.ADMINISTRATOR)
def invite() -> ResponseReturnValue:
    """Take somebody on."""
    template, form = "desk/sign_in/invite.html", Invitation()

    def act() -> ResponseReturnValue:
        try:
            new = employ.invite(form.newcomer(), now(), config())
        except employ.AlreadyThere:
            form.refuse()
            return refused(template, form)
        tell(Action.CHANGED, new.id)
        return _done("invited")

    return answer(template, form, act)


@blueprint.route("/<key>/uitnodigen/", methods=["GET", "POST"])
@open_to(StaffRole.ADMINISTRATOR)
def invite_again(key: str) -> ResponseReturnValue:
    """A new invitation, for who let theirs lapse or lost the authenticator."""
    other = _other(key)

    def act() -> ResponseReturnValue:
        employ.invite_again(other, now(), config())
        tell(Action.CHANGED, other.id)
        return _done("invited")

    return answer("desk/sign_in/invite_again.html", Button(), act, other=other)


@blueprint.route("/<key>/uitzetten/", methods=["GET", "POST"])
@open_to(StaffRole.ADMINISTRATOR)
def disable(key: str) -> ResponseReturnValue:
    """See somebody out, after a page that says what that means."""
    other, template, form = _other(key), "desk/sign_in/disable.html", Button()

    def act() -> ResponseReturnValue:
        try:
            employ.disable(other, now())
        except employ.Hindered as hindered:
            page = render_template(template, form=form, other=other, hindrance=str(hindered))
            return page, HTTPStatus.CONFLICT
        tell(Action.CHANGED, other.id)
        return _done("disabled")

    return answer(template, form, act, other=other)


def _other(key: str) -> Staff:
    """Somebody at work who is not oneself: nobody is to shut themselves out by mistake."""
    found = staff.find(key)
    if found is None or not found.active or found.id == signed_in().key:
        abort(HTTPStatus.NOT_FOUND)
    return found


def _done(what: str) -> ResponseReturnValue:
    flash(what, "staff")
    return to("staff.overview")
