"""The page on which managers say when they are away, and who stands in, `/beheer/afwezig/`."""

from dataclasses import dataclass
from datetime import date
from http import HTTPStatus

from flask import Blueprint, abort, flash, request
from flask.typing import ResponseReturnValue

from portal.audit.trail import Action
from portal.casework.absence_forms import AbsenceForm
from portal.casework.guard import CASES, open_to, signed_in, tell
from portal.casework.people import Person
from portal.routing import absences
from portal.routing.absences import Absence, Overlaps
from portal.routing.regions import (
    colleagues,
    managers,
    national_desk,
    region_names,
    regions_where_standing_in,
    usual_deputy,
)
from portal.web import answering
from portal.web.buttons import Button
from portal.workdays import day_of

blueprint = Blueprint("absence", __name__, url_prefix="/beheer/afwezig")

_TEMPLATE = "desk/absence.html"


@blueprint.route("/", methods=["GET", "POST"])
@open_to(*CASES)
def show() -> ResponseReturnValue:
    """Who is away and who stands in, and a form to add to it.

    A manager looks after their own; the national desk after everybody's, for who falls ill cannot.
    """
    person = signed_in()
    form = AbsenceForm()
    mine = _theirs(person)
    form.offer(mine, colleagues(person.manager or ""), _usual(person))

    def act() -> ResponseReturnValue:
        return _add(person, form)

    return answering.answer(_TEMPLATE, form, act, **_shown(person))


@blueprint.post("/<absence>/einde/")
@open_to(*CASES)
def end(absence: str) -> ResponseReturnValue:
    """The manager is back today, or does not go."""
    if not Button().is_ours(request, answering.config()):
        return answering.to("absence.show")
    found = absences.find(absence)
    if found is None or found.manager not in _theirs(signed_in()):
        tell(Action.REFUSED)
        abort(HTTPStatus.NOT_FOUND)
    absences.end(found, _today())
    tell(Action.CHANGED, found.id)
    flash("ended")
    return answering.to("absence.show")


def _add(person: Person, form: AbsenceForm) -> ResponseReturnValue:
    manager = person.manager or form["manager"].data
    if form.named() == manager:
        form.refuse_self()
    if form.errors or not form.check(_today()):
        return answering.refused(_TEMPLATE, form, **_shown(person))
    try:
        added = absences.add(manager, *form.days(), form.named())
    except Overlaps as overlap:
        form.refuse_overlap(overlap.absence)
        return answering.refused(_TEMPLATE, form, **_shown(person))
    tell(Action.CHANGED, added.id)
    flash("added")
    return answering.to("absence.show")


def _theirs(person: Person) -> dict[str, str]:
    """The managers whose absences this person looks after: name by key."""
    known = managers()
    if person.manager is None:
        return known
    return {person.manager: known.get(person.manager, person.name)}


def _usual(person: Person) -> str:
    """What the usual deputy is called."""
    if person.manager is None:
        return "De vaste vervanger"
    name = managers().get(usual_deputy(person.manager) or "")
    return f"Mijn vaste vervanger: {name}" if name else f"Niemand: {national_desk().function}"


@dataclass(frozen=True)
class Planned:
    """An absence as it is shown; ``deputy`` is None where the national desk answers.

    ``away`` tells that the deputy is away on some of these days too.
    """

    absence: Absence
    manager: str
    deputy: str | None
    away: bool
    begun: bool


def _shown(person: Person) -> dict[str, object]:
    today, theirs = _today(), _theirs(person)
    everybody = absences.from_now_on(today)
    planned = [_planned(one, everybody, today) for one in everybody if one.manager in theirs]
    names = region_names()
    standing_in = regions_where_standing_in(person.manager or "", today)
    return {
        "planned": planned,
        "several": person.manager is None,
        "standing_in": sorted(names[key] for key in standing_in),
        "desk": national_desk().function,
    }


def _planned(absence: Absence, everybody: list[Absence], today: date) -> Planned:
    known = managers()
    deputy = absence.deputy or usual_deputy(absence.manager) or ""
    shared = [
        other
        for other in everybody
        if other.manager == deputy
        and other.first_day <= absence.last_day
        and other.last_day >= absence.first_day
    ]
    return Planned(
        absence=absence,
        manager=known.get(absence.manager, absence.manager),
        deputy=colleagues(absence.manager).get(deputy),
        away=bool(shared),
        begun=absence.first_day < today,
    )


def _today() -> date:
    return day_of(answering.now())
