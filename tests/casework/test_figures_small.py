"""No small figure can be worked out from what is told, by trying every table it could mean."""

import itertools
from collections.abc import Iterator, Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.casework.figures.small import Mark, Protection, Told

Sums = Sequence[tuple[str, Sequence[str]]]


def table(*parts: int) -> tuple[dict[str, int], Sums]:
    """Parts by a letter each, and ``T``, their whole."""
    figures = {chr(ord("a") + n): part for n, part in enumerate(parts)}
    return {**figures, "T": sum(parts)}, [("T", tuple(figures))]


def told(figures: Mapping[str, int], sums: Sums, *groups: Sequence[str]) -> dict[str, Told]:
    protection = Protection(figures, sums)
    for group in groups:
        protection.tell(group)
    return protection.told


def as_a_page_does(figures: Mapping[str, int], sums: Sums) -> dict[str, Told]:
    """The whole first; its parts only where the whole itself was told."""
    protection = Protection(figures, sums)
    protection.tell(["T"])
    for whole, parts in sums:
        if not isinstance(protection.told.get(whole, Mark.WITHHELD), Mark):
            protection.tell(parts)
    return protection.told


def worked_out(figures: Mapping[str, int], sums: Sums, said: Mapping[str, Told]) -> list[str]:
    """What is sure to a reader who tries everything, of what is small or marked."""
    found: dict[str, set[int]] = {key: set() for key in figures}
    for guess in _guesses(figures, sums, said):
        for key, number in guess.items():
            found[key].add(number)
    secret = [k for k, n in figures.items() if 0 < n < 5 or said.get(k) is Mark.WITHHELD]
    return [key for key in secret if len(found[key]) == 1]


def _guesses(
    figures: Mapping[str, int], sums: Sums, said: Mapping[str, Told]
) -> Iterator[dict[str, int]]:
    wholes = dict(sums)
    leaves = [key for key in figures if key not in wholes]
    # Larger ones are left out: that can only make the reader surer.
    most = max(figures[key] for key in leaves) + 4
    for numbers in itertools.product(*(_could_be(said.get(key), most) for key in leaves)):
        guess = dict(zip(leaves, numbers, strict=True))
        if all(_adds_up(guess, whole, parts, said) for whole, parts in reversed(sums)):
            yield guess


def _adds_up(
    guess: dict[str, int], whole: str, parts: Sequence[str], said: Mapping[str, Told]
) -> bool:
    total = sum(guess[part] for part in parts)
    return guess.setdefault(whole, total) == total and total in _could_be(said.get(whole), 999)


def _could_be(said: Told | None, most: int) -> range:
    if said is None:
        return range(most + 1)
    if isinstance(said, Mark):
        return range(1, 5) if said is Mark.FEW else range(5, most + 1)
    return range(said, said + 1)


def test_a_figure_of_one_to_four_is_never_told_and_zero_and_five_are() -> None:
    said = told(*table(0, 1, 4, 5, 30), "T", "abcde")
    assert [said[key] for key in "abcde"] == [0, Mark.FEW, Mark.FEW, 5, 30]
    assert said["T"] == 40


def test_one_small_figure_takes_the_smallest_other_along() -> None:
    said = told(*table(3, 12, 9, 0), "T", "abcd")
    assert [said[key] for key in "abcd"] == [Mark.FEW, 12, Mark.WITHHELD, 0]


@pytest.mark.parametrize(
    "parts", [(1, 1, 6, 8), (4, 4, 6, 8), (1, 5, 8), (4, 5, 5), (2, 7), (4, 4), (1, 1, 1, 2)]
)
def test_what_the_sum_or_the_bounds_give_away_is_kept_back_with_more(
    parts: tuple[int, ...],
) -> None:
    figures, sums = table(*parts)
    said = as_a_page_does(figures, sums)
    assert worked_out(figures, sums, said) == []
    assert said["T"] == sum(parts)


def test_every_table_of_four_parts_keeps_its_small_figures() -> None:
    for parts in itertools.combinations_with_replacement((0, 1, 2, 4, 5, 7), 4):
        figures, sums = table(*parts)
        said = as_a_page_does(figures, sums)
        assert worked_out(figures, sums, said) == [], (parts, said)


def test_without_small_figures_everything_is_told() -> None:
    figures, sums = table(0, 5, 6, 70)
    assert as_a_page_does(figures, sums) == figures


NUMBER = st.sampled_from((0, 1, 2, 3, 4, 5, 6))


@settings(deadline=None, max_examples=40)
@given(st.lists(NUMBER, min_size=4, max_size=4), st.integers(0, 6))
def test_parts_of_parts_betray_nothing_either(parts: list[int], other: int) -> None:
    a, b, c, d = parts
    figures = {"a": a, "b": b, "c": c, "d": d, "e": other}
    figures |= {"x": a + b, "y": c + d, "T": a + b + c + d + other}
    sums = [("T", ("x", "y", "e")), ("x", ("a", "b")), ("y", ("c", "d"))]
    said = as_a_page_does(figures, sums)
    assert worked_out(figures, sums, said) == [], said


@settings(deadline=None, max_examples=40)
@given(st.lists(NUMBER, min_size=6, max_size=6))
def test_two_tables_of_the_same_whole_betray_nothing_together(parts: list[int]) -> None:
    """As on a page: the same cases, once by sort and once by what became of them."""
    a, b, c, *_ = parts
    whole = a + b + c
    d = min(parts[3], whole)
    e = min(parts[4], whole - d)
    figures = {"a": a, "b": b, "c": c, "d": d, "e": e, "f": whole - d - e, "T": whole}
    sums = [("T", "abc"), ("T", "def")]
    said = as_a_page_does(figures, sums)
    assert worked_out(figures, sums, said) == [], said


@settings(deadline=None, max_examples=100)
@given(st.lists(NUMBER, min_size=6, max_size=6))
def test_periods_betray_nothing_of_each_other(numbers: list[int]) -> None:
    """Two sorts in three quarters, and the year: what a year less two quarters tells is no more."""
    figures = {f"{sort}{n}": numbers[3 * at + n] for at, sort in enumerate("ab") for n in range(3)}
    figures |= {f"T{n}": figures[f"a{n}"] + figures[f"b{n}"] for n in range(3)}
    figures |= {sort: sum(figures[f"{sort}{n}"] for n in range(3)) for sort in "ab"}
    figures["T"] = figures["a"] + figures["b"]
    by_quarter = [(whole, [f"{whole}{n}" for n in range(3)]) for whole in "Tab"]
    sums = [("T", "ab"), *by_quarter, *((f"T{n}", [f"a{n}", f"b{n}"]) for n in range(3))]
    protection = Protection(figures, sums)
    for group in (["T"], ["a", "b"], ["T0", "T1", "T2"], *([f"a{n}", f"b{n}"] for n in range(3))):
        protection.tell(group)
    assert _step_by_step(figures, sums, protection.told) == []


def _step_by_step(figures: Mapping[str, int], sums: Sums, said: Mapping[str, Told]) -> list[str]:
    """What is found by plain subtraction, again and again: a sum of which one figure is unknown."""
    known = {key: one for key, one in said.items() if not isinstance(one, Mark)}
    while True:
        unknown = [[k for k in (whole, *parts) if k not in known] for whole, parts in sums]
        (*alone,) = {keys[0] for keys in unknown if len(keys) == 1}
        if not alone:
            break
        known |= {key: figures[key] for key in alone}
    return [key for key in known if 0 < figures[key] < 5 or said.get(key) is Mark.WITHHELD]
