"""The whole thing as a visitor meets it: `make run` on a free port, and tabs of a real browser."""

import email
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import default
from functools import cache
from pathlib import Path
from typing import Any, cast
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, Page

from tests.site_build import ROOT, ensure_built

PATIENCE = 60.0  # seconds for the start of everything
PROMPTLY = 5.0  # seconds between sending a form and its letter

OpenTab = Callable[..., Page]


@dataclass(frozen=True)
class House:
    """Site, portal, worker and mail catcher, all running; ``var`` holds their state."""

    url: str
    var: Path

    def letters(self) -> list[EmailMessage]:
        """Every letter caught so far."""
        return [_read(file) for file in sorted((self.var / "mailbox").glob("*.eml"))]

    def letter(self, subject: str, recipient: str = "") -> EmailMessage:
        """The newest letter whose subject holds this; fails if it is not there promptly."""
        deadline = time.monotonic() + PROMPTLY
        while time.monotonic() < deadline:
            for letter in self.letters()[::-1]:
                if subject in str(letter["Subject"]) and recipient in str(letter["To"]):
                    return letter
            time.sleep(0.05)
        raise AssertionError(f"no letter about {subject} within {PROMPTLY} seconds")

    def intake_letter(self, reference: str, intent: str = "Nieuwe aanvraag") -> EmailMessage:
        """The manager's letter about this case."""
        return self.letter(f"{intent} {reference}")

    def execute(self, statement: str) -> None:
        """Do something to the database behind the portal's back."""
        with closing(sqlite3.connect(self.var / "portal.db", timeout=10)) as database, database:
            database.execute(statement)

    def count(self, table: str) -> int:
        """How many rows a table has."""
        with closing(sqlite3.connect(self.var / "portal.db", timeout=10)) as database:
            (rows,) = database.execute(f'SELECT count(*) FROM "{table}"').fetchone()  # noqa: S608
        return int(rows)

    @contextmanager
    def refusing(self, table: str) -> Iterator[None]:
        """A block in which the database takes nothing new for this table."""
        for when in ("INSERT", "UPDATE"):
            self.execute(
                f'CREATE TRIGGER refuse_{when} BEFORE {when} ON "{table}" '
                "BEGIN SELECT RAISE(ABORT, 'refused'); END"
            )
        try:
            yield
        finally:
            for when in ("INSERT", "UPDATE"):
                self.execute(f"DROP TRIGGER refuse_{when}")

    @contextmanager
    def without(self, table: str) -> Iterator[None]:
        """A block in which this table is not there, as in a database gone wrong."""
        self.execute(f'ALTER TABLE "{table}" RENAME TO "{table}_away"')
        try:
            yield
        finally:
            self.execute(f'ALTER TABLE "{table}_away" RENAME TO "{table}"')

    def link_for(self, address: str) -> str:
        """The link in the letter with which a form can be gone on with."""
        text: str = self.letter("Verder met", recipient=address).get_content()
        return next(line for line in text.splitlines() if "/verder/" in line)


@cache
def _read(file: Path) -> EmailMessage:
    read: EmailMessage = email.message_from_bytes(file.read_bytes(), policy=default)
    return read


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return cast(int, probe.getsockname()[1])


def _wait_for(url: str, running: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and running.poll() is None:
        try:
            with urlopen(f"{url}/gezondheid", timeout=5):  # noqa: S310 - our own address
                return
        except (URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError(f"nothing answers at {url}:\n{log.read_text()}")


def _stop(running: subprocess.Popen[bytes]) -> None:
    running.send_signal(signal.SIGINT)
    try:
        running.wait(10)
    except subprocess.TimeoutExpired:
        # Where the tests themselves run in the background, SIGINT is ignored by inheritance.
        running.terminate()
        running.wait(10)


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Everything that `make run` starts, stopped as Ctrl-C stops it."""
    ensure_built()
    var, port = tmp_path_factory.mktemp("var"), _free_port()
    log = tmp_path_factory.mktemp("log") / "run.txt"
    # Letters that tell the whole story, so that what was typed can be followed to its reader.
    (var / "portal.env").write_text("PORTAL_INTAKE_MAIL=full\n", encoding="utf-8")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PORTAL_")}
    environment |= {"VAR": str(var), "PORT": str(port)}
    command = [sys.executable, "-m", "portal.development.run"]
    with log.open("wb") as out:
        running = subprocess.Popen(  # noqa: S603
            command, cwd=ROOT, env=environment, stdout=out, stderr=out, start_new_session=True
        )
    try:
        _wait_for(f"http://127.0.0.1:{port}", running, log)
        yield House(f"http://127.0.0.1:{port}", var)
    finally:
        _stop(running)


@pytest.fixture
def open_tab(browser: Browser, house: House) -> Iterator[OpenTab]:
    """Open a tab of its own context; whatever the browser complains of fails the test."""
    complaints: list[str] = []
    contexts = []

    def open_one(width: int = 1280, **options: Any) -> Page:
        context = browser.new_context(
            base_url=house.url, viewport={"width": width, "height": 800}, **options
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        tab = context.new_page()
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.on("console", lambda message: complaints.append(message.text))
        return tab

    yield open_one
    for context in contexts:
        context.close()
    # The browser also reports each answer that is not a success, and that signing out clears what
    # it kept; those are meant.
    meant = ("the server responded with a status", "Clear-Site-Data header on")
    assert [text for text in complaints if not any(words in text for words in meant)] == []
