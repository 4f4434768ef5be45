"""Signs in a text that deceive the eye, so that a reader can be shown what really stands there."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache


class Deceit(StrEnum):
    """What is odd about a sign."""

    TURNS = "turns the direction of the text"
    HIDDEN = "cannot be seen"
    RESEMBLES = "looks like another letter"
    PILED = "is piled upon a letter"


@dataclass(frozen=True)
class Piece:
    """A stretch of text to be shown as it is; then, if ``code`` is not empty, one odd sign.

    ``code`` is its code point, such as ``U+202E``. A sign that can be seen stands in ``text`` too.
    """

    text: str
    code: str = ""
    deceit: Deceit | None = None


_TURNS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Letters and signs by their class, that are drawn as nothing at all.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_JOINER, _EMOJI_STYLE, _LINE, _TAB = "\u200d", "\ufe0f", "\n", "\t"
_PILE = 2  # marks upon one letter; no living language in Latin script needs more

# Those that have letters in the shape of each other's.
_ALIKE = frozenset({"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "LISU"})
_PLAIN = re.compile(r"[\t\n -~]*")
_WORD = re.compile(r"\w+")


def pieces(text: str) -> list[Piece]:
    """A text cut up after each sign that deceives; put together it is the text again."""
    if _PLAIN.fullmatch(text):
        return [Piece(text)]
    strangers = _strangers(text)
    found, plain, pile = [], "", 0
    for place, sign in enumerate(text):
        pile = pile + 1 if unicodedata.category(sign)[0] == "M" else 0
        deceit = _hidden(text, place) or (Deceit.RESEMBLES if place in strangers else None)
        if deceit is None and pile > _PILE:
            deceit = Deceit.PILED
        if deceit is None:
            plain += sign
            continue
        seen = sign if deceit is Deceit.RESEMBLES else ""
        found.append(Piece(plain + seen, f"U+{ord(sign):04X}", deceit))
        plain = ""
    return [*found, Piece(plain)] if plain or not found else found


def deceits(texts: Iterable[str]) -> list[tuple[str, Deceit]]:
    """Which odd signs stand in these texts: each code point once, and what is odd about it."""
    found = {piece.code: piece.deceit for text in texts for piece in pieces(text) if piece.deceit}
    return sorted((code, deceit) for code, deceit in found.items() if deceit)


def _hidden(text: str, place: int) -> Deceit | None:
    sign = text[place]
    if sign in _TURNS:
        return Deceit.TURNS
    if sign in {_LINE, _TAB} or (sign in {_JOINER, _EMOJI_STYLE} and _in_emoji(text, place)):
        return None
    unseen = unicodedata.category(sign) in {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}
    return Deceit.HIDDEN if unseen or sign in _BLANK or _picks_a_variant(sign) else None


def _in_emoji(text: str, place: int) -> bool:
    """Whether a joiner or a style mark does its work: what goes before it is a picture."""
    before = text[max(place - 2, 0) : place].rstrip(_EMOJI_STYLE)[-1:]
    return bool(before) and unicodedata.category(before) in {"So", "Sk"}


def _picks_a_variant(sign: str) -> bool:
    return "\ufe00" <= sign <= "\ufe0f" or "\U000e0100" <= sign <= "\U000e01ef"


def _strangers(text: str) -> frozenset[int]:
    """Where in the text a letter stands of another script than most of its word, or in disguise."""
    return frozenset(place for word in _WORD.finditer(text) for place in _strange_in(word))


def _strange_in(word: re.Match[str]) -> Iterator[int]:
    scripts = [_script(sign) for sign in word[0]]
    letters = [script for script in scripts if script in _ALIKE]
    usual = max(sorted(set(letters)), key=letters.count, default="")
    for place, (sign, script) in enumerate(zip(word[0], scripts, strict=True), word.start()):
        if (script in _ALIKE and script != usual) or _is_disguised(sign):
            yield place


def _is_disguised(sign: str) -> bool:
    """Whether a sign is drawn as a plain letter or digit, only bolder or wider, but is another."""
    return unicodedata.decomposition(sign).startswith(("<font>", "<wide>"))


@lru_cache(maxsize=4096)
def _script(sign: str) -> str:
    # The first word of a letter's name is its script, as far as these scripts go.
    return unicodedata.name(sign, "").partition(" ")[0] if sign.isalpha() else ""
