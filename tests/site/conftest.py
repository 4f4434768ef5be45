"""The built site as tests meet it: its pages, their sources, and a server that runs on loopback."""

import re
import threading
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from mkdocs.utils.meta import get_data

from portal.web.pages import SITE_HEADERS
from tests.site_build import ROOT, ensure_built

# What site/words.py puts between the words of a page: the sign beside a word, and its note.
EXPLANATION = re.compile(
    r"<span class=\"word\">(.*?)<button class=\"ask\".*?</button></span>"
    r"|\n<div class=\"meaning\".*?</div>",
    re.DOTALL,
)


OURS = tomllib.loads((ROOT / "gegevens.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Page:
    """One page: where it stands, its HTML as built, and the front matter of its source."""

    address: str
    html: str
    meta: dict[str, Any]

    @property
    def own_html(self) -> str:
        """The page in its own words alone, without those of the glossary."""
        return EXPLANATION.sub(lambda match: match[1] or "", self.html)


class _Handler(SimpleHTTPRequestHandler):
    def end_headers(self) -> None:
        for name, value in SITE_HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        pass


def front_matter(address: str) -> dict[str, Any]:
    """What the source of the page at ``address`` says of itself; empty for a page without one."""
    path = ROOT / "content" / f"{address.strip('/') or 'index'}.md"
    return dict(get_data(path.read_text(encoding="utf-8"))[1]) if path.is_file() else {}


@pytest.fixture(scope="session")
def site() -> Path:
    return ensure_built()


@pytest.fixture(scope="session")
def pages(site: Path) -> list[Page]:
    found = []
    for path in sorted(site.rglob("*.html")):
        address = "/" + path.relative_to(site).as_posix().removesuffix("index.html")
        html = path.read_text(encoding="utf-8")
        found.append(Page(address, html, front_matter(address)))
    return found


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    """Where the site is served for this session, under the policy that it is built for."""
    handler = partial(_Handler, directory=str(site))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()
