"""What the tests of the desk share: the portal with somebody in each post, and a clock to move."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
import time_machine

from portal.casework import employ
from portal.database import database
from tests.casework.staff_house import POSTS, House
from tests.portal_app import Browser, build, new_database


@pytest.fixture
def clock(now: datetime) -> Iterator[time_machine.Traveller]:
    """A clock that stands still until it is moved."""
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def house(tmp_path: Path, clock: time_machine.Traveller, now: datetime) -> House:
    house = House(build(new_database(tmp_path)))
    # Commits that do not wait for the disk: what survives a power cut is tested elsewhere.
    database.obj.pragma("synchronous", 0, permanent=True)
    for name in POSTS:
        house.take_on(name)
    employ.disable(house.staff["gone"], now)
    return house


@pytest.fixture
def stranger(house: House) -> Browser:
    return house.stranger()
