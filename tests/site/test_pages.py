"""Each page is whole: valid, alike in what all pages share, and leading somewhere."""

import hashlib
import html
import re
import struct
from pathlib import Path

import html5lib

from tests.site.conftest import OURS, Page
from tests.site_build import ROOT


def _between(html: str, start: str, end: str) -> str:
    return html.partition(start)[2].partition(end)[0]


def test_every_page_is_valid_html(pages: list[Page]) -> None:
    for page in pages:
        parser = html5lib.HTMLParser(strict=True)
        parser.parse(page.html)


def test_every_page_has_the_same_header_and_footer_but_for_where_it_stands(
    pages: list[Page],
) -> None:
    for part in ("header", "footer"):
        shared = {
            re.sub(' aria-current="page"', "", _between(page.html, f"<{part} ", f"</{part}>"))
            for page in pages
        }
        assert len(shared) == 1


def test_the_contact_block_stands_first_in_the_footer_in_its_order(pages: list[Page]) -> None:
    footer = _between(pages[0].html, "<footer", "</footer>")
    phone, mail = f"tel:{OURS['telefoon_link']}", f"mailto:{OURS['email']}"
    order = [phone, mail, 'href="/aanvragen/"', "<nav"]
    places = [footer.index(mark) for mark in order]
    assert places == sorted(places)


def test_the_current_page_is_marked_wherever_it_is_linked(pages: list[Page]) -> None:
    for page in pages:
        links = re.findall(r'<a [^>]*href="(/[^"#]*)" aria-current="page"', page.html)
        assert set(links) <= {page.address}
        assert links or page.address == "/404.html"


def test_the_footer_leads_to_what_the_law_and_good_manners_ask(pages: list[Page]) -> None:
    footer = _between(pages[0].html, "<footer", "</footer>")
    for address in (
        "privacy",
        "leerlingen/privacy",
        "cookies",
        "toegankelijkheid",
        "klacht",
        "anbi",
    ):
        assert f'href="/{address}/"' in footer


def test_a_page_carries_only_the_scripts_that_its_source_names(pages: list[Page]) -> None:
    for page in pages:
        found = re.findall(
            r'<script type="module" src="/scripts/([a-z]+)\.[0-9a-f]{8}(\.js)"></script>', page.html
        )
        assert ["".join(parts) for parts in found] == page.meta.get("scripts", []), page.address
        assert page.html.count("<script") == len(found)
        assert page.address != "/" or not found


def test_titles_are_built_alike_and_the_skip_link_comes_first(pages: list[Page]) -> None:
    for page in pages:
        assert re.search(r"<title>[^<]+ \u2013 Eigen Kracht</title>", page.html)
        assert '<html lang="nl">' in page.html
        assert (
            page.html.partition("<body>")[2].lstrip().startswith('<a class="skip" href="#inhoud">')
        )


def test_a_page_that_leads_on_ends_with_one_action_and_the_numbers_for_danger(
    pages: list[Page],
) -> None:
    leading = [page for page in pages if "actie" in page.meta]
    assert len(leading) >= 8
    for page in leading:
        assert page.html.count('class="action"') == 1
        action, _, after = page.html.partition('class="action"')[2].partition("</section>")
        assert re.findall('href="([^"]+)"', action) == [page.meta["actie"]["adres"]]
        assert "112" in after.partition("</main>")[0]
        assert "0800-2000" in after.partition("</main>")[0]


def test_every_page_that_links_to_a_form_shows_the_numbers_for_danger(pages: list[Page]) -> None:
    form = re.compile('href="/(aanvragen/[a-z]|voorstellen/)')
    for page in pages:
        main = _between(page.html, "<main", "</main>")
        assert not form.search(main) or "0800-2000" in main, page.address


def test_every_drawing_has_a_text_alternative(pages: list[Page]) -> None:
    for page in pages:
        for drawing in re.findall(r"<svg.*?</svg>", page.html, re.DOTALL):
            assert 'aria-hidden="true"' in drawing or re.search(
                r'role="img" aria-labelledby="([a-z-]+)">\s*<title id="\1">[^<]{20,}</title>',
                drawing,
            )


def test_a_link_to_any_page_can_be_shown_with_its_picture(pages: list[Page], site: Path) -> None:
    for page in pages:
        shown = dict(
            re.findall(r'<meta (?:property|name)="([a-z:]+)" content="([^"]*)">', page.html)
        )
        if not page.meta:
            assert not [name for name in shown if name.startswith("og:")]
            continue
        assert shown["og:title"] == page.meta["title"]
        assert html.unescape(shown["og:description"]) == page.meta["description"]
        assert shown["og:url"].endswith(page.address)
        assert shown["twitter:card"] == "summary_large_image"
        address, _, name = shown["og:image"].rpartition("/")
        assert re.fullmatch(r"https?://[^/]+", address)
        assert (site / name).is_file()


def test_the_picture_has_its_size_and_is_drawn_from_its_source_as_it_is() -> None:
    picture = (ROOT / "site" / "social.png").read_bytes()
    source = (ROOT / "site" / "drawings" / "social.svg").read_bytes()
    assert struct.unpack(">II", picture[16:24]) == (1200, 630)
    assert len(picture) < 100_000
    # Else: run site/social.py again.
    assert hashlib.sha256(source).hexdigest().encode() in picture


def _page(pages: list[Page], address: str) -> Page:
    return next(page for page in pages if page.address == address)


def test_what_an_anbi_has_to_show_is_shown_or_marked_as_missing(pages: list[Page]) -> None:
    source = (ROOT / "content" / "anbi.md").read_text(encoding="utf-8")
    assert [name for name in OURS["anbi"] if f"[[anbi.{name}]]" not in source] == []
    empty = [name for name, value in OURS["anbi"].items() if not value]
    assert _page(pages, "/anbi/").html.count("<mark>nog in te vullen</mark>") == len(empty)


def test_pupils_read_the_same_terms_of_keeping_as_everyone_else(pages: list[Page]) -> None:
    term = re.compile(r"<td>(\d+ (?:uur|dagen|weken|maanden)[^<]*)</td>")
    kept = term.findall(_page(pages, "/privacy/").html)
    assert len(kept) == 8
    # Answers for research come from groups alone (B40).
    kept.remove("24 maanden")
    assert term.findall(_page(pages, "/leerlingen/privacy/").html) == kept


def test_the_cookie_page_names_every_cookie_that_the_portal_sets(pages: list[Page]) -> None:
    portal = (ROOT / "portal" / "app.py").read_text(encoding="utf-8")
    name = re.search('SESSION_COOKIE_NAME="([^"]+)"', portal)
    assert name
    assert f"<td>{name[1]}</td>" in _page(pages, "/cookies/").html
    # Nobody else may set one, or the page is no longer true.
    setting = [p for p in (ROOT / "portal").rglob("*.py") if "set_cookie(" in p.read_text("utf-8")]
    assert {path.parent.name for path in setting} <= {"casework"}
    assert "__Host-desk" in _page(pages, "/cookies/").html
    scripts = [p.read_text(encoding="utf-8") for p in ROOT.glob("site/**/*.js")]
    assert scripts
    assert [text for text in scripts if re.search("document.cookie|Storage|indexedDB", text)] == []
