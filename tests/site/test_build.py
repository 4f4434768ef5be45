"""The build publishes what is meant to be published, and stops at every fault."""

import gzip
import json
import re
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import brotli
import pytest

from tests.site_build import MANIFEST, ROOT, SOURCES, run_build

COPIES = (".br", ".gz")
CHECK = runpy.run_path(str(ROOT / "site" / "check.py"))
ENOUGH = 700_000  # bytes: all pages, styles and drawings together


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the site's sources, to build in and to break."""
    for name in (*SOURCES, ".gitignore"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name)
        else:
            shutil.copy(source, tmp_path / name)
    return tmp_path


def _git(tree: Path, *words: str) -> str:
    command = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", *words]
    return subprocess.run(command, cwd=tree, capture_output=True, text=True, check=True).stdout  # noqa: S603


@pytest.fixture(scope="module")
def _copied(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    copies = shutil.ignore_patterns("*.br", "*.gz")
    return shutil.copytree(site, tmp_path_factory.mktemp("torn") / "site", ignore=copies)


@pytest.fixture
def torn(_copied: Path) -> Iterator[Path]:
    """A copy of the built site, to be broken; what a test writes to is whole again for the next."""
    before = {path: path.read_bytes() for path in _copied.rglob("*") if path.is_file()}
    yield _copied
    for path in [path for path in _copied.rglob("*") if path.is_file()]:
        if path not in before:
            path.unlink()
        elif path.read_bytes() != before[path]:
            path.write_bytes(before[path])


Check = Callable[[], list[str]]


@pytest.fixture
def check(torn: Path, capsys: pytest.CaptureFixture[str]) -> Check:
    """What ``site/check.py`` says of the torn site, line by line."""

    def run() -> list[str]:
        code = CHECK["main"](torn)
        said = capsys.readouterr().err.splitlines()
        assert code == (1 if said else 0)
        return said

    return run


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def give(tree: Path, name: str, value: str) -> None:
    """Write a value, in TOML, into the tree's own data, whatever it was."""
    path = tree / "gegevens.toml"
    line = re.compile(rf'^{name} = ("{{3}}.*?"{{3}}|.*?)$', re.MULTILINE | re.DOTALL)
    text, times = line.subn(lambda _: f"{name} = {value}", path.read_text(encoding="utf-8"))
    assert times == 1
    path.write_text(text, encoding="utf-8")


def test_the_git_tree_is_clean_after_a_build_of_either_kind(tree: Path) -> None:
    _git(tree, "init", "--quiet")
    _git(tree, "add", "--all")
    _git(tree, "commit", "--quiet", "--message", "x")
    run_build(tree)
    command = [sys.executable, "-m", "mkdocs", "build", "--strict"]
    plain = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=True)  # noqa: S603
    assert "WARNING  -" not in plain.stderr
    assert _git(tree, "status", "--porcelain") == ""


def test_only_what_pages_need_is_published(site: Path) -> None:
    every = {path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()}
    files = {name for name in every if not name.endswith(COPIES)}
    others = sorted(name for name in files if not name.endswith(".html"))
    shapes = [
        r"icon\.[0-9a-f]{8}\.svg",
        r"robots\.txt",
        r"scripts/circle\.[0-9a-f]{8}\.js",
        r"scripts/pages\.[0-9a-f]{8}\.js",
        r"scripts/print\.[0-9a-f]{8}\.js",
        r"scripts/search\.[0-9a-f]{8}\.js",
        r"sitemap\.xml",
        r"social\.[0-9a-f]{8}\.png",
        r"styles/circle\.[0-9a-f]{8}\.css",
        r"styles/forms\.[0-9a-f]{8}\.css",
        r"styles/look\.[0-9a-f]{8}\.css",
        r"styles/search\.[0-9a-f]{8}\.css",
        r"styles/sheet\.[0-9a-f]{8}\.css",
        r"styles/theme\.[0-9a-f]{8}\.css",
    ]
    assert len(others) == len(shapes)
    for name, shape in zip(others, shapes, strict=True):
        assert re.fullmatch(shape, name)
    assert sum((site / name).stat().st_size for name in files) < ENOUGH


def test_the_site_map_holds_every_page_and_robots_txt_names_it(site: Path) -> None:
    pages = {"/" + p.parent.relative_to(site).as_posix() for p in site.rglob("index.html")}
    listed = re.findall(r"<loc>https?://[^/]+(/[^<]*)</loc>", (site / "sitemap.xml").read_text())
    assert {name.rstrip("/") or "/." for name in listed} == pages
    robots = (site / "robots.txt").read_text()
    assert re.search(r"^Sitemap: https?://[^/]+/sitemap\.xml$", robots, re.MULTILINE)


def test_a_broken_anchor_and_a_page_that_the_menu_forgets_stop_the_build(tree: Path) -> None:
    contact = tree / "content" / "contact.md"
    shutil.copy(contact, tree / "content" / "verdwaald.md")
    change(contact, "# Contact\n", "# Contact\n\n[x](privacy.md#nergens)\n")
    with pytest.raises(RuntimeError) as fault:
        run_build(tree)
    assert "does not contain an anchor '#nergens'" in str(fault.value)
    assert 'not included in the "nav" configuration:\n  - verdwaald.md' in str(fault.value)
    assert not (tree / "build" / "manifest.json").exists()


def test_a_value_that_nobody_knows_stops_the_build(tree: Path) -> None:
    change(tree / "content" / "contact.md", "[[email]]", "[[faxnummer]]")
    with pytest.raises(RuntimeError, match="no value named faxnummer"):
        run_build(tree)


def test_an_empty_value_is_refused_in_a_release(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("telefoon_woord", "rsin", "grondslag", "regeling"):
        give(tree, name, '""')
    monkeypatch.setenv("RELEASE", "1")
    with pytest.raises(RuntimeError) as fault:
        run_build(tree)
    for name in ("telefoon_woord", "anbi.rsin", "privacy.grondslag", "klacht.regeling"):
        assert f"{name} is empty" in str(fault.value)


def test_values_of_every_kind_are_filled_in_and_change_what_names_them_alone(
    tree: Path, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORTAL_BASE_URL", "https://portaal.example.org")
    give(tree, "telefoon_woord", '""')
    give(tree, "telefoon_link", '""')
    give(tree, "telefoon", "'<b onclick=x>&'")
    give(tree, "beleidsplan", '"https://example.org/b.pdf"')
    give(tree, "bestuur", '"""\nvoorzitter: A\nsecretaris: B"""')
    change(tree / "site" / "styles" / "look.css", "--paper: #fffdf8", "--paper: #ffffff")
    run_build(tree)
    built = tree / "build" / "site"
    page = (built / "contact" / "index.html").read_text(encoding="utf-8")
    assert "(<mark>nog in te vullen</mark>)" in page
    assert 'href="tel:"' in page
    assert "&lt;b onclick=x&gt;&amp;" in page
    assert "https://portaal.example.org/contact/" in page
    assert "https://portaal.example.org/aanvragen/" in page
    assert "https://portaal.example.org/sitemap.xml" in (built / "robots.txt").read_text()
    page = (built / "anbi" / "index.html").read_text(encoding="utf-8")
    assert '<a href="https://example.org/b.pdf">https://example.org/b.pdf</a>' in page
    assert "voorzitter: A<br>\nsecretaris: B" in page
    # Only the sheet that was changed got another name.
    before, after = ({p.name for p in (one / "styles").glob("*.css")} for one in (site, built))
    assert len(before - after) == len(after - before) == 1


def test_every_text_has_copies_that_hold_the_same(site: Path) -> None:
    texts = [p for p in site.rglob("*") if p.suffix in {".html", ".css", ".svg", ".xml"}]
    copied = [path for path in texts if path.with_name(path.name + ".br").exists()]
    assert {path.suffix for path in copied} >= {".html", ".css"}
    for path in copied:
        text = path.read_bytes()
        assert brotli.decompress(path.with_name(path.name + ".br").read_bytes()) == text
        assert gzip.decompress(path.with_name(path.name + ".gz").read_bytes()) == text


def test_the_theme_keeps_the_rules_that_pages_need_and_no_others(site: Path) -> None:
    (sheet,) = (site / "styles").glob("theme.*.css")
    rules = sheet.read_text()
    assert ".md-typeset h2" in rules
    assert ".md-search" not in rules
    assert sheet.with_name(sheet.name + ".br").stat().st_size < 8_000


FAULTS = {
    "script": ("</main>", "<script>1</script></main>", "/contact/: <script> is not allowed"),
    "inline module": (
        "</main>",
        "<script type='module'>1</script></main>",
        "/contact/: <script> is not allowed",
    ),
    "missing script": (
        "</main>",
        "<script src='/scripts/x.js'></script></main>",
        "/contact/: no file /scripts/x.js",
    ),
    "foreign script": (
        "</main>",
        "<script src='https://elders.example.org/x.js'></script></main>",
        "/contact/: foreign https://elders.example.org/x.js",
    ),
    "missing index": (
        "</main>",
        "<p data-index='/scripts/x.js'></p></main>",
        "/contact/: no file /scripts/x.js",
    ),
    "handler": ("<main ", "<main onclick='x' ", "/contact/: onclick= is not allowed"),
    "inline style": ("<main ", "<main style='x' ", "/contact/: style= is not allowed"),
    "second h1": ("</main>", "<h1>x</h1></main>", "/contact/: 2 h1 headings instead of one"),
    "skipped level": ("</main>", "<h4>x</h4></main>", "/contact/: h4 follows h2"),
    "twin id": ("</main>", "<p id='inhoud'></p></main>", "/contact/: id 'inhoud' is given 2 times"),
    "no page": ("</main>", "<a href='/weg/'>x</a></main>", "/contact/: no page /weg/"),
    "no part": ("</main>", "<a href='/privacy/#x'>x</a></main>", "/contact/: no part /privacy/#x"),
    "no door": ("</main>", "<a href='/beheer/'>x</a></main>", "/contact/: no page /beheer/"),
    "no file": ("</main>", "<img src='/x.png'></main>", "/contact/: no file /x.png"),
    "foreign": (
        "</main>",
        "<img src='//elders.example.org/x.png'></main>",
        "/contact/: foreign //elders.example.org/x.png",
    ),
    "no picture": ("/social.", "/asocial.", "/contact/: no picture http"),
    "picture elsewhere": (
        'property="og:image" content="',
        'property="og:image" content="https://elders.example.org/',
        "/contact/: no picture https://elders.example.org/",
    ),
    "twin title": ("<title>Contact", "<title>Privacy", "2 pages share the title"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_torn_page_is_named_with_its_fault(name: str, torn: Path, check: Check) -> None:
    old, new, fault = FAULTS[name]
    change(torn / "contact" / "index.html", old, new)
    (found,) = check()
    assert found.startswith(fault)


def test_a_whole_site_has_no_fault(check: Check) -> None:
    assert check() == []


def test_a_page_may_not_stand_where_the_portal_answers(torn: Path, check: Check) -> None:
    page = (torn / "contact" / "index.html").read_text(encoding="utf-8")
    (torn / "beheer").mkdir()
    other = torn / "beheer" / "index.html"
    other.write_text(page.replace("<title>Contact", "<title>Beheer"), encoding="utf-8")
    assert check() == ["/beheer/: this address is the portal's"]


def test_styles_ask_for_nothing(torn: Path, check: Check) -> None:
    style = next((torn / "styles").glob("look.*.css"))
    style.write_text("@import 'https://elders.example.org/x.css'; p { background: url(x.png) }")
    asked = [fault.rpartition(": ")[2] for fault in check()]
    assert asked == ["asks for https://elders.example.org/x.css", "asks for x.png"]


def test_a_page_without_a_review_date_is_refused(tree: Path) -> None:
    change(tree / "content" / "contact.md", "nagekeken: 2026", "gezien: 2026")
    with pytest.raises(RuntimeError, match="front matter has no nagekeken"):
        run_build(tree)


def test_the_manifest_holds_what_a_page_of_the_portal_needs(site: Path) -> None:
    manifest = json.loads(MANIFEST.read_text(encoding="utf-8"))
    for style in [*manifest["styles"], manifest["icon"]]:
        assert (site / style.lstrip("/")).is_file()
    assert len(manifest["styles"]) == 3
    assert '<main id="inhoud">' in manifest["before"]
    assert manifest["before"].rstrip().endswith('<article class="page md-typeset">')
    assert manifest["after"].lstrip().startswith("</article>")
    assert "</footer>" in manifest["after"]
    assert "aria-current" not in manifest["before"] + manifest["after"]
    assert "[[" not in manifest["before"] + manifest["after"]
    targets = re.findall('href="([^"]+)"', manifest["before"] + manifest["after"])
    assert all(target.startswith(("/", "#inhoud", "tel:", "mailto:")) for target in targets)
