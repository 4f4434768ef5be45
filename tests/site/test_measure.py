"""The measure of plain language counts as it says it counts."""

import pytest

from tests.language import LEGAL, NORMAL, PUPIL, measure, prose

SHORT = "De kat zit op de mat. "


def test_the_scale_is_that_of_douma() -> None:
    score = measure("De kat zit op de mat.")
    assert score.words == 6
    assert score.reading_ease == pytest.approx(206.835 - 0.93 * 6 - 77)


def test_short_sentences_are_counted_one_by_one() -> None:
    assert measure("Ja. Dat mag. Zeg het maar, als u wilt.").words_per_sentence == pytest.approx(
        3.0
    )


def test_each_line_ends_a_sentence() -> None:
    assert measure("vrienden;\nbroers of zussen;\neen coach").words_per_sentence == pytest.approx(
        2.0
    )


def test_a_fixed_name_counts_as_one_plain_word() -> None:
    long, short = "Een Eigen Kracht-conferentie is vrij.", "Een namen is vrij."
    assert measure(long).words == 4
    assert measure(long).reading_ease == measure(short).reading_ease


def test_a_sentence_of_23_words_is_too_long_even_in_a_short_text() -> None:
    assert NORMAL.faults("woord " * 22 + ".") == []
    assert NORMAL.faults("woord " * 23 + ".") != []


def test_the_gates_differ_as_they_should() -> None:
    text = "De bijeenkomst van de organisatie is voor ons heel belangrijk. " * 10
    assert 55 < measure(text).reading_ease < 65
    assert LEGAL.faults(text) == []
    assert NORMAL.faults(text) != []
    assert PUPIL.faults(text) != []
    assert PUPIL.faults(SHORT * 10) == []


def test_an_empty_text_is_no_fault() -> None:
    assert NORMAL.faults("") == []


def test_headings_links_alone_and_labels_are_no_prose() -> None:
    html = """<header>weg</header><main><h1>weg</h1><p>Blijft <a href="/">ook dit</a>.</p>
    <ul><li><a href="/">weg</a></li><li>blijft</li></ul><label>weg</label>
    <p>los<br>eind</p></main>"""
    assert prose(html).splitlines() == ["Blijft ook dit.", "blijft", "loseind"]


def test_a_fragment_without_main_is_read_whole() -> None:
    assert prose("<p>een</p><div>twee <p>drie</p> vier</div>").splitlines() == [
        "een",
        "twee",
        "drie",
        "vier",
    ]
