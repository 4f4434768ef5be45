"""What the tests of the contact afterwards share: the portal, and a conference asked about."""

from collections.abc import Iterator

import pytest
import time_machine
from flask import Flask

from portal.aftercare.asking import follow_up
from portal.cases.register import Case
from portal.config import Config
from tests.aftercare.afterwards import at, held
from tests.intake.conftest import app, one_app  # noqa: F401 - the same portal, made the same way
from tests.portal_app import Browser

THEN, DUE = "2026-11-23", "2027-02-23"


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """Noon on the day on which the requester is asked, until it is moved."""
    with time_machine.travel(at(DUE, "12:00"), tick=False) as traveller:
        yield traveller


@pytest.fixture
def visitor(app: Flask, clock: time_machine.Traveller) -> Browser:  # noqa: F811
    return app.test_client()  # type: ignore[return-value]


@pytest.fixture
def settings(visitor: Browser) -> Config:
    found: Config = visitor.application.config["PORTAL"]
    return found


@pytest.fixture
def case(settings: Config) -> Case:
    """A conference was held, and its requester has just been asked."""
    found = held(THEN)
    assert follow_up(at(DUE, "11:00"), settings) == 1
    return found
