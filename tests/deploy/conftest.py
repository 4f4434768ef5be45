"""One stack for all tests that leave it as they found it."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.stack import Stack, prepare
from tests.portal_app import new_database
from tests.site_build import ensure_built


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """nginx, the portal and its socket, as the files in deploy/ say."""
    ensure_built()
    # A short name: the path of a socket has room for 107 octets.
    folder = Path(tempfile.mkdtemp(prefix="stack-"))
    machine = prepare(folder)
    new_database(machine.path("/var/lib/eigen-kracht"))
    running = Stack(machine)
    try:
        machine.listen("eigen-kracht-web.socket")
        machine.start("eigen-kracht-web.service")
        running.start_proxy()
        yield running
    finally:
        machine.stop_all()
        shutil.rmtree(folder)
