"""Going through a form by hand: up to one step and no further, and in ways that are suspect."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

import time_machine
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse
from wtforms import Field

from portal.database import connection, database
from portal.intake.doors import DOORS as FORMS
from portal.intake.drafts import Draft
from portal.intake.forms import Intake
from tests.databases import on_disk, on_postgresql, url_in
from tests.portal_app import BASE, DOORS, Answers, Browser, Form, form_on

# Who may ask at each door, and is not led to another.
ROLES = {
    "pupil": [""],
    "learning": ["relative", "school", "unknown"],
    "community": ["resident", "member", "school", "company", "authority", "other", "unknown"],
    "proposal": ["neighbour", "professional", "other", "unknown"],
}
ASKERS = [(door, role) for door, roles in ROLES.items() for role in roles]

# What a case keeps beside its answers.
OWN = {"role", "name", "email", "phone", "postcode", "municipality"}

TABLES = ("case", "addition", "event", "letter", "quota_use", "draft")


def reach(browser: Browser, path: str, field: str, answers: Answers) -> Form:
    """The step that asks ``field``, reached from ``path`` with these answers and filled in."""
    form = browser.form(path).fill(answers)
    while field not in form.names:
        form = go_on(browser, form).fill(answers)
    return form


def go_on(browser: Browser, form: Form) -> Form:
    """The form to which sending this one leads."""
    answer = browser.insist(form)
    assert answer.status_code == HTTPStatus.SEE_OTHER, answer.text
    assert "lost=" not in answer.location, "the draft is gone"
    return browser.form(answer.location)


def shown(answer: TestResponse) -> Form:
    """The form on the page that was answered with."""
    return form_on(answer.text, answer.request.full_path.rstrip("?"))


def asked_of(browser: Browser, door: str, answers: Answers) -> Intake:
    """The form of a door, as it is put to whoever gives these answers."""
    with browser.application.test_request_context(DOORS[door]):
        return FORMS[door].form(MultiDict(answers), meta={"csrf": False})


def questions(form: Intake) -> list[Any]:
    """All that a form asks, in order."""
    return [question for step in form.steps for question in form.questions(step)]


def whole(browser: Browser, door: str, role: str) -> dict[str, str]:
    """Every question put to this role is answered: a text with its name, a choice with its last."""
    asked = questions(asked_of(browser, door, {"role": role}))
    answers = {field.short_name: _an_answer(field) for field in asked if field.short_name != "role"}
    place = {"postcode": "3511 AB", "municipality": "Utrecht"}
    reach = {"email": "noor@example.org", "phone": "06 12 34 56 78"}
    return answers | place | reach | ({"role": role} if role else {})


def _an_answer(field: Field) -> str:
    choices = getattr(field, "choices", None)
    return str(choices[-1].value) if choices else f"zo {field.short_name}"


def stored() -> list[list[Any]]:
    """Every row that a visitor can have caused, as it is on disk."""
    with connection():
        # The names are ours.
        return [database.execute_sql(f'SELECT * FROM "{t}"').fetchall() for t in TABLES]  # noqa: S608


def drafts() -> list[Draft]:
    """Every draft there is, the one that was changed last at the end."""
    with connection():
        return list(Draft.select().order_by(Draft.changed_at))


def stranger_to(browser: Browser) -> Browser:
    """Another browser, without any cookie."""
    stranger = browser.application.test_client()
    assert isinstance(stranger, Browser)
    return stranger


def everywhere(folder: Path) -> str:
    """All that is on disk: the database, its log and its index, and whatever lies beside them."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    found = "\n".join(str(p) + p.read_bytes().decode("latin-1") for p in files)
    return found + (on_disk(url_in(folder)).decode("latin-1") if on_postgresql() else "")


def cookie_of(browser: Browser) -> str:
    """The session's cookie, as the browser holds it."""
    cookie = browser.get_cookie("portaal", "127.0.0.1")
    return cookie.value if cookie else ""


def in_session(browser: Browser) -> dict[str, Any]:
    """What can be read in the session's cookie."""
    with browser.session_transaction(base_url=BASE) as session:
        return dict(session)


Way = Callable[[Browser, Form], TestResponse]


def _late(browser: Browser, form: Form) -> TestResponse:
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=25), tick=True):
        return browser.post_form(form)


def _without_token(browser: Browser, form: Form) -> TestResponse:
    return browser.post(form.action, data={k: v for k, v in form.data.items() if k != "csrf_token"})


def _foreign_token(browser: Browser, form: Form) -> TestResponse:
    token = stranger_to(browser).form(DOORS["proposal"]).data["csrf_token"]
    return browser.post(form.action, data=form.data | {"csrf_token": token})


def _with(**headers: str) -> Way:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda browser, form: browser.post_form(form, headers=named)


def _without_cookie(browser: Browser, form: Form) -> TestResponse:
    return stranger_to(browser).post(form.action, data=form.data)


# How a form can come in so that it is not surely ours.
SUSPECT: dict[str, Way] = {
    "25 hours old": _late,
    "no token": _without_token,
    "another visitor's token": _foreign_token,
    "no cookie": _without_cookie,
    "origin evil": _with(Origin="https://evil.example"),
    "origin null": _with(Origin="null"),
    "origin on another port": _with(Origin="http://127.0.0.1:8001"),
    "origin over https": _with(Origin="https://127.0.0.1:8000"),
    "cross-site": _with(Sec_Fetch_Site="cross-site"),
    "same-site": _with(Sec_Fetch_Site="same-site"),
}
