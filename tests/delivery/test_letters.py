"""A letter is safe to send and pleasant to read, whatever was put into it."""

import re
import textwrap

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from jinja2 import TemplateNotFound, UndefinedError

from portal.delivery.letters import Envelope, Text, compose
from tests.delivery.conftest import DESK, MANAGER, REQUESTER

LINE_ENDS_AND_CONTROLS = [*"\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029"]
WILD = st.text(alphabet=st.characters(), max_size=400)


def body(made_up: dict[str, str], typed: str) -> str:
    made_up.update({"story/subject.txt": "Een aanvraag\n", "story/body.txt": "{{ typed }}\n"})
    return compose("story", typed=typed).body


def test_a_letter_is_its_two_templates_filled_in(made_up: dict[str, str]) -> None:
    made_up["intake/subject.txt"] = "Aanvraag {{ reference }}\n"
    made_up["intake/body.txt"] = (
        "Beste {{ name }},\n\n{% if urgent %}\nBel vandaag.\n{% endif %}\nGroet\n"
    )
    assert compose("intake", reference="EK-1", name="Jan & Piet <3", urgent=True) == Text(
        "Aanvraag EK-1", "Beste Jan & Piet <3,\n\nBel vandaag.\nGroet\n"
    )


def test_a_missing_value_or_template_fails_and_is_not_left_blank(made_up: dict[str, str]) -> None:
    made_up.update({"x/subject.txt": "S", "x/body.txt": "{{ nobody_gave_this }}"})
    with pytest.raises(UndefinedError):
        compose("x")
    with pytest.raises(TemplateNotFound):
        compose("no-such-letter")


def test_what_looks_like_a_template_in_a_value_stays_as_it_was_typed(
    made_up: dict[str, str],
) -> None:
    typed = "{{ 7*7 }} {% raw %} ${7*7} %s {0} #{x}"
    assert body(made_up, typed) == typed + "\n"


@pytest.mark.parametrize("bad", [*LINE_ENDS_AND_CONTROLS, "\0", "\t", "\x7f", "\u202e", "\ud800"])
def test_a_subject_is_one_plain_line(made_up: dict[str, str], bad: str) -> None:
    made_up.update({"x/subject.txt": "Aanvraag {{ typed }}", "x/body.txt": "B"})
    for typed in (f"{bad}Bcc: dief@example.org", f"EK-1{bad}", f"{bad}EK-1"):
        with pytest.raises(ValueError, match="plain text"):
            compose("x", typed=typed)


def test_a_subject_is_no_encoded_word_and_no_longer_than_a_screen_is_wide() -> None:
    with pytest.raises(ValueError, match="plain text"):
        Text("=?utf-8?q?a=0ABcc=3A_dief=40example.org?=", "B")
    for subject in ("", "a" * 121):
        with pytest.raises(ValueError, match="characters"):
            Text(subject, "B")
    assert Text("é" * 120, "B").subject == "é" * 120


@pytest.mark.parametrize("bad", ["", "EK 1", "EK-1\nX: y", "é", "a" * 41, "=?utf-8?q?a?="])
def test_a_case_reference_is_fit_for_subjects_and_logs(bad: str) -> None:
    with pytest.raises(ValueError, match="case reference"):
        Envelope(MANAGER, DESK, REQUESTER, bad)


def test_long_lines_are_wrapped_between_words_and_short_ones_left_alone(
    made_up: dict[str, str],
) -> None:
    long = "Een zin met woorden die samen veel te lang zijn voor een enkele regel. " * 3
    lines = body(made_up, f"Kort.\n  ingesprongen  blijft\n\n\n{long}").split("\n")
    assert lines[:4] == ["Kort.", "  ingesprongen  blijft", "", ""]
    assert max(map(len, lines)) <= 72
    assert " ".join(lines[4:]).split() == long.split()


def test_a_long_item_of_a_list_hangs_under_its_first_word(made_up: dict[str, str]) -> None:
    words = "woord " * 20
    for mark in ("- ", "* ", "• ", "  1. ", "12) "):
        first, second, *_ = body(made_up, mark + words).split("\n")
        assert first.startswith(mark + "woord")
        assert second.startswith(" " * len(mark) + "woord")


@pytest.mark.parametrize(
    "whole",
    [
        "https://portaal.example.org/beheer/zaken/" + "a-b_c/" * 30 + "?x=y&z=1",
        "een-heel-lange-naam.met-streepjes@een-nog-langer-domein-met-streepjes.voorbeeld.example.org",
    ],
)
def test_an_address_is_never_cut(made_up: dict[str, str], whole: str) -> None:
    text = body(
        made_up, f"Open de aanvraag bij het portaal van uw regio via {whole} en meld u aan."
    )
    assert whole in text.split("\n")


def test_a_line_is_never_too_long_for_mail(made_up: dict[str, str]) -> None:
    text = body(made_up, "x" * 5000 + "\n" + "😀" * 1000)
    assert max(len(line.encode()) for line in text.split("\n")) <= 900
    assert text.replace("\n", "") == "x" * 5000 + "😀" * 1000


def test_line_ends_of_any_kind_become_one_kind(made_up: dict[str, str]) -> None:
    assert body(made_up, "een\r\ntwee\rdrie\u2028vier\u2029vijf") == "een\ntwee\ndrie\nvier\nvijf\n"


def test_what_cannot_be_printed_is_shown_as_such(made_up: dict[str, str]) -> None:
    typed = "a\0b\x1bc\x85d\ud800e\u202ef\tg\x0bh"
    assert body(made_up, typed) == "a�b�c�d�e�f\tg�h\n"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(WILD | st.lists(WILD, max_size=5).map(" ".join))
@example("- " + " " * 200 + "woord " * 30)
@example(" " * 100 + "woord " * 30 + "\t" * 90)
def test_no_text_makes_a_letter_that_cannot_be_sent(made_up: dict[str, str], typed: str) -> None:
    text = body(made_up, typed)
    text.encode("utf-8")
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]", text)
    assert max(len(line.encode()) for line in text.split("\n")) <= 900
    assert _visible(text) == _visible(typed)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(alphabet="ab -é.\n", max_size=600))
def test_wrapping_what_was_wrapped_changes_nothing(made_up: dict[str, str], typed: str) -> None:
    once = body(made_up, typed)
    assert body(made_up, once.removesuffix("\n")) == once


def test_a_returned_letter_holds_the_first_one_and_says_why_it_comes() -> None:
    text = compose("returned", case_reference="EK-1", body="De brief.\n  - een\n")
    assert text.subject == "Niet bezorgd: bericht over EK-1"
    assert "kon niet worden bezorgd" in text.body
    assert "\nDe brief.\n  - een\n" in text.body
    unreadable = compose("returned", case_reference="EK-1", body=None)
    assert "niet meer te lezen" in unreadable.body
    assert textwrap.dedent(unreadable.body) == unreadable.body


def _visible(text: str) -> str:
    """What is left of a text without its white space and what was made visible in it."""
    text = re.sub("[\x00-\x20\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffd]", "", text)
    return "".join(text.split())
