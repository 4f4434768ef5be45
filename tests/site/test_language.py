"""The pages read easily, speak to one person in one way, and keep a calm tone."""

import re
import sys

import pytest

from tests.language import LEGAL, NORMAL, PUPIL, Gate, measure, prose
from tests.site.conftest import Page
from tests.site.test_facts import main_text

JE = re.compile(r"\b(je|jij|jou|jouw|jezelf|jullie)\b")
U = re.compile(r"\b(u|uw|uzelf)\b")
NEVER = re.compile(r"!|\b(?:helaas|alstublieft|alsjeblieft|please)\b")
QUOTES = re.compile(r"[\"\u201c\u201d\u201e\u00ab\u00bb\u2018]")


def gate(page: Page) -> Gate:
    """A page for pupils keeps the pupils' gate, also when its matter is the law."""
    if "leerling" in page.address:
        return PUPIL
    return LEGAL if page.meta.get("soort") == "juridisch" else NORMAL


def test_every_page_reads_easily(pages: list[Page], capsys: pytest.CaptureFixture[str]) -> None:
    faults = []
    table = [f"{'page':<28}{'words':>6}{'ease':>7}{'a sentence':>12}{'longest':>9}"]
    for page in pages:
        text = prose(page.own_html)
        score = measure(text)
        table.append(
            f"{page.address:<28}{score.words:>6}{score.reading_ease:>7.1f}"
            f"{score.words_per_sentence:>12.1f}{score.longest:>9}"
        )
        faults += [f"{page.address}: {fault}" for fault in gate(page).faults(text)]
    with capsys.disabled():
        sys.stdout.write("\n" + "\n".join(table) + "\n")
    assert not faults, "\n".join(faults)


def test_a_page_says_je_or_u_and_never_both(pages: list[Page]) -> None:
    for page in pages:
        text = main_text(page)
        if "leerling" in page.address:
            assert JE.search(text)
            assert U.findall(text) == [], page.address
        else:
            assert JE.findall(text) == [], page.address


def test_what_every_page_shares_speaks_to_nobody(pages: list[Page]) -> None:
    for page in pages:
        before, _, rest = page.html.partition("<body>")[2].partition("<article")
        shared = before + rest.rpartition("</article>")[2]
        words = re.sub("<[^>]*>", " ", shared).lower()
        assert JE.findall(words) + U.findall(words) == []


def test_the_tone_is_calm(pages: list[Page]) -> None:
    for page in pages:
        assert NEVER.findall(main_text(page)) == [], page.address


def test_experiences_are_retold_and_never_quoted(pages: list[Page]) -> None:
    for page in pages:
        assert QUOTES.findall(main_text(page)) == [], page.address


def test_a_description_fits_a_list_of_search_results(pages: list[Page]) -> None:
    for page in pages:
        if page.meta:
            assert 50 <= len(page.meta["description"]) <= 160, page.address
