"""Nothing personal leaks: words that stand nowhere else are typed everywhere and looked for."""

import logging
import random
import secrets
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from portal.backup import back_up
from tests.intake.walking import (
    OWN,
    ROLES,
    SUSPECT,
    asked_of,
    cookie_of,
    everywhere,
    in_session,
    questions,
    shown,
    stranger_to,
)
from tests.portal_app import (
    DOORS,
    Browser,
    Form,
    answers,
    build,
    controls,
    forms,
    letters,
    new_database,
    only_case,
    required,
)

AMOUNTS = ("full", "contact", "notice")
RUNS = [
    (door, roles[n % len(roles)], AMOUNTS[n % 3])
    for door, roles in ROLES.items()
    for n in range(max(3, len(roles)))
]
# What of a request the manager's letter holds, by PORTAL_INTAKE_MAIL; "full" holds all.
CONTACT = {"name", "email", "phone", "call_when"}


def canary() -> str:
    return "k" + secrets.token_hex(6)


def canaries(browser: Browser, door: str, role: str) -> dict[str, str]:
    """A word of its own for every question that takes one."""
    asked = questions(asked_of(browser, door, {"role": role}))
    words = {q.short_name: canary() for q in asked if not hasattr(q, "choices")}
    words |= {"email": f"{canary()}@example.org", "phone": f"06{random.randrange(10**8):08}"}  # noqa: S311
    # Whatever stands beside four digits, and beside a postcode that settles it, is passed over.
    return words | {"postcode": f"3511 {canary()}"}


def marks(typed: Iterable[str]) -> set[str]:
    """The part of each answer that stands nowhere else."""
    return {text.removeprefix("3511 ").partition("@")[0] for text in typed}


class Watch:
    """Notes every address that is asked for, and every header and page that is answered with."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self.addresses: list[str] = []
        self.headers: list[str] = []
        self.pages: dict[str, str] = {}

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
        address = f"{environ['PATH_INFO']}?{environ['QUERY_STRING']}"

        def note(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            self.headers.append(f"{status} {headers}")
            return start(status, headers, *rest)

        page = b"".join(self._app(environ, note))
        self.addresses.append(address)
        self.pages[address] = self.pages.get(address, "") + page.decode()
        return [page]


def every_way(browser: Browser, door: str, typed: dict[str, str], other: dict[str, str]) -> None:
    """Type all of it, and go every way that a form can go."""
    form = browser.form(DOORS[door]).fill(typed)
    while not form.is_last:
        for way in ("no token", "origin evil"):
            SUSPECT[way](browser, form)
        browser.post_form(form.press("back"))
        browser.post_form(form.fill(dict.fromkeys(typed, "x" * 4000)))
        left_open = form
        form = browser.form(browser.post_form(form).location).fill(typed)
    offer = browser.page(browser.post_form(left_open.press("later")).location)
    browser.post_form(shown(offer).fill({"email": other["email"]}))
    link = "/verder/" + letters("resume")[0].body.partition("/verder/")[2].split()[0]
    elsewhere = stranger_to(browser)
    elsewhere.post_form(elsewhere.form(link))
    browser.post_form(left_open)
    browser.page(browser.post_form(browser.form(form.action)).location)
    again = browser.post_form(left_open.fill(other))
    add = forms(again.text)[-1]
    data = controls(add).to_dict(flat=False)
    browser.post_form(Form(add.get("action"), data, frozenset(), is_last=False))


@pytest.mark.parametrize(("door", "role", "amount"), RUNS)
def test_what_is_typed_is_sealed_told_to_the_manager_and_shown_to_its_writer_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, door: str, role: str, amount: str
) -> None:
    caplog.set_level(logging.DEBUG)
    app = build(new_database(tmp_path), PORTAL_INTAKE_MAIL=amount, PORTAL_LOG_LEVEL="DEBUG")
    watch = app.wsgi_app = Watch(app.wsgi_app)  # type: ignore[assignment, method-assign]
    browser = app.test_client()
    assert isinstance(browser, Browser)
    typed, other = canaries(browser, door, role), canaries(browser, door, role)
    every_way(browser, door, required(door, **typed, **({"role": role} if role else {})), other)

    case = only_case()
    assert (case.name, case.email, case.phone) == (typed["name"], typed["email"], typed["phone"])
    assert answers(case) == {n: (text,) for n, text in typed.items() if n not in OWN}

    back_up(tmp_path / "a backup.db")
    every = marks(typed.values()) | marks(other.values())
    assert len(every) == 2 * len(typed)
    own_pages = [page for path, page in watch.pages.items() if "/ontvangen/" in path]
    own_pages += [page for path, page in watch.pages.items() if "/verder/" in path]
    places = {
        "files": everywhere(tmp_path),
        "logs": caplog.text,
        "addresses": str(watch.addresses),
        "headers": str(watch.headers),
        "cookies": cookie_of(browser) + str(in_session(browser)),
        "pages that anyone may see": str(own_pages),
        "letters to the requester": str(letters("confirmation") + letters("resume")),
        "subjects and references": str([(one.subject, one.case_reference) for one in letters()]),
    }
    # A letter is addressed to who gave the address, and to nobody else.
    recipients = {one.recipient for one in letters("confirmation") + letters("resume")}
    assert recipients == {typed["email"], other["email"]}
    found = {where: [m for m in every if m in text] for where, text in places.items()}
    own = marks(recipients)
    found["letters to the requester"] = [
        m for m in found["letters to the requester"] if m not in own
    ]
    assert not {where: those for where, those in found.items() if those}

    (intake,) = letters("intake")
    told = {name for name, text in typed.items() if marks([text]).pop() in intake.body}
    shows = {"full": typed.keys() - {"postcode", "municipality"}, "notice": set()}
    assert told == shows.get(amount, CONTACT & typed.keys())
    (addition,) = letters("addition")
    assert any(mark in addition.body for mark in marks(other.values())) == (amount == "full")


def test_the_search_uses_two_hundred_words_and_would_find_one(
    browser: Browser, tmp_path: Path
) -> None:
    assert sum(2 * len(canaries(browser, door, role)) for door, role, _ in RUNS) >= 200
    word = canary()
    (tmp_path / "a file").write_text(f"naam={word}", encoding="utf-8")
    assert word in everywhere(tmp_path)
    (tmp_path / f"{word}.txt").touch()
    assert everywhere(tmp_path).count(word) == 2
