"""What every run begins with: a portal that is set up, and a mail server on loopback."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.database import database
from tests.delivery.hostile_smtp import HostileServer
from tests.portal_app import new_database
from tests.torture.house import House


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with HostileServer() as mail:
        yield House(new_database(tmp_path), tmp_path, mail)
    if not database.is_closed():
        database.close()
