"""On a development machine the portal serves the built site, and nothing besides."""

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from portal.development.pages import attach
from portal.web.pages import SITE_HEADERS
from tests.development.stub import stub_app


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    site = tmp_path / "site"
    for file, text in {
        "index.html": "voorpagina",
        "contact/index.html": "contact",
        "styles/look.css": "p{}",
        "sitemap.xml": "<urlset/>",
        "icon.svg": "<svg/>",
        "aanvragen/index.html": "niet van de site",
        ".git/config": "geheim",
    }.items():
        (site / file).parent.mkdir(parents=True, exist_ok=True)
        (site / file).write_text(text)
    (tmp_path / "portal.env").write_text("geheim")
    app = stub_app()

    @app.get("/aanvragen/")
    def ask() -> str:
        return "van het portaal"

    @app.post("/alleen-post")
    def only_post() -> str:
        return "post"

    attach(app, tmp_path / "mailbox", site)
    return app.test_client()


@pytest.mark.parametrize(
    ("path", "text", "kind"),
    [
        ("/", "voorpagina", "text/html; charset=utf-8"),
        ("/index.html", "voorpagina", "text/html; charset=utf-8"),
        ("/contact/", "contact", "text/html; charset=utf-8"),
        ("/contact/?a=b", "contact", "text/html; charset=utf-8"),
        ("/styles/look.css", "p{}", "text/css; charset=utf-8"),
        ("/icon.svg", "<svg/>", "image/svg+xml; charset=utf-8"),
    ],
)
def test_the_site_is_served_with_its_kinds(
    client: FlaskClient, path: str, text: str, kind: str
) -> None:
    answer = client.get(path, buffered=True)
    assert (answer.status_code, answer.text, answer.headers["Content-Type"]) == (200, text, kind)
    head = client.head(path, buffered=True)
    assert (head.status_code, head.text) == (200, "")
    assert head.headers["Content-Length"] == str(len(text))


def test_the_site_is_sent_with_a_policy_of_its_own(client: FlaskClient) -> None:
    for path in ("/", "/styles/look.css", "/icon.svg"):
        answer = client.get(path, buffered=True)
        assert {name: answer.headers.get(name) for name in SITE_HEADERS} == SITE_HEADERS


def test_a_known_version_is_not_sent_again(client: FlaskClient) -> None:
    first = client.get("/contact/", buffered=True)
    known = {"If-None-Match": first.headers["ETag"]}
    assert client.get("/contact/", headers=known, buffered=True).status_code == 304


def test_a_page_without_its_slash_leads_to_it(client: FlaskClient) -> None:
    for path in ("/contact", "/contact?a=b"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["Location"]) == (302, "/contact/")


@pytest.mark.parametrize("path", ["/aanvragen/", "/aanvragen"])
def test_the_portal_goes_before_the_site(client: FlaskClient, path: str) -> None:
    assert client.get(path, follow_redirects=True).text == "van het portaal"


@pytest.mark.parametrize(
    "path",
    [
        "/nergens",
        "/nergens/",
        "/styles",
        "/styles/",
        "/contact/index.html/",
        "/../portal.env",
        "/%2e%2e/portal.env",
        "/..%2fportal.env",
        "/contact/..%2f..%2fportal.env",
        "/contact/../../portal.env",
        "/..%5cportal.env",
        "/%2fetc/passwd",
        "/.git/config",
        "/.git",
        "/.env",
        "/contact%00",
        "/contact/%00/",
        "/%ff",
        "/" + "x" * 5000,
        "/" + "x" * 5000 + "/",
    ],
)
def test_what_is_not_the_site_is_not_found(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert "geheim" not in answer.text


@pytest.mark.parametrize("path", ["//contact", "///contact", "//example.org/contact", "/\\contact"])
def test_no_address_leads_off_this_host(client: FlaskClient, path: str) -> None:
    answer = client.get("/", environ_overrides={"PATH_INFO": path})
    location = answer.headers.get("Location", "/").removeprefix("http://localhost")
    assert location.startswith("/")
    assert not location.startswith(("//", "/\\"))


@pytest.mark.parametrize("verb", ["post", "put", "delete", "patch"])
def test_the_site_is_only_read(client: FlaskClient, verb: str) -> None:
    for path in ("/", "/contact/"):
        assert client.open(path, method=verb.upper()).status_code == 405


@pytest.fixture
def copied(client: FlaskClient, tmp_path: Path) -> FlaskClient:
    """The site with copies of its style sheet: what is in them tells them apart."""
    for name, text in {"look.css.br": "br", "look.css.gz": "gz", "look.12345678.css": "p"}.items():
        (tmp_path / "site" / "styles" / name).write_text(text)
    return client


@pytest.mark.parametrize(
    ("reads", "text", "coding"),
    [
        ("gzip, br", "br", "br"),
        ("gzip", "gz", "gzip"),
        ("br;q=0, gzip", "gz", "gzip"),
        ("identity", "p{}", None),
        ("", "p{}", None),
    ],
)
def test_a_browser_gets_the_smallest_copy_that_it_reads(
    copied: FlaskClient, reads: str, text: str, coding: str | None
) -> None:
    answer = copied.get("/styles/look.css", headers={"Accept-Encoding": reads}, buffered=True)
    assert (answer.text, answer.headers.get("Content-Encoding")) == (text, coding)
    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
    assert "Accept-Encoding" in answer.headers["Vary"]


def test_a_part_of_a_file_is_a_part_of_the_file_itself(copied: FlaskClient) -> None:
    headers = {"Accept-Encoding": "br", "Range": "bytes=0-0"}
    answer = copied.get("/styles/look.css", headers=headers, buffered=True)
    assert (answer.status_code, answer.text) == (206, "p")


def test_only_what_is_named_after_its_content_is_kept_for_good(copied: FlaskClient) -> None:
    kept = copied.get("/styles/look.12345678.css", buffered=True).headers["Cache-Control"]
    assert kept == "public, max-age=31536000, immutable"
    assert "immutable" not in copied.get("/", buffered=True).headers.get("Cache-Control", "")
