"""The portal as a visitor meets it: with a database of its own, and forms filled in as seen."""

import base64
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import html5lib
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from portal.app import create_app
from portal.cases.register import Addition, Case, Event, answers_of
from portal.config import Config
from portal.database import connection, migrate, open_database
from portal.delivery.outbox import Letter
from portal.routing.loading import load
from portal.sealing import Keyring
from tests.conftest import DATA_KEY
from tests.site_build import ensure_built

BASE = "http://127.0.0.1:8000"
EXAMPLE = Path(__file__).parent.parent / "portal" / "routing" / "example.toml"
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
    path = folder / "portal.db"
    shutil.copy(_filled(regions=regions), path)
    return f"sqlite:///{path}"


@cache
def _filled(*, regions: bool) -> Path:
    path = Path(tempfile.mkdtemp(prefix="portal-")) / "portal.db"
    open_database(f"sqlite:///{path}", Keyring([DATA_KEY]), create=True)
    migrate()
    if regions:
        with connection():
            load(EXAMPLE, {})
    return path


def build(database_url: str, **other: str) -> Flask:
    """The application on this database, with these other settings."""
    ensure_built()
    app = create_app(Config.from_environment(environment(database_url, **other)))
    app.test_client_class = Browser
    return app


class Browser(FlaskClient):
    """A client that calls at the portal's own address and can fill in a form."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        if args and isinstance(args[0], str):
            kwargs.setdefault("base_url", BASE)
        return super().open(*args, **kwargs)

    def form(self, path: str) -> MultiDict[str, str]:
        """What the page's form would send if nothing were filled in."""
        return sent_by(self.get(path).text)

    def send(
        self,
        path: str,
        answers: Mapping[str, str | list[str]],
        headers: Mapping[str, str] | None = None,
    ) -> TestResponse:
        """Open the form, fill it in, and send it."""
        return self.post(path, data=filled(self.form(path), answers), headers=dict(headers or {}))


def filled(form: MultiDict[str, str], answers: Mapping[str, str | list[str]]) -> dict[str, Any]:
    """The form with these answers put in."""
    return {**form.to_dict(flat=False), **answers}


def urlencoded(data: Mapping[str, Any]) -> bytes:
    """A body as a browser sends it."""
    return urlencode(dict(data), doseq=True).encode()


def sent_by(page: str) -> MultiDict[str, str]:
    """What the last form in <main> would send as it stands, buttons aside."""
    return MultiDict(list(_controls(forms(page)[-1])))


def forms(page: str) -> list[Any]:
    """The forms within <main>."""
    tree = html5lib.parse(page, namespaceHTMLElements=False)
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
            yield name, chosen[0].text or ""
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
