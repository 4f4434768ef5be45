"""What the pages of a case share: whose it is, and that what was done is told and written down."""

from http import HTTPStatus
from typing import Any, NoReturn

from flask import abort, current_app, flash, render_template, request
from flask.typing import ResponseReturnValue
from peewee import PeeweeException

from portal.audit.trail import Action
from portal.cases.case import Intent, Role
from portal.cases.progress import NotAllowed
from portal.cases.reference import read_reference
from portal.cases.register import Case
from portal.casework import guard, letters
from portal.casework.handle import NotTheirs, theirs
from portal.casework.people import Person
from portal.casework.road_letters import TooManyLetters
from portal.web import answering
from portal.web.buttons import Button

# What somebody may have typed when a page cannot be shown again, and what it is called.
TYPED = {
    "text": "De tekst",
    "due_on": "De datum",
    "reason": "De reden",
    "question": "De vraag voor de conferentie",
    "payer_remark": "Wat is afgesproken over betalen",
    "name": "De naam",
    "email": "Het e-mailadres",
    "phone": "Het telefoonnummer",
    "day": "De dag",
    "at": "De tijd",
    "place": "De plaats",
    "helped": "Wat hielp",
    "differently": "Wat anders kan",
}


def case_of(person: Person, reference: str) -> Case:
    """The case, if this person may see it; another's is as unknown as one that is not there."""
    try:
        return theirs(person, reference)
    except NotTheirs:
        refuse(reference)


def refuse(reference: str) -> NoReturn:
    """Answer as if it were not there, and write down that it was asked for."""
    # Only what can be a reference goes into the trail: anybody can type anything in an address.
    guard.tell(Action.REFUSED, read_reference(reference) or "")
    abort(HTTPStatus.NOT_FOUND)


def about(case: Case) -> dict[str, Any]:
    """What each page says of the case it is about."""
    return {
        "case": case,
        "what": "Het voorstel" if case.intent is Intent.PROPOSAL else "De aanvraag",
        "pupil": case.role is Role.PUPIL,
        "mailed": bool(letters.address_of(case)),
    }


def answer(
    template: str, form: Button, act: answering.Act, case: Case, **shown: object
) -> ResponseReturnValue:
    """As any page of the desk, about a case that may go out of sight or go on meanwhile."""

    def tried() -> ResponseReturnValue:
        try:
            return act()
        except NotTheirs:
            refuse(case.reference)
        except NotAllowed:
            return changed(template, form, case, **shown)
        except TooManyLetters:
            return changed(template, form, case, notice="letters", **shown)

    return answering.answer(template, form, tried, **about(case), **shown)


def changed(template: str, form: Button, case: Case, **shown: object) -> ResponseReturnValue:
    """The form once more: what it was made for is no longer so, or cannot be now."""
    page = render_template(template, form=form, **{"notice": "changed", **about(case), **shown})
    return page, HTTPStatus.CONFLICT


def done(what: str, reference: str, *, changed: bool, seen: bool = True) -> ResponseReturnValue:
    """Back to the case, if it is still ``seen``, with a word about what was done.

    It is written down where it changed something.
    """
    if changed:
        guard.tell(Action.CHANGED, reference)
    flash(what)
    return answering.to("case.show", reference=reference) if seen else answering.to("desk.overview")


def give_back(fault: PeeweeException) -> ResponseReturnValue:
    """What was typed, where the database cannot even be read: nothing else is known then."""
    current_app.logger.error("the desk could not read: %s", type(fault).__name__)
    typed = [(label, request.form.get(name, "")) for name, label in TYPED.items()]
    return render_template("desk/kept.html", typed=typed), HTTPStatus.SERVICE_UNAVAILABLE
