"""Where a visitor is within a form, and the words that go to the page from there."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flask import abort, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from portal.intake import drafts, handles
from portal.intake.considering import Thought
from portal.intake.doors import DOORS, Door
from portal.intake.forms import Intake, Step
from portal.routing.regions import Destination, route
from portal.routing.rules import Choice
from portal.web.answering import config, now

Given = MultiDict[str, str]


@dataclass(frozen=True)
class Page:
    """A step of a form, and the handle of the draft that it belongs to."""

    door: Door
    handle: str
    number: int

    @property
    def step(self) -> Step:
        """The questions of this page."""
        return self.door.step(self.number)

    def address(self, number: int, **args: Any) -> str:
        """The address of a step of this form, or of the page after the last."""
        where: dict[str, Any] = {"key": self.door.key, "handle": self.handle}
        if number == self.door.last:
            return url_for("sending.check", **where)
        return url_for("steps.show", **where, number=number, **args)


def page_at(key: str, handle: str, number: int) -> Page:
    """The page with this address, or a 404."""
    door = DOORS[key]
    if not 1 <= number < door.last:
        abort(HTTPStatus.NOT_FOUND)
    return Page(door, handle, number)


def draft_of(handle: str) -> drafts.Draft | None:
    """The draft behind a handle, if this browser may open it."""
    secret = handles.secret_of(handle)
    return drafts.find(secret, now()) if secret else None


def destination(form: Intake) -> Destination | Choice:
    """Who hears of it, as far as the place that was filled in tells."""
    return route(form["postcode"].data or "", form["municipality"].data or "")


def is_ours(form: Intake) -> bool:
    """Whether a form surely comes from a page of ours, and less than a day ago."""
    return form.is_ours(request, config())


def render_step(
    page: Page,
    form: Intake,
    status: HTTPStatus = HTTPStatus.OK,
    *,
    notice: str = "",
    choose: tuple[str, ...] = (),
    asked: tuple[Thought, ...] = (),
) -> ResponseReturnValue:
    """A step with what was typed in it, and why it is shown again.

    ``choose`` are municipalities to choose from, ``asked`` what to look at once more.
    """
    html = render_template(
        "intake/step.html",
        page=page,
        door=page.door,
        form=form,
        here=page.address(page.number, **_kept_in_address()),
        questions=form.questions(page.step),
        knows_role=page.number == 1 and _knows_role(page, form),
        notice=notice,
        choose=choose,
        place=_place(form, choose=bool(choose)),
        asked=asked,
    )
    return html, status


def _knows_role(page: Page, form: Intake) -> bool:
    """Whether the role was chosen before the form, and belongs here."""
    here = form.roles() - page.door.leads.keys()
    return {request.args.get("role", ""), form.role_chosen()} <= here


def _kept_in_address() -> dict[str, str]:
    return {name: request.args[name] for name in ("role", "change") if name in request.args}


def _place(form: Intake, *, choose: bool) -> str:
    """The place as it was first typed, where an answer to the question about it replaces it."""
    if "place" in request.form:
        return form["place"].data or ""
    typed = (form["postcode"].data, form["municipality"].data)
    return " ".join(filter(None, typed)) if choose else ""
