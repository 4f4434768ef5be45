"""What the papers say of the tests is so: every name exists, every number has its line."""

from pathlib import Path

import pytest

from tests.mutants import Mutant, mutants, places
from tests.proofs import named, proofs, results

ROOT = Path(__file__).parent.parent
PAPERS = ("SECURITY.md", "docs/proofs.md", "docs/asvs.md")
NUMBERS = [
    f"{kind}{n}" for kind, most in (("P", 19), ("A", 25), ("F", 25)) for n in range(1, most + 1)
]


@pytest.mark.parametrize("paper", PAPERS)
def test_every_test_that_a_paper_names_is_there(paper: str) -> None:
    assert set(named((ROOT / paper).read_text())) <= places().keys()


def test_every_promise_attack_and_fault_has_one_line() -> None:
    assert [proof.number for proof in proofs()] == NUMBERS


def test_what_is_held_names_a_test_and_what_is_open_claims_none() -> None:
    for proof in proofs():
        assert proof.word in {"held", "partly", "open"}, proof.number
        assert bool(proof.tests) == (proof.word != "open"), proof.number
        assert proof.word != "partly" or ":" in proof.state, proof.number


def test_what_is_held_was_seen_to_fail_and_the_page_tells_by_what() -> None:
    outs = {proof.number: proof.outs for proof in proofs()}
    tried = {number: tuple(m.out for m in mutants() if number in m.held) for number in outs}
    assert {number: tried[number] for number in outs if outs[number] != tried[number]} == {}
    assert [proof.number for proof in proofs() if bool(proof.outs) != bool(proof.tests)] == []


@pytest.mark.parametrize("mutant", mutants(), ids=lambda mutant: mutant.out)
def test_a_defence_that_can_be_taken_out_is_there_and_so_are_its_tests(mutant: Mutant) -> None:
    assert (ROOT / mutant.file).read_text(encoding="utf-8").count(mutant.old) == 1
    assert mutant.new != mutant.old
    named_there = {test for p in proofs() if p.number in mutant.held for test in p.tests}
    assert mutant.tests
    assert set(mutant.tests) <= named_there & places().keys()


def test_no_two_defences_have_one_name() -> None:
    assert len({mutant.out for mutant in mutants()}) == len(mutants())


def test_the_table_of_proofs_is_told_when_all_of_it_was_run() -> None:
    every = [f"tests/x.py::{test}[a]" for proof in proofs() for test in proof.tests]
    told = list(results({"passed": every}))
    assert [line.split()[0] for line in told] == NUMBERS
    assert not [line for line in told if "failed" in line[:30]]
    ill = f"tests/x.py::{proofs()[2].tests[0]}[b]"
    assert "1 failed" in list(results({"passed": every, "failed": [ill]}))[2]
    assert list(results({"passed": set(every) - {every[0]}})) == []
    left = {"passed": set(every) - {every[0]}, "run on another": [every[0]]}
    assert "1 run on another" in next(iter(results(left)))
