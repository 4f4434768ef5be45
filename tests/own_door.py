"""The requester's own door as its visitors use it: cases that came in, and the ways in to them."""

import re
import secrets
from datetime import UTC, datetime

from peewee import Model
from werkzeug.test import TestResponse

from portal.cases.case import Intent, Kind, Role, Submission
from portal.cases.register import Addition, Case, Event
from portal.config import Config
from portal.database import connection
from portal.delivery.outbox import Letter
from portal.intake.accept import accept, prepare
from portal.routing.regions import Destination, route
from portal.web.quota import QuotaUse
from portal.web.tokens import Token
from tests.portal_app import BASE, Browser, letters

DOOR = "/mijn-aanvraag/"
BY_PHONE = f"{DOOR}telefoon/"
PAGES = ["", "aanvullen/", "gegevens/", "intrekken/"]
NOOR = "noor@example.org"
NUMBER = "06 12 34 56 78"
TABLES: list[type[Model]] = [Case, Addition, Event, Letter, Token, QuotaUse]
JE = re.compile(r"\b(je|jij|jou|jouw|jezelf|jullie)\b", re.IGNORECASE)
U = re.compile(r"\b(u|uw|uzelf)\b", re.IGNORECASE)


def request_one(config: Config, **other: object) -> Case:
    """A request that came in, as a form would have sent it."""
    said: dict[str, object] = {
        "form_key": secrets.token_urlsafe(24),
        "kind": Kind.COMMUNITY,
        "intent": Intent.REQUEST,
        "role": Role.RESIDENT,
        "postcode": "3511",
        "municipality": "",
        "name": "Noor",
        "email": NOOR,
        "phone": NUMBER,
        "answers": (("story", ("Er is lawaai.",)),),
    }
    destination = route("3511", "")
    assert isinstance(destination, Destination)
    submission = Submission(**(said | other))  # type: ignore[arg-type]
    return accept(prepare(submission, destination, datetime.now(UTC), config))


def counts() -> list[int]:
    """How many rows each of ``TABLES`` has."""
    with connection():
        return [table.select().count() for table in TABLES]


def added(before: list[int]) -> list[int]:
    """How many rows came to each of ``TABLES`` since ``counts()`` said this."""
    return [now - then for now, then in zip(counts(), before, strict=True)]


def newest_link() -> str:
    """The address in the newest letter with a link, as far as the portal's own part of it."""
    body = letters("link")[-1].body
    found = re.search(rf"^{re.escape(BASE)}({DOOR}link/[0-9a-f]{{64}}/)$", body, re.MULTILINE)
    assert found
    return found[1]


def ask(browser: Browser, address: str = NOOR) -> TestResponse:
    return browser.submit(DOOR, {"email": address})


def enter(browser: Browser, address: str = NOOR) -> TestResponse:
    ask(browser, address)
    return browser.submit(newest_link(), {})


def enter_by_phone(browser: Browser, reference: str, phone: str = NUMBER) -> TestResponse:
    return browser.submit(BY_PHONE, {"phone": phone, "reference": reference})


def page_of(browser: Browser, case: Case, page: str = "") -> TestResponse:
    return browser.get(own(case, page))


def own(case: Case, page: str = "") -> str:
    return f"{DOOR}{case.reference}/{page}"


def stranger(browser: Browser) -> Browser:
    return browser.application.test_client()  # type: ignore[return-value]
