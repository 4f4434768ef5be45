"""Refuse a built site with a broken link, a foreign request, inline code or a torn page."""

import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from mkdocs.utils.meta import get_data

CONTENT = Path(__file__).parent.parent / "content"
FRONT_MATTER = {"title": str, "description": str, "feiten": list, "nagekeken": object}

# Where the portal answers; the site may lead there, and may not take these for pages of its own.
PORTAL = {
    "/aanvragen/",
    "/aanvragen/leervraag/",
    "/aanvragen/groep-wijk-buurt/",
    "/keuzehulp/",
    "/mijn-aanvraag/",
    "/voorstellen/",
}
PORTAL_ROOMS = (
    *("aanvragen", "voorstellen", "keuzehulp", "later-verder", "verder", "ontvangen"),
    *("mijn-aanvraag", "beheer", "gezondheid"),
)

FETCHED = {"src", "srcset", "poster", "data", "data-index", "action", "background"}
CSS_URL = re.compile(r"url\(\s*['\"]?(?!data:)([^'\")]+)|@import\s+['\"]([^'\"]+)")


@dataclass
class Page(HTMLParser):
    """What the checks need of one built page, read in one pass."""

    address: str
    title: str = ""
    levels: list[int] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)
    inline: list[str] = field(default_factory=list)
    own: str = ""
    picture: str = ""
    _in_title: bool = False

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_title = tag == "title" and not self.title
        if re.fullmatch("h[1-6]", tag):
            self.levels.append(int(tag[1]))
        if tag in {"style", "base", "iframe"} or (tag == "script" and "src" not in dict(attrs)):
            self.inline.append(f"<{tag}>")
        if tag == "meta":
            self._take_meta(dict(attrs))
        # A canonical address is read by search engines and asked for by nobody.
        for name, value in attrs if ("rel", "canonical") not in attrs else []:
            self._take(tag, name, value or "")

    def _take_meta(self, attrs: dict[str, str | None]) -> None:
        # Other sites ask for this one; it has to be there, and at our own address.
        if attrs.get("property") == "og:image":
            self.picture = attrs.get("content") or ""
        elif attrs.get("property") == "og:url":
            self.own = attrs.get("content") or ""

    def _take(self, tag: str, name: str, value: str) -> None:
        if name == "id":
            self.ids.append(value)
        elif name == "href" and tag != "link":
            self.links.append(value)
        elif name in FETCHED or name == "href":
            self.fetched.append(value)
        elif name == "style" or name.startswith("on"):
            self.inline.append(f"{name}=")

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - the library calls it
        self._in_title = False


def main(site: Path) -> int:
    """Check the built ``site`` and its sources; print one line for each fault, give 1 if any."""
    pages = [read_page(site, path) for path in sorted(site.rglob("*.html"))]
    checks: list[Callable[[], Iterator[str]]] = [
        front_matter_faults,
        lambda: twin_titles(pages),
        lambda: heading_faults(pages),
        lambda: inline_faults(pages),
        lambda: link_faults(site, pages),
        lambda: address_faults(pages),
        lambda: fetch_faults(site, pages),
        lambda: picture_faults(site, pages),
        lambda: css_faults(site),
    ]
    faults = [fault for check in checks for fault in check()]
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


def read_page(site: Path, path: Path) -> Page:
    """One built page; its address is absolute, ``index.html`` left out as visitors leave it out."""
    page = Page("/" + path.relative_to(site).as_posix().removesuffix("index.html"))
    page.feed(path.read_text(encoding="utf-8"))
    return page


def front_matter_faults() -> Iterator[str]:
    """A source page that lacks a title, description, list of facts or date of review."""
    for path in sorted(CONTENT.rglob("*.md")):
        _, data = get_data(path.read_text(encoding="utf-8"))
        for name, kind in FRONT_MATTER.items():
            if name not in data or not isinstance(data[name], kind) or data[name] == "":
                yield f"{path.relative_to(CONTENT.parent)}: front matter has no {name}"


def twin_titles(pages: list[Page]) -> Iterator[str]:
    """A page without a title, and a title that two pages share."""
    for title, count in Counter(page.title for page in pages).items():
        if count > 1 or not title:
            yield f"{count} pages share the title {title!r}"


def heading_faults(pages: list[Page]) -> Iterator[str]:
    """No h1 or a second one, and a level that is skipped; an id that is given twice."""
    for page in pages:
        if page.levels.count(1) != 1:
            yield f"{page.address}: {page.levels.count(1)} h1 headings instead of one"
        for above, below in zip([0, *page.levels], page.levels, strict=False):
            if below > above + 1:
                yield f"{page.address}: h{below} follows h{above}"
        for name, count in Counter(page.ids).items():
            if count > 1:
                yield f"{page.address}: id {name!r} is given {count} times"


def inline_faults(pages: list[Page]) -> Iterator[str]:
    """Anything that a policy without ``unsafe-inline`` would block."""
    for page in pages:
        for found in page.inline:
            yield f"{page.address}: {found} is not allowed"


def link_faults(site: Path, pages: list[Page]) -> Iterator[str]:
    """A link to a page, a part of a page or a door of the portal that is not there."""
    ids = {page.address: set(page.ids) for page in pages}
    for page in pages:
        for link in page.links:
            parts = urlsplit(urljoin(page.address, link))
            if parts.scheme or parts.netloc or parts.path in PORTAL:
                continue
            if parts.path not in ids and not (site / parts.path.lstrip("/")).is_file():
                yield f"{page.address}: no page {link}"
            elif parts.fragment and parts.fragment not in ids.get(parts.path, set()):
                yield f"{page.address}: no part {link}"


def address_faults(pages: list[Page]) -> Iterator[str]:
    """A page of the site that stands where the portal answers."""
    for page in pages:
        if page.address.strip("/").split("/")[0] in PORTAL_ROOMS:
            yield f"{page.address}: this address is the portal's"


def fetch_faults(site: Path, pages: list[Page]) -> Iterator[str]:
    """A file that a page asks for and that is missing, or stands at another origin."""
    for page in pages:
        for name in page.fetched:
            parts = urlsplit(urljoin(page.address, name))
            if parts.scheme or parts.netloc:
                yield f"{page.address}: foreign {name}"
            elif not (site / parts.path.lstrip("/")).is_file():
                yield f"{page.address}: no file {name}"


def picture_faults(site: Path, pages: list[Page]) -> Iterator[str]:
    """A page whose picture for other sites is missing, or does not stand at its own address."""
    for page in pages:
        own, picture = urlsplit(page.own), urlsplit(page.picture)
        if own[:2] != picture[:2] or (own.netloc and not (site / picture.path[1:]).is_file()):
            yield f"{page.address}: no picture {page.picture}"


def css_faults(site: Path) -> Iterator[str]:
    """A style sheet that asks for anything at all."""
    for path in sorted(site.rglob("*.css")):
        for match in CSS_URL.finditer(path.read_text(encoding="utf-8")):
            yield f"{path.relative_to(site)}: asks for {match[1] or match[2]}"


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
