"""Every page of the portal, in every state, is accessible, valid, fits and reads easily."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import axe_playwright_python
import html5lib
import pytest
from playwright.sync_api import Browser, Page

from tests.journeys.conftest import House
from tests.journeys.states import STATES
from tests.language import NORMAL, PUPIL, prose

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN = """async (rules) => (await axe.run(document, {runOnly: rules})).violations
    .flatMap(rule => rule.nodes.map(node => rule.id + ': ' + node.target.join(' ')))"""
GUISES: list[tuple[int, Literal["light", "dark"]]] = [
    (320, "light"),
    (320, "dark"),
    (1280, "dark"),
    (1280, "light"),
]
JE = re.compile(r"\b(je|jij|jou|jouw|jezelf|jullie)\b", re.IGNORECASE)
U = re.compile(r"\b(u|uw|uzelf)\b", re.IGNORECASE)
NEVER = re.compile(r"!|\b(?:helaas|alstublieft|alsjeblieft|please)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Seen:
    """One state as the server sent it and as the browser found it."""

    name: str
    html: str
    title: str
    text: str
    faults: list[str]

    @property
    def for_pupils(self) -> bool:
        return self.name.startswith("pupil")


@pytest.fixture(scope="module")
def complaints() -> list[str]:
    """What the browser said of any state."""
    return []


@pytest.fixture(scope="module")
def seen(browser: Browser, house: House, complaints: list[str]) -> Iterator[list[Seen]]:
    context = browser.new_context(base_url=house.url, reduced_motion="reduce")
    tab = context.new_page()
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.on("console", lambda message: complaints.append(message.text))
    yield [_look_at(tab, name) for name in STATES]
    context.close()


def _look_at(tab: Page, name: str) -> Seen:
    tab.set_viewport_size({"width": 1280, "height": 800})
    html = STATES[name](tab).text()
    tab.evaluate(AXE)
    faults = []
    for width, scheme in GUISES:
        tab.set_viewport_size({"width": width, "height": 800})
        tab.emulate_media(color_scheme=scheme)
        faults += [f"{width} {scheme} {fault}" for fault in tab.evaluate(RUN, RULES)]
        if tab.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            faults.append(f"{width} is too narrow for it")
    return Seen(name, html, tab.title(), tab.locator("main").inner_text(), faults)


def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(seen: list[Seen]) -> None:
    found = [f"{state.name}: {fault}" for state in seen for fault in state.faults]
    assert not found, "\n".join(found)


def test_the_browser_complains_of_nothing(seen: list[Seen], complaints: list[str]) -> None:
    # It also reports each answer that is not a success; those are meant.
    assert [text for text in complaints if "the server responded with a status" not in text] == []


def test_every_page_is_valid_html_with_one_heading_and_unique_ids(seen: list[Seen]) -> None:
    for state in seen:
        parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
        root = parser.parse(state.html)
        assert len(root.findall(".//h1")) == 1, state.name
        ids = Counter(e.get("id") for e in root.iter() if isinstance(e.tag, str) and e.get("id"))
        assert [name for name, times in ids.items() if times > 1] == [], state.name
        named = [e.get("aria-describedby", "").split() for e in root.iter()]
        assert {name for names in named for name in names} <= ids.keys(), state.name


def test_every_title_names_its_subject_and_us(seen: list[Seen]) -> None:
    for state in seen:
        assert re.fullmatch(r"(Fout: |Nog één vraag: )?\S.* – Eigen Kracht", state.title), state
        wrong = any(part in state.name for part in (", empty", ", wrong", ", expired", "nothing"))
        assert state.title.startswith("Fout: ") == wrong, state.name


def test_no_form_uses_what_a_plain_form_does_not(seen: list[Seen]) -> None:
    for state in seen:
        root = html5lib.parse(state.html, namespaceHTMLElements=False)
        for form in root.iter("form"):
            assert not [e.tag for e in form.iter() if e.get("placeholder") or e.get("disabled")]
            assert not [e.tag for e in form.iter() if e.get("required") is not None]
        hints = [e for e in root.iter("p") if "hint" in e.get("class", "").split()]
        assert not [e for hint in hints for e in hint.iter("a")], state.name
        assert "*" not in state.text, state.name


def test_every_page_reads_easily(seen: list[Seen]) -> None:
    faults = []
    for state in seen:
        if state.name == "letter":
            continue  # the letters' own text is measured below
        gate = PUPIL if state.for_pupils else NORMAL
        faults += [f"{state.name}: {fault}" for fault in gate.faults(prose(state.html))]
    assert not faults, "\n".join(faults)


def test_a_page_says_je_or_u_and_never_both(seen: list[Seen]) -> None:
    for state in seen:
        if state.name in {"mailbox", "letter"}:
            continue  # these show letters to pupils and to others
        assert (U if state.for_pupils else JE).findall(state.text) == [], state.name
        assert NEVER.findall(state.text) == [], state.name


def test_the_letters_read_easily_and_address_one_person_one_way(
    seen: list[Seen], house: House
) -> None:
    letters = house.letters()
    assert letters
    for letter in letters:
        subject, text = str(letter["Subject"]), letter.get_content()
        paragraphs = re.sub(r"(?<!\n)\n(?!\n)", " ", text)
        pupil = subject.startswith("Je ")
        assert (U if pupil else JE).findall(text) == [], subject
        assert NEVER.findall(text) == [], subject
        if not subject.startswith("Nieuw"):
            assert (PUPIL if pupil else NORMAL).faults(paragraphs) == [], subject
