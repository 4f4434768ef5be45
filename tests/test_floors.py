"""The floors of the house hold: who may know whom."""

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_no_room_knows_another_and_nothing_looks_upward() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run([lint], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603
    assert result.returncode == 0, result.stdout


def test_packages_stay_empty_at_their_door_but_the_database_which_hands_on_its_parts() -> None:
    filled = [p for p in (ROOT / "portal").rglob("__init__.py") if p.stat().st_size]
    assert filled == [ROOT / "portal" / "database" / "__init__.py"]
    words, *rest, names = ast.parse(filled[0].read_text()).body
    assert isinstance(words, ast.Expr)
    assert isinstance(names, ast.Assign)
    assert all(isinstance(part, ast.ImportFrom) for part in rest)
