"""What the papers say of the tests is so: every name exists, every number has its line."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAPERS = ("SECURITY.md", "docs/proofs.md", "docs/asvs.md")
NUMBERS = [
    f"{kind}{n}" for kind, most in (("P", 19), ("A", 25), ("F", 25)) for n in range(1, most + 1)
]


@cache
def _tests() -> frozenset[str]:
    return frozenset(
        part.name
        for path in (ROOT / "tests").rglob("test_*.py")
        for part in ast.walk(ast.parse(path.read_text()))
        if isinstance(part, ast.FunctionDef) and part.name.startswith("test_")
    )


def _named(text: str) -> list[str]:
    return re.findall(r"`(test_\w+)`", text)


def _lines() -> list[list[str]]:
    page = (ROOT / "docs" / "proofs.md").read_text()
    table = [line.strip("|").split("|") for line in page.splitlines() if line[:1] == "|"]
    return [[cell.strip() for cell in line] for line in table[2:]]


@pytest.mark.parametrize("paper", PAPERS)
def test_every_test_that_a_paper_names_is_there(paper: str) -> None:
    assert set(_named((ROOT / paper).read_text())) <= _tests()


def test_every_promise_attack_and_fault_has_one_line() -> None:
    assert [number for number, *_ in _lines()] == NUMBERS


def test_what_is_held_names_a_test_and_what_is_open_claims_none() -> None:
    for number, _, tests, state in _lines():
        word = re.split(r"[:,]", state)[0]
        assert word in {"held", "partly", "open"}, number
        assert bool(_named(tests)) == (word != "open"), number
        assert word != "partly" or ":" in state, number
