"""From a conference that was held to the answers three months later, on a phone."""

import pytest
from playwright.sync_api import expect

from tests.journeys.afterwards_states import let_three_months_pass, link_in
from tests.journeys.conftest import House, OpenTab
from tests.journeys.test_keyboard import Keys
from tests.journeys.walking import DOORS, on, press, send
from tests.portal_app import required

TEXTS = {"helped": "Samen eten, en af en toe bellen.", "differently": "Eerder beginnen."}


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_from_the_letter_to_thanks_and_then_no_more_contact(
    open_tab: OpenTab, house: House, script: bool
) -> None:
    asker = open_tab()
    reference = send(asker, DOORS["community"], required("community", follow_up="yes"))
    let_three_months_pass(house, reference)
    link, before = link_in(house, reference), house.count("reply")

    phone = open_tab(360, java_script_enabled=script)
    phone.goto(link)
    assert on(phone).status == 422
    summary = phone.locator(".error-summary")
    if script:
        expect(summary).to_be_focused()
    keys = Keys(phone)
    keys.to(lambda stop: stop.words.startswith("Kies wat het best past"))
    phone.keyboard.press("Enter")
    expect(phone.locator("#going-1")).to_be_focused()
    keys.choose("going", "partly", keys.here())
    for name, text in TEXTS.items():
        assert keys.press("Tab").name == name
        phone.keyboard.insert_text(text)
    keys.leave_by("Verstuur de antwoorden")
    expect(phone.locator("h1")).to_have_text("Dank u wel")
    assert house.count("reply") == before + 1

    phone.goto(link)
    expect(phone.locator("h1")).to_have_text("Uw antwoord is al binnen")
    assert TEXTS["helped"] not in phone.content()
    phone.goto(f"{link}stop/")
    press(phone, "Ik wil geen contact meer")
    expect(phone.locator("h1")).to_have_text("U krijgt geen vragen meer")
    assert house.count("reply") == before + 1
