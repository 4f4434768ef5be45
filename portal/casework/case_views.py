"""The pages of one case at the desk, and each thing that can be done to it there."""

from collections.abc import Callable

from flask import Blueprint, current_app, render_template, request
from flask.typing import ResponseReturnValue
from peewee import PeeweeException

from portal.audit.trail import Action
from portal.cases.case import Status
from portal.cases.work import Wanted
from portal.casework import case_pages, dossier, guard, handle
from portal.casework.case_pages import about, answer, case_of, changed, done
from portal.casework.forms import NoteForm, PassOnForm, ReopenForm, StepForm, TaskForm
from portal.casework.guard import CASES, open_to, signed_in
from portal.casework.people import Person, StaffRole
from portal.web.answering import config, now, refused
from portal.web.buttons import Button
from portal.web.unread import reading_on
from portal.workdays import HERE

blueprint = Blueprint("case", __name__, url_prefix="/beheer/zaak/<reference>")
blueprint.register_error_handler(PeeweeException, case_pages.give_back)

guard.TYPED.update(case_pages.TYPED)


@blueprint.get("/")
@open_to(*CASES)
def show(reference: str) -> ResponseReturnValue:
    """Everything about a case on one page; that somebody looks is written down."""
    case = case_of(signed_in(), reference)
    guard.tell(Action.LOOKED, case.reference)
    with reading_on(case.reference) as unread:
        shown = about(case) | dossier.of(case, now(), config().remind_after)
        return render_template("desk/case.html", form=Button(), unread=unread, **shown)


@blueprint.post("/doorsturen/")
@open_to(StaffRole.NATIONAL_DESK)
def let_through(reference: str) -> ResponseReturnValue:
    """Let a case out of quarantine."""
    announce: handle.Announce = current_app.config["PORTAL_ANNOUNCE"]
    return _press(
        "let through", reference, lambda p: handle.let_through(p, reference, now(), announce)
    )


@blueprint.post("/niet-echt/")
@open_to(StaffRole.NATIONAL_DESK)
def refuse(reference: str) -> ResponseReturnValue:
    """End a case that no person sent."""
    return _press("refused", reference, lambda p: handle.refuse(p, reference, now()))


@blueprint.post("/oppakken/")
@open_to(*CASES)
def acknowledge(reference: str) -> ResponseReturnValue:
    """Give the first sign of life."""
    return _press("acknowledged", reference, lambda p: handle.acknowledge(p, reference, now()))


@blueprint.post("/inlichten/")
@open_to(*CASES)
def inform(reference: str) -> ResponseReturnValue:
    """Add the task to tell a third person what we hold about them."""
    return _press("informed", reference, lambda p: handle.inform(p, reference, now()))


@blueprint.post("/taak/<task>/klaar/")
@open_to(*CASES)
def finish(reference: str, task: str) -> ResponseReturnValue:
    """Write down that a task is done."""
    return _press("finished", reference, lambda p: handle.done(p, reference, task, now()))


@blueprint.post("/brief/<letter>/opnieuw/")
@open_to(*CASES)
def resend(reference: str, letter: str) -> ResponseReturnValue:
    """Send a letter that is held up once more."""
    return _press("resent", reference, lambda p: handle.resend(p, reference, letter, now()))


@blueprint.post("/brief/<letter>/laten/")
@open_to(*CASES)
def set_aside(reference: str, letter: str) -> ResponseReturnValue:
    """Decide that nobody needs a stuck letter any more."""
    return _press("set_aside", reference, lambda p: handle.set_aside(p, reference, letter, now()))


@blueprint.route("/notitie/", methods=["GET", "POST"])
@open_to(*CASES)
def note(reference: str) -> ResponseReturnValue:
    """Write a note."""
    person, form = signed_in(), NoteForm()

    def act() -> ResponseReturnValue:
        text, key = form["text"].data, form["form_key"].data
        kept = handle.note(person, reference, text, key, now())
        return done("noted", reference, changed=kept)

    return answer("desk/note.html", form, act, case_of(person, reference))


@blueprint.route("/taak/", methods=["GET", "POST"])
@open_to(*CASES)
def task(reference: str) -> ResponseReturnValue:
    """Set a task."""
    person, form = signed_in(), TaskForm()
    case = case_of(person, reference)

    def act() -> ResponseReturnValue:
        wanted = Wanted(form["text"].data, form["due_on"].day)
        if wanted.due_on < now().astimezone(HERE).date():
            form.refuse_past()
            return refused("desk/task.html", form, **about(case))
        kept = handle.task(person, reference, wanted, form["form_key"].data, now())
        return done("tasked", reference, changed=kept)

    return answer("desk/task.html", form, act, case)


@blueprint.route("/stap/", methods=["GET", "POST"])
@open_to(*CASES)
def move(reference: str) -> ResponseReturnValue:
    """Say how a case stands now."""
    person, form = signed_in(), StepForm()
    case = case_of(person, reference)
    chosen, seen = form["status"].data, form["seen"].data
    form.offer(dossier.steps(case), case.status)
    form["seen"].data = case.status.value
    stale = case.status.value not in {chosen, seen}
    if request.method == "POST" and stale and form.is_ours(request, config()):
        return changed("desk/step.html", form, case)

    def act() -> ResponseReturnValue:
        reason = form["reason"].data
        moved = handle.move(person, reference, Status(chosen), seen=seen, reason=reason, now=now())
        return done("moved", reference, changed=moved)

    return answer("desk/step.html", form, act, case)


@blueprint.route("/overdragen/", methods=["GET", "POST"])
@open_to(*CASES)
def pass_on(reference: str) -> ResponseReturnValue:
    """Give a case to another region or to the national desk."""
    person, form = signed_in(), PassOnForm()
    region = request.form.get("region", "")
    if handle.passed_on_already(person, reference, region):
        return done("passed on", reference, changed=False, seen=person.sees(region))
    case = case_of(person, reference)
    form.offer(dossier.regions_besides(case))

    def act() -> ResponseReturnValue:
        reason = form["reason"].data
        passed = handle.pass_on(
            person, reference, region, reason=reason, now=now(), config=config()
        )
        return done("passed on", reference, changed=passed, seen=person.sees(region))

    return answer("desk/pass_on.html", form, act, case)


@blueprint.route("/heropenen/", methods=["GET", "POST"])
@open_to(StaffRole.NATIONAL_DESK)
def reopen(reference: str) -> ResponseReturnValue:
    """Take back an end that the desk made."""
    person, form = signed_in(), ReopenForm()

    def act() -> ResponseReturnValue:
        opened = handle.reopen(person, reference, form["reason"].data, now(), config())
        held = bool(case_of(person, reference).doubts)
        return done("back in quarantine" if held else "reopened", reference, changed=opened)

    return answer("desk/reopen.html", form, act, case_of(person, reference))


def _press(what: str, reference: str, verb: Callable[[Person], bool]) -> ResponseReturnValue:
    """Do what a button alone asks for; where that cannot be, the button comes back by itself."""
    person = signed_in()

    def act() -> ResponseReturnValue:
        return done(what, reference, changed=verb(person))

    template = f"desk/again/{what.replace(' ', '_')}.html"
    return answer(template, Button(), act, case_of(person, reference))
