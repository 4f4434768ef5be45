"""Every page of the site is valid HTML in the eyes of a checker that is not ours."""

from tests.markup import faults
from tests.site.conftest import Page


def test_every_page_is_valid(pages: list[Page]) -> None:
    assert faults({page.address: page.html for page in pages}) == []


WRONG = {
    "<p><div></div></p>": "No “p” element in scope",
    "<img src=x>": "An “img” element must have an “alt” attribute",
    "<p role=heading aria-level=x>x</p>": "Bad value “x” for attribute “aria-level”",
    "<label for=nergens>x</label>": "value of the “for” attribute",
    "<section>x</section>": "Section lacks heading",
    "<p popover=soms>x</p>": "Bad value “soms” for attribute “popover”",
}


def test_the_checker_names_each_page_with_its_fault_and_no_other() -> None:
    start = "<!doctype html><html lang=nl><head><title>Pagina</title></head><body>"
    pages = {html: start + html for html in WRONG}
    found = faults({"goed": f"{start}<p>Goed.</p>", **pages})
    assert {fault.partition(": ")[0] for fault in found} == WRONG.keys()
    for html, said in WRONG.items():
        assert any(fault.startswith(html) and said in fault for fault in found), found
