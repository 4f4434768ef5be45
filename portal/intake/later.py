"""Going on later: a link by mail that opens a form where it was left, or wiping it at once."""

from http import HTTPStatus
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from peewee import PeeweeException

from portal.address import plain_address
from portal.database import transaction
from portal.delivery.letters import compose, to_one_reader
from portal.delivery.outbox import post
from portal.intake import drafts, handles
from portal.intake.doors import DOORS
from portal.intake.pages import Page, draft_of
from portal.intake.views import see
from portal.organisation import organisation
from portal.web.answering import config, now
from portal.web.buttons import Button
from portal.web.fields import Email
from portal.web.quota import Purpose, take

blueprint = Blueprint("later", __name__)


class Address(Button):
    """Where the link may go."""

    email = Email("E-mailadres", needed="Vul een e-mailadres in")


@blueprint.get(f"/later-verder/{handles.RULE}/")
def offer(handle: str) -> ResponseReturnValue:
    """Ask where the link may go; the address from the form is filled in."""
    draft = draft_of(handle)
    if draft is None or draft.reference:
        return _gone()
    return _offer(draft, handle, Address(email=drafts.given(draft).get("email", "")))


@blueprint.post(f"/later-verder/{handles.RULE}/")
def answer(handle: str) -> ResponseReturnValue:
    """Mail the link, or wipe the form."""
    draft, form = draft_of(handle), Address()
    if draft is None or draft.reference:
        return _gone()
    if not form.is_ours(request, config()):
        return _offer(draft, handle, form, HTTPStatus.UNPROCESSABLE_ENTITY, "expired")
    if "wipe" in request.form:
        drafts.wipe(handles.secret_of(handle) or "")
        handles.drop(handle)
        return render_template("intake/wiped.html")
    if not form.email.validate(form):
        return _offer(draft, handle, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    return _mail(draft, handle, form)


@blueprint.get("/verder/<secret>/")
def arrive(secret: str) -> ResponseReturnValue:
    """What the link opens: one button. A mail scanner that follows the link changes nothing."""
    draft = drafts.find(secret, now())
    if draft is None or draft.reference:
        return _gone()
    return render_template("intake/resume.html", form=Button(), **_voice(draft))


@blueprint.post("/verder/<secret>/")
def resume(secret: str) -> ResponseReturnValue:
    """Let this browser go on with the form; the link works until the form is forgotten."""
    draft = drafts.find(secret, now())
    if draft is None or draft.reference:
        return _gone()
    if not Button().is_ours(request, config()):
        return see(url_for("later.arrive", secret=secret))
    handle = handles.new_handle()
    handles.hold(handle, secret)
    return see(Page(DOORS[draft.door], handle, 1).address(draft.step))


def _mail(draft: drafts.Draft, handle: str, form: Address) -> ResponseReturnValue:
    try:
        with transaction():
            _post(draft, handles.secret_of(handle) or "", form.email.data or "")
    except PeeweeException:
        return _offer(draft, handle, form, HTTPStatus.SERVICE_UNAVAILABLE, "unavailable")
    # The same page whether or not there was room for another link today.
    return render_template("intake/mailed.html", **_voice(draft))


def _post(draft: drafts.Draft, secret: str, address: str) -> None:
    if not take(Purpose.RESUMING, plain_address(address), now(), a_day=3, a_week=21):
        return
    link = config().base_url + url_for("later.arrive", secret=secret)
    text = compose("resume", link=link, organisation=organisation(), **_voice(draft))
    # Nobody else may open the form.
    envelope = to_one_reader(address, "formulier")
    post("resume", text, envelope, now(), config().mail_sender)


def _offer(
    draft: drafts.Draft,
    handle: str,
    form: Address,
    status: HTTPStatus = HTTPStatus.OK,
    notice: str = "",
) -> ResponseReturnValue:
    back = Page(DOORS[draft.door], handle, 1).address(draft.step)
    html = render_template(
        "intake/later.html", form=form, back=back, notice=notice, **_voice(draft)
    )
    return html, status


def _gone() -> ResponseReturnValue:
    return render_template("intake/gone.html"), HTTPStatus.NOT_FOUND


def _voice(draft: drafts.Draft) -> dict[str, Any]:
    return {"je": DOORS[draft.door].form.voice == "je"}
