"""The page of proofs, read: each promise, attack and fault with its tests and what they catch."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parent.parent / "docs" / "proofs.md"
BETWEEN = " · "


@dataclass(frozen=True)
class Proof:
    """A line of the page: what is promised or tried, by which tests, and what made them fail.

    ``word`` is held, partly or open; ``outs`` names the defences that were taken out for it.
    """

    number: str
    what: str
    tests: tuple[str, ...]
    state: str
    outs: tuple[str, ...]

    @property
    def word(self) -> str:
        """The state in one word."""
        return re.split(r"[:,]", self.state)[0]


def proofs() -> list[Proof]:
    """Every line of the page, in order."""
    table = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line[:1] == "|"]
    return [_proof(line) for line in table[2:]]


def named(text: str) -> tuple[str, ...]:
    """The tests that a text names."""
    return tuple(re.findall(r"`(test_\w+)`", text))


def results(went: Mapping[str, Iterable[str]]) -> Iterator[str]:
    """A line for each proof: number, state, how its tests went, and their names.

    ``went`` has the nodes that were run by how they went, ``passed`` or another word. Nothing
    unless every test that is named was run.
    """
    words = {test: word for word in sorted(went, reverse=True) for test in _functions(went[word])}
    lines = proofs()
    if not {test for proof in lines for test in proof.tests} <= words.keys():
        return
    for proof in lines:
        counted = Counter(words[test] for test in proof.tests)
        told = ", ".join(f"{number} {word}" for word, number in sorted(counted.items()))
        names = ", ".join(test.removeprefix("test_") for test in proof.tests)
        yield f"{proof.number:4}{proof.word:7}{told:10} {proof.what}: {names}".rstrip(": ")


def _proof(line: str) -> Proof:
    number, what, tests, state, outs = (cell.strip() for cell in line.strip("|").split("|"))
    return Proof(number, what, named(tests), state, tuple(outs.split(BETWEEN)) if outs else ())


def _functions(nodes: Iterable[str]) -> set[str]:
    return {node.rpartition("::")[2].partition("[")[0] for node in nodes}
