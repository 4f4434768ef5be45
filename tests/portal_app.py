"""The portal as a visitor meets it: with a database of its own, and forms filled in as seen."""

import base64
import re
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import html5lib
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from portal.app import create_app
from portal.cases.register import Addition, Case, Event, answers_of
from portal.config import Config
from portal.database import connection
from portal.delivery.outbox import Letter
from tests import databases
from tests.databases import DATA_KEY
from tests.site_build import ensure_built

BASE = "http://127.0.0.1:8000"
EXAMPLE = databases.EXAMPLE
PHONE = "0800 - 33 77 835"

LEARNING = "/aanvragen/leervraag/"
DOORS = {
    "pupil": "/aanvragen/leervraag/?role=pupil",
    "learning": LEARNING,
    "community": "/aanvragen/groep-wijk-buurt/",
    "proposal": "/voorstellen/",
}
# Postcode and the region that answers there: one a province, and those where the border bites.
PLACES = {
    "9355": "groningen",
    "8911": "fryslan",
    "7705": "drenthe",
    "7411": "overijssel",
    "1309": "flevoland",
    "3771": "gelderland",
    "3511": "utrecht",
    "1011": "noord-holland",
    "1428": "zuid-holland",
    "4301": "zeeland",
    "4251": "noord-brabant",
    "5766": "limburg",
    "3791": "utrecht",
    "8387": "drenthe",
    "8388": "fryslan",
    "4675": "zeeland",
}


def required(door: str, **other: str) -> dict[str, str]:
    """The least that a form takes, with other answers put in."""
    role = {"learning": "relative", "community": "resident", "proposal": "neighbour"}.get(door)
    least = {"name": "Noor", "email": "noor@example.org", "postcode": "3511"}
    return least | ({"role": role} if role else {}) | other


def error_of(page: str, field: str) -> str:
    """The words that stand with a field that will not do."""
    found = re.search(rf'id="{field}-fout">.*?</span>(.*?)</p>', page, re.DOTALL)
    return found[1] if found else ""


def environment(database_url: str, **other: str) -> dict[str, str]:
    """The settings of a development machine."""
    return {
        "PORTAL_MODE": "development",
        "PORTAL_BASE_URL": BASE,
        "PORTAL_SECRET_KEY": "s" * 40,
        "PORTAL_DATA_KEYS": base64.b64encode(DATA_KEY).decode(),
        "PORTAL_DATABASE_URL": database_url,
        "PORTAL_MAIL_SERVER": "127.0.0.1",
        "PORTAL_MAIL_PORT": "9",
        "PORTAL_MAIL_SECURITY": "none",
        "PORTAL_MAIL_SENDER": "portaal@example.org",
        "PORTAL_REGIONS": str(EXAMPLE),
    } | other


def new_database(folder: Path, *, regions: bool = True) -> str:
    """A database at head in ``folder``, with the example regions unless told otherwise."""
    return databases.at_head(folder, regions=regions)


def build(database_url: str, **other: str) -> Flask:
    """The application on this database, with these other settings."""
    ensure_built()
    app = create_app(Config.from_environment(environment(database_url, **other)))
    app.test_client_class = Browser
    app.jinja_env.bytecode_cache = _compiled()
    return app


@cache
def _compiled() -> FileSystemBytecodeCache:
    """Templates that were compiled for one application serve them all."""
    return FileSystemBytecodeCache(tempfile.mkdtemp(prefix="portal-"))


Answers = Mapping[str, str | list[str]]


class Browser(FlaskClient):
    """A client that calls at the portal's own address and can fill in a form."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        if args and isinstance(args[0], str):
            kwargs.setdefault("base_url", BASE)
        return super().open(*args, **kwargs)

    def page(self, path: str) -> TestResponse:
        """The page where this address leads to in the end."""
        return self.get(path, follow_redirects=True)

    def form(self, path: str) -> "Form":
        """The last form on the page to which this address leads, as it stands."""
        answer = self.page(path)
        return form_on(answer.text, answer.request.path)

    def unfilled(self, path: str) -> MultiDict[str, str]:
        """What the last form on a page would send if nothing were filled in."""
        return sent_by(self.page(path).text)

    def submit(self, path: str, answers: Answers) -> TestResponse:
        """Fill in one form, and send it to where it stands."""
        return self.post(path, data=self.unfilled(path).to_dict(flat=False) | dict(answers))

    def post_form(self, form: "Form", **options: Any) -> TestResponse:
        """Send a form as it is filled in."""
        return self.post(form.action, data=form.data, **options)

    def walk(self, path: str, answers: Answers) -> TestResponse:
        """Fill in step after step until one does not lead on, or all is there to be checked.

        Gives the answer to the step that stopped it, or the page with all answers.
        """
        answer = self.page(path)
        form = form_on(answer.text, answer.request.path)
        for _ in range(20):
            if form.is_last:
                return answer
            answer = self.insist(form.fill(answers))
            if answer.status_code != HTTPStatus.SEE_OTHER:
                return answer
            answer = self.page(answer.location)
            form = form_on(answer.text, answer.request.path)
        raise AssertionError(f"{path} leads in a circle")

    def insist(self, form: "Form") -> TestResponse:
        """Send a form, and once more as it is where it comes back to be looked at again."""
        answer = self.post_form(form)
        if answer.status_code != HTTPStatus.OK:
            return answer
        again = form_on(answer.text, form.action)
        return self.post_form(again) if "looked" in again.data else answer

    def to_the_end(self, path: str, answers: Answers) -> "Form":
        """The form on the last page, ready to be sent."""
        answer = self.walk(path, answers)
        form = form_on(answer.text, answer.request.path)
        assert form.is_last, answer.text
        return form

    def send(
        self, path: str, answers: Answers, headers: Mapping[str, str] | None = None
    ) -> TestResponse:
        """Fill in every step and send the whole; gives the answer to the last thing sent."""
        answer = self.walk(path, answers)
        form = form_on(answer.text, answer.request.path) if answer.status_code == 200 else None
        if form is None or not form.is_last:
            return answer
        return self.post_form(form, headers=dict(headers or {}))


@dataclass(frozen=True)
class Form:
    """A form on a page: where it goes, what it would send, and what else it could hold."""

    action: str
    data: dict[str, list[str]]
    names: frozenset[str]
    is_last: bool

    def fill(self, answers: Answers) -> "Form":
        """The form with those answers that it asks for."""
        mine = {
            name: [value] if isinstance(value, str) else value
            for name, value in answers.items()
            if name in self.names
        }
        return replace(self, data=self.data | mine)

    def press(self, button: str, value: str = "1") -> "Form":
        """The form as sent with another button than its first."""
        return replace(self, data=self.data | {button: [value]})


def form_on(page: str, path: str) -> Form:
    """The last form in <main> of the page at ``path``."""
    form = forms(page)[-1]
    names = {node.get("name") for node in form.iter() if node.get("name")}
    buttons = ["".join(node.itertext()).strip() for node in form.iter("button")]
    return Form(
        action=form.get("action") or path,
        data=controls(form).to_dict(flat=False),
        names=frozenset(names),
        is_last=buttons[0].startswith("Verstuur"),
    )


def urlencoded(data: Mapping[str, Any]) -> bytes:
    """A body as a browser sends it."""
    return urlencode(dict(data), doseq=True).encode()


def sent_by(page: str) -> MultiDict[str, str]:
    """What the last form in <main> would send as it stands, buttons aside."""
    return MultiDict(list(_controls(forms(page)[-1])))


def forms(page: str) -> list[Any]:
    """The forms within <main>."""
    # The frame around it is the same on every page, and slow to read.
    _, start, rest = page.partition("<main")
    tree = html5lib.parse(start + rest.partition("</main>")[0], namespaceHTMLElements=False)
    main = tree.find(".//main")
    assert main is not None
    return list(main.iter("form"))


def controls(form: Any) -> MultiDict[str, str]:
    """What this form would send."""
    return MultiDict(list(_controls(form)))


def _controls(form: Any) -> Iterable[tuple[str, str]]:
    for node in form.iter():
        if node.tag not in {"input", "textarea", "select"}:
            continue
        name, kind = node.get("name"), node.get("type", "text")
        if node.tag == "textarea":
            yield name, node.text or ""
        elif node.tag == "select":
            options = list(node.iter("option"))
            chosen = [o for o in options if o.get("selected") is not None] or options[:1]
            yield name, chosen[0].get("value", chosen[0].text or "")
        elif kind not in {"radio", "checkbox"} or node.get("checked") is not None:
            yield name, node.get("value", "")


def keeps(page: str, answers: Mapping[str, str]) -> bool:
    """Whether the page's form still holds every one of these answers."""
    kept = sent_by(page)
    return all(value in kept.getlist(name) for name, value in answers.items() if value)


@dataclass(frozen=True)
class Written:
    """A letter in the outbox, opened."""

    name: str
    case_reference: str
    recipient: str
    fallback: str | None
    subject: str
    body: str


def letters(name: str = "") -> list[Written]:
    """The letters in the outbox, or those by this name, oldest first."""
    with connection():
        found = Letter.select().order_by(Letter.created_at)
        return [
            Written(*(getattr(row, part) for part in Written.__annotations__))
            for row in found
            if not name or row.name == name
        ]


def cases() -> list[Case]:
    """The cases, oldest first."""
    with connection():
        return list(Case.select().order_by(Case.received_at))


def only_case() -> Case:
    (case,) = cases()
    return case


def answers(case: Case) -> dict[str, tuple[str, ...]]:
    return dict(answers_of(case))


def happenings() -> list[str]:
    """What befell all cases, in order."""
    with connection():
        return [event.what.value for event in Event.select().order_by(Event.at)]


def rows() -> tuple[int, int, int, int]:
    """How many cases, additions, events and letters there are."""
    with connection():
        cases, additions, events, written = (
            table.select().count() for table in (Case, Addition, Event, Letter)
        )
    return cases, additions, events, written
