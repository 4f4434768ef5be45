"""Two builds of the same sources are told apart by what a visitor meets, and by nothing else."""

import runpy
import shutil
from pathlib import Path

import pytest

from tests.site.test_build import change
from tests.site_build import ROOT

COMPARE = runpy.run_path(str(ROOT / "site" / "compare.py"))


@pytest.fixture
def other(site: Path, tmp_path: Path) -> Path:
    """A second build, to be changed."""
    return Path(shutil.copytree(site, tmp_path / "site"))


def differences(one: Path, other: Path) -> list[str]:
    read = COMPARE["read_site"]
    return list(COMPARE["differences"](read(one), read(other)))


def test_the_same_link_may_be_written_in_another_way(site: Path, other: Path) -> None:
    assert differences(site, other) == []
    page = other / "werkbladen" / "index.html"
    change(page, 'href="plan/"', 'href="../werkbladen/plan/"')
    change(page, "<p>", '<p class="x">')
    assert differences(site, other) == []


def test_a_page_that_one_of_them_lacks_is_named(site: Path, other: Path) -> None:
    (other / "contact" / "index.html").unlink()
    (other / "nieuw.html").write_text("<title>x</title>", encoding="utf-8")
    assert differences(site, other) == [
        "/contact/: only MkDocs makes this page",
        "/nieuw.html: only Zensical makes this page",
    ]


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (
            "<title>Contact",
            "<title>Kontakt",
            "/contact/: title: 'Contact – Eigen Kracht' became 'K",
        ),
        ('id="mailen"', 'id="mail"', "/contact/: heading: 'h2 #mailen Mailen' became 'h2 #mail M"),
        (">Mailen</h2>", ">Mail</h2>", "/contact/: heading: 'h2 #mailen Mailen' became 'h2 #mail"),
        ('href="/aanvragen/leervraag/"', 'href="/x/"', "/contact/: link: '/aanvragen/leervraag/'"),
        ("Bellen is gratis.", "Bellen kost geld.", "/contact/: text: '"),
    ],
)
def test_what_is_not_alike_is_named_with_its_page(
    old: str, new: str, line: str, site: Path, other: Path
) -> None:
    change(other / "contact" / "index.html", old, new)
    found = differences(site, other)
    assert found[0].startswith(line)
    assert all(fault.startswith("/contact/: ") for fault in found)
