"""What every test may lean on: a database of its own, a still clock, one real browser."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from portal.database import connection, database, open_database
from portal.sealing import Keyring
from tests import databases
from tests.proofs import results

CHROMIUM = Path("/usr/bin/chromium")
QUIET = ["--no-sandbox", "--disable-background-networking", "--disable-component-update"]
QUIET += ["--disable-sync", "--no-first-run", "--disable-gpu"]
DATA_KEY = databases.DATA_KEY
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

Tell = Callable[[str, Iterable[str]], None]
TOLD = pytest.StashKey[dict[str, tuple[str, ...]]]()
# What is only run on another engine, by the word that says so.
ELSEWHERE = pytest.StashKey[dict[str, list[str]]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database", choices=("sqlite", "postgresql"), default="sqlite")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "sqlite: about what only SQLite has; left out elsewhere")
    config.addinivalue_line("markers", "postgresql: about what only PostgreSQL has")
    if config.getoption("--database") == "postgresql":
        databases.use_postgresql()


def pytest_unconfigure() -> None:
    databases.leave_postgresql()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is about another engine, and say how much that is."""
    other = {"sqlite": "postgresql", "postgresql": "sqlite"}[config.getoption("--database")]
    left = [item for item in items if item.get_closest_marker(other)]
    items[:] = [item for item in items if item not in left]
    config.hook.pytest_deselected(items=left)
    config.stash[ELSEWHERE] = {f"run on {other}": [item.nodeid for item in left]}


@pytest.fixture(autouse=True)
def databases_go() -> Iterator[None]:
    """What a test had made on a server goes with it; files go with their folder."""
    kept = databases.made()
    yield
    if database.obj is not None and not database.is_closed():
        database.close()
    databases.forget_all_but(kept)


@pytest.fixture
def now() -> datetime:
    """A Monday noon in UTC, no holiday."""
    return NOON


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """Where this test's database is: at head, and empty."""
    url = databases.at_head(tmp_path, regions=False)
    open_database(url, Keyring([DATA_KEY]))
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
    went = {
        word: [report.nodeid for report in terminalreporter.getreports(word)]
        for word in ("passed", "skipped", "failed", "error")
    }
    if told := list(results(went | terminalreporter.config.stash.get(ELSEWHERE, {}))):
        terminalreporter.section("promises, attacks and faults (docs/proofs.md)")
        for line in told:
            terminalreporter.write_line(line)
