"""Every page that a visitor can meet in the forms is valid HTML, whatever went wrong on it."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from portal.config import Config
from tests.intake.test_fitting import paths
from tests.intake.test_own_pages import every_page
from tests.intake.walking import reach, whole
from tests.markup import faults
from tests.portal_app import DOORS, Browser, form_on, required

# What will not do, or is asked about, in the fields where it can be typed.
WRONG = {
    "name": "x" * 999,
    "email": "niets",
    "phone": "niets",
    "postcode": "niets",
    "story": "<b>\n\n" + "x" * 4000,
    "pupils": "x" * 999,
}
DOUBTED = {"postcode": "2451", "story": "Bel de buurman op 06-12345678.", "question": "Mag dat?"}


class Remembering(Browser):
    """A client that keeps each page it was given, by the way it came and its heading."""

    pages: dict[str, str]

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        answer = super().open(*args, **kwargs)
        if answer.mimetype == "text/html" and "<h1" in answer.text:
            how = f"{answer.request.method} {answer.request.path} {answer.status_code}"
            self.pages[f"{len(self.pages)} {how}"] = answer.text
        return answer


@pytest.fixture
def visitor(app: Flask) -> Remembering:
    visitor = Remembering(app, app.response_class)
    visitor.pages = {}
    return visitor


def go_through(visitor: Remembering, door: str, role: str) -> Iterator[TestResponse]:
    """Each step of a form: as it is, empty, wrong, in doubt, and at last as it should be."""
    right = whole(visitor, door, role) | {"question": "Hoe wordt het weer rustig?"}
    answer = visitor.page(DOORS[door])
    while not (form := form_on(answer.text, answer.request.path)).is_last:
        for answers in (WRONG, DOUBTED):
            yield visitor.post_form(form.fill(answers))
        yield visitor.post_form(form)
        sent = visitor.insist(form.fill(right | required(door)))
        answer = visitor.page(sent.location)
    yield visitor.page(visitor.post_form(form).location)


def test_every_page_of_every_form_is_valid(visitor: Remembering) -> None:
    for door, role in (("pupil", ""), ("learning", "school"), ("community", "resident")):
        for _ in go_through(visitor, door, role):
            pass
    for _ in go_through(visitor, "proposal", "professional"):
        pass
    leaving = reach(visitor, DOORS["pupil"], "story", required("pupil")).press("later")
    offer = visitor.page(visitor.post_form(leaving).location)
    visitor.post_form(form_on(offer.text, offer.request.path).fill({"email": "niets"}))
    assert len(visitor.pages) > 50
    assert faults(visitor.pages) == []


def test_every_page_beside_the_forms_is_valid(visitor: Remembering, config: Config) -> None:
    for page in ("", "?kind=unknown&role=unknown", "?kind=learning&role=outsider"):
        visitor.get(f"/aanvragen/{page}")
    for given, _ in paths():
        visitor.get("/keuzehulp/", query_string=given)
    visitor.get("/keuzehulp/?danger=no&asked=about")
    for _ in every_page(visitor, config):
        pass
    visitor.get("/verder/0/")
    visitor.get("/aanvragen/nergens/")
    visitor.post("/aanvragen/")
    visitor.post("/mijn-aanvraag/", data={"email": "x" * 600_000})
    assert {200, 404, 405, 413, 422} <= {int(name[-3:]) for name in visitor.pages}
    assert faults(visitor.pages) == []
