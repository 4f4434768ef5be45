"""The desk, `/beheer/`: what waits for a sign of life, what is under way, and a search."""

from dataclasses import fields
from http import HTTPStatus

from flask import Blueprint, abort, flash, render_template, request
from flask.typing import ResponseReturnValue
from peewee import PeeweeException

from portal.audit.trail import Action
from portal.cases.reference import read_reference
from portal.casework import desk, guard, handle, signs
from portal.casework.case_pages import give_back
from portal.casework.guard import CASES, open_to, signed_in
from portal.casework.handle import NotTheirs, theirs
from portal.casework.people import Person, StaffRole
from portal.web.answering import answer, config, now, to
from portal.web.buttons import Button
from portal.web.unread import reading_on
from portal.workdays import HERE

blueprint = Blueprint("desk", __name__, url_prefix="/beheer")
blueprint.register_error_handler(PeeweeException, give_back)
blueprint.add_app_template_filter(signs.pieces, "pieces")


@blueprint.get("/")
@open_to(*CASES)
def overview() -> ResponseReturnValue:
    """The lists, or the case that is looked for."""
    person = signed_in()
    if "reference" in request.args:
        return _look_for(person, request.args["reference"])
    asked = desk.Asked(**{f.name: request.args.get(f.name, "") for f in fields(desk.Asked)})
    try:
        return _render(person, asked)
    except desk.UnknownFilter:
        # It may have been another's region; what was typed stays out of the trail.
        guard.tell(Action.REFUSED)
        abort(HTTPStatus.NOT_FOUND)


@blueprint.post("/brief/<letter>/laten/")
@open_to(StaffRole.NATIONAL_DESK)
def set_aside(letter: str) -> ResponseReturnValue:
    """Decide that nobody needs a stuck letter any more that is about no case."""
    person = signed_in()

    def act() -> ResponseReturnValue:
        try:
            changed = handle.set_aside_besides(person, letter, now())
        except NotTheirs:
            guard.tell(Action.REFUSED)
            abort(HTTPStatus.NOT_FOUND)
        if changed:
            guard.tell(Action.CHANGED)
        flash("set_aside_besides")
        return to("desk.overview")

    return answer("desk/again/besides.html", Button(), act)


def _look_for(person: Person, typed: str) -> ResponseReturnValue:
    """To the case; the same words where it is not there and where it is another's."""
    reference = read_reference(typed)
    if reference is None:
        page = _render(person, desk.Asked(), typed=typed, notice="no reference")
        return page, HTTPStatus.UNPROCESSABLE_ENTITY
    try:
        return to("case.show", reference=theirs(person, reference).reference)
    except NotTheirs:
        guard.tell(Action.REFUSED, reference)
        page = _render(person, desk.Asked(), typed=typed, notice="not found")
        return page, HTTPStatus.NOT_FOUND


def _render(person: Person, asked: desk.Asked, typed: str = "", notice: str = "") -> str:
    at, within = now(), config().remind_after
    whole = not (asked.filters or asked.list)
    with reading_on("the desk"):
        return render_template(
            "desk/overview.html",
            asked=asked,
            sections=desk.sections(person, asked, at, within),
            within=within,
            tasks=desk.tasks_soon(person, at) if whole else [],
            stuck=desk.stuck_besides(person) if whole else [],
            form=Button(),
            regions=desk.regions_of(person),
            options=desk.options(),
            typed=typed,
            notice=notice,
            now=at,
            today=at.astimezone(HERE).date(),
        )
