"""Build the site: a generator first, then each step that makes its output fit to publish."""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
OUTPUT = ROOT / "build" / "site"
MANIFEST = ROOT / "build" / "manifest.json"

# Never --quiet: it hides warnings from --strict too.
MKDOCS = [sys.executable, "-m", "mkdocs", "build", "--strict"]
STEPS = [
    "fill.py",
    "words.py",
    "search.py",
    "prune.py",
    "assets.py",
    "check.py",
    "compress.py",
    "manifest.py",
]


def main(generator: list[str]) -> int:
    """Run ``generator``, then the steps in order; the first that fails ends with its exit code."""
    # Written by the last step alone: a manifest means that the build came to its end.
    MANIFEST.unlink(missing_ok=True)
    commands = [generator] + [[sys.executable, str(HERE / step), str(OUTPUT)] for step in STEPS]
    for command in commands:
        code = subprocess.run(command, cwd=ROOT, env=_environment(), check=False).returncode  # noqa: S603 - our own scripts
        if code:
            return code
    print(f"The site stands in {OUTPUT.relative_to(ROOT)}.")
    return 0


def _environment() -> dict[str, str]:
    # Material announces MkDocs 2 on every run; the version is pinned here.
    return {**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONDONTWRITEBYTECODE": "1"}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or MKDOCS))
