"""A disk that fills up: the doors say so in time, nothing is half-written, and it passes."""

import json
import os
import shutil
import subprocess
import sys
from collections import namedtuple
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path

import pytest
from flask import Flask, request

from portal import backup, room
from portal.cases.register import Case
from portal.database import NearlyFull, connection, database, spare, transaction, transactions
from portal.delivery.outbox import Outcome, Result
from portal.delivery.worker import deliver_round
from tests.casework.desk_app import at, came_in, fill, trail
from tests.casework.staff_house import House
from tests.intake.conftest import app, browser, case, config, one_app  # noqa: F401 - the same portal
from tests.intake.test_own_pages import FORMS, opened
from tests.intake.walking import go_on, shown, stored
from tests.own_door import counts
from tests.portal_app import (
    DOORS,
    PHONE,
    Browser,
    build,
    keeps,
    letters,
    new_database,
    required,
    rows,
    sent_by,
)
from tests.site_build import ensure_built

# A server keeps its own disk, and says itself when that is full.
pytestmark = pytest.mark.sqlite

ROOT = Path(__file__).parent.parent
Disk = namedtuple("Disk", "f_bavail f_frsize f_blocks")
GB = 10**9


@pytest.fixture
def scarce(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Nearly full, until ``undo()``."""
    monkeypatch.setattr(room, "free", lambda _: room.least(Path("/")) - 1)
    return monkeypatch


@pytest.mark.parametrize(
    ("size", "least"), [(100 * GB, 200_000_000), (2 * GB, 200_000_000), (GB, 100_000_000)]
)
def test_what_stays_free_is_200_megabytes_or_a_tenth_of_a_small_disk(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, size: int, least: int
) -> None:
    for left, scarce in ((least, False), (least - 1, True)):
        disk = Disk(left, 1, size)
        monkeypatch.setattr(os, "statvfs", lambda _, disk=disk: disk)
        assert room.is_scarce(tmp_path) is scarce


@pytest.mark.parametrize("door", DOORS)
def test_on_a_nearly_full_disk_each_step_comes_back_with_its_text_and_the_phone(
    browser: Browser,  # noqa: F811
    scarce: pytest.MonkeyPatch,
    door: str,
) -> None:
    full = room.free
    typed = required(door, safety="rustig", call_when="na vieren", story="Ruzie.", how="Zo.")
    form = browser.form(DOORS[door]).fill(typed)
    last = False
    while not last:
        last = form.is_last
        before = stored()
        scarce.setattr(room, "free", full)
        answer = browser.post_form(form)
        assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
        assert PHONE in answer.text
        assert "nog niet verstuurd" in answer.text
        assert last or keeps(answer.text, {k: v for k, v in typed.items() if k in form.names})
        assert stored() == before
        scarce.setattr(room, "free", lambda _: 10**12)
        if not last:
            form = go_on(browser, shown(answer)).fill(typed)
    assert browser.post_form(shown(answer)).status_code == HTTPStatus.SEE_OTHER
    assert rows()[0] == 1


@pytest.mark.parametrize("form", FORMS)
def test_at_the_own_door_too(
    browser: Browser,  # noqa: F811
    case: Case,  # noqa: F811
    form: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path, sent = opened(browser, form, case)
    before = counts()
    with monkeypatch.context() as full:
        full.setattr(room, "free", lambda _: 0)
        assert browser.get(path).status_code == HTTPStatus.OK
        answer = browser.post(path, data=sent)
    assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert PHONE in answer.text
    assert counts() == before
    again = sent_by(answer.text).to_dict()
    assert browser.post(path, data=again).status_code == HTTPStatus.SEE_OTHER


# Whoever comes in or goes out, and nothing else that anybody asks for.
TAKEN = {
    *("sign_in.ask", "sign_in.asked", "sign_in.link", "sign_in.code", "sign_in.recovery"),
    *("sign_in.invitation", "sign_in.set_up", "sign_in.left"),
    *("account.sign_out", "account.sign_out_everywhere", "own.leave"),
}


def test_every_address_that_takes_a_form_spares_the_disk_but_for_coming_in_and_leaving(
    app: Flask,  # noqa: F811
) -> None:
    sparing: dict[str, bool] = {}

    def note() -> str:
        endpoint = str(request.endpoint)
        sparing[endpoint] = transactions._spared.get() is not None
        return "seen"

    # Before the guard of the desk, which comes last and lets nobody in here.
    app.before_request_funcs[None].insert(-1, note)
    try:
        client = app.test_client()
        for rule in app.url_map.iter_rules():
            if "POST" in (rule.methods or ()):
                filled = dict.fromkeys(rule.arguments - set(rule.defaults or ()), "abcdefghijkl")
                filled |= {"number": "1"} if "number" in filled else {}
                client.post(_address(app, rule.endpoint, filled))
    finally:
        app.before_request_funcs[None].remove(note)
    assert {endpoint for endpoint, spared in sparing.items() if not spared} == {
        endpoint for endpoint in sparing if endpoint in TAKEN
    }
    assert len(sparing) > 30
    assert transactions._spared.get() is None


def _address(app: Flask, endpoint: str, filled: dict[str, str]) -> str:  # noqa: F811
    values: dict[str, object] = dict(filled)
    if "number" in values:
        values["number"] = 1
    if endpoint.startswith(("steps.", "sending.")):
        values["key"] = "pupil"
    with app.test_request_context():
        return app.url_for(endpoint, **values)  # type: ignore[arg-type]


def test_the_desk_reads_on_signs_in_and_keeps_its_trail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = House(build(new_database(tmp_path)))
    house.take_on("a")
    wanted = came_in()
    monkeypatch.setattr(room, "free", lambda _: 0)
    anna = house.stranger()
    assert house.come_in("a", anna).status_code == HTTPStatus.SEE_OTHER
    before = len(trail())
    assert "noor@example.org" in anna.get(at(wanted)).text
    assert len(trail()) == before + 1
    answer = fill(anna, at(wanted, "notitie/"), text="Gebeld.")
    assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert "Gebeld." in answer.text
    sent = deliver_round(lambda: datetime.now(UTC), lambda _: Outcome(Result.SENT, "250 ok"))
    assert sent.sent == len(letters())
    monkeypatch.undo()
    assert fill(anna, at(wanted, "notitie/"), text="Gebeld.").status_code == HTTPStatus.SEE_OTHER


def test_only_who_spares_the_disk_is_held_back(db: None, scarce: pytest.MonkeyPatch) -> None:
    with transaction():
        pass
    spare(Path("/"))
    try:
        with pytest.raises(NearlyFull), transaction():
            pass
        with connection():
            pass
    finally:
        spare(None)


def test_the_daily_backup_does_not_fill_the_disk(
    db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    size = (tmp_path / "portal.db").stat().st_size
    folder = tmp_path / "backups"
    folder.mkdir()
    least = room.least(folder)
    monkeypatch.setattr(room, "free", lambda _: least + size - 1)
    with pytest.raises(backup.BackupRefused, match="no room"):
        backup.back_up_today(folder, now)
    assert not list(folder.iterdir())
    monkeypatch.setattr(room, "free", lambda _: least + size)
    assert backup.back_up_today(folder, now)


# -- a disk that really is full


@pytest.fixture
def pages(browser: Browser) -> Iterator[Callable[[int], None]]:  # noqa: F811
    """Lets the database have so many pages more than it has, and no further."""

    def limit(more: int) -> None:
        with connection():
            count = database.execute_sql("PRAGMA page_count").fetchone()[0]
        database.obj.pragma("max_page_count", count + more, permanent=True)
        database.close()

    yield limit
    limit(10**6)


def test_whatever_page_of_a_submit_finds_the_disk_full_it_is_whole_or_not_there(
    browser: Browser,  # noqa: F811
    pages: Callable[[int], None],
) -> None:
    typed = required("community", story="Er is veel lawaai. " * 100)
    refused = 0
    for sent in range(6):
        last = browser.to_the_end(DOORS["community"], typed)
        before, more = stored(), 0
        pages(0)
        while (answer := browser.post_form(last)).status_code != HTTPStatus.SEE_OTHER:
            assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
            assert PHONE in answer.text
            assert "Er is veel lawaai." in answer.text
            assert stored() == before
            more += 1
            pages(more)
        assert rows() == (sent + 1, 0, sent + 1, sent + 2)
        refused += more
        pages(10**6)
    assert refused > 5


NAMESPACES = (["unshare", "-Urm"], ["unshare", "-m"])


def own_disk() -> list[str]:
    """How a program gets mounts of its own here; empty where that is not allowed."""
    for way in NAMESPACES if shutil.which("unshare") else ():
        tried = [*way, "mount", "-t", "tmpfs", "none", "/mnt"]
        if subprocess.run(tried, capture_output=True, check=False).returncode == 0:  # noqa: S603
            return way
    return []


def test_a_disk_that_fills_to_the_last_octet_loses_nothing_and_all_goes_on_when_it_has_room(
    tmp_path: Path,
) -> None:
    ensure_built()
    way = own_disk()
    if not way:
        pytest.skip("no disk of its own can be mounted here")
    ran = subprocess.run(  # noqa: S603
        [*way, sys.executable, "-m", "tests.full_disk", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    nearly, full, after = told["nearly full"], told["full"], told["after"]
    for moment in (nearly, full):
        assert moment["step"] == [503, True]
        assert moment["send"] == [503, True]
        assert moment["read"] == 200
        assert moment["health"] == 503
    assert nearly["delivered"] == told["letters before"]
    assert after["send"] == 303
    assert after["sound"]
    assert after["cases"] == told["cases before"] + 1
