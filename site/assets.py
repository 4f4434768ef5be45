"""Drop what no page uses, and name our own files after their content, for caches to keep."""

import hashlib
import re
import sys
from pathlib import Path

KEPT = {".html", ".txt", ".xml"}
# Any attribute may name a file; one that other sites read, with our own origin before it.
REFERENCE = re.compile(r'(="(?:https?://[^/"]+)?)(/[^"#?]+\.[a-z0-9]+)(?=")')


def main(site: Path) -> int:
    """Work on the built ``site`` in place; pages name their files by absolute paths."""
    pages = {path: path.read_text(encoding="utf-8") for path in sorted(site.rglob("*.html"))}
    used = {
        site / name.lstrip("/") for text in pages.values() for _, name in REFERENCE.findall(text)
    }
    remove_unused(site, used)
    own = {path for path in used if path.is_file()}
    names = {_address(site, path): _address(site, rename(path)) for path in own}
    for page, text in pages.items():
        named = REFERENCE.sub(lambda match: match[1] + names.get(match[2], match[2]), text)
        page.write_text(named, encoding="utf-8")
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
    return f"/{path.relative_to(site).as_posix()}"


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
