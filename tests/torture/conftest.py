"""What every run begins with: a portal that is set up, and a mail server on loopback."""

import multiprocessing
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
    # Where a test failed, what it let hang would keep the run from its end.
    for left in multiprocessing.active_children():
        left.kill()
    if not database.is_closed():
        database.close()
