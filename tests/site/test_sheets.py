"""A sheet comes out of the printer as one whole A4, with nothing else on it."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, ViewportSize
from playwright.sync_api import Page as Tab

# Each with its A4 in points, and the room within its margins in pixels (96 an inch).
LYING = (b"[0 0 841.91998 594.95996]", ViewportSize(width=1032, height=703))
STANDING = (b"[0 0 594.95996 841.91998]", ViewportSize(width=680, height=1009))
SHEETS = {
    "/werkbladen/drie-vragen/": LYING,
    "/werkbladen/plan/": LYING,
    "/leerlingen/kring/": STANDING,
}
# Printed, the text within the sheet and nothing beside it; and no part of it cut off.
VISIBLE = """() => [...document.querySelectorAll('body *')]
    .filter(e => e.checkVisibility() && !e.querySelector('.sheet') && !e.closest('.sheet'))
    .map(e => e.outerHTML.slice(0, 60))"""
CUT_OFF = """() => { const sheet = document.querySelector('.sheet');
    return sheet.scrollHeight > sheet.clientHeight || sheet.scrollWidth > sheet.clientWidth; }"""


@pytest.fixture
def tab(browser: Browser, address: str) -> Iterator[Tab]:
    context = browser.new_context(base_url=address)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("sheet", SHEETS)
def test_a_sheet_prints_on_one_a4(tab: Tab, sheet: str) -> None:
    tab.goto(sheet)
    pdf = tab.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1
    assert re.findall(rb"/MediaBox\s*(\[[^]]*\])", pdf) == [SHEETS[sheet][0]]


@pytest.mark.parametrize("sheet", SHEETS)
def test_only_the_sheet_is_printed_and_all_of_it(tab: Tab, sheet: str) -> None:
    tab.goto(sheet)
    tab.emulate_media(media="print")
    tab.set_viewport_size(SHEETS[sheet][1])
    assert tab.evaluate(VISIBLE) == []
    assert not tab.evaluate(CUT_OFF)
    assert tab.locator(".sheet h2").is_visible()


def test_paper_is_light_also_where_the_screen_is_dark(tab: Tab) -> None:
    tab.emulate_media(media="print", color_scheme="dark")
    for page in ("/", *SHEETS):
        tab.goto(page)
        style = "getComputedStyle(document.documentElement)"
        assert tab.evaluate(f"{style}.colorScheme") == "light"
        assert tab.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"


def test_every_row_of_the_plan_has_room_to_write_by_hand(browser: Browser, address: str) -> None:
    tab = browser.new_page(viewport={"width": 1032, "height": 703})
    tab.goto(address + "/werkbladen/plan/")
    tab.emulate_media(media="print")
    boxes = [cell.bounding_box() for cell in tab.locator("td").all()]
    tab.close()
    assert len(boxes) == 36
    millimetre = 96 / 25.4
    assert all(box and box["height"] >= 18 * millimetre for box in boxes)
    assert all(box and box["width"] >= 35 * millimetre for box in boxes)


def test_the_button_opens_the_printer_and_is_not_there_without_a_script(
    browser: Browser, address: str
) -> None:
    for script in (True, False):
        tab = browser.new_page(java_script_enabled=script)
        tab.add_init_script("window.print = () => { document.title = 'afgedrukt'; }")
        tab.goto(address + "/werkbladen/plan/")
        assert tab.get_by_role("button", name="Print dit blad").is_visible() == script
        if script:
            tab.get_by_role("button", name="Print dit blad").click()
            assert tab.title() == "afgedrukt"
        tab.close()
