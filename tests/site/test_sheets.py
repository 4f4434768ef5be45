"""A sheet comes out of the printer as one whole A4, with nothing else on it."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser
from playwright.sync_api import Page as Tab

SHEETS = ["/werkbladen/drie-vragen/", "/werkbladen/plan/"]
A4_LYING = b"[0 0 841.91998 594.95996]"  # points
# Printed, the text within the sheet and nothing beside it; and no part of it cut off.
VISIBLE = """() => [...document.querySelectorAll('body *')]
    .filter(e => e.checkVisibility() && !e.querySelector('.sheet') && !e.closest('.sheet'))
    .map(e => e.outerHTML.slice(0, 60))"""
CUT_OFF = """() => { const sheet = document.querySelector('.sheet');
    return sheet.scrollHeight > sheet.clientHeight || sheet.scrollWidth > sheet.clientWidth; }"""


@pytest.fixture(params=SHEETS)
def sheet(browser: Browser, address: str, request: pytest.FixtureRequest) -> Iterator[Tab]:
    tab = browser.new_page()
    tab.goto(address + request.param)
    yield tab
    tab.close()


def test_a_sheet_prints_on_one_a4(sheet: Tab) -> None:
    pdf = sheet.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1
    assert re.findall(rb"/MediaBox\s*(\[[^]]*\])", pdf) == [A4_LYING]


def test_only_the_sheet_is_printed_and_all_of_it(sheet: Tab) -> None:
    sheet.emulate_media(media="print")
    # The paper, less its margins of 12 mm, at 96 pixels an inch.
    sheet.set_viewport_size({"width": 1032, "height": 703})
    assert sheet.evaluate(VISIBLE) == []
    assert not sheet.evaluate(CUT_OFF)
    assert sheet.locator(".sheet h2").is_visible()


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
        tab.goto(address + SHEETS[0])
        assert tab.get_by_role("button", name="Print dit blad").is_visible() == script
        if script:
            tab.get_by_role("button", name="Print dit blad").click()
            assert tab.title() == "afgedrukt"
        tab.close()
