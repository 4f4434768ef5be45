"""What every test may lean on: a database of its own, a still clock, one real browser."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from portal.database import connection, database, migrate, open_database
from portal.sealing import Keyring

CHROMIUM = Path("/usr/bin/chromium")
QUIET = ["--no-sandbox", "--disable-background-networking", "--disable-component-update"]
QUIET += ["--disable-sync", "--no-first-run", "--disable-gpu"]
DATA_KEY = b"k" * 32
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

Tell = Callable[[str, Iterable[str]], None]
TOLD = pytest.StashKey[dict[str, tuple[str, ...]]]()


@pytest.fixture
def now() -> datetime:
    """A Monday noon in UTC, no holiday."""
    return NOON


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """Where this test's database lives; the file is there, at head, and empty."""
    url = f"sqlite:///{tmp_path / 'portal.db'}"
    open_database(url, Keyring([DATA_KEY]), create=True)
    migrate()
    return url


@pytest.fixture
def db(database_url: str) -> Iterator[None]:
    """This test's database, open on this thread."""
    open_database(database_url, Keyring([DATA_KEY]))
    with connection():
        yield
    if not database.is_closed():
        database.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for the whole run: its driver cannot be started twice beside itself."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def tell(request: pytest.FixtureRequest) -> Tell:
    """Show lines under a heading when the run is over, whether or not anything failed."""
    told = request.config.stash.setdefault(TOLD, {})
    return lambda heading, lines: told.update({heading: tuple(lines)})


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for heading, lines in terminalreporter.config.stash.get(TOLD, {}).items():
        terminalreporter.section(heading)
        for line in lines:
            terminalreporter.write_line(line)
