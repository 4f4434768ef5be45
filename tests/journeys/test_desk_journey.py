"""A manager's morning, from the mailed link to a closed case, as who tries it out meets it."""

import re

import pytest
from playwright.sync_api import Page, expect

from portal.development.demonstration import MANAGER
from tests.journeys.conftest import House, OpenTab


def sign_in(tab: Page, house: House) -> None:
    """With the link and the code that the mailbox page shows."""
    # A code is good once; a second journey within the same half minute is another morning.
    house.execute("UPDATE staff SET last_step = 0, link_mailed_at = NULL")
    for earlier in (house.var / "mailbox").glob("*.eml"):
        if "Link om in te loggen" in earlier.read_text():
            earlier.unlink()
    tab.goto("/beheer/")
    tab.get_by_label("E-mailadres").fill(MANAGER)
    tab.get_by_role("button", name="Verstuur de link").click()
    house.letter("Link om in te loggen", MANAGER)
    tab.goto("/postvak/")
    shown = tab.get_by_role("listitem").filter(has_text=MANAGER).inner_text()
    (code,) = re.findall(r"\b[0-9]{6}\b", shown)
    tab.get_by_role("link", name="Link om in te loggen").first.click()
    tab.get_by_role("link", name="Open http").first.click()
    tab.locator("main form button").click()
    tab.get_by_label("Code").fill(code)
    tab.locator("main form button").first.click()
    expect(tab).to_have_url(f"{house.url}/beheer/")


def open_first(tab: Page, section: str) -> str:
    """Open the first case of a list; gives its reference."""
    case = tab.get_by_role("region", name=section).locator("h3 a").first
    reference = case.inner_text()
    case.click()
    expect(tab.get_by_role("heading", level=1)).to_contain_text(reference)
    return reference


@pytest.mark.parametrize(("width", "script"), [(360, False), (1280, True)])
def test_a_manager_signs_in_reads_picks_up_notes_closes_and_passes_on(
    house: House, open_tab: OpenTab, width: int, script: bool
) -> None:
    tab = open_tab(width, java_script_enabled=script)
    sign_in(tab, house)
    reference = open_first(tab, "Wacht op een teken van leven")
    expect(tab.get_by_role("heading", name="Weten en willen de betrokkenen het?")).to_be_visible()
    tab.get_by_role("button", name="Ik pak dit op").click()
    expect(tab.get_by_role("status")).to_contain_text("U hebt dit opgepakt")
    tab.get_by_role("link", name="Een notitie schrijven").click()
    tab.get_by_label("De notitie").fill("Gebeld: het is al opgelost.")
    tab.get_by_role("button", name="Bewaar de notitie").click()
    expect(tab.get_by_text("Gebeld: het is al opgelost.")).to_be_visible()
    tab.get_by_role("link", name="Een andere stap").click()
    tab.get_by_label("Het gaat niet door").check()
    tab.get_by_label("Wat is de reden?").fill("Zij hebben het samen opgelost.")
    tab.get_by_role("button", name="Bewaar de stap").click()
    expect(tab.locator("main")).to_contain_text("Dit is voorbij.")
    tab.goto("/beheer/")
    expect(tab.get_by_role("link", name=reference)).to_have_count(0)
    passed = open_first(tab, "Loopt")
    tab.get_by_role("link", name="Overdragen aan een ander").click()
    tab.get_by_label("Zeeland").check()
    tab.get_by_label("Waarom geeft u het door?").fill("Verhuisd naar Zeeland.")
    tab.get_by_role("button", name="Draag het over").click()
    expect(tab.get_by_role("status")).to_contain_text("overgedragen")
    house.letter(f"{passed} ligt nu bij u", "zeeland@example.org")
    tab.get_by_role("button", name="Uitloggen").click()
    tab.goto("/beheer/")
    expect(tab.get_by_role("heading", name="Inloggen voor medewerkers")).to_be_visible()
