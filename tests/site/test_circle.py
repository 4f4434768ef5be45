"""A pupil draws who could come: with a pen, or by keyboard and screen reader; nothing is kept."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect
from playwright.sync_api import Page as Tab

from tests.site.test_browser import AXE, GUISES, RULES, RUN

KEPT = (
    "[document.cookie, localStorage.length, sessionStorage.length, location.search + location.hash]"
)


@pytest.fixture
def tab(browser: Browser, address: str) -> Iterator[Tab]:
    context = browser.new_context(base_url=address, reduced_motion="reduce")
    page = context.new_page()
    page.goto("/leerlingen/kring/")
    yield page
    context.close()


def put(tab: Tab, name: str, place: str) -> None:
    tab.get_by_role("radio", name=place, exact=True).check()
    tab.get_by_label("Wie wil je erbij?").fill(name)
    tab.keyboard.press("Enter")


def drawn(tab: Tab, place: str) -> list[str]:
    return tab.locator(f'[data-place="{place}"] .petal__name').all_text_contents()


def listed(tab: Tab) -> list[str]:
    return [item.inner_text() for item in tab.locator("#kring-lijst li > span").all()]


def test_a_list_draws_itself_and_says_so(tab: Tab) -> None:
    put(tab, "Noor", "vrienden")
    expect(tab.get_by_role("status")).to_have_text(
        "Noor staat in je kring, bij vrienden. Er staat nu 1 mens in."
    )
    put(tab, "  mijn   oma ", "familie")
    expect(tab.get_by_role("status")).to_contain_text("Er staan nu 2 mensen in.")
    assert drawn(tab, "vrienden") == ["Noor"]
    assert drawn(tab, "familie") == ["mijn oma"]
    assert listed(tab) == ["mijn oma (familie)", "Noor (vrienden)"]
    picture = tab.get_by_role("img", name="Mijn kring")
    expect(picture).to_have_accessible_name(
        "Mijn kring, met ik in het midden. familie: mijn oma; vrienden: Noor."
    )


def test_the_keyboard_alone_adds_and_takes_away_and_never_loses_its_place(tab: Tab) -> None:
    tab.get_by_label("Wie wil je erbij?").focus()
    for name in ("Sam", "Liv", "Bo"):
        tab.keyboard.type(name)
        tab.keyboard.press("Enter")
        expect(tab.get_by_label("Wie wil je erbij?")).to_be_focused()
    tab.keyboard.press("Tab")
    tab.keyboard.press("ArrowDown")
    expect(tab.get_by_role("radio", name="familie")).to_be_checked()
    tab.get_by_role("button", name="Haal weg Liv").focus()
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("status")).to_contain_text("Liv is weg uit je kring.")
    expect(tab.get_by_role("button", name="Haal weg Bo")).to_be_focused()
    tab.keyboard.press("Space")
    expect(tab.get_by_role("button", name="Haal weg Sam")).to_be_focused()
    tab.keyboard.press("Space")
    expect(tab.get_by_label("Wie wil je erbij?")).to_be_focused()
    assert drawn(tab, "thuis") == listed(tab) == []


def test_a_fault_is_told_at_the_field_and_goes_when_mended(tab: Tab) -> None:
    field = tab.get_by_label("Wie wil je erbij?")
    put(tab, "   ", "thuis")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_be_focused()
    expect(field).to_have_accessible_description(re.compile("Vul een naam in, of wie het is"))
    put(tab, "papa", "thuis")
    expect(field).not_to_have_attribute("aria-invalid", "true")
    assert not tab.locator("#kring-naam-fout").is_visible()
    put(tab, "papa", "thuis")
    expect(field).to_have_accessible_description(re.compile("papa staat al bij thuis"))
    put(tab, "papa", "familie")
    assert listed(tab) == ["papa (thuis)", "papa (familie)"]


def test_a_full_place_says_so_and_keeps_what_was_typed(tab: Tab) -> None:
    for number in range(9):
        put(tab, f"vriend {number}", "vrienden")
    assert len(drawn(tab, "vrienden")) == 8
    expect(tab.get_by_label("Wie wil je erbij?")).to_have_value("vriend 8")
    assert tab.locator("#kring-naam-fout").inner_text().startswith("Bij vrienden is de kring vol")


def test_names_stay_within_their_petal_and_the_list_has_them_in_full(tab: Tab) -> None:
    long = "Wilhelmina-Wonderbaarlijk van der Wouden"
    for number in range(8):
        put(tab, f"{number}{long}"[:40], "school")
    put(tab, long, "thuis")
    outside = tab.evaluate(
        """() => [...document.querySelectorAll('.petal__name')].filter(name => {
            const petal = name.parentElement.querySelector('circle').getBoundingClientRect();
            const box = name.getBoundingClientRect();
            return box.left < petal.left - 2 || box.right > petal.right + 2
                || box.bottom > petal.bottom; }).map(name => name.textContent)"""
    )
    assert outside == []
    assert long in " ".join(listed(tab))


def test_a_name_is_text_whatever_it_holds(tab: Tab) -> None:
    put(tab, "<img src=x onerror=alert(1)>", "thuis")
    assert tab.locator("main img").count() == 0
    assert "<img src=x onerror=alert(1)> (thuis)" in listed(tab)


def test_nothing_leaves_the_browser_or_stays_in_it(tab: Tab, address: str) -> None:
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    put(tab, "Noor", "vrienden")
    put(tab, "Sam", "school")
    # A browser may look at the icon when it likes.
    assert [url for url in asked if "/icon." not in url] == []
    assert tab.evaluate(KEPT) == ["", 0, 0, ""]
    assert tab.evaluate("indexedDB.databases().then(found => found.length)") == 0
    tab.reload()
    assert listed(tab) == drawn(tab, "vrienden") == []
    expect(tab.get_by_label("Wie wil je erbij?")).to_have_value("")


def test_leaving_the_page_wipes_it_for_the_next_at_this_computer(tab: Tab) -> None:
    put(tab, "Noor", "vrienden")
    tab.get_by_label("Wie wil je erbij?").fill("Sa")
    tab.goto("/leerlingen/")
    tab.go_back()
    assert listed(tab) == drawn(tab, "vrienden") == []
    expect(tab.get_by_label("Wie wil je erbij?")).to_have_value("")


def test_the_page_itself_wipes_when_a_browser_keeps_it_for_later(tab: Tab) -> None:
    put(tab, "Noor", "vrienden")
    tab.evaluate("window.dispatchEvent(new PageTransitionEvent('pagehide', {persisted: true}))")
    assert listed(tab) == drawn(tab, "vrienden") == []
    assert "Noor" not in tab.content()


def test_the_filled_circle_and_its_fault_are_accessible_in_every_guise(tab: Tab) -> None:
    put(tab, "Noor", "vrienden")
    put(tab, "mijn oma", "familie")
    put(tab, "", "thuis")
    tab.evaluate(AXE)
    faults = []
    for width, scheme in GUISES:
        tab.set_viewport_size({"width": width, "height": 800})
        tab.emulate_media(color_scheme=scheme)
        faults += [f"{width} {scheme} {one}" for one in tab.evaluate(RUN, RULES)]
        assert not tab.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    assert faults == []


def test_without_a_script_there_is_an_empty_circle_to_write_in(
    browser: Browser, address: str
) -> None:
    tab = browser.new_page(java_script_enabled=False)
    tab.goto(address + "/leerlingen/kring/")
    assert not tab.locator("#kring").is_visible()
    assert not tab.get_by_role("button", name="Print").is_visible()
    expect(tab.get_by_role("img", name="Een lege kring")).to_be_visible()
    for media in ("screen", "print"):
        tab.emulate_media(media=media)
        assert all(lines.is_visible() for lines in tab.locator(".petal__lines").all())
    tab.close()
