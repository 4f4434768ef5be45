"""The pages of the requester's own door, `/mijn-aanvraag/`."""

from http import HTTPStatus

from flask import (
    Blueprint,
    abort,
    flash,
    make_response,
    render_template,
    request,
    session,
)
from flask.typing import ResponseReturnValue

from portal.cases import conference, contact, register
from portal.cases.case import Role, Stage
from portal.cases.register import Case, Closed
from portal.intake import own_door
from portal.intake.own_forms import (
    TYPED,
    Addition,
    ContactAfterwards,
    Correction,
    LinkAsked,
    PhoneEntry,
)
from portal.routing.regions import destination_of
from portal.web.answering import Act, answer, config, now, refused, to
from portal.web.buttons import Button
from portal.web.unread import masked, reading_on

blueprint = Blueprint("own", __name__, url_prefix="/mijn-aanvraag")


@blueprint.route("/", methods=["GET", "POST"])
def ask() -> ResponseReturnValue:
    """The way in by e-mail; whoever is in already goes on."""
    # Looked up, not only counted: a case that is gone since must not lead there and back for ever.
    if request.method != "POST" and register.find_all(_visited()):
        return to("own.overview")
    form = LinkAsked()

    def act() -> ResponseReturnValue:
        own_door.send_link(form["email"].data, now(), config())
        return to("own.asked")

    return answer("own/ask.html", form, act)


@blueprint.get("/verstuurd/")
def asked() -> ResponseReturnValue:
    """The same for every address: whether there is a case, only the mailbox tells."""
    return render_template("own/asked.html", minutes=own_door.LINK_LIFETIME.seconds // 60)


@blueprint.route("/telefoon/", methods=["GET", "POST"])
def phone() -> ResponseReturnValue:
    """The way in for who gave no e-mail address."""
    form = PhoneEntry()

    def act() -> ResponseReturnValue:
        number, known = form["phone"].data, form["reference"].data
        visit = own_door.enter_by_phone(number, known, _visit(), now())
        if visit:
            return _begin(visit)
        form.refuse()
        return refused("own/phone.html", form)

    return answer("own/phone.html", form, act)


@blueprint.route("/link/<secret>/", methods=["GET", "POST"])
def link(secret: str) -> ResponseReturnValue:
    """Where a mailed link leads: a page with a button, which alone uses the link up."""
    if not own_door.link_holds(secret, now()):
        return _dead_link()

    def act() -> ResponseReturnValue:
        visit = own_door.enter_by_link(secret, _visit(), now())
        return _begin(visit) if visit else _dead_link()

    return answer("own/link.html", Button(), act, secret=secret)


@blueprint.get("/overzicht/")
def overview() -> ResponseReturnValue:
    """The cases of the visit; with one there is nothing to choose."""
    mine = register.find_all(_visited())
    if not mine:
        return to("own.ask")
    if len(mine) == 1:
        return to("own.show", reference=mine[0].reference)
    return render_template("own/overview.html", form=Button(), cases=mine)


@blueprint.post("/uitloggen/")
def leave() -> ResponseReturnValue:
    """End the visit: what is kept of it is deleted, so that a copied cookie is dead too."""
    if not Button().is_ours(request, config()):
        return to("own.overview")
    own_door.leave(session.pop("visit", ""), now())
    return to("own.left")


@blueprint.get("/uitgelogd/")
def left() -> ResponseReturnValue:
    """Tells that the visit is over."""
    return render_template("own/left.html")


@blueprint.get("/<reference>/")
def show(reference: str) -> ResponseReturnValue:
    """How one case stands; what was told in it is not shown, and contact data are masked."""
    case = _mine(reference)
    with reading_on(case.reference):
        return render_template(
            "own/case.html",
            form=Button(),
            **_about(case),
            destination=destination_of(case.region),
            history=own_door.told(register.history(case)),
            delivered=own_door.delivered_at(case, now()),
            several=len(_visited()) > 1,
            decides=own_door.decides_on_contact(case),
            may_ask=conference.may_ask(case),
            starts_at=own_door.day_to_come(case),
        )


@blueprint.route("/<reference>/aanvullen/", methods=["GET", "POST"])
def add(reference: str) -> ResponseReturnValue:
    """Add a text."""
    case, form = _mine(reference), Addition()

    def act() -> ResponseReturnValue:
        own_door.add(case, form["text"].data, now(), config())
        return _done(case, "added")

    return _change("own/add.html", case, form, act)


@blueprint.route("/<reference>/gegevens/", methods=["GET", "POST"])
def correct(reference: str) -> ResponseReturnValue:
    """Correct contact data; what is left empty stays as it is."""
    case, form = _mine(reference), Correction()

    def act() -> ResponseReturnValue:
        own_door.correct(case, form.contact(), now(), config())
        return _done(case, "corrected")

    return _change("own/correct.html", case, form, act)


@blueprint.route("/<reference>/intrekken/", methods=["GET", "POST"])
def withdraw(reference: str) -> ResponseReturnValue:
    """Withdraw, after a page that says what that means."""
    case = _mine(reference)

    def act() -> ResponseReturnValue:
        own_door.withdraw(case, now(), config())
        return to("own.show", reference=case.reference)

    return _change("own/withdraw.html", case, Button(), act)


@blueprint.route("/<reference>/na-drie-maanden/", methods=["GET", "POST"])
def contact_afterwards(reference: str) -> ResponseReturnValue:
    """Agree to contact three months after the conference, or refuse it; also once it was held."""
    case = _mine(reference)
    with reading_on(case.reference):
        may_ask, decides = conference.may_ask(case), own_door.decides_on_contact(case)
    said = "" if may_ask is None else "yes" if may_ask else "no"
    form = ContactAfterwards(data={"follow_up": said})

    def act() -> ResponseReturnValue:
        given = form["follow_up"].data == "yes"
        own_door.decide_on_contact(case, now(), given=given)
        return _done(case, "decided")

    if request.method != "POST" and not decides:
        return to("own.show", reference=case.reference)
    return _answer("own/contact_afterwards.html", case, form, act)


def _change(template: str, case: Case, form: Button, act: Act) -> ResponseReturnValue:
    """A page that changes a case; there is none for a case that has ended."""
    if request.method != "POST" and case.stage is Stage.ENDED:
        return to("own.show", reference=case.reference)
    return _answer(template, case, form, act)


def _answer(template: str, case: Case, form: Button, act: Act) -> ResponseReturnValue:
    """As any page with a form, about a case that may end meanwhile."""

    def tried() -> ResponseReturnValue:
        try:
            return act()
        except Closed:
            page = render_template(template, form=form, notice="closed", **_about(case))
            return page, HTTPStatus.CONFLICT

    return answer(template, form, tried, **_about(case))


def _about(case: Case) -> dict[str, object]:
    with reading_on(case.reference):
        return {
            "case": case,
            "je": case.role is Role.PUPIL,
            "name": masked(contact.masked_name, case.name),
            "email": masked(contact.masked_email, case.email),
            "phone": masked(contact.masked_phone, case.phone),
        }


def _visit() -> str:
    """The visit's secret, as the browser brings it; empty without one."""
    return str(session.get("visit", ""))


def _visited() -> list[str]:
    return own_door.visited(_visit(), now())


def _mine(reference: str) -> Case:
    """The case, if the visit is to it; another's is as unknown as one that is not there."""
    mine = _visited()
    if not mine:
        abort(make_response(_visit_over()))
    case = register.find(reference) if reference in mine else None
    if case is None:
        abort(HTTPStatus.NOT_FOUND)
    return case


def _visit_over() -> ResponseReturnValue:
    """To the ways in; but what was typed is shown first, for it would be lost."""
    typed = [(label, request.form.get(name, "")) for name, label in TYPED.items()]
    if not any(text for _, text in typed):
        return to("own.ask")
    return render_template("own/over.html", typed=typed), HTTPStatus.UNPROCESSABLE_ENTITY


def _begin(visit: str) -> ResponseReturnValue:
    """Put the visit in the cookie, in place of an earlier one; what else is there stays."""
    session["visit"] = visit
    return to("own.overview")


def _dead_link() -> ResponseReturnValue:
    """One page, whether the link is unknown, too old or used."""
    return render_template("own/dead.html"), HTTPStatus.NOT_FOUND


def _done(case: Case, what: str) -> ResponseReturnValue:
    flash(what)
    return to("own.show", reference=case.reference)
