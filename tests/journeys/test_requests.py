"""From the home page to a letter at the right manager: each form, with and without JavaScript."""

import re
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import House, OpenTab

REFERENCE = re.compile(r"EK(?:-[0-9A-Z]{4}){3}")


@dataclass(frozen=True)
class Journey:
    """Which two answers lead to the form, what is filled in there, and who must hear of it."""

    kind: str
    role: str
    texts: dict[str, str]
    manager: str
    place: str
    choices: dict[str, str] = field(default_factory=dict)
    subject: str = "Nieuwe aanvraag"


JOURNEYS = {
    "pupil": Journey(
        "Over leren: het gaat om een leerling",
        "De leerling",
        {
            "name": "Noor",
            "phone": "06 12 34 56 78",
            "postcode": "3511 AB",
            "story": "Ik wil leren lassen.",
        },
        "utrecht@example.org",
        "Utrecht",
        {"age_band": "12-15"},
    ),
    "relative": Journey(
        "Over leren: het gaat om een leerling",
        "Ouder of familie",
        {
            "name": "A. Jansen",
            "email": "ouder@example.org",
            "postcode": "3791",
            "good_at": "Zij tekent.",
        },
        "utrecht@example.org",
        "Utrecht",
        {"pupil_knows": "knows"},
    ),
    "school": Journey(
        "Over leren: het gaat om een leerling",
        "Iemand van een school",
        {"name": "M. de Wit", "email": "school@example.org", "postcode": "4675"},
        "zeeland@example.org",
        "Zeeland",
        {"reasons": "class", "voicemail": "yes"},
    ),
    "community": Journey(
        "Over een groep, wijk of buurt",
        "Bewoner of lid van de groep",
        {
            "name": "B. Visser",
            "phone": "+31 6 12345678",
            "municipality": "Groningen",
            "question": "Hoe wordt het rustig?",
        },
        "groningen@example.org",
        "Groningen",
        {"setting": "street", "participants": "neighbours"},
    ),
    "proposal": Journey(
        "Over een groep, wijk of buurt",
        "Een buitenstaander: het gaat om anderen",
        {
            "name": "C. Mol",
            "email": "buur@example.org",
            "postcode": "8388",
            "story": "Er is ruzie over het plein.",
        },
        "fryslan@example.org",
        "Fryslân",
        {"role": "neighbour", "they_know": "do not know"},
        "Nieuw voorstel",
    ),
}


def _go(tab: Page, journey: Journey) -> None:
    tab.goto("/")
    tab.locator("header").get_by_role("link", name="Aanvragen", exact=True).click()
    tab.get_by_label(journey.kind, exact=True).check()
    tab.get_by_label(journey.role, exact=True).check()
    tab.get_by_role("button", name="Ga verder").click()


def _fill_in(tab: Page, journey: Journey) -> None:
    for name, text in journey.texts.items():
        tab.fill(f"main [name={name}]", text)
    for name, value in journey.choices.items():
        tab.check(f'main [name={name}][value="{value}"]')
    tab.get_by_role("button", name="Verstuur").click()


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("who", JOURNEYS)
def test_a_form_found_from_the_home_page_reaches_its_manager(
    open_tab: OpenTab, house: House, who: str, width: int, script: bool
) -> None:
    journey = JOURNEYS[who]
    tab = open_tab(width, java_script_enabled=script)
    _go(tab, journey)
    _fill_in(tab, journey)
    tab.wait_for_url("**/ontvangen/**")
    found = REFERENCE.search(tab.locator("h1 + p").inner_text())
    assert found
    expect(tab.locator("main")).to_contain_text(journey.place)
    letter = house.intake_letter(found[0])
    assert letter["To"] == journey.manager
    assert str(letter["Subject"]).startswith(f"{journey.subject} {found[0]}")
    body = letter.get_content()
    for name in journey.texts.keys() - {"postcode"}:
        assert journey.texts[name] in body


def test_a_proposal_is_found_from_the_page_that_explains_it(open_tab: OpenTab) -> None:
    tab = open_tab()
    tab.goto("/")
    tab.locator("header").get_by_role("link", name="Voorstellen").click()
    tab.locator("main a[href='/voorstellen/']").first.click()
    expect(tab.locator("h1")).to_have_text("Een conferentie voorstellen aan anderen")


def test_the_mailbox_shows_the_letter_and_its_source(open_tab: OpenTab, house: House) -> None:
    tab = open_tab()
    journey = JOURNEYS["school"]
    _go(tab, journey)
    _fill_in(tab, journey)
    reference = tab.locator("h1 + p strong").inner_text()
    house.intake_letter(reference)
    tab.goto("/postvak/")
    tab.get_by_role("link", name=f"Nieuwe aanvraag {reference}").click()
    expect(tab.locator("pre")).to_contain_text("M. de Wit")
    source = tab.get_by_role("link", name="Bron van deze brief").get_attribute("href")
    answer = tab.request.get(str(source))
    assert answer.ok
    assert reference in answer.text()


def test_the_confirmation_can_be_reloaded_and_sends_nothing_again(
    open_tab: OpenTab, house: House
) -> None:
    tab = open_tab()
    journey = JOURNEYS["pupil"]
    _go(tab, journey)
    _fill_in(tab, journey)
    reference = tab.locator("h1 + p strong").inner_text()
    house.intake_letter(reference)
    tab.reload()
    expect(tab.locator("h1 + p strong")).to_have_text(reference)
    subjects = [str(letter["Subject"]) for letter in house.letters()]
    assert len([s for s in subjects if reference in s and s.startswith("Nieuw")]) == 1


def test_a_whole_form_can_be_sent_with_the_keyboard_alone(open_tab: OpenTab, house: House) -> None:
    tab = open_tab()
    tab.goto("/aanvragen/leervraag/?role=school")
    for name, text in (("name", "T. Oets"), ("email", "t@example.org"), ("postcode", "1011")):
        _tab_to(tab, name)
        tab.keyboard.type(text)
    _tab_to(tab, "pupil_knows")
    tab.keyboard.press("Space")
    _tab_to(tab, "reasons")
    tab.keyboard.press("Space")
    for _ in range(40):
        tab.keyboard.press("Tab")
        if tab.evaluate("document.activeElement.type") == "submit":
            break
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/ontvangen/**")
    letter = house.intake_letter(tab.locator("h1 + p strong").inner_text())
    assert letter["To"] == "noord-holland@example.org"
    assert "Het gaat niet goed in de klas" in letter.get_content()


def _tab_to(tab: Page, name: str) -> None:
    for _ in range(40):
        tab.keyboard.press("Tab")
        if tab.evaluate("document.activeElement.name") == name:
            return
    raise AssertionError(f"the keyboard does not reach {name}")
