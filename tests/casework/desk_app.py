"""The desk as somebody meets it who works there: their pages, buttons and forms, and the trail."""

from datetime import timedelta
from typing import Any

from peewee import SQL
from werkzeug.test import TestResponse

from portal.audit.trail import AuditLine
from portal.cases.register import By, Case
from portal.casework.people import Person
from portal.casework.staff import person
from portal.database import connection
from tests.casework.staff_house import House
from tests.conftest import NOON
from tests.databases import on_postgresql
from tests.portal_app import Browser, controls, forms
from tests.seed import one

DESK = "/beheer/"
SOMEBODY = By("somebody", "Regiomanager Utrecht (voorbeeld)")


def who(house: House, name: str) -> Person:
    """What somebody of the house is and sees now."""
    with connection():
        return person(house.staff[name])


def came_in(ago: timedelta = timedelta(hours=1), region: str = "utrecht", **other: Any) -> Case:
    """A case that came in a while before noon."""
    return one(NOON - ago, region, **other)


def at(case: Case, page: str = "") -> str:
    """Where a page about a case stands."""
    return f"/beheer/zaak/{case.reference}/{page}"


def fresh(case: Case) -> Case:
    """The case as it stands now."""
    with connection():
        found: Case = Case.get_by_id(case.id)
        return found


def press(browser: Browser, page: str, words: str, **other: Any) -> TestResponse:
    """Press the button that begins with these words, as a browser sends it."""
    for form in forms(browser.get(page).text):
        button = "".join("".join(b.itertext()) for b in form.iter("button"))
        if button.startswith(words):
            options = {"data": {**controls(form).to_dict(), **other}}
            return browser.post(form.get("action"), **options)
    raise AssertionError(f"no button {words!r} on {page}")


def fill(browser: Browser, page: str, **answers: Any) -> TestResponse:
    """Fill in the last form of a page and send it."""
    form = forms(browser.get(page).text)[-1]
    return browser.post(form.get("action"), data={**controls(form).to_dict(), **answers})


def trail() -> list[tuple[str, str]]:
    """What was written in the trail: what was done, and to what."""
    with connection():
        # As they were written: at a clock that stands still they are all of one moment.
        written = AuditLine.select().order_by(SQL("ctid" if on_postgresql() else "rowid"))
        return [(line.action.value, line.subject) for line in written]
