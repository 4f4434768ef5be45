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


def test_packages_stay_empty_at_their_door_but_the_house_and_the_database() -> None:
    house, database = (ROOT / "portal" / door / "__init__.py" for door in (".", "database"))
    filled = {path for path in (ROOT / "portal").rglob("__init__.py") if path.stat().st_size}
    assert filled == {house, database}
    words, *rest, names = ast.parse(database.read_text()).body
    assert isinstance(words, ast.Expr)
    assert isinstance(names, ast.Assign)
    assert all(isinstance(part, ast.ImportFrom) for part in rest)
