"""From a mailed link to a withdrawn request, in a real browser: with and without script."""

import re
import secrets
import time

import pytest
from playwright.sync_api import Page, expect

from portal.cases.case import Role
from portal.cases.register import Case
from portal.config import Config
from portal.database import connection, open_database
from portal.development.settings import read_settings
from portal.sealing import Keyring
from tests.journeys.conftest import PATIENCE, House, OpenTab
from tests.journeys.looking import Eye
from tests.own_door import DOOR, NUMBER, request_one


def came_in(house: House, **other: object) -> Case:
    """A request in the running house, as a form would have sent it."""
    config = Config.from_environment(read_settings(house.var))
    open_database(config.database_url, Keyring(config.data_keys))
    with connection():
        return request_one(config, **other)


def mailed_link(house: House, address: str) -> str:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        for letter in house.letters():
            found = re.search(rf"http\S+{DOOR}link/\S+", letter.get_content())
            if letter["To"] == address and found:
                return found[0]
        time.sleep(0.05)
    raise AssertionError(f"no link for {address}")


def look_at(tab: Page) -> list[str]:
    """What axe, a narrow screen or large text finds wrong with the page in hand."""
    size = tab.viewport_size
    faults = [f"{tab.url} {fault}" for fault in Eye(tab).faults()]
    assert size
    tab.set_viewport_size(size)
    return faults


def click(tab: Page, name: str) -> None:
    with tab.expect_navigation():
        tab.locator("main").get_by_role("button", name=name, exact=True).click()


def follow(tab: Page, name: str) -> None:
    tab.locator("main").get_by_role("link", name=name).click()


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
@pytest.mark.parametrize("width", [320, 1280])
def test_a_requester_comes_in_by_mail_looks_adds_corrects_withdraws_and_leaves(
    open_tab: OpenTab, house: House, width: int, script: bool
) -> None:
    address = f"{secrets.token_hex(6)}@example.org"
    case = came_in(house, email=address)
    tab = open_tab(width, java_script_enabled=script)
    tab.goto(DOOR)
    tab.fill("main [name=email]", address)
    click(tab, "Verstuur de link")
    expect(tab.locator("h1")).to_have_text("Kijk in de mail")
    tab.goto(mailed_link(house, address))
    click(tab, "Bekijk de aanvraag")
    expect(tab.locator("h1")).to_have_text("Deze aanvraag is binnen")
    assert tab.url.endswith(f"{DOOR}{case.reference}/")
    follow(tab, "Iets toevoegen")
    tab.fill("main [name=text]", "Na vieren bellen.")
    click(tab, "Verstuur de aanvulling")
    expect(tab.get_by_role("status")).to_contain_text("De aanvulling is verstuurd")
    follow(tab, "Contactgegevens wijzigen")
    tab.fill("main [name=phone]", "030 - 234 56 99")
    click(tab, "Verstuur de nieuwe gegevens")
    expect(tab.locator("main")).to_contain_text("… 99")
    follow(tab, "De aanvraag intrekken")
    click(tab, "Trek de aanvraag in")
    expect(tab.locator("h1")).to_have_text("Deze aanvraag is ingetrokken")
    click(tab, "Uitloggen")
    expect(tab.locator("h1")).to_have_text("Uitgelogd")
    tab.go_back()
    expect(tab.locator("h1")).to_have_text("Een eigen aanvraag bekijken")


def test_every_page_of_the_own_door_is_accessible_and_fits(open_tab: OpenTab, house: House) -> None:
    address = f"{secrets.token_hex(6)}@example.org"
    case = came_in(house, email=address, role=Role.PUPIL)
    came_in(house, email=address)
    tab = open_tab()
    faults = []
    for path in ("", "verstuurd/", "telefoon/", "uitgelogd/", "link/0/"):
        tab.goto(DOOR + path)
        faults += look_at(tab)
    for path, button in (("", "Verstuur de link"), ("telefoon/", "Bekijk de aanvraag")):
        tab.goto(DOOR + path)
        click(tab, button)
        expect(tab.locator(".error-summary")).to_be_focused()
        faults += look_at(tab)
    tab.goto(DOOR)
    tab.fill("main [name=email]", address)
    click(tab, "Verstuur de link")
    tab.goto(mailed_link(house, address))
    faults += look_at(tab)
    click(tab, "Bekijk de aanvraag")
    faults += look_at(tab)
    for path in ("", "aanvullen/", "gegevens/", "intrekken/"):
        tab.goto(f"{DOOR}{case.reference}/{path}")
        faults += look_at(tab)
    for path, button in (("aanvullen/", "aanvulling"), ("gegevens/", "nieuwe gegevens")):
        tab.goto(f"{DOOR}{case.reference}/{path}")
        click(tab, f"Verstuur de {button}")
        faults += look_at(tab)
    tab.goto(f"{DOOR}{case.reference}/intrekken/")
    click(tab, "Trek de aanvraag in")
    faults += look_at(tab)
    assert not faults, "\n".join(faults)


def test_phone_and_reference_open_the_door_with_the_keyboard_alone(
    open_tab: OpenTab, house: House
) -> None:
    case = came_in(house, email="")
    tab = open_tab()
    tab.goto(f"{DOOR}telefoon/")
    for name, text in (("phone", NUMBER), ("reference", case.reference.lower())):
        _tab_to(tab, name)
        tab.keyboard.type(text)
    tab.keyboard.press("Enter")
    expect(tab.locator("main")).to_contain_text(case.reference)


def _tab_to(tab: Page, name: str) -> None:
    for _ in range(40):
        tab.keyboard.press("Tab")
        if tab.evaluate("document.activeElement.name") == name:
            return
    raise AssertionError(f"the keyboard does not reach {name}")
