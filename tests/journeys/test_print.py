"""On paper: all answers on a decent sheet, and the confirmation on one."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import OpenTab
from tests.journeys.states import FULL
from tests.journeys.walking import DOORS, press, reference, to_check
from tests.portal_app import required

SCREEN_ONLY = "button, .button, nav, .skip, .remaining, .visually-hidden, a:has-text('Wijzig')"
PAGE = re.compile(rb"/Type\s*/Page\b(?!s)")


def sheets(tab: Page) -> int:
    """How many sheets of A4 the page takes."""
    return len(PAGE.findall(tab.pdf(format="A4")))


@pytest.mark.parametrize(("door", "most"), [("pupil", 1), *((d, 2) for d in list(DOORS)[1:])])
def test_all_answers_and_the_confirmation_print_decently(
    open_tab: OpenTab, door: str, most: int
) -> None:
    tab = open_tab()
    to_check(tab, DOORS[door], FULL | required(door))
    assert sheets(tab) <= most
    tab.emulate_media(media="print")
    _is_for_paper(tab)
    expect(tab.locator("main")).to_contain_text("Er is nog niets verstuurd.")
    for row in tab.locator(".answers > div").all():
        expect(row.locator("dt")).to_be_visible()
        expect(row.locator("dd").first).to_be_visible()
    _send_it(tab)
    assert sheets(tab) == 1
    tab.emulate_media(media="print")
    _is_for_paper(tab)
    expect(tab.get_by_text(reference(tab))).to_be_visible()
    expect(tab.locator("footer")).to_contain_text("0800 - 33 77 835")


def _send_it(tab: Page) -> None:
    tab.emulate_media(media="null")
    press(tab, "Verstuur")
    reference(tab)


def _is_for_paper(tab: Page) -> None:
    shown = [one for one in tab.locator(SCREEN_ONLY).all() if one.is_visible()]
    assert [one.inner_text() for one in shown] == []


def test_a_long_answer_is_printed_to_its_end_and_a_short_one_on_one_sheet(
    open_tab: OpenTab,
) -> None:
    tab = open_tab()
    long = ("Het plein is een plek waar het misgaat. " * 74).strip() + " Einde."
    to_check(tab, DOORS["community"], required("community") | FULL | {"story": long})
    assert sheets(tab) > 2
    tab.emulate_media(media="print", color_scheme="dark")
    expect(tab.get_by_text("Einde.")).to_be_visible()
    rows = tab.locator(".answers > div").evaluate_all(
        "all => all.map(row => [row.scrollHeight > row.clientHeight,"
        " getComputedStyle(row).breakInside, row.className])"
    )
    for cut, breaks, kind in rows:
        assert not cut
        assert (breaks == "auto") == (kind == "told")


def test_paper_is_white_also_for_whoever_reads_in_the_dark(open_tab: OpenTab) -> None:
    tab = open_tab(color_scheme="dark")
    to_check(tab, DOORS["pupil"], required("pupil"))
    tab.emulate_media(media="print", color_scheme="dark")
    ink = "node => getComputedStyle(node).color"
    assert tab.locator(".answers dd p").first.evaluate(ink) == "rgb(0, 0, 0)"
    assert tab.locator(".unanswered").first.evaluate(ink) == "rgb(77, 91, 89)"
