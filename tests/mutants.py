"""Defences taken out one by one, to see that the tests that hold them fail: proof of the proofs."""

import ast
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import filterfalse
from pathlib import Path

ROOT = Path(__file__).parent.parent
TABLE = Path(__file__).parent / "mutants.toml"
_LEFT = shutil.ignore_patterns(".git", ".venv", "var", "__pycache__", ".*_cache", "*.egg-info")
_LONGEST = 240  # seconds for one test, so that one that hangs has failed


@dataclass(frozen=True)
class Mutant:
    """A change of the code that takes out one defence, and the tests that must fail for it.

    ``held`` are numbers of docs/proofs.md.
    """

    held: tuple[str, ...]
    out: str
    file: Path
    old: str
    new: str
    tests: tuple[str, ...]


@dataclass(frozen=True)
class Tried:
    """One test under one mutant, and whether it failed, as it must."""

    mutant: Mutant
    test: str
    failed: bool


def mutants() -> list[Mutant]:
    """All of them, as the table has them."""
    rows = tomllib.loads(TABLE.read_text(encoding="utf-8"))["mutant"]
    return [
        Mutant(
            held=tuple(row["held"]),
            out=row["out"],
            file=Path(row["file"]),
            old=row["old"],
            new=row["new"],
            tests=tuple(row["tests"]),
        )
        for row in rows
    ]


@cache
def places() -> dict[str, list[str]]:
    """Every test by its name, as pytest is told to run it."""
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for part in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(part, ast.FunctionDef) and part.name.startswith("test_"):
                found.setdefault(part.name, []).append(f"{path.relative_to(ROOT)}::{part.name}")
    return found


def main(wanted: Sequence[str]) -> int:
    """Try those for these numbers, or all; print the table; 1 if a test did not fail."""
    chosen = [one for one in mutants() if not wanted or set(wanted) & set(one.held)]
    tried: list[Tried] = []
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        scratch = Path(folder) / "tree"
        shutil.copytree(ROOT, scratch, ignore=_LEFT)
        if failing := _failing({test for mutant in chosen for test in mutant.tests}, scratch):
            sys.exit(f"mend first what fails with every defence in:\n{failing}")
        for number, mutant in enumerate(chosen, 1):
            for one in _try(mutant, scratch, number):
                tried.append(one)
                _say(one)
    survivors = [one for one in tried if not one.failed]
    sys.stdout.write(f"{len(chosen)} defences taken out, {len(survivors)} not missed\n")
    return 1 if survivors else 0


def _try(mutant: Mutant, scratch: Path, number: int) -> Iterator[Tried]:
    with _without(mutant, scratch, number):
        for test in mutant.tests:
            yield Tried(mutant, test, _fails(test, scratch))


@contextmanager
def _without(mutant: Mutant, scratch: Path, number: int) -> Iterator[None]:
    """The tree with one defence out, and then as it was."""
    file = scratch / mutant.file
    whole = file.read_text(encoding="utf-8")
    file.write_text(whole.replace(mutant.old, mutant.new), encoding="utf-8")
    # What is compiled is found stale by time and size: two changes in a second may be as long.
    os.utime(file, (number, number))
    try:
        yield
    finally:
        file.write_text(whole, encoding="utf-8")


def _failing(tests: Iterable[str], scratch: Path) -> str:
    """What pytest says of the first that fails; empty where all hold."""
    wanted = [place for test in tests for place in places()[test]]
    engines = (list(filter(_on_postgresql, wanted)), list(filterfalse(_on_postgresql, wanted)))
    ran = [_run(some, scratch) for some in engines if some]
    return "".join(one.stdout[-2000:] for one in ran if one.returncode)


def _fails(test: str, scratch: Path) -> bool:
    # What cannot even be collected has not failed.
    return _run(places()[test], scratch).returncode == 1


def _on_postgresql(place: str) -> bool:
    # As a whole, that is: one case of a test that is tried on SQLite does not count.
    module = (ROOT / place.partition("::")[0]).read_text(encoding="utf-8")
    return "\npytestmark = pytest.mark.postgresql" in module


def _run(tests: Sequence[str], scratch: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
    command += ["--database", "postgresql"] if _on_postgresql(tests[0]) else []
    # Programs that a test starts are to find this tree's portal before the installed one.
    environment = os.environ | {"PYTHONPATH": str(scratch)}
    return subprocess.run(  # noqa: S603
        [*command, f"--timeout={_LONGEST}", *tests],
        cwd=scratch,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def _say(one: Tried) -> None:
    held, result = " ".join(one.mutant.held), "fails" if one.failed else "DOES NOT FAIL"
    sys.stdout.write(f"{held:8} {one.mutant.out}\n         {one.test}: {result}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
