"""Whatever a letter holds, the mailbox shows it, literally, and shows nothing but letters."""

import html
import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from portal.config import Mode
from portal.development import mailbox as mailbox_module
from portal.development.pages import attach
from tests.development.stub import stub_app

ONE = "01790000000000000000-000001"
TWO = "01790000000000000000-000002"
XSS = "<script>alert(1)</script>"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "mailbox"
    folder.mkdir()
    return folder


@pytest.fixture
def client(folder: Path) -> FlaskClient:
    app = stub_app()
    attach(app, folder, folder.parent / "site")
    return app.test_client()


def put(folder: Path, source: bytes, name: str = ONE) -> None:
    (folder / f"{name}.eml").write_bytes(source)


def page(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.text


def shown(client: FlaskClient, name: str = ONE) -> str:
    """The letter's text as a browser would show it."""
    found = re.search(r"<pre[^>]*>\n(.*)</pre>", page(client, f"/postvak/{name}/"), re.DOTALL)
    assert found
    return html.unescape(found[1])


def test_an_empty_mailbox_says_so(client: FlaskClient, folder: Path) -> None:
    assert "Er zijn nog geen brieven" in page(client, "/postvak/")
    folder.rmdir()
    assert "Er zijn nog geen brieven" in page(client, "/postvak/")


def test_the_newest_letter_comes_first_with_a_link_to_it(client: FlaskClient, folder: Path) -> None:
    put(folder, b"To: a@example.org\r\nSubject: eerste\r\n\r\n")
    put(folder, b"To: b@example.org\r\nSubject: tweede\r\n\r\n", TWO)
    overview = page(client, "/postvak/")
    assert overview.index("tweede") < overview.index("eerste")
    assert overview.index("b@example.org") < overview.index("a@example.org")
    assert f'href="/postvak/{ONE}/"' in overview
    assert "ontwikkelmachine" in overview


def test_of_many_letters_the_newest_are_listed_and_the_rest_counted(
    client: FlaskClient, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailbox_module, "SHOWN", 1)
    put(folder, b"Subject: eerste\r\n\r\n")
    put(folder, b"Subject: tweede\r\n\r\n", TWO)
    overview = page(client, "/postvak/")
    assert "tweede" in overview
    assert "eerste" not in overview
    assert "Er zijn 2 brieven" in overview


def test_headers_and_text_are_decoded(client: FlaskClient, folder: Path) -> None:
    put(
        folder,
        b"Subject: =?utf-8?b?w6nDqW4=?= =?iso-8859-1?q?_tw=E9?=\r\n"
        b"From: =?utf-8?q?Ren=C3=A9?= <r@example.org>\r\n"
        b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        b"SGFsbG8gUmVuw6kKdHdlZQo=\r\n",
    )
    letter = page(client, f"/postvak/{ONE}/")
    assert "één twé" in letter
    assert html.escape("René <r@example.org>") in letter
    assert shown(client) == "Hallo René\ntwee\n"


def test_the_text_of_a_letter_in_parts_is_found(client: FlaskClient, folder: Path) -> None:
    put(
        folder,
        b"Content-Type: multipart/alternative; boundary=x\r\n\r\n"
        b"--x\r\nContent-Type: text/html\r\n\r\n<p>nee\r\n"
        b"--x\r\nContent-Type: text/plain\r\n\r\nja\r\n--x--\r\n",
    )
    assert shown(client) == "ja"


def test_a_letter_without_plain_text_says_so(client: FlaskClient, folder: Path) -> None:
    put(folder, b"Content-Type: text/html\r\n\r\n<p>nee")
    assert "geen platte tekst" in page(client, f"/postvak/{ONE}/")


def test_nothing_in_a_letter_becomes_markup(client: FlaskClient, folder: Path) -> None:
    hostile = XSS.encode()
    put(
        folder,
        b"Subject: %b\r\nTo: %b\r\nX-%b: x\r\n\r\n</pre>%b" % (hostile, hostile, hostile, hostile),
    )
    for path in ("/postvak/", f"/postvak/{ONE}/"):
        assert XSS not in page(client, path)
        assert html.escape(XSS) in page(client, path)
    assert shown(client) == "</pre>" + XSS


def test_the_source_is_the_letter_as_plain_text(client: FlaskClient, folder: Path) -> None:
    source = b"Subject: " + XSS.encode() + b"\r\n\r\n\xff\x00\r\n"
    put(folder, source)
    answer = client.get(f"/postvak/{ONE}/bron")
    assert answer.data == source
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "name",
    [
        "..",
        "%2e%2e",
        "..%2fportal",
        "%2fetc%2fpasswd",
        "..%5cportal",
        f"{ONE}%00",
        f"{ONE}%0a",
        f"{ONE}.eml",
        f"..%2fmailbox%2f{ONE}",
        ONE.replace("1", "%D9%A1"),
        "portal",
        "x" * 5000,
        TWO,
    ],
)
@pytest.mark.parametrize("end", ["/", "/bron"])
def test_only_a_caught_letter_has_a_page(
    client: FlaskClient, folder: Path, name: str, end: str
) -> None:
    put(folder, b"Subject: brief\r\n\r\n")
    for file in (folder / "portal.eml", folder.parent / "portal.eml"):
        file.write_bytes(b"geheim")
    assert client.get(f"/postvak/{name}{end}").status_code == 404
    assert "portal" not in page(client, "/postvak/")


@pytest.mark.parametrize("mode", [Mode.PRODUCTION, None, "development"])
def test_production_has_no_mailbox(tmp_path: Path, mode: object) -> None:
    app = Flask("production")
    app.config["PORTAL_MODE"] = mode
    with pytest.raises(RuntimeError, match="development only"):
        attach(app, tmp_path, tmp_path)
    assert app.test_client().get("/postvak/").status_code == 404


_PIECES = [
    *(b"Subject: ", b"To: ", b"Content-Type: text/plain; charset=", b"Content-Type: multipart/x"),
    *(
        b"; boundary=x\r\n",
        b"--x\r\n",
        b"\r\n",
        b"\r\n\r\n",
        b"utf-7",
        b"hex",
        b"undefined",
        b"\x00",
    ),
    *(b"Content-Transfer-Encoding: base64\r\n", b"x-uuencode\r\n", b"=?utf-7?q?+2AA-?=", b"=?"),
    *(b"=?utf-8?b?/w?=", b"=?x?q?x?=", b"?=", b"\xff", b"begin 666 x\n", b"Content-Type: "),
]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.one_of(st.sampled_from(_PIECES), st.binary(max_size=8))).map(b"".join))
@example(b"Subject: =?utf-7?q?+2AA-?=\r\n\r\n")
@example(b"Subject: =?nonsense?q?x?=\r\nTo: =?utf-8?b?AAA?=\r\n\r\n")
@example(b"Content-Type: text/plain; charset=utf-7\r\n\r\n+2AA-")
@example(b"Content-Type: text/plain; charset=nonsense\r\n\r\nx")
@example(b"Content-Type: text/plain; charset=\x00\r\n\r\nx")
def test_no_letter_breaks_a_page(client: FlaskClient, folder: Path, source: bytes) -> None:
    put(folder, source)
    for path in ("/postvak/", f"/postvak/{ONE}/"):
        page(client, path)
    assert client.get(f"/postvak/{ONE}/bron").data == source
