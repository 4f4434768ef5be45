"""The pages on which the road of a case is written down, its sheets to print, and its date."""

from collections.abc import Callable

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from peewee import PeeweeException

from portal.audit.trail import Action
from portal.cases import conference, followup
from portal.cases.case import Kind
from portal.cases.conference import Payer
from portal.cases.followup import Going, Standing, Told
from portal.cases.question import Advice, advise
from portal.cases.register import Case, answer_of
from portal.casework import case_pages, guard, road, road_forms, road_pages
from portal.casework.agenda_views import calendar_file
from portal.casework.calendar import entry
from portal.casework.case_pages import about, case_of, done
from portal.casework.guard import CASES, open_to, signed_in
from portal.casework.letters import address_of
from portal.casework.road_forms import AgreedForm, AppointmentForm, CoordinatorForm, Seen
from portal.database import reading_on
from portal.web import unread
from portal.web.afterwards import Afterwards
from portal.web.answering import config, now, refused, to
from portal.workdays import day_of

blueprint = Blueprint("road", __name__, url_prefix="/beheer/zaak/<reference>")
blueprint.register_error_handler(PeeweeException, case_pages.give_back)


@blueprint.route("/gesprek/", methods=["GET", "POST"])
@open_to(*CASES)
def agree(reference: str) -> ResponseReturnValue:
    """Write down the question and the financing; a question not open is asked about once."""
    case = case_of(signed_in(), reference)
    form = AgreedForm(data=_proposed(case) | _known(case))

    def act(seen: str) -> ResponseReturnValue:
        advice = _advice(form)
        if advice:
            return render_template("desk/agree.html", form=form, advice=advice, **about(case))
        kept = road.agree(signed_in(), reference, form.agreed(), seen=seen, now=now())
        return done("agreed", reference, changed=kept)

    return _answer("desk/agree.html", form, act, case)


@blueprint.route("/coordinator/", methods=["GET", "POST"])
@open_to(*CASES)
def appoint(reference: str) -> ResponseReturnValue:
    """Write down who coordinates."""
    case = case_of(signed_in(), reference)
    form = CoordinatorForm(data=_known(case))
    if not address_of(case):
        del form["introduce"]

    def act(seen: str) -> ResponseReturnValue:
        kept = road.appoint(
            signed_in(),
            reference,
            form.coordinator(),
            introduce="introduce" in form and form["introduce"].data == "yes",
            seen=seen,
            now=now(),
            config=config(),
        )
        return done("coordinator found", reference, changed=kept)

    return _answer("desk/appoint.html", form, act, case)


@blueprint.route("/datum/", methods=["GET", "POST"])
@open_to(*CASES)
def set_date(reference: str) -> ResponseReturnValue:
    """Write down when and where it is."""
    case = case_of(signed_in(), reference)
    form = AppointmentForm(data=_known(case))
    form.offer(case.kind)

    def act(seen: str) -> ResponseReturnValue:
        if not form.check(day_of(now())):
            return refused("desk/set_date.html", form, **_around(case))
        when = form.appointment()
        kept = road.set_date(signed_in(), reference, when, seen=seen, now=now(), config=config())
        return done("appointed", reference, changed=kept)

    return _answer("desk/set_date.html", form, act, case)


@blueprint.route("/datum/vervalt/", methods=["GET", "POST"])
@open_to(*CASES)
def call_off(reference: str) -> ResponseReturnValue:
    """Take the date away."""
    case = case_of(signed_in(), reference)

    def act(seen: str) -> ResponseReturnValue:
        kept = road.call_off(signed_in(), reference, seen=seen, now=now(), config=config())
        return done("called off", reference, changed=kept)

    return _answer("desk/call_off.html", Seen(), act, case)


@blueprint.route("/verloop/", methods=["GET", "POST"])
@open_to(*CASES)
def look_back(reference: str) -> ResponseReturnValue:
    """Write down how it went; when it was must be known before."""
    case = case_of(signed_in(), reference)
    if request.method != "POST" and conference.of(case).starts_at is None:
        return to("road.set_date", reference=reference)
    form = road_forms.outcome_form(Kind(case.kind), data=_known(case))

    def act(seen: str) -> ResponseReturnValue:
        kept = road.look_back(signed_in(), reference, form.outcome(), seen=seen, now=now())
        return done("looked back", reference, changed=kept)

    return _answer("desk/look_back.html", form, act, case)


@blueprint.post("/contact-na-drie-maanden/")
@open_to(*CASES)
def consent(reference: str) -> ResponseReturnValue:
    """Write down whether the requester agrees to contact three months after."""
    case, form = case_of(signed_in(), reference), Seen()
    given = request.form.get("given") == "yes"
    # To refuse is heeded whatever page it is done on.
    seen = (form["seen"].data or "") if given else None
    form["seen"].data = road.version(conference.of(case))

    def act() -> ResponseReturnValue:
        kept = road.note_consent(signed_in(), reference, given=given, seen=seen, now=now())
        return done("consent", reference, changed=kept)

    return case_pages.answer("desk/consent.html", form, act, case, given=given)


@blueprint.route("/na-drie-maanden/", methods=["GET", "POST"])
@open_to(*CASES)
def afterwards(reference: str) -> ResponseReturnValue:
    """Fill in, on the phone, how it goes three months after."""
    case, form = case_of(signed_in(), reference), Afterwards()
    if followup.standing(case, now()) is not Standing.AWAITED:
        return to("case.show", reference=reference)

    def act() -> ResponseReturnValue:
        texts = (form["helped"].data or "", form["differently"].data or "")
        told = Told(Going(form["going"].data), *texts)
        return done("answered", reference, changed=road.answer(signed_in(), reference, told, now()))

    return case_pages.answer("desk/afterwards.html", form, act, case)


@blueprint.get("/conferentie.ics")
@open_to(*CASES)
def appointment(reference: str) -> ResponseReturnValue:
    """The date for the manager's own calendar."""
    found = conference.of(case_of(signed_in(), reference))
    if found.starts_at is None:
        return to("case.show", reference=reference)
    guard.tell(Action.EXPORTED, reference)
    return calendar_file(entry(found, now(), config()))


@blueprint.get("/vragenblad/")
@open_to(*CASES)
def questions(reference: str) -> ResponseReturnValue:
    """The question as agreed, or the three about learning, to hang on the wall."""
    return _sheet("desk/sheet_questions.html", reference)


@blueprint.get("/planblad/")
@open_to(*CASES)
def plan(reference: str) -> ResponseReturnValue:
    """An empty plan under the question as agreed."""
    return _sheet("desk/sheet_plan.html", reference)


def _sheet(template: str, reference: str) -> ResponseReturnValue:
    case = case_of(signed_in(), reference)
    guard.tell(Action.LOOKED, case.reference)
    return render_template(template, **_around(case))


def _answer(
    template: str, form: Seen, act: Callable[[str], ResponseReturnValue], case: Case
) -> ResponseReturnValue:
    """Show the form, or act on it with what it had seen."""
    if request.method != "POST" and not road.is_open(case):
        return to("case.show", reference=case.reference)
    # What the requester wished or asked stands on these pages too.
    guard.tell(Action.LOOKED, case.reference)
    seen = form["seen"].data or ""
    form["seen"].data = road.version(conference.of(case))
    return case_pages.answer(template, form, lambda: act(seen), case, **_shown(case))


def _around(case: Case) -> dict[str, object]:
    return about(case) | _shown(case)


def _shown(case: Case) -> dict[str, object]:
    # To be shown alone: whether a letter goes, and what is kept, is read again where it is decided.
    with unread.reading_on(case.reference):
        return road_pages.of(case, now())


def _known(case: Case) -> dict[str, object]:
    return {name: said for name, said in road_forms.known(conference.of(case)).items() if said}


def _proposed(case: Case) -> dict[str, object]:
    """What the requester wrote: their question, and who might pay; nothing that does not open."""
    with reading_on(""):
        question, payer = answer_of(case, "question"), answer_of(case, "financing")
    return {
        "question": question,
        "payer": payer if payer in {known.value for known in Payer} else None,
    }


def _advice(form: AgreedForm) -> Advice | None:
    """Advice on the question, once: who sends it a second time means it so."""
    asked, question = form["considered"], form["question"].data
    if asked.data or not question:
        return None
    asked.data = "yes"
    return advise(question)
