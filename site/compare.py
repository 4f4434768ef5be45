"""Build the site with Zensical too, from the same sources, and list what differs for a visitor."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin

ROOT = Path(__file__).parent.parent
# Zensical writes where mkdocs.yml says, so it gets a tree of its own.
TREE = ROOT / "build" / "zensical-tree"
SOURCES = ("mkdocs.yml", "gegevens.toml", "content", "site", "portal/templates")
HEADING = re.compile("h[1-6]")


@dataclass
class Page(HTMLParser):
    """What a visitor meets on one page, whatever wrote its HTML."""

    address: str
    title: str = ""
    headings: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    _inside: str = ""

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "title" or HEADING.fullmatch(tag):
            self._inside = tag
        if HEADING.fullmatch(tag):
            self.headings.append(f"{tag} #{given.get('id') or ''} ")
        if tag == "a" and "href" in given:
            # One may write in full what the other writes from where it stands.
            self.links.append(urljoin(self.address, given["href"] or ""))

    def handle_data(self, data: str) -> None:
        if self._inside == "title":
            self.title += data
            return
        if self._inside:
            self.headings[-1] += data
        self.text += data.split()

    def handle_endtag(self, tag: str) -> None:
        if tag == self._inside:
            self._inside = ""


def main(zensical: Path) -> int:
    """Compare ``build/site`` with what ``zensical`` makes; 0 when a visitor sees no difference."""
    copy_sources()
    command = [sys.executable, str(TREE / "site" / "build.py"), str(zensical), "build", "--strict"]
    code = subprocess.run(command, cwd=TREE, check=False).returncode  # noqa: S603 - our own
    if code:
        return code
    ours, theirs = (read_site(root / "build" / "site") for root in (ROOT, TREE))
    found = list(differences(ours, theirs))
    print(*found, f"{len(ours)} pages, {len(found)} differences.", sep="\n")
    return 1 if found else 0


def copy_sources() -> None:
    """Lay the sources alone in ``TREE``; what stood there goes."""
    shutil.rmtree(TREE, ignore_errors=True)
    for name in SOURCES:
        source, target = ROOT / name, TREE / name
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if source.is_dir() else shutil.copy)(source, target)


def read_site(site: Path) -> dict[str, Page]:
    """Every page of the built ``site`` by its address."""
    pages = {}
    for path in sorted(site.rglob("*.html")):
        page = Page("/" + path.relative_to(site).as_posix().removesuffix("index.html"))
        page.feed(path.read_text(encoding="utf-8"))
        pages[page.address] = page
    return pages


def differences(ours: dict[str, Page], theirs: dict[str, Page]) -> Iterator[str]:
    """A line for each page that only one has, and for each thing on a page that is not alike."""
    for address in sorted(ours.keys() ^ theirs.keys()):
        yield f"{address}: only {'MkDocs' if address in ours else 'Zensical'} makes this page"
    for address in sorted(ours.keys() & theirs.keys()):
        one, other = ours[address], theirs[address]
        yield from _unlike(f"{address}: title", [one.title], [other.title])
        yield from _unlike(f"{address}: heading", one.headings, other.headings)
        yield from _unlike(f"{address}: link", one.links, other.links)
        yield from _unlike(f"{address}: text", [" ".join(one.text)], [" ".join(other.text)])


def _unlike(what: str, one: list[str], other: list[str]) -> Iterator[str]:
    """The first place where two lists part: one line says enough to go and look."""
    if one != other:
        places = zip([*one, ""], [*other, ""], strict=False)
        left, right = next((a, b) for a, b in places if a != b)
        start = next((n for n, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), 0)
        begin = max(0, start - 30)
        yield f"{what}: {left[begin : start + 60]!r} became {right[begin : start + 60]!r}"


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).absolute()))
