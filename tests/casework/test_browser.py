"""What only a real browser shows: that it keeps no page after signing out."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from portal.casework import employ, sessions
from portal.casework.people import StaffRole
from portal.config import Config
from portal.database import open_database, transaction
from portal.sealing import Keyring
from tests.casework.staff_house import ACCOUNT, SIGN_IN
from tests.conftest import DATA_KEY
from tests.portal_app import environment, new_database
from tests.real_server import free_port, serving
from tests.site_build import ensure_built


@pytest.fixture
def tab(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    """A tab in which somebody is signed in."""
    ensure_built()
    database_url, port, now = new_database(tmp_path), free_port(), datetime.now(UTC)
    open_database(database_url, Keyring([DATA_KEY]))
    newcomer = employ.Newcomer("Ada", "ada@example.org", StaffRole.ADMINISTRATOR, None)
    with transaction():
        config = Config.from_environment(environment(database_url))
        secret = sessions.begin(employ.invite(newcomer, now, config), "", now)
    with serving(database_url, port):
        context = browser.new_context(base_url=f"http://127.0.0.1:{port}")
        context.set_default_timeout(10_000)
        context.add_cookies([{"name": "desk", "value": secret, "url": f"http://127.0.0.1:{port}"}])
        yield context.new_page()
        context.close()


def test_after_signing_out_the_browsers_back_shows_nothing_of_the_desk(tab: Page) -> None:
    tab.goto("/beheer/medewerkers/")
    tab.goto(ACCOUNT)
    assert "ada@example.org" in tab.content()
    with tab.expect_navigation():
        tab.click("text=Uitloggen")
    for _ in range(2):
        tab.go_back()
        assert "ada@example.org" not in tab.content()
        assert tab.url.endswith(SIGN_IN)


PRESS_TWICE = """() => {
  const button = document.querySelector("main .form button");
  button.click();
  setTimeout(() => button.click(), 200);
}"""


def test_a_button_pressed_twice_is_pressed_once(tab: Page) -> None:
    tab.goto(ACCOUNT)
    sent: list[str] = []
    tab.on("request", lambda asked: sent.append(asked.url) if asked.method == "POST" else None)
    with transaction():  # As long as nobody else can write, the answer does not come.
        tab.evaluate(PRESS_TWICE)
        tab.wait_for_timeout(500)
    tab.wait_for_url("**/beheer/uitgelogd/")
    assert len(sent) == 1
