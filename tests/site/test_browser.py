"""In a real browser the pages are accessible, fit small screens and ask for nothing foreign."""

from pathlib import Path
from typing import Any, Literal

import axe_playwright_python
from playwright.sync_api import Browser
from playwright.sync_api import Page as Tab

from tests.site.conftest import Page

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# For one page in many states: each width and each scheme once.
GUISES: list[tuple[int, Literal["light", "dark"]]] = [(320, "dark"), (1280, "light")]
# Dark after light, at one width, only the colours differ.
COLOURS = ["color-contrast", "link-in-text-block"]
RUN_COLOURS = """async (rules) => (await axe.run(document,
    {runOnly: {type: 'rule', values: rules}})).violations
    .flatMap(rule => rule.nodes.map(node => rule.id + ': ' + node.target.join(' ')))"""
RUN = """async (rules) => (await axe.run(document, {runOnly: rules})).violations
    .flatMap(rule => rule.nodes.map(node => rule.id + ': ' + node.target.join(' ')))"""


def _tab(browser: Browser, width: int, **options: Any) -> Tab:
    context = browser.new_context(viewport={"width": width, "height": 800}, **options)
    return context.new_page()


def test_axe_finds_nothing_on_any_page_in_any_guise(
    browser: Browser, address: str, pages: list[Page]
) -> None:
    tab = _tab(browser, 1280, reduced_motion="reduce")
    found = []
    for page in pages:
        tab.goto(address + page.address)
        tab.evaluate(AXE)
        for width in (320, 1280):
            tab.set_viewport_size({"width": width, "height": 800})
            tab.emulate_media(color_scheme="light")
            faults = tab.evaluate(RUN, RULES)
            tab.emulate_media(color_scheme="dark")
            faults += tab.evaluate(RUN_COLOURS, COLOURS)
            found += [f"{page.address} {width}: {fault}" for fault in faults]
    tab.context.close()
    assert not found, "\n".join(found)


def test_no_page_is_wider_than_its_screen(
    browser: Browser, address: str, pages: list[Page]
) -> None:
    tab = _tab(browser, 1280)
    wide = []
    for page in pages:
        tab.goto(address + page.address)
        for width, larger in ((320, 1), (640, 2), (1280, 1), (1280, 2)):
            tab.set_viewport_size({"width": width, "height": 800})
            # Material sets the root at 125 %; a visitor's larger text multiplies that.
            tab.evaluate("n => document.documentElement.style.fontSize = `${n * 125}%`", larger)
            if tab.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
                wide.append(f"{page.address} {width} {larger}")
    tab.context.close()
    assert wide == []


def test_no_page_asks_for_anything_outside_its_origin_or_policy(
    browser: Browser, address: str, pages: list[Page]
) -> None:
    tab = _tab(browser, 1280)
    asked: set[str] = set()
    said: list[str] = []
    tab.on("request", lambda request: asked.add(request.url))
    tab.on("console", lambda message: said.append(message.text))
    for page in pages:
        tab.goto(address + page.address)
    tab.context.close()
    assert said == []
    assert {url for url in asked if not url.startswith(address)} == set()


REACHABLE = "a, button, input, select, textarea"
# Focus has to stay in sight: drawn by us, and within the window.
FOCUS = """(reachable) => { const at = document.activeElement, style = getComputedStyle(at);
    const box = at.getBoundingClientRect();
    return [style.outlineStyle, parseFloat(style.outlineWidth),
            box.bottom > 0 && box.top < innerHeight,
            [...document.querySelectorAll(reachable)].indexOf(at)]; }"""
COUNT = """([root, reachable]) => [...document.querySelector(root).querySelectorAll(reachable)]
    .filter(element => element.checkVisibility()).length"""


def test_the_keyboard_reaches_everything_and_shows_where_it_is(
    browser: Browser, address: str, pages: list[Page]
) -> None:
    tab = _tab(browser, 1280)
    for page in pages:
        tab.goto(address + page.address)
        tab.keyboard.press("Tab")
        assert tab.evaluate("document.activeElement.className") == "skip"
        assert tab.evaluate("document.activeElement.getBoundingClientRect().top") == 0
        # Header and footer are alike on all pages: walk them once, elsewhere skip to the text.
        root = "body" if page.address == "/" else "main"
        if root == "main":
            tab.keyboard.press("Enter")
            tab.keyboard.press("Tab")
        seen, reachable = set(), tab.evaluate(COUNT, [root, REACHABLE])
        for _ in range(reachable):
            *look, element = tab.evaluate(FOCUS, REACHABLE)
            assert look == ["solid", 3, True], page.address
            seen.add(element)
            tab.keyboard.press("Tab")
        assert len(seen) == reachable, page.address
    tab.context.close()


def test_links_that_stand_alone_are_large_enough_to_hit(
    browser: Browser, address: str, pages: list[Page]
) -> None:
    tab = _tab(browser, 320)
    small = []
    for page in pages:
        tab.goto(address + page.address)
        small += tab.evaluate(
            """() => [...document.querySelectorAll('nav a, .button, .brand, .contact a')]
                .map(a => [a.textContent.trim(), a.getBoundingClientRect()])
                .filter(([_, box]) => box.height < 24 || box.width < 24).map(([text]) => text)"""
        )
    tab.context.close()
    assert small == []


def test_text_is_at_least_18_pixels_and_lines_at_most_70_characters(
    browser: Browser, address: str
) -> None:
    tab = _tab(browser, 1280)
    tab.goto(address + "/leervragen/")
    size, width = tab.evaluate(
        """() => { const p = document.querySelector('article > p:not(.lead)');
                   const probe = p.appendChild(document.createElement('span'));
                   probe.textContent = '0'.repeat(70);
                   probe.style.cssText = 'position:absolute;white-space:nowrap';
                   return [parseFloat(getComputedStyle(p).fontSize),
                           p.clientWidth / probe.getBoundingClientRect().width]; }"""
    )
    tab.context.close()
    assert size >= 18
    assert width <= 1
