"""What is wrong with a page as a browser shows it: for axe, and for eyes at several widths."""

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Literal

import axe_playwright_python
from playwright.sync_api import CDPSession, Page

WIDTHS = (320, 1280)
HEIGHT = 800
Sizes = list[tuple[str, float]]
TEXT, TWICE = 16, 32  # pixels: what a browser's own text size is set to

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
EVERYTHING = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# The rest is the same at another width or in other colours; header and footer, page by page.
FRAME = ["body > header", "body > footer"]
WHAT_WIDTH_CHANGES = ["color-contrast", "target-size", "scrollable-region-focusable"]
WHAT_COLOUR_CHANGES = ["color-contrast"]
RUN = """async ([exclude, type, values]) =>
    (await axe.run({exclude}, {runOnly: {type, values}, resultTypes: ['violations']})).violations
        .flatMap(rule => rule.nodes.map(node => rule.id + ': ' + node.target.join(' ')))"""

# What a page is built of, whatever it says and however often; the same shape has the same faults.
SHAPE = """() => {
    const shape = node => [node.tagName, node.className, ...node.getAttributeNames().sort()] + '('
        + [...node.children].map(shape).filter((one, at, all) => one !== all[at - 1]) + ')';
    return shape(document.body);
}"""

# Lines of text are boxes of their own: what lies over what, and what sticks out of its block.
MISFITS = r"""() => {
    const wide = document.documentElement, found = [];
    if (wide.scrollWidth > innerWidth) found.push(`the page is ${wide.scrollWidth} wide`);
    const foot = document.querySelector('footer').getBoundingClientRect().bottom + scrollY;
    if (wide.scrollHeight > Math.max(foot, innerHeight) + 1) found.push('something under the end');
    const clipped = node => node
        && (getComputedStyle(node).clipPath === 'inset(50%)' || clipped(node.parentElement));
    const hidden = node => node.closest('.skip, option, script, svg, head')
        || !node.checkVisibility({visibilityProperty: true}) || clipped(node);
    const pieces = [];
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let text; (text = texts.nextNode());) {
        const owner = text.parentElement;
        if (!text.data.trim() || hidden(owner) || owner.closest('textarea, select')) continue;
        let block = owner;
        while (getComputedStyle(block).display === 'inline') block = block.parentElement;
        const room = block.getBoundingClientRect(), range = document.createRange();
        range.selectNodeContents(text);
        for (const line of range.getClientRects()) {
            if (!line.width) continue;
            const name = text.data.trim().slice(0, 30);
            // The letters themselves: what is above and below them may touch another line.
            const trim = line.height * 0.2;
            pieces.push({of: owner, name, left: line.left + 1, right: line.right - 1,
                top: line.top + trim, bottom: line.bottom - trim});
            if (line.left < room.left - 1 || line.right > room.right + 1)
                found.push(`sticks out: ${name}`);
            if (line.left < -1 || line.right > innerWidth + 1) found.push(`out of sight: ${name}`);
        }
    }
    for (const box of document.querySelectorAll('input, select, textarea, button, .button')) {
        if (box.type === 'hidden' || hidden(box)) continue;
        const {left, right, top, bottom} = box.getBoundingClientRect();
        pieces.push({of: box, name: box.name || box.textContent.trim(), left, right, top, bottom});
    }
    pieces.forEach((one, at) => pieces.slice(at + 1).forEach(other => {
        if (one.of.contains(other.of) || other.of.contains(one.of)) return;
        if (one.left < other.right && other.left < one.right
                && one.top < other.bottom && other.top < one.bottom)
            found.push(`one over another: ${one.name} / ${other.name}`);
    }));
    return found;
}"""


# Not within a picture: it grows with its box, and what it says stands in words beside it.
SIZES = """() => [...document.querySelectorAll('body *:not(svg *)')]
    .filter(node => [...node.childNodes].some(child => child.nodeType === 3 && child.data.trim()))
    .map(node => [node.textContent.trim().slice(0, 30),
        parseFloat(getComputedStyle(node).fontSize)])"""


class Eye:
    """Looks at one tab; a page of a shape that it saw before is not given to axe again.

    Text is made larger as a visitor's browser does it, by the size it takes for text: boxes stay
    as they are, and only what is written in pixels, or does not give way, shows itself. Zooming
    would make boxes and text larger together, which is the same as a narrower screen.
    """

    def __init__(self, tab: Page) -> None:
        self._tab = tab
        self._settings: CDPSession = tab.context.new_cdp_session(tab)
        self._shapes: set[str] = set()

    def faults(self) -> list[str]:
        """What is wrong with the page that the tab shows, each with how it was looked at."""
        shape = self._tab.evaluate(SHAPE)
        thoroughly = shape not in self._shapes
        if thoroughly:
            self._tab.evaluate(AXE)
        # From one size to the next with one change at a time, for each is a layout of the page.
        found = [*self._narrow(thoroughly=thoroughly), *self._wide(thoroughly=thoroughly)]
        self._shapes.add(shape)
        return found

    def set_width(self, width: int) -> None:
        self._tab.set_viewport_size({"width": width, "height": HEIGHT})

    def set_text(self, pixels: int) -> None:
        """Set what the browser takes for the size of text, headings and all."""
        sizes = {"standard": pixels, "fixed": pixels * 13 // 16}
        self._settings.send("Page.setFontSizes", {"fontSizes": sizes})

    def _narrow(self, *, thoroughly: bool) -> Iterator[str]:
        width, *_ = WIDTHS
        self.set_width(width)
        before = yield from self._at_size(width, TEXT, thoroughly=thoroughly)
        self.set_text(TWICE)
        after = yield from self._at_size(width, TWICE, thoroughly=thoroughly)
        yield from _standing_still(before, after)

    def _wide(self, *, thoroughly: bool) -> Iterator[str]:
        *_, width = WIDTHS
        self.set_width(width)
        after = yield from self._at_size(width, TWICE, thoroughly=thoroughly)
        self.set_text(TEXT)
        before = yield from self._at_size(width, TEXT, thoroughly=thoroughly)
        yield from _standing_still(before, after)

    def _at_size(self, width: int, pixels: int, *, thoroughly: bool) -> Generator[str, None, Sizes]:
        """What is wrong at this size; gives how large each text is, where that is asked."""
        how = f"{width}" if pixels == TEXT else f"{width} with text twice as large"
        yield from (f"{how}: {fault}" for fault in self._tab.evaluate(MISFITS))
        if thoroughly and pixels == TEXT:
            yield from self._axe(width, "light")
            yield from self._axe(width, "dark")
        return self._tab.evaluate(SIZES) if thoroughly else []

    def _axe(self, width: int, colours: Literal["light", "dark"]) -> Iterator[str]:
        how = self._rules(width, colours)
        # A colour on its way from one scheme to the other is none that anybody reads.
        self._tab.emulate_media(color_scheme=colours, reduced_motion="reduce")
        yield from (f"{width} {colours}: {fault}" for fault in self._tab.evaluate(RUN, how))

    def _rules(self, width: int, colours: str) -> tuple[list[str], str, list[str]]:
        known = FRAME if self._shapes else []
        if colours == "light" and width == WIDTHS[0]:
            return known, "tag", EVERYTHING
        return known, "rule", WHAT_COLOUR_CHANGES if colours == "dark" else WHAT_WIDTH_CHANGES


def _standing_still(before: Sizes, after: Sizes) -> Iterator[str]:
    """A heading grows with the screen too, and so a little less than the text around it."""
    for (text, size), (_, grown) in zip(before, after, strict=True):
        if grown < 1.6 * size:
            yield f"does not grow with the size of text: {text}"
