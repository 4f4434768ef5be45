"""What deceives the eye is shown for what it is; what people simply write is left alone."""

import unicodedata

import hypothesis.strategies as st
import pytest
from hypothesis import given

from portal.casework.signs import Deceit, deceits, pieces


def codes(text: str) -> list[str]:
    return [piece.code for piece in pieces(text) if piece.code]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Een gewone zin, met ‘aanhalingstekens’ en een €-teken…",
        "regel een\n\tregel twee",
        "Zoë Şahin, Łukasz Çelik, naïef, coördinator",
        unicodedata.normalize("NFD", "Zoë Çelik Việt Nguyễn"),
        "Привет, как дела",
        "Γειά σου",
        "שלום",
        "سلام",
        "नमस्ते दुनिया",
        "漢字と仮名",
        "👍🏽 👩‍👩‍👧 ❤️ 🏳️‍🌈 🇳🇱",
        "3 m² en ½ liter",
        "Privé\u00a0adres",
    ],
)
def test_what_people_write_is_left_alone(text: str) -> None:
    assert codes(text) == []
    assert deceits([text]) == []


@pytest.mark.parametrize(
    ("text", "code", "deceit"),
    [
        ("rekening\u202egpj.exe", "U+202E", Deceit.TURNS),
        ("a\u2066b\u2069", "U+2066", Deceit.TURNS),
        ("a\u200fb", "U+200F", Deceit.TURNS),
        ("ge\u200bheim", "U+200B", Deceit.HIDDEN),
        ("ge\u200dheim", "U+200D", Deceit.HIDDEN),
        ("\ufeffbegin", "U+FEFF", Deceit.HIDDEN),
        ("ge\u00adheim", "U+00AD", Deceit.HIDDEN),
        ("\u3164", "U+3164", Deceit.HIDDEN),
        ("a\u2800b", "U+2800", Deceit.HIDDEN),
        ("a\U000e0041b", "U+E0041", Deceit.HIDDEN),
        ("a\ufe0fb", "U+FE0F", Deceit.HIDDEN),
        ("a\x1bb", "U+001B", Deceit.HIDDEN),
        ("a\ue000b", "U+E000", Deceit.HIDDEN),
        ("a\u2028b", "U+2028", Deceit.HIDDEN),
        ("p\u0430ypal", "U+0430", Deceit.RESEMBLES),
        ("\u0410nna", "U+0410", Deceit.RESEMBLES),
        ("g\u03bfed", "U+03BF", Deceit.RESEMBLES),
        ("Привеt", "U+0074", Deceit.RESEMBLES),
        ("\U0001d400nna", "U+1D400", Deceit.RESEMBLES),
        ("Ａnna", "U+FF21", Deceit.RESEMBLES),
        ("a\u0301\u0302\u0303", "U+0303", Deceit.PILED),
    ],
)
def test_what_deceives_is_named(text: str, code: str, deceit: Deceit) -> None:
    assert code in codes(text)
    assert (code, deceit) in deceits([text])


def test_a_letter_that_resembles_another_is_shown_as_well_as_named() -> None:
    first, rest = pieces("p\u0430ypal")
    assert (first.text, first.code, rest.text) == ("p\u0430", "U+0430", "ypal")


def test_what_cannot_be_seen_is_named_only() -> None:
    first, rest = pieces("a\u202eb")
    assert (first.text, first.code, rest.text) == ("a", "U+202E", "b")


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_no_sign_is_lost_or_changed(text: str) -> None:
    whole = ""
    for piece in pieces(text):
        whole += piece.text
        if piece.code and piece.deceit is not Deceit.RESEMBLES:
            whole += chr(int(piece.code[2:], 16))
    assert whole == text


@given(st.text(st.characters(categories=["Cc", "Cf", "Co"])))
def test_nothing_that_cannot_be_seen_is_left_in_what_is_shown(text: str) -> None:
    assert not set("".join(piece.text for piece in pieces(text))) - {"\n", "\t"}
