"""From the home page to a letter at the right manager: each path, with and without JavaScript."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.conftest import House, OpenTab
from tests.journeys.paths import PATHS, Path
from tests.journeys.walking import on, press, reference, walk


def _come_in(tab: Page, path: Path) -> None:
    tab.goto("/")
    tab.locator("header").get_by_role("link", name="Aanvragen", exact=True).click()
    tab.get_by_label(path.kind, exact=True).check()
    tab.get_by_label(path.role, exact=True).check()
    on(tab)


def _hears_of_it(house: House, path: Path, found: str) -> None:
    letter = house.intake_letter(found, path.intent)
    assert letter["To"] == path.manager
    body = letter.get_content()
    for words in (path.answers["name"], *path.told):
        assert words in body


Tabs = dict[tuple[int, bool], Page]

# Each path on both widths and both with and without JavaScript, in turn this way and that way.
GUISES = (((320, True), (1280, False)), ((320, False), (1280, True)))


@pytest.fixture(scope="module")
def tabs(browser: Browser, house: House) -> Iterator[Tabs]:
    """A tab for each of both widths, with and without JavaScript."""
    opened = {
        (width, script): browser.new_context(
            base_url=house.url,
            viewport={"width": width, "height": 800},
            java_script_enabled=script,
        ).new_page()
        for way in GUISES
        for width, script in way
    }
    yield opened
    for tab in opened.values():
        tab.context.close()


@pytest.mark.parametrize(("who", "guises"), [(who, GUISES[at % 2]) for at, who in enumerate(PATHS)])
def test_a_form_found_from_the_home_page_reaches_its_manager(
    tabs: Tabs, house: House, who: str, guises: tuple[tuple[int, bool], ...]
) -> None:
    path = PATHS[who]
    found = [_send_all(tabs[guise], path) for guise in guises]
    for each in found:
        _hears_of_it(house, path, each)


def _send_all(tab: Page, path: Path) -> str:
    _come_in(tab, path)
    for answer in walk(tab, path.answers):
        assert answer.status == 200, tab.title()
    for words in (path.answers["name"], *path.told):
        expect(tab.locator("main")).to_contain_text(words)
    press(tab, "Verstuur")
    expect(tab.locator("main")).to_contain_text(f"voor de regio {path.region}")
    return reference(tab)


def test_every_answer_stands_on_the_page_to_check_and_what_was_skipped_says_so(
    open_tab: OpenTab,
) -> None:
    tab = open_tab()
    _come_in(tab, PATHS["resident"])
    for _ in walk(tab, PATHS["resident"].answers):
        pass
    rows = [row.inner_text().split("\n") for row in tab.locator(".answers > div").all()]
    said = {row[0]: next(line for line in row[1:] if line) for row in rows}
    assert said["Uw naam"] == "B. Visser"
    assert said["Gemeente"] == "Groningen"
    assert said["Uw e-mailadres"] == "Niet ingevuld"
    assert said["Waar speelt het?"] == "In een straat, buurt of wijk"
    assert said["Wat is er aan de hand in uw straat, buurt of wijk?"] == "Niemand slaapt meer."
    assert len(said) == 17


def test_a_proposal_is_found_from_the_page_that_explains_it(open_tab: OpenTab) -> None:
    tab = open_tab()
    tab.goto("/")
    tab.locator("header").get_by_role("link", name="Voorstellen").click()
    tab.locator("main a[href='/voorstellen/']").first.click()
    expect(tab.locator("h1")).to_contain_text("Een conferentie voorstellen aan anderen")


def test_the_mailbox_shows_the_letter_and_its_source(open_tab: OpenTab, house: House) -> None:
    tab = open_tab()
    path = PATHS["school"]
    _come_in(tab, path)
    for _ in walk(tab, path.answers):
        pass
    press(tab, "Verstuur")
    found = reference(tab)
    house.intake_letter(found)
    tab.goto("/postvak/")
    tab.get_by_role("link", name=f"Nieuwe aanvraag {found}").click()
    expect(tab.locator("pre")).to_contain_text("E. Smit")
    source = tab.get_by_role("link", name="Bron van deze brief").get_attribute("href")
    answer = tab.request.get(str(source))
    assert answer.ok
    assert found in answer.text()


def test_a_pupil_who_reads_about_it_finds_the_pupils_form(open_tab: OpenTab) -> None:
    tab = open_tab()
    tab.goto("/leerlingen/")
    tab.locator(".action .button").click()
    expect(tab.locator("h1")).to_contain_text("Wie ben je?")
