"""Drop what no page uses, and name our own files after their content, for caches to keep."""

import hashlib
import re
import sys
from pathlib import Path

OWN = Path(__file__).parent
KEPT = {".html", ".txt", ".xml"}
REFERENCE = re.compile(r'(?:href|src)="(/[^"#?]+\.[a-z0-9]+)"')


def main(site: Path) -> int:
    """Work on the built ``site`` in place; pages name their files by absolute paths."""
    pages = {path: path.read_text(encoding="utf-8") for path in sorted(site.rglob("*.html"))}
    used = {site / name.lstrip("/") for text in pages.values() for name in REFERENCE.findall(text)}
    remove_unused(site, used)
    names = {p: rename(p) for p in used if p.is_file() and (OWN / p.relative_to(site)).is_file()}
    for page, text in pages.items():
        for old, new in names.items():
            text = text.replace(_address(site, old), _address(site, new))  # noqa: PLW2901
        page.write_text(text, encoding="utf-8")
    return 0


def remove_unused(site: Path, used: set[Path]) -> None:
    """Delete every file but pages and those in ``used``, and the folders this leaves empty."""
    for path in sorted(site.rglob("*"), reverse=True):
        if path.is_dir():
            if not any(path.iterdir()):
                path.rmdir()
        elif path not in used and path.suffix not in KEPT:
            path.unlink()


def rename(path: Path) -> Path:
    """Put a hash of the file's content in its name: ``look.css`` → ``look.0a1b2c3d.css``."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:8]
    return path.rename(path.with_suffix(f".{digest}{path.suffix}"))


def _address(site: Path, path: Path) -> str:
    return f'"/{path.relative_to(site).as_posix()}"'


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
