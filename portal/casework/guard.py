"""Who may open which page under /beheer/: nobody, unless it is listed."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, TypeVar

from flask import Flask, abort, current_app, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf
from peewee import PeeweeException

from portal.audit.trail import Action, record
from portal.cases.reference import read_reference
from portal.casework import cookie, sessions, way_back
from portal.casework.people import Person, StaffRole
from portal.casework.staff import person
from portal.web.answering import config, now
from portal.web.pages import comes_from_elsewhere

V = TypeVar("V", bound=Callable[..., ResponseReturnValue])

EVERYBODY = frozenset(StaffRole)
CASES = frozenset({StaffRole.MANAGER, StaffRole.NATIONAL_DESK})

# Who may use which endpoint. An endpoint under /beheer/ that is not here is not there for anybody.
RULES: dict[str, frozenset[StaffRole]] = {}

# What somebody needs who is not in yet.
BEFORE_SIGN_IN = frozenset(
    {
        "sign_in.ask",
        "sign_in.asked",
        "sign_in.link",
        "sign_in.code",
        "sign_in.recovery",
        "sign_in.invitation",
        "sign_in.set_up",
        "sign_in.left",
    }
)

# What may have been typed when a session turns out to be over, and what it is called.
TYPED: dict[str, str] = {}

_marked: dict[Callable[..., ResponseReturnValue], frozenset[StaffRole]] = {}


def open_to(*roles: StaffRole) -> Callable[[V], V]:
    """Mark a view, right beneath its route, with who may use it; the same as a line in RULES."""

    def mark(view: V) -> V:
        _marked[view] = frozenset(roles)
        return view

    return mark


def set_up(app: Flask) -> None:
    """Guard this application; its blueprints must have been registered before."""
    for endpoint, view in app.view_functions.items():
        if view in _marked:
            RULES[endpoint] = _marked[view]
    app.before_request(_check)
    app.teardown_request(_write_down)
    app.context_processor(_for_templates)


def signed_in() -> Person:
    """The person of this request; on guarded pages there always is one."""
    found: Person = g.desk_person
    return found


def present() -> Person | None:
    """Who is signed in, if anybody is; also on pages that are open to all."""
    session = sessions.find(cookie.read(), now())
    return person(session.staff) if session else None


def tell(action: Action, subject: str = "") -> None:
    """Have a line written in the audit trail once this request's work is done, or undone.

    ``subject`` is a reference or a key; without one it is the page.
    """
    tell_of(signed_in().key, action, subject)


def tell_of(actor: str, action: Action, subject: str = "") -> None:
    """As ``tell``, for who is not in, or no longer."""
    g.setdefault("desk_lines", []).append((actor, action, subject or str(request.endpoint)))


def _check() -> ResponseReturnValue | None:
    endpoint = request.endpoint
    # Where no view is going to run there is nothing to guard: an unknown address, another method.
    if endpoint is None or endpoint in BEFORE_SIGN_IN or not _is_under_desk(request.path):
        return None
    session = sessions.find(cookie.read(), now())
    who = person(session.staff) if session else None
    roles = RULES.get(endpoint)
    if roles is None or (who and who.role not in roles):
        _refuse(who)
    if session is None or who is None:
        return _send_to_sign_in()
    g.desk_person = who
    _touch(session)
    if request.method == "POST" and _comes_from_elsewhere():
        tell(Action.REFUSED)
        return _over(())
    return None


def _is_under_desk(path: str) -> bool:
    return path == "/beheer" or path.startswith("/beheer/")


def _refuse(who: Person | None) -> None:
    if who:
        asked = read_reference(str((request.view_args or {}).get("reference", "")))
        tell_of(who.key, Action.REFUSED, asked or "")
    abort(HTTPStatus.NOT_FOUND)


def _send_to_sign_in() -> ResponseReturnValue:
    way_back.remember()
    if request.method == "POST":
        return _over(() if _comes_from_elsewhere() else _typed())
    return redirect(url_for("sign_in.ask"), HTTPStatus.SEE_OTHER)


def _typed() -> tuple[tuple[str, str], ...]:
    """What would be lost: every text, by its label; choices and hidden fields are easily redone."""
    return tuple(
        (TYPED.get(name, "Wat er getypt is"), text)
        for name, text in request.form.items(multi=True)
        if text.strip() and (name in TYPED or " " in text.strip())
    )


def _over(typed: tuple[tuple[str, str], ...]) -> ResponseReturnValue:
    return render_template("desk/sign_in/over.html", typed=typed), HTTPStatus.FORBIDDEN


def _comes_from_elsewhere() -> bool:
    return comes_from_elsewhere(request, config())


def _touch(session: sessions.DeskSession) -> None:
    at = now()
    if not sessions.is_worth_a_touch(session, at):
        return
    try:
        sessions.touch(session, at)
    except PeeweeException as fault:
        # On a full disk reading goes on; the session only ends a little sooner.
        current_app.logger.error("a session was not renewed: %s", type(fault).__name__)


def _write_down(_fault: BaseException | None) -> None:
    for actor, action, subject in g.pop("desk_lines", ()):
        try:
            record(actor, action, subject, now())
        except PeeweeException as fault:
            # A manager must still be able to read whom to call. The log then holds the line.
            current_app.logger.error(
                "not in the audit trail (%s): %s %s %s",
                type(fault).__name__,
                actor,
                action.value,
                subject,
            )


def _for_templates() -> dict[str, Any]:
    """What pages show of whoever is in: who it is, and where they may go."""
    me: Person | None = g.get("desk_person")
    ways = [(e, label) for e, label in way_back.WAYS if me and me.role in RULES.get(e, ())]
    return {"me": me, "ways": ways, "new_csrf_token": generate_csrf}
