"""What every test may lean on: a migrated database of its own, and a clock that stands still."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from portal.database import connection, database, migrate, open_database
from portal.sealing import Keyring

DATA_KEY = b"k" * 32
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


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
