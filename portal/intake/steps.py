"""The steps of a form: each page is kept as it is sent, so that nothing typed is lost."""

from http import HTTPStatus

from flask import Blueprint, current_app, request, url_for
from flask.typing import ResponseReturnValue
from peewee import PeeweeException
from werkzeug.datastructures import MultiDict

from portal.intake import drafts, handles
from portal.intake.considering import thoughts
from portal.intake.doors import DOORS, Door
from portal.intake.forms import Intake
from portal.intake.pages import (
    Given,
    Page,
    destination,
    draft_of,
    is_ours,
    page_at,
    render_step,
)
from portal.intake.sending import after_sending, was_sent
from portal.intake.views import confirm, see
from portal.routing.places import DONT_KNOW
from portal.routing.rules import Choice
from portal.web.answering import now
from portal.web.fields import values_of

blueprint = Blueprint("steps", __name__)


def show(key: str, handle: str, number: int) -> ResponseReturnValue:
    """A step as it was left; with ``check`` in the address, what is still wrong with it."""
    page, draft = page_at(key, handle, number), draft_of(handle)
    if draft and draft.reference:
        return confirm(draft.reference)
    if _is_torn(page, draft):
        return see(page.address(1, lost=1))
    form = page.door.form(_with_role(page, drafts.given(draft)))
    found = _fault(page, form) if draft and "check" in request.args else None
    return found or render_step(page, form, notice=_notice())


def take(key: str, handle: str, number: int) -> ResponseReturnValue:
    """Keep what was sent, and lead on; nothing is written where it is not surely ours."""
    page, given = page_at(key, handle, number), Given()
    try:
        draft = draft_of(handle)
        given = drafts.given(draft)
        return _take(page, draft)
    except PeeweeException as fault:
        current_app.logger.error("a step could not be stored: %s", type(fault).__name__)
        form = page.door.form(_merged(page, given))
        return render_step(page, form, HTTPStatus.SERVICE_UNAVAILABLE, notice="unavailable")


for _door in DOORS.values():
    _rule, _at = f"{_door.path}{handles.RULE}/<int(fixed_digits=1):number>/", {"key": _door.key}
    blueprint.add_url_rule(_rule, "show", show, methods=["GET"], defaults=_at)
    blueprint.add_url_rule(_rule, "take", take, methods=["POST"], defaults=_at)


def _take(page: Page, draft: drafts.Draft | None) -> ResponseReturnValue:
    form = page.door.form(_merged(page, drafts.given(draft)))
    if draft and was_sent(page, form, draft):
        return confirm(draft.reference)
    if not is_ours(form):
        return render_step(page, form, HTTPStatus.UNPROCESSABLE_ENTITY, notice="expired")
    if draft and draft.reference:
        anew = request.form.get("decision") == "new"
        return _begin_anew(page, form) if anew else after_sending(page, form, draft)
    kept = _keep(page, form, drafts.given(draft))
    if kept.reference:
        # It was sent from another tab after the look above: what this page says is not in it.
        return _take(page, kept)
    return see(page.address(1, lost=1)) if _is_torn(page, draft) else _lead(page, form)


def _is_torn(page: Page, draft: drafts.Draft | None) -> bool:
    """Whether the pages before this one are no longer known."""
    return draft is None and page.number > 1


def _lead(page: Page, form: Intake) -> ResponseReturnValue:
    return (
        _elsewhere(page, form) or _fault(page, form) or _look_again(page, form) or see(_next(page))
    )


def _next(page: Page) -> str:
    """The page after this one; from a change of one answer, the last page of the form it is of."""
    if "change" not in request.args:
        return page.address(page.number + 1)
    door = DOORS.get(request.args["change"], page.door)
    return Page(door, page.handle, 1).address(door.last)


def _keep(page: Page, form: Intake, before: Given) -> drafts.Draft:
    """Store what this page asks, under the secret that this browser holds for it.

    Nothing is stored in a draft that was sent: see the ``reference`` of what is given back.
    """
    secret = handles.secret_of(page.handle) or handles.hold(page.handle)
    answers = {name: values_of(form[name]) for name in page.step.names}
    if "postcode" in answers:
        answers["place"] = () if _moved(form, before) else values_of(form["place"])
    return drafts.save(secret, page.door.key, page.number, answers, now())


def _moved(form: Intake, before: Given) -> bool:
    """Whether another place was typed, so that how the earlier one was typed tells nothing more."""
    answered = "place" in request.form
    where = ("postcode", "municipality")
    return not answered and any(form[name].data != before.get(name, "") for name in where)


def _begin_anew(page: Page, form: Intake) -> ResponseReturnValue:
    fresh = Page(page.door, handles.new_handle(), page.number)
    _keep(fresh, form, Given())
    return see(fresh.address(1))


def _with_role(page: Page, given: Given) -> Given:
    """A role that was chosen before the form is not asked again, one that led here asked anew."""
    role = request.args.get("role", "")
    if "switched" in request.args and given.get("role") in page.door.leads:
        del given["role"]
    if page.number == 1 and role and not given.get("role"):
        given["role"] = role
    return given


def _merged(page: Page, given: Given) -> Given:
    """What was answered so far, with what this page sent in the place of it."""
    names = {*page.step.names, "csrf_token"} | ({"place"} & request.form.keys())
    sent = {name: request.form.getlist(name) for name in names}
    return MultiDict({**given.to_dict(flat=False), **sent})


def _elsewhere(page: Page, form: Intake) -> ResponseReturnValue | None:
    """Where the visitor asks to go instead of on; everything typed is kept by now."""
    if "back" in request.form:
        return see(page.address(max(page.number - 1, 1)))
    if "later" in request.form:
        return see(url_for("later.offer", handle=page.handle))
    if page.number == 1 and page.door.leads.get(form.role_chosen()) == "":
        return see(url_for("intake.begin", kind="learning", role="outsider"))
    other = _other_door(page, form)
    return see(Page(other, page.handle, 1).address(1, switched=1)) if other else None


def _other_door(page: Page, form: Intake) -> Door | None:
    lead = page.door.leads.get(form.role_chosen(), "") if page.number == 1 else ""
    return DOORS.get(request.form.get("switch", lead))


def _fault(page: Page, form: Intake) -> ResponseReturnValue | None:
    """The page again with what is wrong in it, or with a question about the place."""
    if not form.sound(page.step):
        return render_step(page, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    found = destination(form) if "postcode" in page.step.names else None
    if isinstance(found, Choice):
        return render_step(page, form, choose=(*found.municipalities, DONT_KNOW))
    return None


def _look_again(page: Page, form: Intake) -> ResponseReturnValue | None:
    """Ask once about each answer that may say too much, or could be put better."""
    looked = set(request.form.getlist("looked"))
    found = thoughts(form.questions(page.step))
    asked = tuple(thought for thought in found if thought.question.short_name not in looked)
    return render_step(page, form, asked=asked) if asked else None


def _notice() -> str:
    return next((word for word in ("lost", "switched") if word in request.args), "")
