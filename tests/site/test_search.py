"""Whoever searches in Dutch finds the page, in the browser alone; without a script, in a list."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from playwright.sync_api import Page as Tab

from tests.site.conftest import OURS, Page
from tests.site.test_browser import AXE, GUISES, RULES, RUN

MODULE = "import(document.querySelector('script[type=module]').src)"
FOUND = ".found li > a"
# Each takes another way through the rules.
HARD_WORDS = """
    mogelijkheden moeilijkheid eenheid gemene openen yoghurt boeien haaien vreugdevolle betaalbaar
    lichamelijkheid dankbare onverenigbaar bestendigend verenigend kleding bedding zittend
    koninginnen schaatsen huisjes maan brood vuur steen zeeen ijs bakken redde katten
"""


@pytest.fixture
def tab(browser: Browser, address: str) -> Iterator[Tab]:
    context = browser.new_context(base_url=address, reduced_motion="reduce")
    page = context.new_page()
    page.goto("/zoeken/")
    yield page
    context.close()


def ask(tab: Tab, question: str) -> list[str]:
    """The addresses found, in order; as the page shows them once it has said how many."""
    field = tab.get_by_role("searchbox", name="Zoek op deze site")
    field.fill(question)
    tab.keyboard.press("Enter")
    shown = tab.get_by_role("status")
    expect(shown).to_contain_text(question.strip() or "Typ een woord")
    return [link.get_attribute("href") or "" for link in tab.locator(FOUND).all()]


def find(tab: Tab, questions: list[str]) -> list[list[str]]:
    """The same for many questions, asked of the search itself."""
    found: list[list[str]] = tab.evaluate(
        f"""async (questions) => {{
            const {{ Index }} = await {MODULE};
            const parts = (await import(document.forms.zoek.dataset.index)).default;
            const index = new Index(parts);
            return questions.map(one => index.search(one).pages.map(part => part.address));
        }}""",
        questions,
    )
    return found


def stems(tab: Tab, name: str, words: list[str]) -> list[str]:
    found: list[str] = tab.evaluate(
        f"words => {MODULE}.then(file => words.map(file.{name}))", words
    )
    return found


FIRST = {
    "leerling": "/leerlingen/",
    "leerlingen": "/leerlingen/",
    "betalen": "/wie-betaalt/",
    "wie betaalt": "/wie-betaalt/",
    "Wie betaalt het?": "/wie-betaalt/",
    "KOSTEN": "/wie-betaalt/",
    "coordinator": "/coordinator/",
    "coördinatoren": "/coordinator/",
    "ruzie in de straat": "/groep-wijk-buurt/",
    "werkblad": "/werkbladen/",
    "drie maanden": "/groep-wijk-buurt/#wat-gebeurt-er-daarna",
    "hoe lang bewaren jullie gegevens": "/privacy/#hoe-lang-bewaren-wij-uw-gegevens",
    "regiomanager": "/woorden/#regiomanager",
}
# As typed: as read.
ERRORS = {
    "leerlign": "leerling",
    "regiomanger": "regiomanager",
    "cordinator": "coordinator",
    "privecy": "privacy",
}


def test_a_question_in_dutch_finds_its_page_first(tab: Tab) -> None:
    assert {question: ask(tab, question)[0] for question in FIRST} == FIRST


def test_a_typing_error_is_forgiven_and_said(tab: Tab) -> None:
    for typed, meant in ERRORS.items():
        assert ask(tab, meant) == ask(tab, typed) != []
        expect(tab.get_by_role("status")).to_contain_text(f"{typed} (gelezen als: {meant})")


def test_nothing_found_is_said_and_offers_the_doors_and_the_phone(tab: Tab) -> None:
    assert ask(tab, "xyzzy") == []
    expect(tab.get_by_role("status")).to_have_text("Niets gevonden voor: xyzzy")
    help_ = tab.locator("#niets-gevonden")
    assert help_.is_visible()
    doors = [link.get_attribute("href") for link in help_.get_by_role("link").all()]
    assert doors[-2:] == ["/aanvragen/", f"tel:{OURS['telefoon_link']}"]
    assert ask(tab, "leerling")
    assert not help_.is_visible()


def test_every_page_is_found_by_its_own_title(tab: Tab, pages: list[Page]) -> None:
    sought = [page for page in pages if page.meta and page.address not in {"/", "/zoeken/"}]
    found = find(tab, [page.meta["title"] for page in sought])
    missed = [
        (page.meta["title"], hits[:3])
        for page, hits in zip(sought, found, strict=True)
        if page.address not in {hit.partition("#")[0] for hit in hits[:2]}
    ]
    assert missed == []


def test_what_the_search_finds_is_there(tab: Tab, pages: list[Page]) -> None:
    ids = {page.address: set(re.findall(' id="([^"]+)"', page.html)) for page in pages}
    (found,) = find(tab, ["de het een en van plan school u je"])
    everything = tab.evaluate(
        "import(document.forms.zoek.dataset.index).then(file => file.default.map(p => p.address))"
    )
    assert len(everything) > 100
    for hit in [*found, *everything]:
        address, _, part = hit.partition("#")
        assert not part or part in ids[address], hit
    assert {hit.partition("#")[0] for hit in everything} == ids.keys() - {"/404.html"}


def test_what_is_typed_stays_in_the_browser_and_the_index_comes_once_and_when_wanted(
    tab: Tab, address: str
) -> None:
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url.removeprefix(address)))
    tab.reload()
    tab.wait_for_function("!document.getElementById('zoek').hidden")
    before = list(asked)
    ask(tab, "geheim woord")
    ask(tab, "leerling")
    assert not [url for url in before if "pages" in url]
    # A browser may look at the icon again where an address changes.
    (index,) = [url for url in asked[len(before) :] if not url.startswith("/icon.")]
    assert re.fullmatch(r"/scripts/pages\.[0-9a-f]{8}\.js", index)
    assert tab.evaluate("[document.cookie, localStorage.length, sessionStorage.length]") == [
        "",
        0,
        0,
    ]


def test_back_brings_the_question_before_and_an_address_can_be_kept(tab: Tab) -> None:
    first = ask(tab, "betalen")
    ask(tab, "wie betaalt & co #1")
    kept = tab.url
    tab.go_back()
    expect(tab.get_by_role("searchbox")).to_have_value("betalen")
    expect(tab.locator(FOUND)).to_have_count(len(first))
    tab.goto("about:blank")
    tab.goto(kept)
    expect(tab.get_by_role("searchbox")).to_have_value("wie betaalt & co #1")
    expect(tab.get_by_role("status")).to_contain_text("wie betaalt & co #1")


def test_the_skip_link_is_no_question(tab: Tab) -> None:
    tab.keyboard.press("Tab")
    tab.keyboard.press("Enter")
    expect(tab).to_have_url(re.compile("#inhoud$"))
    assert tab.get_by_role("status").inner_text() == ""


def test_odd_input_is_shown_as_it_is_and_breaks_nothing(tab: Tab) -> None:
    said: list[str] = []
    tab.on("pageerror", lambda error: said.append(str(error)))
    for question in (
        "<img src=x onerror=alert(1)>",
        "school " + "x" * 3000,
        "\u202eschool",
        "%E0%A4",
    ):
        ask(tab, question)
        assert tab.locator("main img").count() == 0
    assert said == []


def test_too_little_is_answered_with_what_to_type(tab: Tab) -> None:
    for question in ("", "  ", "?!", "a"):
        ask(tab, "school")
        tab.get_by_role("searchbox").fill(question)
        tab.keyboard.press("Enter")
        expect(tab.get_by_role("status")).to_have_text("Typ een woord van twee of meer letters.")
        expect(tab.locator(FOUND)).to_have_count(0)


def test_the_results_are_accessible_in_every_guise(tab: Tab) -> None:
    tab.evaluate(AXE)
    faults = []
    for question in ("leerling", "xyzzy"):
        ask(tab, question)
        assert tab.locator("h1").count() == 1
        for width, scheme in GUISES:
            tab.set_viewport_size({"width": width, "height": 800})
            tab.emulate_media(color_scheme=scheme)
            faults += [f"{question} {width} {scheme} {one}" for one in tab.evaluate(RUN, RULES)]
            assert not tab.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    assert faults == []


def test_without_a_script_the_page_is_a_list_of_all_pages_and_words(
    browser: Browser, address: str, pages: list[Page]
) -> None:
    tab = browser.new_page(java_script_enabled=False)
    tab.goto(address + "/zoeken/")
    assert not tab.get_by_role("searchbox").is_visible()
    links = tab.locator(".a-to-z a").all()
    listed = [link.get_attribute("href") or "" for link in links]
    names = [link.inner_text() for link in links]
    lines = [item.inner_text().splitlines()[1:] for item in tab.locator(".a-to-z li").all()]
    tab.close()
    assert {name for name in listed if "#" not in name} == {
        page.address for page in pages if page.meta and page.address != "/zoeken/"
    }
    assert len([name for name in listed if name.startswith("/woorden/#")]) >= 13
    assert len(set(names)) == len(names)
    bare = [name.removesuffix(" (woord)").lower().replace("ö", "o") for name in names]
    assert bare == sorted(bare)
    assert all(len(" ".join(line)) > 20 for line in lines)


def test_the_stems_are_those_of_snowball(tab: Tab, site: Path) -> None:
    snowball = pytest.importorskip("nltk.stem.snowball").DutchStemmer()
    index = next((site / "scripts").glob("pages.*.js")).read_text(encoding="utf-8")
    parts: list[dict[str, Any]] = json.loads(index.removeprefix("export default ").rstrip(";\n"))
    text = " ".join(str(value) for part in parts for value in part.values())
    words = sorted(set(re.findall("[a-z]{2,}", text.lower()))) + HARD_WORDS.split()
    assert len(words) > 1000
    ours = stems(tab, "porter", words)
    differ = [
        (word, stem, theirs)
        for word, stem in zip(words, ours, strict=True)
        if stem != (theirs := snowball.stem(word))
    ]
    assert differ == []


FAMILIES = """
    leerling leerlingen leerlinge
    betalen betaalt betaling betaal
    werken werkt werk
    school scholen
    vraag vragen vraagt
    buurt buurten
    ouder ouders
    conferentie conferenties
    gemeente gemeenten
    moeilijk moeilijke moeilijkheden
"""


def test_words_of_one_family_share_a_stem_and_families_do_not(tab: Tab) -> None:
    families = [line.split() for line in FAMILIES.strip().splitlines()]
    found = [set(stems(tab, "stem", family)) for family in families]
    assert [len(one) for one in found] == [1] * len(families)
    assert len(set.union(*found)) == len(families)
