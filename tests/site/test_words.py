"""A hard word is explained where it is first used: by mouse, by keyboard, on paper, unscripted."""

import re
import runpy
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser
from playwright.sync_api import Page as Tab

from tests.site.conftest import EXPLANATION, Page
from tests.site.test_browser import AXE, GUISES, RULES, RUN
from tests.site.test_language import JE, U
from tests.site_build import ROOT

WORDS = runpy.run_path(str(ROOT / "site" / "words.py"))
NETWORK = WORDS["Term"]("Netwerk", "De mensen om iemand heen.")
COORDINATOR = WORDS["Term"]("Coördinator", "Die helpt & leidt.")

SIGN = re.compile(r'popovertarget="([a-z-]+)"')
NOTE = re.compile(
    r'<div class="meaning" id="([a-z-]+)" popover><strong>(.*?)</strong>: (.*?)</div>'
)
ENTRY = re.compile(r'<dt id="([a-z-]+)">(.*?)</dt>\s*<dd>\s*(?:<p>)?(.*?)(?:</p>|</dd>)', re.DOTALL)
WITHIN = """() => { const note = document.querySelector(':popover-open').getBoundingClientRect();
    const sign = document.activeElement.getBoundingClientRect();
    const inside = note.left >= 0 && note.top >= 0
        && note.right <= innerWidth && note.bottom <= innerHeight;
    const apart = note.top >= sign.bottom || note.bottom <= sign.top;
    return [inside, apart]; }"""


def explain(body: str, *terms: object) -> str:
    page = f'<article class="page md-typeset">{body}</article>'
    explained: str = WORDS["explain"](page, list(terms))
    return explained[len('<article class="page md-typeset">') : -len("</article>")]


def signed(body: str, *terms: object) -> list[str]:
    return SIGN.findall(explain(body, *terms))


def test_a_page_is_given_back_as_it_was_but_for_the_explanations(pages: list[Page]) -> None:
    for page in pages:
        assert WORDS["explain"](page.own_html, []) == page.own_html
        terms = [WORDS["Term"]("De", "x"), WORDS["Term"]("Eigen", "y")]
        explained = WORDS["explain"](page.own_html, terms)
        assert EXPLANATION.sub(lambda match: match[1] or "", explained) == page.own_html


def test_every_note_says_what_the_glossary_says(pages: list[Page]) -> None:
    glossary = next(page.html for page in pages if page.address == "/woorden/")
    entries = {slug: (name, meaning) for slug, name, meaning in ENTRY.findall(glossary)}
    assert len(entries) >= 13
    used: set[str] = set()
    for page in pages:
        notes = {
            slug: (name, " ".join(text.split())) for slug, name, text in NOTE.findall(page.html)
        }
        assert sorted(notes) == sorted(SIGN.findall(page.html)), page.address
        for slug, note in notes.items():
            assert note == entries[slug.removeprefix("uitleg-")]
        used |= notes.keys()
    assert len(used) >= 8


def test_an_explanation_fits_any_reader(pages: list[Page]) -> None:
    for page in pages:
        for _, _, meaning in NOTE.findall(page.html):
            assert JE.findall(meaning.lower()) + U.findall(meaning.lower()) == []


def test_only_the_first_use_in_running_text_gets_a_sign() -> None:
    assert signed("<p>Een netwerk. Nog een netwerk.</p><p>Netwerk.</p>", NETWORK) == [
        "uitleg-netwerk"
    ]
    assert explain("<p><em>Netwerken</em> dus.</p>", NETWORK).startswith(
        '<p><em><span class="word">Netwerken<button class="ask" type="button"'
        ' popovertarget="uitleg-netwerk" aria-label="Uitleg van netwerken"></button></span></em>'
        ' dus.</p>\n<div class="meaning" id="uitleg-netwerk" popover>'
    )


def test_a_plural_is_the_same_word_and_a_part_of_a_word_is_not() -> None:
    assert signed("<p>Hun netwerken.</p>", NETWORK)
    assert signed("<p>De netwerkkast, het spoor-netwerk, netwerk-zaken.</p>", NETWORK) == []


@pytest.mark.parametrize(
    "body",
    [
        "<h2>Netwerk</h2>",
        '<p><a href="/">netwerk</a></p>',
        '<p class="lead">Netwerk</p>',
        '<p class="explained">Een netwerk, dat zijn mensen.</p>',
        '<div class="doors"><ul><li><p>Netwerk</p></li></ul></div>',
        '<section class="action"><p>Netwerk</p></section>',
        "<table><tr><td><p>netwerk</p></td></tr></table>",
        "<div>netwerk</div>",
        '<p title="netwerk">iets</p>',
        "<h1>Het netwerk</h1><p>Een netwerk.</p>",
    ],
)
def test_no_sign_stands_where_it_would_be_in_the_way(body: str) -> None:
    assert explain(body, NETWORK) == body


def test_a_note_stands_behind_its_paragraph_or_within_its_item() -> None:
    html = explain(
        "<ul><li>Een netwerk</li></ul><p>Een coördinator.<br>Ja</p>", NETWORK, COORDINATOR
    )
    assert re.search(r"</span>\n<div [^>]*netwerk[^>]*>.*?</div></li></ul><p>", html)
    assert html.endswith("<strong>Coördinator</strong>: Die helpt &amp; leidt.</div>")
    assert 'id="uitleg-coordinator"' in html


def test_signs_and_notes_of_one_paragraph_keep_their_places() -> None:
    html = explain("<p>De coördinator &amp; het netwerk.</p>", NETWORK, COORDINATOR)
    assert set(SIGN.findall(html)) == {"uitleg-netwerk", "uitleg-coordinator"}
    assert "</span> &amp; het <span" in html


@pytest.fixture(params=[True, False], ids=["script", "no script"])
def tab(browser: Browser, address: str, request: pytest.FixtureRequest) -> Iterator[Tab]:
    context = browser.new_context(java_script_enabled=request.param)
    page = context.new_page()
    page.goto(address + "/leervragen/")
    yield page
    context.close()


def test_the_keyboard_opens_and_closes_an_explanation(tab: Tab) -> None:
    sign = tab.get_by_role("button", name="Uitleg van leerplan")
    note = tab.locator("#uitleg-leerplan")
    assert not note.is_visible()
    sign.focus()
    for key in ("Enter", "Space"):
        tab.keyboard.press(key)
        assert note.is_visible()
        tab.keyboard.press("Escape")
        assert not note.is_visible()
    tab.keyboard.press("Enter")
    assert note.is_visible()
    tab.keyboard.press("Enter")
    assert not note.is_visible()


def test_a_mouse_opens_it_and_a_click_elsewhere_closes_it(tab: Tab) -> None:
    note = tab.locator("#uitleg-mentor")
    tab.get_by_role("button", name="Uitleg van mentor").click()
    assert note.is_visible()
    assert note.inner_text().startswith("Mentor: ")
    tab.get_by_role("heading", level=1).click()
    assert not note.is_visible()


def test_paper_shows_the_explanations_and_no_buttons(tab: Tab) -> None:
    tab.emulate_media(media="print")
    assert all(note.is_visible() for note in tab.locator(".meaning").all())
    assert not any(sign.is_visible() for sign in tab.locator(".ask").all())
    assert tab.locator(".meaning").count() >= 4


def test_an_open_explanation_stays_within_the_screen_and_clear_of_its_word(
    browser: Browser, address: str
) -> None:
    tab = browser.new_page(reduced_motion="reduce")
    found = []
    for width, scheme in GUISES:
        tab.set_viewport_size({"width": width, "height": 800})
        tab.emulate_media(color_scheme=scheme)
        tab.goto(address + "/leervragen/")
        tab.evaluate(AXE)
        for sign in tab.locator(".ask").all():
            sign.evaluate("button => button.scrollIntoView({block: 'center'})")
            sign.focus()
            tab.keyboard.press("Enter")
            assert tab.evaluate(WITHIN) == [True, True]
        found += [f"{width} {scheme} {fault}" for fault in tab.evaluate(RUN, RULES)]
    tab.close()
    assert found == []
