"""From a mailed link to a withdrawn request, in a real browser: with and without script."""

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import House, OpenTab
from tests.journeys.own_states import an_address, came_in, mailed_link
from tests.own_door import DOOR, NUMBER


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
    address = an_address()
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
