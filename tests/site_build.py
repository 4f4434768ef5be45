"""The built site, for every test that reads it: made once, and again when a source is newer."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
OUTPUT = ROOT / "build" / "site"
MANIFEST = ROOT / "build" / "manifest.json"
SOURCES = ("mkdocs.yml", "gegevens.toml", "content", "site")


def ensure_built() -> Path:
    """Give the folder of the built site; ``build/manifest.json`` then stands beside it.

    Raises ``RuntimeError`` with the build's own words when it fails.
    """
    if not _is_whole() or MANIFEST.stat().st_mtime < max(_times()):
        run_build(ROOT)
    return OUTPUT


def run_build(root: Path) -> None:
    """Build the site of the tree at ``root``; raises ``RuntimeError`` when that fails."""
    command = [sys.executable, str(root / "site" / "build.py")]
    result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if result.returncode:
        raise RuntimeError(result.stdout + result.stderr)


def _is_whole() -> bool:
    # A bare `mkdocs build` leaves the manifest of the build before it, and other file names.
    if not MANIFEST.is_file():
        return False
    styles = json.loads(MANIFEST.read_text(encoding="utf-8"))["styles"]
    return all((OUTPUT / style.lstrip("/")).is_file() for style in styles)


def _times() -> Iterator[float]:
    # Folders count too: theirs is the only time that changes when a file is taken away.
    for name in SOURCES:
        for path in [ROOT / name, *(ROOT / name).rglob("*")]:
            yield path.stat().st_mtime
