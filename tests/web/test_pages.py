"""Every answer carries the policy, and an https portal keeps its cookie to itself."""

from http import HTTPStatus
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from portal.web.pages import HEADERS, SITE_HEADERS
from tests.portal_app import LEARNING, build, new_database

SECURE = "https://portaal.example.org"
CSP = HEADERS["Content-Security-Policy"]
STEP = f"{LEARNING}abcdefghijkl/1/"


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    return build(new_database(tmp_path), PORTAL_MODE="production", PORTAL_BASE_URL=SECURE)


def answers(app: Flask) -> dict[int, TestResponse]:
    """One answer of each kind that the portal makes."""

    @app.get("/breekt")
    def breaks() -> str:
        raise ZeroDivisionError

    app.config["PROPAGATE_EXCEPTIONS"] = False
    client = app.test_client()
    return {
        200: client.get("/aanvragen/", base_url=SECURE),
        303: client.get(LEARNING, base_url=SECURE),
        400: client.get("/aanvragen/", base_url="https://elders.example.org"),
        404: client.get("/er-is-niets", base_url=SECURE),
        405: client.put("/voorstellen/", base_url=SECURE),
        413: client.post(STEP, base_url=SECURE, data={"name": "x" * 600_000}),
        422: client.post(STEP, base_url=SECURE, data={}),
        500: client.get("/breekt", base_url=SECURE),
        503: client.get("/gezondheid", base_url=SECURE),
    }


def test_every_answer_carries_the_whole_policy(app: Flask) -> None:
    for code, answer in answers(app).items():
        assert answer.status_code == code
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
        assert "max-age=" in answer.headers["Strict-Transport-Security"]
        assert "unsafe" not in answer.headers["Content-Security-Policy"]


def test_the_site_has_a_stricter_policy_than_the_portal(tmp_path: Path) -> None:
    client = build(new_database(tmp_path)).test_client()
    assert client.get("/aanvragen/").headers["Content-Security-Policy"] == CSP
    site = client.get("/", buffered=True).headers["Content-Security-Policy"]
    assert site == SITE_HEADERS["Content-Security-Policy"]
    ours, theirs = (dict(part.split(" ", 1) for part in one.split("; ")) for one in (site, CSP))
    assert ours == theirs | {"form-action": "'none'"} | {
        name: ours[name] for name in ours.keys() - theirs.keys()
    }
    assert {ours["default-src"], ours["base-uri"], ours["trusted-types"]} == {"'none'"}
    for policy in (site, CSP):
        assert "unsafe" not in policy
        assert "sha256" not in policy
        assert "http" not in policy


def test_nothing_that_was_typed_stays_in_a_cache(app: Flask) -> None:
    for answer in answers(app).values():
        assert answer.headers["Cache-Control"] == "no-store"


def test_the_cookie_of_an_https_portal_is_its_own(app: Flask) -> None:
    cookie = app.test_client().get(STEP, base_url=SECURE).headers["Set-Cookie"]
    assert cookie.startswith("__Host-portaal=")
    for word in ("Secure", "HttpOnly", "Path=/", "SameSite=Lax"):
        assert word in cookie
    assert "Domain" not in cookie


def test_security_txt_says_what_its_standard_asks(app: Flask) -> None:
    answer = app.test_client().get("/.well-known/security.txt", base_url=SECURE)
    assert answer.status_code == HTTPStatus.OK
    assert answer.mimetype == "text/plain"
    assert "Contact: mailto:" in answer.text
    assert "Expires: 20" in answer.text
    assert f"Canonical: {SECURE}/.well-known/security.txt" in answer.text


def test_there_is_no_mailbox_page_in_production(app: Flask) -> None:
    client = app.test_client()
    for path in ("/postvak/", "/"):
        assert client.get(path, base_url=SECURE).status_code == HTTPStatus.NOT_FOUND


def test_site_and_portal_name_the_same_help_in_danger() -> None:
    root = Path(__file__).parents[2]
    texts = [
        (root / folder / "emergency.html").read_text(encoding="utf-8").split()
        for folder in ("site/partials", "portal/templates")
    ]
    assert texts[0] == texts[1]
