"""The last page of a form: all answers looked over, and then sent, once."""

import json
from dataclasses import replace
from http import HTTPStatus

from flask import Blueprint, abort, current_app, render_template, request
from flask.typing import ResponseReturnValue
from peewee import PeeweeException

from portal.cases import register
from portal.cases.case import Doubt, Role, Submission
from portal.database import connection, in_line, transaction
from portal.failpoints import failpoint
from portal.intake import accept as accepting
from portal.intake import doubt, drafts, handles
from portal.intake.doors import DOORS, where_asked
from portal.intake.forms import Intake, Step
from portal.intake.pages import Page, destination, draft_of, is_ours, page_at
from portal.intake.views import confirm, see
from portal.routing.regions import Destination
from portal.routing.rules import Choice
from portal.web import wording
from portal.web.answering import config, now
from portal.web.fields import in_words, values_of
from portal.web.quota import Purpose, place_of, take

blueprint = Blueprint("sending", __name__)

# What is asked of nobody. On this page alone, where nothing else is typed: where a name and an
# address are asked, a browser or a keeper of passwords might fill it in for a person.
TRAP = "website"


def check(key: str, handle: str) -> ResponseReturnValue:
    """All answers, to be looked over before they are sent."""
    page, draft = page_at(key, handle, 1), draft_of(handle)
    if draft is None:
        return see(page.address(1, lost=1))
    if draft.reference:
        return confirm(draft.reference)
    form = _whole(page, draft)
    return _first_fault(page, form, destination(form)) or _render(page, form)


def send(key: str, handle: str) -> ResponseReturnValue:
    """Take the request in: once, however often and whenever this is sent."""
    page = page_at(key, handle, 1)
    try:
        with in_line():
            answer = _send(page)
        failpoint("send: committed")
        return answer
    except PeeweeException as fault:
        current_app.logger.error("a request could not be stored: %s", type(fault).__name__)
    # It may be the connection that failed; what was typed is still there to be shown.
    with connection():
        draft = draft_of(handle)
    if draft is None:
        abort(HTTPStatus.SERVICE_UNAVAILABLE)
    return _render(page, _whole(page, draft), HTTPStatus.SERVICE_UNAVAILABLE, "unavailable")


for _door in DOORS.values():
    _rule, _at = f"{_door.path}{handles.RULE}/controleren/", {"key": _door.key}
    blueprint.add_url_rule(_rule, "check", check, methods=["GET"], defaults=_at)
    blueprint.add_url_rule(_rule, "send", send, methods=["POST"], defaults=_at)


def _send(page: Page) -> ResponseReturnValue:
    draft = draft_of(page.handle)
    if draft is None:
        earlier = register.sent_with(request.form.get("form_key", ""))
        return confirm(earlier.reference) if earlier else see(page.address(1, lost=1))
    if draft.reference:
        return confirm(draft.reference)
    form = _whole(page, draft)
    if not is_ours(form):
        return _render(page, form, HTTPStatus.UNPROCESSABLE_ENTITY, "expired")
    to = destination(form)
    return _first_fault(page, form, to) or _take_in(page, form, draft, to)


def _take_in(
    page: Page, form: Intake, draft: drafts.Draft, to: Destination | Choice
) -> ResponseReturnValue:
    assert not isinstance(to, Choice)  # noqa: S101 - every step was found sound
    ready = accepting.prepare(form.submission(), to, now(), config())
    # Nobody else can write meanwhile: so no more is done in here than must be.
    with transaction():
        failpoint("send: lock taken")
        if drafts.is_as_it_was(draft):
            return _accept(page, form, draft, ready)
    # What another tab has changed since it was read is not passed over.
    return _send(page)


def _accept(
    page: Page, form: Intake, draft: drafts.Draft, ready: accepting.Ready
) -> ResponseReturnValue:
    case = accepting.accept(ready, _doubts(form, draft))
    answered = {str(n): _said(form, step) for n, step in enumerate(page.door.form.steps, 1)}
    drafts.close(draft, case.reference, answered, now())
    failpoint("send: draft closed")
    return confirm(case.reference)


def _doubts(form: Intake, draft: drafts.Draft) -> tuple[Doubt, ...]:
    sending = doubt.Sending(
        trap=request.form.get(TRAP, ""),
        name=form["name"].data or "",
        took=now() - draft.begun_at,
        many=_many_before(place_of(request.remote_addr)),
    )
    return doubt.doubts(sending)


def _many_before(place: str) -> bool:
    if not place:
        return False
    return not take(Purpose.FORM, place, now(), a_day=doubt.MANY, a_week=doubt.MANY * 7)


def was_sent(page: Page, form: Intake, draft: drafts.Draft) -> bool:
    """Whether the form was sent, and this page says just what was sent."""
    said = _said(form, page.step)
    return bool(draft.reference) and drafts.was_sent(draft, str(page.number), said)


def after_sending(page: Page, form: Intake, draft: drafts.Draft) -> ResponseReturnValue:
    """A page comes in with other words than its form was sent with: ask, and lose neither."""
    case = register.find(draft.reference)
    if case is None:
        abort(HTTPStatus.NOT_FOUND)
    if request.form.get("decision") == "add":
        accepting.add(case, _further(form, case), now(), config())
        return confirm(case.reference)
    typed = [(name, value) for name in page.step.names for value in values_of(form[name])]
    return render_template(
        "intake/again.html", page=page, door=page.door, form=form, typed=typed, earlier=case
    )


def _further(form: Intake, case: register.Case) -> Submission:
    """What one page says, by whoever sent the case unless it says otherwise."""
    said, chosen = form.submission(), form.role_chosen()
    role = Role(chosen) if chosen in set(Role) else case.role
    same = {name: getattr(said, name) or getattr(case, name) for name in ("name", "email", "phone")}
    return replace(said, role=role, form_key=case.form_key, **same)


def _whole(page: Page, draft: drafts.Draft) -> Intake:
    given = drafts.given(draft)
    given["csrf_token"] = request.form.get("csrf_token", "")
    form = page.door.form(given)
    form.form_key.data = draft.form_key
    return form


def _first_fault(page: Page, form: Intake, to: Destination | Choice) -> ResponseReturnValue | None:
    """The first step that is not yet as it should be, or that leads to another door."""
    if form.role_chosen() in page.door.leads:
        return see(page.address(1))
    unplaced = isinstance(to, Choice)
    for number, step in enumerate(page.door.form.steps, 1):
        if not form.sound(step) or (unplaced and "postcode" in step.names):
            return see(page.address(number, check=1))
    return None


def _carried(page: Page, form: Intake) -> list[tuple[str, str, str]]:
    """What is sent along though no step here asks it: where to change it, its label, its words."""
    shown = []
    for name, values in form.carried():
        asks = "postcode" if name == "place" else name
        door, number = where_asked(asks, page.door)
        there = Page(door, page.handle, number).address(number, change=page.door.key)
        shown += [(f"{there}#{asks}", *words) for words in wording.labelled([(name, values)])]
    return shown


def _said(form: Intake, step: Step) -> str:
    return json.dumps([[name, values_of(form[name])] for name in step.names])


def _render(
    page: Page, form: Intake, status: HTTPStatus = HTTPStatus.OK, notice: str = ""
) -> ResponseReturnValue:
    steps = [(n, step, form.questions(step)) for n, step in enumerate(page.door.form.steps, 1)]
    html = render_template(
        "intake/check.html",
        page=page,
        door=page.door,
        form=form,
        steps=steps,
        carried=_carried(page, form),
        notice=notice,
        in_words=in_words,
        trap=TRAP,
    )
    return html, status
