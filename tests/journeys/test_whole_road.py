"""From a request on a phone to the answers three months later, and until it is forgotten."""

import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from portal.aftercare.asking import follow_up
from portal.cases.conference import Plan
from portal.cases.followup import Going, Reply
from portal.cases.register import Case
from portal.cases.tombstone import Tombstone
from portal.config import Config
from portal.database import connection, database
from portal.delivery.outbox import Outcome, Result
from portal.delivery.worker import deliver_round
from portal.sweep import sweep
from portal.workdays import HERE
from tests.casework.staff_house import House, secret_of
from tests.databases import dump
from tests.journeys.walking import DOORS, press, send
from tests.portal_app import build, letters, new_database, required
from tests.real_server import free_port

QUESTION = "Hoe wordt het weer rustig op het plein?"
SANNE = {"name": "Sanne Visser", "email": "sanne@example.org", "phone": "06 11 22 33 44"}


@dataclass(frozen=True)
class Country:
    """A portal that is reached over HTTP, its staff, and a clock that can be moved."""

    url: str
    house: House
    clock: time_machine.Traveller
    browser: Browser

    def at(self, year: int, month: int, day: int, hour: int = 12) -> datetime:
        """Let it be that hour in the Netherlands; gives the moment."""
        moment = datetime(year, month, day, hour, tzinfo=HERE)
        self.clock.move_to(moment)
        return moment

    def visitor(self) -> Page:
        context = self.browser.new_context(
            base_url=self.url, viewport={"width": 360, "height": 800}
        )
        return context.new_page()

    def manager(self) -> Page:
        """A phone on which the manager of Utrecht has just signed in."""
        tab = self.visitor()
        secret = secret_of(self.house.signed_in("a"))
        tab.context.add_cookies([{"name": "desk", "value": secret, "url": self.url}])
        return tab

    @property
    def config(self) -> Config:
        config: Config = self.house.app.config["PORTAL"]
        return config


@pytest.fixture
def country(tmp_path: Path, browser: Browser) -> Iterator[Country]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with time_machine.travel(datetime(2027, 11, 1, 9, tzinfo=HERE)) as clock:
        house = House(build(new_database(tmp_path), PORTAL_BASE_URL=url))
        house.take_on("a")
        server = make_server("127.0.0.1", port, _closing(house.app), threaded=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield Country(url, house, clock, browser)
        finally:
            server.shutdown()
            thread.join()
            if not database.is_closed():
                database.close()


def _closing(app: Flask) -> Callable[..., Any]:
    """The application on a server that makes a thread for each request, and never uses it again."""

    def answer(*asked: Any) -> Any:
        try:
            return app(*asked)
        finally:
            if not database.is_closed():
                database.close()

    return answer


def case_page(tab: Page, reference: str) -> None:
    tab.goto(f"/beheer/zaak/{reference}/")


def next_step(tab: Page, reference: str, button: str) -> None:
    """Take the step that this button of the case page offers."""
    case_page(tab, reference)
    press(tab, button)
    expect(tab.get_by_role("status")).to_be_visible()


def write_down(tab: Page, reference: str, link: str, fill: Callable[[Page], None]) -> None:
    """Follow the large button that says what is due, fill in its form and keep it."""
    case_page(tab, reference)
    tab.get_by_role("link", name=link).first.click()
    fill(tab)
    press(tab, "Bewaar")
    expect(tab.get_by_role("status")).to_be_visible()


def filled(**answers: str) -> Callable[[Page], None]:
    def fill(tab: Page) -> None:
        for name, answer in answers.items():
            box = tab.locator(f"main [name={name}]")
            if box.first.get_attribute("type") == "radio":
                tab.check(f'main [name={name}][value="{answer}"]')
            else:
                box.fill(answer)

    return fill


def from_request_to_planned(country: Country, reference: str) -> Page:
    """What the manager does until there is a date, in the order that the case page proposes."""
    tab = country.manager()
    next_step(tab, reference, "Ik pak dit op")
    next_step(tab, reference, "Er is een gesprek met de aanvrager")
    talk = filled(question=QUESTION, payer="municipality")
    write_down(tab, reference, "Leg vast wat is afgesproken", talk)
    next_step(tab, reference, "We zoeken een coördinator")
    write_down(tab, reference, "Vul de coördinator in", filled(**SANNE, introduce="yes"))
    evening = filled(day="2027-11-30", at="19:30", minutes="120", place="Buurthuis De Kring")
    write_down(tab, reference, "Vul dag, tijd en plaats in", evening)
    expect(tab.locator(".state")).to_have_text("Gepland")
    return tab


def from_held_to_closed(country: Country, reference: str) -> None:
    """What is left to do when the day is over."""
    tab = country.manager()
    went = filled(plan="made", came_neighbours="14", came_police="1")
    write_down(tab, reference, "Vul in hoe het ging", went)
    expect(tab.locator(".state")).to_have_text("Gehouden")
    write_down(tab, reference, "De volgende stap", filled(status="closed"))


def test_a_street_asks_meets_answers_and_is_forgotten(country: Country) -> None:
    visitor = country.visitor()
    reference = send(visitor, DOORS["community"], required("community", follow_up="yes"))
    from_request_to_planned(country, reference)
    country.at(2027, 12, 1)
    from_held_to_closed(country, reference)
    assert {"introduction", "coordinator"} <= {letter.name for letter in letters()}

    # The thirtieth of November and three months: a leap year has a twenty-ninth of February.
    follow_up(country.at(2028, 2, 28), country.config)
    assert letters("follow_up") == []
    follow_up(country.at(2028, 2, 29), country.config)
    link = the_link()
    visitor.goto(link)
    filled(going="still going", helped="Samen koffie drinken")(visitor)
    press(visitor, "Verstuur de antwoorden")
    expect(visitor.locator("h1")).to_have_text("Dank u wel")

    deliver_round(lambda: datetime.now(UTC), lambda _: Outcome(Result.SENT, "250 OK"))
    # Four months after the thirtieth of November, as long as that day lasts.
    sweep(country.at(2028, 3, 30))
    assert is_known(reference)
    sweep(country.at(2028, 3, 31))
    assert not is_known(reference)
    with connection():
        (reply,) = Reply.select()
        (stone,) = Tombstone.select()
    assert (reply.going, reply.held_in) == (Going.STILL_GOING, "2027-11")
    assert reply.helped == "Samen koffie drinken"
    assert (stone.held, stone.plan) == (True, Plan.MADE)
    assert where(reply.id) == {"reply"}
    visitor.goto(link)
    expect(visitor.locator("h1")).to_have_text("Deze link werkt niet meer")


def test_nobody_is_asked_without_consent_nor_reminded_who_took_it_back(country: Country) -> None:
    visitor = country.visitor()
    reference = send(visitor, DOORS["community"], required("community", follow_up="no"))
    from_request_to_planned(country, reference)
    country.at(2027, 12, 1)
    from_held_to_closed(country, reference)
    follow_up(country.at(2028, 2, 29), country.config)
    assert letters("follow_up") == []

    next_step(country.manager(), reference, "De aanvrager vindt het goed")
    follow_up(country.at(2028, 3, 1), country.config)
    visitor.goto(f"{the_link()}stop/")
    press(visitor, "Ik wil geen contact meer")
    expect(visitor.locator("h1")).to_have_text("U krijgt geen vragen meer")
    follow_up(country.at(2028, 3, 20), country.config)
    assert letters("follow_up_reminder") == []


def test_the_contact_moves_with_the_date(country: Country) -> None:
    reference = send(country.visitor(), DOORS["community"], required("community", follow_up="yes"))
    tab = from_request_to_planned(country, reference)
    tab.goto(f"/beheer/zaak/{reference}/datum/")
    filled(day="2028-01-31")(tab)
    press(tab, "Bewaar")
    country.at(2028, 2, 1)
    from_held_to_closed(country, reference)
    # Three months after the last of January is the last of April: here a Sunday.
    for month, day in ((2, 29), (4, 28), (4, 30)):
        follow_up(country.at(2028, month, day), country.config)
    assert letters("follow_up") == []
    follow_up(country.at(2028, 5, 1), country.config)
    assert the_link()


def test_of_a_conference_that_was_called_off_nobody_is_asked(country: Country) -> None:
    reference = send(country.visitor(), DOORS["community"], required("community", follow_up="yes"))
    tab = from_request_to_planned(country, reference)
    tab.goto(f"/beheer/zaak/{reference}/datum/vervalt/")
    press(tab, "Ja, deze dag vervalt")
    assert letters("called_off")
    for month, day in ((2, 29), (3, 1), (4, 3)):
        follow_up(country.at(2028, month, day), country.config)
    assert letters("follow_up") == []


def the_link() -> str:
    """Where the one letter that asks leads."""
    (letter,) = letters("follow_up")
    link = re.search(r"http\S+/na-drie-maanden/\w+/", letter.body)
    assert link
    return link[0]


def is_known(reference: str) -> bool:
    with connection():
        return bool(Case.select().where(Case.reference == reference).exists())


def where(word: str) -> set[str]:
    """In which tables a word stands."""
    with connection():
        found = [line for line in dump() if word in line]
    return {line.split('"')[1] for line in found}
