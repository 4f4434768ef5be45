"""Whoever stops half way goes on later, elsewhere if need be, or leaves nothing behind."""

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import House, OpenTab
from tests.journeys.walking import DOORS, fill, on, press, reference, to_check, to_step
from tests.portal_app import required


@pytest.mark.parametrize(("door", "script"), [("pupil", False), ("community", True)])
def test_a_link_by_mail_opens_the_form_elsewhere_where_it_was_left(
    open_tab: OpenTab, house: House, door: str, script: bool
) -> None:
    address = f"elders-{door}@example.org"
    story = {"story": "Het begon in mei.\n\nToen kwam de brief."}
    tab = open_tab(java_script_enabled=script)
    to_step(tab, door, 3, required(door, email=address))
    fill(tab, story)
    press(tab, "Later verder of stoppen")
    assert tab.input_value("[name=email]") == address
    press(tab, "Mail de link")
    expect(tab.locator("h1")).to_have_text("De link is onderweg")
    tab.context.close()

    elsewhere = open_tab(320, java_script_enabled=script)
    elsewhere.goto(house.link_for(address))
    press(elsewhere, "Ga verder met het formulier")
    expect(elsewhere.locator("h1")).to_contain_text("Stap 3 van")
    assert elsewhere.input_value("[name=story]") == story["story"]
    while "/controleren/" not in elsewhere.url:
        on(elsewhere)
    expect(elsewhere.locator("main")).to_contain_text(address)
    press(elsewhere, "Verstuur")
    letter = house.intake_letter(reference(elsewhere))
    assert "Toen kwam de brief." in letter.get_content()


def test_the_link_shows_nothing_that_was_typed_and_leads_nowhere_once_all_is_sent(
    open_tab: OpenTab, house: House
) -> None:
    address = "eenmaal@example.org"
    tab = open_tab()
    to_step(tab, "pupil", 3, required("pupil", email=address, name="Zeldzaam"))
    press(tab, "Later verder of stoppen")
    press(tab, "Mail de link")
    link = house.link_for(address)
    tab.goto(link)
    assert "Zeldzaam" not in tab.content()
    press(tab, "Ga verder met het formulier")
    on(tab)
    press(tab, "Verstuur")
    answer = open_tab().goto(link)
    assert answer
    assert answer.status == 404


def test_leaving_can_be_changed_into_going_on(open_tab: OpenTab) -> None:
    tab = open_tab(java_script_enabled=False)
    to_step(tab, "pupil", 3, required("pupil"))
    fill(tab, {"story": "Ik wil leren lassen."})
    press(tab, "Later verder of stoppen")
    tab.get_by_role("link", name="Toch nu verder").click()
    assert tab.input_value("[name=story]") == "Ik wil leren lassen."
    press(tab, "Later verder of stoppen")
    tab.go_back()
    assert tab.input_value("[name=story]") == "Ik wil leren lassen."


def test_what_is_wiped_is_gone_for_whoever_uses_the_computer_next(
    open_tab: OpenTab, house: House
) -> None:
    tab = open_tab()
    to_check(tab, DOORS["pupil"], required("pupil", story="Ik wil leren lassen."))
    check = tab.url
    tab.goto(check.replace("controleren", "3"))
    press(tab, "Later verder of stoppen")
    before = house.count("draft")
    press(tab, "Wis alle antwoorden nu")
    expect(tab.locator("h1")).to_have_text("Alles is gewist")
    assert house.count("draft") == before - 1
    for _ in range(4):
        tab.go_back()
        assert "lassen" not in tab.content()
    for page in ("1", "2", "3", "controleren"):
        tab.goto(check.replace("controleren", page))
        expect(tab.locator("h1")).to_contain_text("Stap 1 van 4")
        assert tab.input_value("[name=name]") == ""


def test_who_has_no_mail_is_told_what_to_do_and_loses_nothing(open_tab: OpenTab) -> None:
    tab = open_tab()
    to_step(tab, "pupil", 2, required("pupil", email="", phone="0612345678"))
    press(tab, "Later verder of stoppen")
    assert tab.input_value("[name=email]") == ""
    press(tab, "Mail de link")
    expect(tab.locator(".error-summary")).to_be_focused()
    tab.locator(".error-summary a").click()
    expect(tab.locator("[name=email]")).to_be_focused()
    tab.get_by_role("link", name="Toch nu verder").click()
    expect(tab.locator("h1")).to_contain_text("Stap 2 van 4")
