"""What internet.nl asks of a site that keeps its visitors safe, seen on a live connection."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from portal.database import open_database
from portal.sealing import Keyring
from portal.web.pages import HTTPS_HEADERS, SITE_HEADERS
from tests.conftest import DATA_KEY
from tests.portal_app import DOORS, new_database
from tests.real_server import Server, free_port, serving
from tests.site_build import ensure_built

HOST = "portaal.example.org"
BROWSER = {"Host": HOST, "Accept-Encoding": "gzip, br"}
YEAR = 365 * 24 * 3600  # seconds

# Where a policy must say no or ourselves; what is not named falls back on default-src, but for
# the last three, which fall back on anything.
STRICT = ("default-src", "base-uri", "form-action", "frame-ancestors")
NEVER = re.compile(r"'unsafe-|\bdata:|\bhttp:|\*|127\.0\.0\.1")
REFERRERS = {"no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"}


def faults(headers: Mapping[str, str]) -> set[str]:
    """Which headers of an answer over https are not as they should be."""
    found = {name.casefold(): value for name, value in headers.items()}
    age = re.search(r"max-age=(\d+)", found.get("strict-transport-security", ""))
    checks = {
        "hsts": age is not None and int(age[1]) >= YEAR,
        "csp": _is_strict(found.get("content-security-policy", "")),
        "sniffing": found.get("x-content-type-options") == "nosniff",
        "framing": found.get("x-frame-options") in {"DENY", "SAMEORIGIN"},
        "referrer": found.get("referrer-policy") in REFERRERS,
        "cookie": all(map(_is_kept, re.split(r", (?=[^ ;]+=)", found.get("set-cookie", "")))),
        # Over https a text that is packed can be guessed by its length.
        "packed": "content-encoding" not in found,
    }
    return {name for name, well in checks.items() if not well}


def _is_strict(policy: str) -> bool:
    said = dict(part.strip().partition(" ")[::2] for part in policy.split(";"))
    strict = all(said.get(name) in {"'none'", "'self'"} for name in STRICT)
    return strict and not NEVER.search(policy)


def _is_kept(cookie: str) -> bool:
    traits = {part.strip().casefold() for part in cookie.split(";")[1:]}
    same_site = bool(traits & {"samesite=lax", "samesite=strict"})
    return not cookie or (same_site and {"secure", "httponly", "path=/"} <= traits)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The portal as in production, behind whatever ends TLS."""
    ensure_built()
    url = new_database(tmp_path_factory.mktemp("live"))
    open_database(url, Keyring([DATA_KEY]))
    base = {"PORTAL_MODE": "production", "PORTAL_BASE_URL": f"https://{HOST}"}
    with serving(url, free_port(), **base) as server:
        yield server


ASKED = {
    ("GET", "/aanvragen/"): 200,
    ("GET", DOORS["pupil"]): 303,
    ("GET", "/beheer/inloggen/"): 200,
    ("GET", "/beheer/"): 303,
    ("GET", "/mijn-aanvraag/"): 200,
    ("GET", "/portaal/form.js"): 200,
    ("GET", "/er-is-niets"): 404,
    ("PUT", "/voorstellen/"): 405,
    ("GET", "/gezondheid"): 503,
    ("POST", "/mijn-aanvraag/"): 422,
}


@pytest.mark.parametrize("asked", ASKED, ids=" ".join)
def test_every_answer_is_as_internet_nl_asks(server: Server, asked: tuple[str, str]) -> None:
    status, headers, _ = server.ask(*asked, headers=BROWSER)
    assert status == ASKED[asked]
    assert faults(headers) == set()
    assert re.fullmatch(r"text/[a-z]+; charset=utf-8|application/json", headers["Content-Type"])


def test_a_form_sets_a_cookie_that_is_for_us_alone(server: Server) -> None:
    _, headers, _ = server.ask("GET", f"{DOORS['learning']}abcdefghijkl/1/", headers=BROWSER)
    assert headers["Set-Cookie"].startswith("__Host-")
    assert faults(headers) == set()


def test_what_the_site_is_sent_with_is_so_too() -> None:
    assert faults({**SITE_HEADERS, **HTTPS_HEADERS}) == set()


def test_security_txt_is_as_its_standard_asks(server: Server) -> None:
    """RFC 9116, sections 2.4, 2.5 and 4."""
    status, headers, text = server.ask("GET", "/.well-known/security.txt", headers=BROWSER)
    assert (status, headers["Content-Type"]) == (200, "text/plain; charset=utf-8")
    assert text.endswith("\n")
    told = [line.partition(": ")[::2] for line in text.splitlines() if not line.startswith("#")]
    named = [name for name, _ in told]
    assert {"Contact", "Expires"} <= set(named)
    assert all(named.count(name) == 1 for name in ("Expires", "Preferred-Languages"))
    assert ("Canonical", f"https://{HOST}/.well-known/security.txt") in told
    for name, value in told:
        if name in {"Contact", "Canonical", "Policy"}:
            assert value.startswith(("mailto:", "https://", "tel:"))
    expires = datetime.fromisoformat(dict(told)["Expires"])
    assert timedelta() < expires - datetime.now(UTC) < timedelta(days=366)


GOOD = {**SITE_HEADERS, **HTTPS_HEADERS}
BAD = {
    "hsts": {"Strict-Transport-Security": "max-age=86400"},
    "sniffing": {"X-Content-Type-Options": ""},
    "framing": {"X-Frame-Options": "ALLOWALL"},
    "referrer": {"Referrer-Policy": "unsafe-url"},
    "packed": {"Content-Encoding": "gzip"},
}
LAX = [
    "default-src 'self'; base-uri 'none'; form-action 'none'",
    "default-src *; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "default-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    f"{GOOD['Content-Security-Policy']}; style-src 'unsafe-inline'",
    f"{GOOD['Content-Security-Policy']}; img-src http:",
    "",
]
COOKIES = ["a=1", "a=1; HttpOnly; Path=/; SameSite=Lax", "a=1; Secure; HttpOnly; Path=/"]


@pytest.mark.parametrize(
    ("rule", "headers"),
    [
        *BAD.items(),
        *(("csp", {"Content-Security-Policy": policy}) for policy in LAX),
        *(("cookie", {"Set-Cookie": cookie}) for cookie in COOKIES),
    ],
)
def test_each_rule_sees_what_breaks_it(rule: str, headers: dict[str, str]) -> None:
    assert faults({**GOOD, **headers}) == {rule}


def test_the_built_site_is_where_these_headers_are_for(tmp_path: Path) -> None:
    with serving(new_database(tmp_path), free_port()) as development:
        status, headers, _ = development.ask("GET", "/")
    assert status == 200
    assert {name: headers[name] for name in SITE_HEADERS} == SITE_HEADERS
