"""The pages for coming in: a mailed link, then a code; and for accepting an invitation."""

from http import HTTPStatus

from flask import Blueprint, make_response, redirect, render_template, request, session
from flask.typing import ResponseReturnValue

from portal.audit.trail import Action
from portal.casework import authenticator, cookie, employ, guard, sessions, sign_in, way_back
from portal.casework.people import Person
from portal.casework.sign_in_forms import (
    WRONG_CODE,
    WRONG_RECOVERY_CODE,
    WRONG_SET_UP,
    CodeAsked,
    LinkAsked,
    Proving,
    RecoveryCodeAsked,
)
from portal.casework.staff import Staff, person
from portal.web.answering import answer, config, now, refused, to
from portal.web.buttons import Button

blueprint = Blueprint("sign_in", __name__, url_prefix="/beheer")

# Where this browser keeps what it may still do: try a code, set up an authenticator.
_CODE = "desk-code"
_SET_UP = "desk-set-up"


@blueprint.route("/inloggen/", methods=["GET", "POST"])
def ask() -> ResponseReturnValue:
    """The way in: by e-mail; whoever is in already goes on."""
    if request.method != "POST" and (who := guard.present()):
        return _onward(who)
    form = LinkAsked()

    def act() -> ResponseReturnValue:
        sign_in.send_link(form["email"].data, now(), config())
        return to("sign_in.asked")

    return answer("desk/sign_in/ask.html", form, act)


@blueprint.get("/inloggen/verstuurd/")
def asked() -> ResponseReturnValue:
    """The same for every address: whether there is an account, only the mailbox tells."""
    minutes = sign_in.LINK_LIFETIME.seconds // 60
    days = employ.INVITATION_LIFETIME.days
    return render_template("desk/sign_in/asked.html", minutes=minutes, days=days)


@blueprint.route("/inloggen/link/<secret>/", methods=["GET", "POST"])
def link(secret: str) -> ResponseReturnValue:
    """Where a mailed link leads: a page with a button, which alone uses the link up."""
    if not sign_in.link_holds(secret, now()):
        return _dead_link()

    def act() -> ResponseReturnValue:
        pending = sign_in.use_link(secret, now())
        if pending is None:
            return _dead_link()
        session[_CODE] = pending
        return to("sign_in.code")

    return answer("desk/sign_in/link.html", Button(), act, secret=secret)


@blueprint.route("/inloggen/code/", methods=["GET", "POST"])
def code() -> ResponseReturnValue:
    """The second proof: a code of the app."""
    return _second_proof(
        "desk/sign_in/code.html", CodeAsked(), authenticator.accept_code, WRONG_CODE
    )


@blueprint.route("/inloggen/herstelcode/", methods=["GET", "POST"])
def recovery() -> ResponseReturnValue:
    """The second proof for who has no app at hand."""
    return _second_proof(
        "desk/sign_in/recovery.html",
        RecoveryCodeAsked(),
        authenticator.accept_recovery_code,
        WRONG_RECOVERY_CODE,
    )


@blueprint.route("/uitnodiging/<secret>/", methods=["GET", "POST"])
def invitation(secret: str) -> ResponseReturnValue:
    """Where an invitation leads: a page with a button."""
    if not employ.invited(secret, now()):
        return _dead_invitation()

    def act() -> ResponseReturnValue:
        pending = sign_in.begin_set_up(secret, now())
        if pending is None:
            return _dead_invitation()
        session[_SET_UP] = pending
        return to("sign_in.set_up")

    return answer("desk/sign_in/invitation.html", Button(), act, secret=secret)


@blueprint.route("/instellen/", methods=["GET", "POST"])
def set_up() -> ResponseReturnValue:
    """The authenticator of somebody new."""
    return set_up_page("desk/sign_in/set_up.html", "")


@blueprint.get("/uitgelogd/")
def left() -> ResponseReturnValue:
    """Tells that the session is over."""
    return render_template("desk/sign_in/left.html")


def set_up_page(template: str, whose: str) -> ResponseReturnValue:
    """Show an authenticator that is being set up; a right code puts it into use.

    ``whose`` is the key of who replaces their own, empty for who is invited.
    """
    pending = str(session.get(_SET_UP, ""))
    found = sign_in.setting_up(pending, whose, now())
    if found is None:
        return to("account.renew") if whose else _dead_invitation()
    form = CodeAsked()
    uri = authenticator.uri(found.secret, found.staff.email)
    shown = {
        "uri": uri,
        "picture": authenticator.picture(uri),
        "typed_over": authenticator.in_groups(found.secret),
    }

    def act() -> ResponseReturnValue:
        done = sign_in.finish_set_up(pending, form["code"].data, whose, cookie.read(), now())
        if done is None:
            form.refuse(WRONG_SET_UP)
            return refused(template, form, **shown)
        session.pop(_SET_UP, None)
        guard.tell_of(found.staff.id, Action.CHANGED if whose else Action.SIGNED_IN)
        response = make_response(codes_page(done.recovery_codes, found.staff))
        cookie.put(response, done.session)
        return response

    return answer(template, form, act, **shown)


def begin_set_up(pending: str) -> None:
    """Let this browser go on with an authenticator of its own."""
    session[_SET_UP] = pending


def codes_page(codes: list[str], staff: Staff) -> str:
    """The recovery codes, this once: it is the answer to a form and cannot be asked for."""
    onward = way_back.destination(guard.RULES, person(staff).role)
    return render_template("desk/sign_in/codes.html", codes=codes, onward=onward)


def _second_proof(
    template: str, form: Proving, accept: sign_in.Proof, wrong: str
) -> ResponseReturnValue:
    pending = str(session.get(_CODE, ""))
    whose = sign_in.waiting(pending, now())
    if whose is None:
        return _dead_link()

    def act() -> ResponseReturnValue:
        secret = sign_in.enter(pending, form["code"].data, accept, cookie.read(), now())
        if secret:
            guard.tell_of(whose, Action.SIGNED_IN)
            return _come_in(secret)
        guard.tell_of(whose, Action.REFUSED)
        if sign_in.waiting(pending, now()) is None:
            return _dead_link()
        form.refuse(wrong)
        return refused(template, form)

    return answer(template, form, act)


def _come_in(secret: str) -> ResponseReturnValue:
    session.pop(_CODE, None)
    begun = sessions.find(secret, now())
    who = person(begun.staff) if begun else None
    if who is None:
        return to("sign_in.ask")
    response = make_response(_onward(who))
    cookie.put(response, secret)
    return response


def _onward(who: Person) -> ResponseReturnValue:
    return redirect(way_back.destination(guard.RULES, who.role), HTTPStatus.SEE_OTHER)


def _dead_link() -> ResponseReturnValue:
    """One page, whether the link is unknown, too old, used, or tried too often.

    Who is in goes on: a link in an old letter, or a button that was pressed twice.
    """
    if who := guard.present():
        return _onward(who)
    return render_template("desk/sign_in/dead.html"), HTTPStatus.NOT_FOUND


def _dead_invitation() -> ResponseReturnValue:
    return render_template("desk/sign_in/dead_invitation.html"), HTTPStatus.NOT_FOUND
