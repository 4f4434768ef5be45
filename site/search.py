"""Make what the search page needs: all text of the site in one file, and a list from A to Z."""

import html
import json
import re
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from html.parser import HTMLParser
from itertools import groupby
from pathlib import Path

PAGE = "zoeken/index.html"
# Tells a word from a page with its name.
WORD = " (woord)"
PLACE = "<div data-a-to-z></div>"
INDEX = "scripts/pages.js"

# What is not a page's own text, or is alike on every page.
SKIPPED = {"nav", "section", "svg", "button", "form", "h1"}
SKIPPED_CLASSES = {"meaning", "sheet__foot", "contents"}
BLOCKS = {"p", "li", "td", "th", "dt", "dd", "br", "div"}


@dataclass
class Part:
    """One part of a page, from one heading to the next; ``entry`` for a word of the glossary."""

    address: str
    title: str
    heading: str = ""
    words: str = ""
    text: str = ""
    entry: bool = False


@dataclass
class Page(HTMLParser):
    """A page as the search sees it: its parts in order, the first without a heading."""

    address: str
    title: str = ""
    description: str = ""
    parts: list[Part] = field(default_factory=list)
    _in: list[tuple[str, bool]] = field(default_factory=list)
    _naming: bool = False

    def __post_init__(self) -> None:
        super().__init__()
        self.parts.append(Part(self.address, ""))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "meta":
            self._take_meta(given)
        if tag in {"meta", "link", "br", "img", "input", "hr", "wbr"}:
            return
        apart = tag in SKIPPED or bool(SKIPPED_CLASSES & set(given.get("class", "").split()))
        self._in.append((tag, apart))
        self._naming = tag in {"h2", "dt"} and "id" in given and self._is_text()
        if self._naming:
            place = f"{self.address}#{given['id']}"
            self.parts.append(Part(place, self.title, entry=tag == "dt"))

    def handle_endtag(self, tag: str) -> None:
        if self._in and self._in[-1][0] == tag:
            self._in.pop()
        self._naming = self._naming and tag not in {"h2", "dt"}
        if tag in BLOCKS:
            self.parts[-1].text += "\n"

    def handle_data(self, data: str) -> None:
        tags = [tag for tag, _ in self._in]
        if tags == ["html", "head", "title"]:
            self.title = self.parts[0].title = data.rpartition(" – ")[0]
        elif self._naming:
            self.parts[-1].heading += data
        elif self._is_text():
            self.parts[-1].text += data

    def _take_meta(self, given: dict[str, str]) -> None:
        if given.get("name") == "description":
            self.description = given["content"]
            self.parts[0].words += " " + given["content"]
        elif given.get("name") == "keywords":
            self.parts[0].words += " " + given["content"]

    def _is_text(self) -> bool:
        return "article" in {tag for tag, _ in self._in} and not any(apart for _, apart in self._in)


def main(site: Path) -> int:
    """Work on the built ``site``: write the index, and the list into the search page."""
    pages = [read_page(site, path) for path in sorted(site.rglob("index.html"))]
    write_index(site / INDEX, [part for page in pages for part in page.parts])
    path = site / PAGE
    text = path.read_text(encoding="utf-8")
    if PLACE not in text:
        print(f"{PAGE} has no {PLACE}: mend content/zoeken.md", file=sys.stderr)
        return 1
    path.write_text(text.replace(PLACE, a_to_z(pages)), encoding="utf-8")
    return 0


def read_page(site: Path, path: Path) -> Page:
    """One built page, with an absolute address."""
    page = Page("/" + path.relative_to(site).as_posix().removesuffix("index.html"))
    page.feed(path.read_text(encoding="utf-8"))
    return page


def write_index(path: Path, parts: list[Part]) -> None:
    """A script rather than data: so the policy need not allow a page to fetch anything."""
    path.parent.mkdir(exist_ok=True)
    rows = [json.dumps(_filled(part), ensure_ascii=False) for part in parts]
    path.write_text("export default [\n" + ",\n".join(rows) + "\n];\n", encoding="utf-8")


def _filled(part: Part) -> dict[str, str | bool]:
    return {
        name: " ".join(value.split()) if isinstance(value, str) else value
        for name, value in asdict(part).items()
        if value
    }


def a_to_z(pages: list[Page]) -> str:
    """Every page but the search itself, and every word, by the alphabet, each with a line."""
    listed = sorted(_entries(pages), key=lambda entry: sorting(entry[0]))
    letters = groupby(listed, key=lambda entry: sorting(entry[0])[:1].upper())
    groups = (
        f"<div>\n<h3>{letter}</h3>\n<ul>\n{_items(entries)}</ul>\n</div>\n"
        for letter, entries in letters
    )
    return f'<nav class="a-to-z" aria-labelledby="a-tot-z">\n{"".join(groups)}</nav>'


def sorting(name: str) -> str:
    """The name as the alphabet sees it: no capitals, accents or signs."""
    plain = unicodedata.normalize("NFD", name.removesuffix(WORD).lower())
    return re.sub("[^a-z0-9 ]", "", plain)


def _entries(pages: list[Page]) -> Iterator[tuple[str, str, str]]:
    for page in pages:
        if page.address != f"/{PAGE.removesuffix('index.html')}":
            yield page.title, page.address, page.description
        for word in (part for part in page.parts if part.entry):
            yield word.heading.strip() + WORD, word.address, word.text.strip().split("\n")[0]


def _items(entries: Iterator[tuple[str, str, str]]) -> str:
    return "".join(
        f'<li><a href="{address}">{html.escape(name)}</a> {html.escape(line)}</li>\n'
        for name, address, line in entries
    )


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
