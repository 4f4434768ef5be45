"""The desk with somebody in each post, and ways to come in as any of them."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from http import HTTPStatus
from urllib.parse import urlsplit

import pyotp
from flask import Flask
from werkzeug.test import TestResponse

from portal.cases.register import Case
from portal.casework import authenticator, employ, sessions, staff
from portal.casework.people import StaffRole
from portal.casework.staff import Staff
from portal.database import connection, transaction
from tests.databases import dump
from tests.portal_app import Browser, letters
from tests.seed import one

SIGN_IN = "/beheer/inloggen/"
ACCOUNT = "/beheer/account/"

# Name, role, key in the map; each has an address by this name.
POSTS = {
    "a": (StaffRole.MANAGER, "utrecht"),
    "b": (StaffRole.MANAGER, "zeeland"),
    "desk": (StaffRole.NATIONAL_DESK, None),
    "admin": (StaffRole.ADMINISTRATOR, None),
    "gone": (StaffRole.MANAGER, "drenthe"),
}


@dataclass
class House:
    """An application, its staff by name, and their recovery codes."""

    app: Flask
    staff: dict[str, Staff] = field(default_factory=dict)
    recovery: dict[str, list[str]] = field(default_factory=dict)

    @cached_property
    def case(self) -> Case:
        """A case in the region of ``a``, which is not that of ``b``."""
        return one(_now(), "utrecht")

    def take_on(self, name: str) -> Staff:
        """Invite somebody and have their authenticator set up; the letter is not kept."""
        role, manager = POSTS[name]
        newcomer = employ.Newcomer(name.capitalize(), address(name), role, manager)
        with transaction():
            made = employ.invite(newcomer, _now(), self.app.config["PORTAL"])
            made.authenticator = authenticator.new_secret()
            made.save()
            self.recovery[name] = authenticator.new_recovery_codes(made)
        self.staff[name] = made
        return made

    def stranger(self) -> Browser:
        """A browser that nobody is signed in with."""
        return self.app.test_client()  # type: ignore[return-value]

    def signed_in(self, name: str) -> Browser:
        """A browser with a session of theirs."""
        browser = self.stranger()
        with transaction():
            bring(browser, sessions.begin(self.staff[name], "", _now()))
        return browser

    def code(self, name: str, steps: int = 0) -> str:
        """What their app shows now, or showed or will show so many half minutes from now."""
        with connection():
            secret = staff.get(self.staff[name].id).authenticator
        return pyotp.HOTP(secret).at(int(_now().timestamp()) // 30 + steps)

    def mailed_link(self, name: str, browser: Browser) -> str:
        """Ask for a link to their address and take it from the letter."""
        before = len(letters("sign_in"))
        ask(browser, address(name))
        sent = letters("sign_in")
        assert len(sent) == before + 1
        assert sent[-1].recipient == address(name)
        return link_in(sent[-1].body)

    def up_to_code(self, name: str, browser: Browser) -> None:
        """Ask for a link and use it, so that only the code is wanting."""
        link = self.mailed_link(name, browser)
        assert press(browser, link).location == "/beheer/inloggen/code/"

    def come_in(self, name: str, browser: Browser) -> TestResponse:
        """All the way, as they would do it themselves."""
        self.up_to_code(name, browser)
        return give_code(browser, self.code(name))


def address(name: str) -> str:
    return f"{name}@example.org"


def ask(browser: Browser, email: str) -> TestResponse:
    """Ask for a link."""
    return browser.post_form(browser.form(SIGN_IN).fill({"email": email}))


def press(browser: Browser, path: str) -> TestResponse:
    """Open a page that has one button and press it."""
    return browser.post_form(browser.form(path))


def give_code(browser: Browser, code: str, way: str = "code") -> TestResponse:
    """Give a code, or with the way ``herstelcode`` a recovery code."""
    path = f"/beheer/inloggen/{way}/"
    return browser.post_form(browser.form(path).fill({"code": code}))


def link_in(text: str) -> str:
    """The path of the first link to the desk in a letter."""
    found = re.search(r"https?://\S+/beheer/\S+", text)
    assert found
    return urlsplit(found[0]).path


def key_on(page: str) -> str:
    """The secret that is shown to be typed over."""
    found = re.search(r'class="typed-over">([A-Z2-7 ]+)<', page)
    assert found
    return found[1].replace(" ", "")


def codes_on(page: str) -> list[str]:
    """The recovery codes that a page shows."""
    return re.findall(r"<li>(\w{5}-\w{5})</li>", page)


def secret_of(browser: Browser) -> str:
    """What this browser's cookie holds; empty without one."""
    cookie = browser.get_cookie("desk", domain="127.0.0.1")
    return cookie.value if cookie else ""


def bring(browser: Browser, secret: str) -> None:
    """Put a secret into the browser's cookie."""
    browser.set_cookie("desk", secret, domain="127.0.0.1")


def is_in(browser: Browser) -> bool:
    """Whether the desk knows who this is."""
    return browser.get(ACCOUNT).status_code == HTTPStatus.OK


def everything() -> list[str]:
    """All that the database holds."""
    with connection():
        return dump()


def _now() -> datetime:
    return datetime.now(UTC)
