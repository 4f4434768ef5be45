"""In a real browser the pages are accessible, fit small screens and ask for nothing foreign."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import axe_playwright_python
import pytest
from playwright.sync_api import Browser
from playwright.sync_api import Page as Tab

from tests.conftest import Tell
from tests.site.conftest import Page

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# For one page in many states: each width and each scheme once.
GUISES: list[tuple[int, Literal["light", "dark"]]] = [(320, "dark"), (1280, "light")]
# Dark after light, at one width, only the colours differ.
COLOURS = ["color-contrast", "link-in-text-block"]
RUN = """async (rules) => (await axe.run(document, {runOnly: rules, resultTypes: ['violations']}))
    .violations.flatMap(rule => rule.nodes.map(node => rule.id + ': ' + node.target.join(' ')))"""
RUN_COLOURS = """async ([rules, left]) => (await axe.run({include: [['body']], exclude: left},
    {runOnly: {type: 'rule', values: rules}, resultTypes: ['violations']}))
    .violations.flatMap(rule => rule.nodes.map(node => rule.id + ': ' + node.target.join(' ')))"""
# The long footer has the same colours everywhere: on these two all that it can hold is seen.
FOOTERS = {"/", "/leervragen/"}

# From before the page's first byte on: what moved, and what the policy refused.
WATCH = """window.moved = []; window.refused = [];
    new PerformanceObserver(list => moved.push(...list.getEntries().map(entry => entry.value)))
        .observe({type: 'layout-shift', buffered: true});
    addEventListener('securitypolicyviolation', e => refused.push(e.effectiveDirective));"""
# Two frames on, what was going to move has moved.
SETTLED = """async () => { await document.fonts.ready;
    await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
    return [moved, refused]; }"""
KEPT = "localStorage.length + sessionStorage.length + document.cookie.length"
BLOCKING = """() => performance.getEntriesByType('resource')
    .filter(entry => entry.renderBlockingStatus === 'blocking').map(entry => entry.name)"""

REACHABLE = "a, button, input, select, textarea"
# Focus has to stay in sight: drawn by us, and within the window.
FOCUS = """(reachable) => { const at = document.activeElement, style = getComputedStyle(at);
    const box = at.getBoundingClientRect();
    return [style.outlineStyle, parseFloat(style.outlineWidth),
            box.bottom > 0 && box.top < innerHeight,
            [...document.querySelectorAll(reachable)].indexOf(at)]; }"""
COUNT = """([root, reachable]) => [...document.querySelector(root).querySelectorAll(reachable)]
    .filter(element => element.checkVisibility()).length"""
SMALL = """() => [...document.querySelectorAll('nav a, .button, .brand, .contact a')]
    .map(a => [a.textContent.trim(), a.getBoundingClientRect()])
    .filter(([_, box]) => box.height < 24 || box.width < 24).map(([text]) => text)"""


@dataclass
class Walk:
    """All pages, each loaded once on a phone and once on a desk: what was wrong, by what it is."""

    axe: list[str] = field(default_factory=list)
    wide: list[str] = field(default_factory=list)
    small: list[str] = field(default_factory=list)
    moved: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    unreached: list[str] = field(default_factory=list)
    blocking: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)
    said: list[str] = field(default_factory=list)
    cookies: list[Any] = field(default_factory=list)


@pytest.fixture(scope="module")
def walk(browser: Browser, address: str, pages: list[Page]) -> Walk:
    context = browser.new_context(base_url=address, reduced_motion="reduce")
    tab, walk = context.new_page(), Walk()
    tab.add_init_script(WATCH)
    tab.on("request", lambda request: walk.asked.add(request.url))
    tab.on("console", lambda message: walk.said.append(message.text))
    tab.on("pageerror", lambda error: walk.said.append(str(error)))
    for page in pages:
        _load(tab, walk, page.address, 360)
        _look(tab, walk, page.address, 320)
        walk.small += tab.evaluate(SMALL)
        _load(tab, walk, page.address, 1280)
        walk.unreached += _tab_through(tab, page.address)
        _look(tab, walk, page.address, 1280)
        _stretch(tab, walk, page.address)
    walk.cookies = list(context.cookies())
    context.close()
    return walk


def _load(tab: Tab, walk: Walk, page: str, width: int) -> None:
    tab.set_viewport_size({"width": width, "height": 800})
    tab.emulate_media(color_scheme="light")
    tab.goto(page)
    moved, refused = tab.evaluate(SETTLED)
    walk.moved += [f"{page} {width}: {much}" for much in moved]
    walk.refused += [f"{page}: {what}" for what in refused]
    walk.kept += [page] if tab.evaluate(KEPT) else []
    walk.blocking |= set(tab.evaluate(BLOCKING))


def _look(tab: Tab, walk: Walk, page: str, width: int) -> None:
    tab.set_viewport_size({"width": width, "height": 800})
    tab.evaluate(AXE)
    faults = tab.evaluate(RUN, RULES)
    tab.emulate_media(color_scheme="dark")
    faults += tab.evaluate(RUN_COLOURS, [COLOURS, [] if page in FOOTERS else [["footer"]]])
    walk.axe += [f"{page} {width}: {fault}" for fault in faults]


def _stretch(tab: Tab, walk: Walk, page: str) -> None:
    for width, larger in ((320, 1), (640, 2), (1280, 1), (1280, 2)):
        tab.set_viewport_size({"width": width, "height": 800})
        # Material sets the root at 125 %; a visitor's larger text multiplies that.
        tab.evaluate("n => document.documentElement.style.fontSize = `${n * 125}%`", larger)
        if tab.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            walk.wide.append(f"{page} {width} {larger}")


def _tab_through(tab: Tab, page: str) -> list[str]:
    """What of a page the keyboard does not reach, or does not show to have reached."""
    tab.keyboard.press("Tab")
    at = "[document.activeElement.className, document.activeElement.getBoundingClientRect().top]"
    if tab.evaluate(at) != ["skip", 0]:
        return [f"{page} begins elsewhere"]
    # Header and footer are alike on all pages: walk them once, elsewhere skip to the text.
    root = "body" if page == "/" else "main"
    if root == "main":
        tab.keyboard.press("Enter")
        tab.keyboard.press("Tab")
    seen, faults, reachable = set(), [], tab.evaluate(COUNT, [root, REACHABLE])
    for _ in range(reachable):
        *look, element = tab.evaluate(FOCUS, REACHABLE)
        if look != ["solid", 3, True]:
            faults.append(f"{page} {element}: {look}")
        seen.add(element)
        tab.keyboard.press("Tab")
    return faults + ([] if len(seen) == reachable else [f"{page}: {len(seen)} of {reachable}"])


def test_axe_finds_nothing_on_any_page_in_any_guise(walk: Walk) -> None:
    assert not walk.axe, "\n".join(walk.axe)


def test_no_page_is_wider_than_its_screen(walk: Walk) -> None:
    assert walk.wide == []


def test_nothing_moves_while_a_page_loads(walk: Walk) -> None:
    assert walk.moved == []


def test_no_page_asks_for_anything_outside_its_origin_or_policy(walk: Walk, address: str) -> None:
    assert walk.refused == []
    assert walk.said == []
    assert {url for url in walk.asked if not url.startswith(address)} == set()


def test_nothing_is_kept_in_the_browser(walk: Walk) -> None:
    assert walk.cookies == []
    assert walk.kept == []


def test_only_style_sheets_hold_up_the_first_view(walk: Walk) -> None:
    assert walk.blocking
    assert {url for url in walk.blocking if not url.endswith(".css")} == set()


def test_the_keyboard_reaches_everything_and_shows_where_it_is(walk: Walk) -> None:
    assert walk.unreached == []


def test_links_that_stand_alone_are_large_enough_to_hit(walk: Walk) -> None:
    assert walk.small == []


def test_the_first_view_of_home_stays_within_its_weight(
    browser: Browser, address: str, site: Path, tell: Tell
) -> None:
    tab = browser.new_page()
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url.removeprefix(address)))
    tab.goto(address, wait_until="networkidle")
    tab.close()
    weights = {name: _weight(site, name) for name in asked}
    html = weights["/"]
    styles = sum(weight for name, weight in weights.items() if name.endswith(".css"))
    lines = [f"{weight:7,d}  {name}" for name, weight in weights.items()]
    tell("Home over the wire, in bytes", [*lines, f"{sum(weights.values()):7,d}  in all"])
    assert html <= 14_000
    assert styles <= 22_000
    assert sum(weights.values()) <= 60_000


def _weight(site: Path, name: str) -> int:
    """What is sent for this address: the brotli copy, where there is one."""
    path = site / (name.lstrip("/") or "index.html")
    copy = path.with_name(path.name + ".br")
    return (copy if copy.is_file() else path).stat().st_size


def test_text_is_at_least_18_pixels_and_lines_at_most_70_characters(
    browser: Browser, address: str
) -> None:
    tab = browser.new_page(viewport={"width": 1280, "height": 800})
    tab.goto(address + "/leervragen/")
    size, width = tab.evaluate(
        """() => { const p = document.querySelector('article > p:not(.lead)');
                   const probe = p.appendChild(document.createElement('span'));
                   probe.textContent = '0'.repeat(70);
                   probe.style.cssText = 'position:absolute;white-space:nowrap';
                   return [parseFloat(getComputedStyle(p).fontSize),
                           p.clientWidth / probe.getBoundingClientRect().width]; }"""
    )
    tab.close()
    assert size >= 18
    assert width <= 1
