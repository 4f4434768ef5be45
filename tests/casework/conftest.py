"""What the tests of the desk share: the portal with somebody in each post, and a clock to move."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
import time_machine

from portal.casework import employ
from portal.casework.staff import Staff
from portal.database import connection, open_database
from portal.sealing import Keyring
from tests.casework.staff_house import POSTS, House
from tests.conftest import DATA_KEY, NOON
from tests.databases import copy_of, hurry
from tests.portal_app import Browser, build, new_database


@pytest.fixture
def clock(now: datetime) -> Iterator[time_machine.Traveller]:
    """A clock that stands still until it is moved."""
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture(scope="session")
def one_house(tmp_path_factory: pytest.TempPathFactory) -> House:
    """Made once for all, with somebody in each post: each test works in a copy of its database."""
    folder = tmp_path_factory.mktemp("house")
    with time_machine.travel(NOON, tick=False):
        house = House(build(new_database(folder)))
        for name in POSTS:
            house.take_on(name)
        employ.disable(house.staff["gone"], NOON)
    return house


@pytest.fixture(scope="session")
def whole(one_house: House) -> str:
    """The database that every test gets a copy of."""
    url: str = one_house.app.config["PORTAL"].database_url
    return url


@pytest.fixture
def house(one_house: House, whole: str, tmp_path: Path, clock: time_machine.Traveller) -> House:
    url = copy_of(whole, tmp_path)
    open_database(url, Keyring([DATA_KEY]))
    hurry()
    with connection():
        staff = {name: Staff.get_by_id(one.id) for name, one in one_house.staff.items()}
    # Some look up where the database is, to hold it from outside.
    config = one_house.app.config
    config["PORTAL"] = replace(config["PORTAL"], database_url=url)
    return House(one_house.app, staff, {name: [*c] for name, c in one_house.recovery.items()})


@pytest.fixture
def stranger(house: House) -> Browser:
    return house.stranger()


@pytest.fixture
def anna(house: House) -> Browser:
    """A regional manager at the desk."""
    return house.signed_in("a")


@pytest.fixture
def desk(house: House) -> Browser:
    """Somebody of the national desk."""
    return house.signed_in("desk")
