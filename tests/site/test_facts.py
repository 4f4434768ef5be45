"""Every fact of the leaflets is told, and none of the wrong kind of conference."""

import re
import tomllib
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import html5lib
import pytest

from tests.site.conftest import Page

DATA = tomllib.loads((Path(__file__).parent / "facts.toml").read_text(encoding="utf-8"))
FACTS: dict[str, dict[str, Any]] = {fact["id"]: fact for fact in DATA["facts"]}

# Words that belong to what only one of the two leaflets says.
LEERVRAGEN_ONLY = ["twee uur", "op school gehouden", "meestal op school", "negentien", "leerplan"]
LEERVRAGEN_ONLY += ["werkplan", "stuurt de coördinator de uitkomsten", "leidt het gesprek"]
GROEP_ONLY = ["drie maanden", "kopie", "financiering", "provincie", "deskundige", "stoom"]
GROEP_ONLY += ["gewone burgers", "iedereen besluiten", " eten en"]


# A glossary goes by the alphabet, and the law asks one page for all that is kept.
WITHOUT_PARTS = {"woordenlijst", "juridisch"}


def main_text(page: Page) -> str:
    """A page's own words, without the glossary's, in lower case, with single spaces."""
    return " ".join("".join(_main(page).itertext()).lower().split())


def sections(page: Page) -> list[tuple[str, str]]:
    """Heading and text of each part of the page; the first part's heading is the page's own."""
    parts: list[tuple[str, str]] = []
    article = _main(page).find(".//article")
    assert article is not None
    heading = ""
    for child in article:
        text = " ".join("".join(child.itertext()).lower().split())
        if child.tag in {"h1", "h2"}:
            heading = text
        parts.append((heading, text))
    return parts


def _main(page: Page) -> Element:
    main = html5lib.parse(page.own_html, namespaceHTMLElements=False).find(".//main")
    assert main is not None
    return main


def _foreign_words(heading: str) -> list[str]:
    of_leervragen = [] if "leer" in heading else LEERVRAGEN_ONLY
    of_groep = [] if re.search("groep|wijk|buurt", heading) else GROEP_ONLY
    return of_leervragen + of_groep


def _lacks(text: str, words: list[str]) -> list[str]:
    return [word for word in words if not any(either in text for either in word.split("|"))]


def test_a_page_holds_the_facts_that_it_names(pages: list[Page]) -> None:
    lacking = [
        f"{page.address} names {name} but lacks {lacks}"
        for page in pages
        for text in [main_text(page)]
        for name in page.meta.get("feiten", [])
        if (lacks := _lacks(text, FACTS[name]["words"]))
    ]
    assert not lacking, "\n".join(lacking)


def test_every_fact_that_must_be_told_is_told(pages: list[Page]) -> None:
    told = {name for page in pages for name in page.meta.get("feiten", [])}
    must = {name for name, fact in FACTS.items() if fact["must"]}
    assert must - told == set(DATA["not_yet"])
    assert told <= must


def test_every_fact_that_must_be_told_has_words_to_know_it_by() -> None:
    assert [name for name, fact in FACTS.items() if fact["must"] and not fact["words"]] == []
    assert len(FACTS) == len(DATA["facts"]) == 55 + 40 + 1


@pytest.mark.parametrize(
    ("kind", "other", "words"),
    [("leervragen", "B", GROEP_ONLY), ("groep", "A", LEERVRAGEN_ONLY)],
)
def test_a_page_on_one_kind_claims_nothing_of_the_other(
    pages: list[Page], kind: str, other: str, words: list[str]
) -> None:
    for page in pages:
        if page.meta.get("over") == kind:
            text = main_text(page)
            assert [name for name in page.meta["feiten"] if name.startswith(other)] == []
            assert [word for word in words if word in text] == [], page.address


def test_a_page_on_both_kinds_keeps_them_in_parts_of_their_own(pages: list[Page]) -> None:
    mixed = []
    for page in pages:
        if page.meta.get("over") == "beide" and page.meta.get("soort") not in WITHOUT_PARTS:
            for heading, text in sections(page):
                words = _foreign_words(heading)
                mixed += [f"{page.address} {heading}: {w}" for w in words if w in text]
    assert mixed == []


def test_every_page_says_which_kind_it_is_about(pages: list[Page]) -> None:
    kinds = {page.meta.get("over") for page in pages if page.meta}
    assert kinds == {"leervragen", "groep", "beide"}
