"""Each page is whole: valid, alike in what all pages share, and leading somewhere."""

import re

import html5lib

from tests.site.conftest import Page


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
    order = ["tel:+318003377835", "mailto:info@eigen-kracht.nl", 'href="/aanvragen/"', "<nav"]
    places = [footer.index(mark) for mark in order]
    assert places == sorted(places)


def test_the_current_page_is_marked_wherever_it_is_linked(pages: list[Page]) -> None:
    for page in pages:
        links = re.findall(r'<a [^>]*href="(/[^"#]*)" aria-current="page"', page.html)
        assert set(links) <= {page.address}
        assert links or page.address == "/404.html"


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
