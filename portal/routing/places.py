"""The country as it is: postcodes, municipalities and provinces, and how people write them."""

import csv
import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

FILE = Path(__file__).with_name("pc4.csv")

DONT_KNOW = "Weet ik niet"

_FOUR_DIGITS = re.compile(r"(?<!\d)[1-9][0-9]{3}(?!\d)")
_BETWEEN = re.compile(r"[\s.\-]+")

# What many call a municipality that its own name does not match.
_CALLED = {"denhaag": "'s-Gravenhage", "denbosch": "'s-Hertogenbosch"}

# No name of a place is longer. Normalising a long run of combining marks takes quadratic time.
_LONGEST = 100


@dataclass(frozen=True)
class Place:
    """Where a postcode lies; the municipality with most of it first, none for a very new code."""

    municipalities: tuple[str, ...]
    province: str


@cache
def places() -> Mapping[str, Place]:
    """Every four-digit postcode in use, ascending. PO-box codes are not among them.

    Source: GeoNames (CC BY 4.0), see ``pc4-notice.txt``.
    """
    with FILE.open(encoding="utf-8", newline="") as rows:
        return MappingProxyType({row["pc4"]: _place(row) for row in csv.DictReader(rows)})


def _place(row: Mapping[str, str]) -> Place:
    named = (row["gemeente"], row["andere_gemeenten"])
    return Place(tuple(name for name in named if name), row["provincie"])


@cache
def municipalities() -> tuple[str, ...]:
    """All municipalities in the order a Dutch reader looks for them: 's-Gravenhage under the G."""
    return tuple(sorted({m for p in places().values() for m in p.municipalities}, key=_shelf))


@cache
def provinces() -> tuple[str, ...]:
    """The twelve provinces, sorted."""
    return tuple(sorted({place.province for place in places().values()}, key=_shelf))


@cache
def provinces_by_municipality() -> Mapping[str, str]:
    """The province of each municipality."""
    main = {p.municipalities[0]: p.province for p in places().values() if p.municipalities}
    return MappingProxyType(main)


def codes_between(first: str, last: str) -> tuple[str, ...]:
    """The postcodes in use from ``first`` to ``last``, both included."""
    codes = _codes()
    return codes[bisect_left(codes, first) : bisect_right(codes, last)]


def as_ranges(codes: Iterable[str]) -> str:
    """Postcodes in few words, "3511-3514, 3521": a range has no code in use that is not given."""
    order = {code: number for number, code in enumerate(_codes())}
    runs: list[list[str]] = []
    for code in sorted(codes):
        if runs and order[runs[-1][-1]] + 1 == order[code]:
            runs[-1].append(code)
        else:
            runs.append([code])
    return ", ".join(run[0] if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


@cache
def _codes() -> tuple[str, ...]:
    return tuple(sorted(places()))


def normalise_postcode(text: str) -> str | None:
    """The four digits of a postcode however it is written, or None where there are none.

    Takes "1234AB", "1234 ab", "12.34", "NL-1234 AB". Whether the code is in use is not asked.
    """
    text = unicodedata.normalize("NFKC", text[:_LONGEST])
    found = _FOUR_DIGITS.search(text) or _FOUR_DIGITS.search(_BETWEEN.sub("", text))
    return found[0] if found else None


def is_dont_know(text: str) -> bool:
    """Whether someone says not to know the municipality."""
    return _fold(text) == _fold(DONT_KNOW)


def municipalities_named(text: str) -> tuple[str, ...]:
    """The municipalities that ``text`` may mean: mostly one; none where it names none.

    Case, accents, apostrophes, hyphens and spaces do not matter. "Bergen" means two.
    """
    return _municipalities_by_fold().get(_fold(text), ())


def province_named(text: str) -> str | None:
    """The province that ``text`` names, written as loosely as a municipality."""
    return next((name for name in provinces() if _fold(name) == _fold(text)), None)


@cache
def _municipalities_by_fold() -> Mapping[str, tuple[str, ...]]:
    named: dict[str, tuple[str, ...]] = {fold: (name,) for fold, name in _CALLED.items()}
    for name in municipalities():
        # "Bergen (NH.)" and "Bergen (L.)" are told apart by what stands in brackets.
        for fold in {_fold(name), _fold(name.partition("(")[0])}:
            named[fold] = (*named.get(fold, ()), name)
    return MappingProxyType(named)


def _fold(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text[:_LONGEST]).casefold()
    return "".join(letter for letter in plain if letter.isalnum())


def _shelf(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.removeprefix("'s-")).casefold()
    kept = "".join(c if c.isalnum() else " " for c in plain if not unicodedata.combining(c))
    return " ".join(kept.split())
