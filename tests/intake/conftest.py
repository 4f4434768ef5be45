"""What the tests of the public's door share: the portal on a database of its own."""

from pathlib import Path

import pytest
from flask import Flask

from portal.cases.register import Case
from portal.config import Config
from portal.database import open_database
from portal.sealing import Keyring
from tests.conftest import DATA_KEY
from tests.databases import hurry
from tests.own_door import request_one
from tests.portal_app import Browser, build, new_database


@pytest.fixture(scope="session")
def one_app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """Made once for all: only its database is each test's own."""
    return build(new_database(tmp_path_factory.mktemp("app")))


@pytest.fixture
def app(one_app: Flask, tmp_path: Path) -> Flask:
    open_database(new_database(tmp_path), Keyring([DATA_KEY]))
    return one_app


@pytest.fixture
def browser(app: Flask) -> Browser:
    hurry()
    return app.test_client()  # type: ignore[return-value]


@pytest.fixture
def config(browser: Browser) -> Config:
    config: Config = browser.application.config["PORTAL"]
    return config


@pytest.fixture
def case(config: Config) -> Case:
    """A request that came in."""
    return request_one(config)
