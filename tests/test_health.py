"""Health: green when all is well, red for each thing that is not, and silent about people."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from portal import room
from portal.app import StartRefused, create_app
from portal.cases.register import withdraw
from portal.config import Config
from portal.database import DatabaseUnsound, connection, open_database, transaction
from portal.delivery.outbox import Outcome, Result
from portal.delivery.worker import deliver_round
from portal.health import LONGEST_UNHANDLED, disk, examine
from portal.routing.tables import ManagerRow
from portal.sealing import Keyring
from portal.sweep import LONGEST_STOP, sweep
from portal.workdays import add_workdays
from tests.databases import elsewhere, url_in
from tests.portal_app import (
    DOORS,
    Browser,
    build,
    environment,
    letters,
    new_database,
    only_case,
    required,
)


def _browser(url: str) -> Browser:
    browser = build(url).test_client()
    assert isinstance(browser, Browser)
    return browser


@pytest.fixture
def browser(tmp_path: Path) -> Browser:
    return _browser(new_database(tmp_path))


def deliver(result: Result = Result.SENT, at: datetime | None = None) -> None:
    """What a worker does."""
    moment = at or datetime.now(UTC)
    with connection():
        sweep(moment)
    deliver_round(lambda: moment, lambda _: Outcome(result, "250 ok"))


def red(at: datetime | None = None) -> set[str]:
    checks = examine(lambda: at or datetime.now(UTC))
    assert all(check.says.endswith(".") for check in checks.values())
    return {name for name, check in checks.items() if not check.ok}


def test_when_all_is_well_it_says_ok(browser: Browser) -> None:
    deliver()
    answer = browser.get("/gezondheid")
    said = json.loads(answer.text)
    assert (answer.status_code, said["status"]) == (200, "ok")
    letters = {"worker", "letters", "stuck", "held", "backup", "quarantine"}
    assert set(said["checks"]) == {
        "database",
        "regions",
        "unhandled",
        "sweep",
        "kept",
        "disk",
        *letters,
    }
    assert all(set(check) == {"ok", "says"} for check in said["checks"].values())


def test_without_a_worker_it_says_fail(browser: Browser) -> None:
    answer = browser.get("/gezondheid")
    assert (answer.status_code, answer.json["status"]) == (503, "fail")  # type: ignore[index]
    assert red() == {"worker", "sweep"}


@pytest.mark.parametrize(("minutes", "ill"), [(9, set()), (11, {"worker"})])
def test_a_worker_that_fell_silent_is_missed(browser: Browser, minutes: int, ill: set[str]) -> None:
    deliver()
    assert red(datetime.now(UTC) + timedelta(minutes=minutes)) == ill


@pytest.mark.parametrize(("minutes", "ill"), [(14, False), (16, True)])
def test_a_letter_that_waits_too_long_is_told_of(browser: Browser, minutes: int, ill: bool) -> None:
    browser.send(DOORS["pupil"], required("pupil"))
    assert ("letters" in red(datetime.now(UTC) + timedelta(minutes=minutes))) is ill


def test_a_letter_that_reaches_nobody_is_told_of(browser: Browser) -> None:
    browser.send(DOORS["pupil"], required("pupil"))
    # The confirmation has nobody to fall back on.
    deliver(Result.REFUSED)
    assert "stuck" in red()


@pytest.mark.parametrize(("hours", "ill"), [(26, False), (27, True)])
def test_a_sweep_that_does_not_come_is_missed(browser: Browser, hours: int, ill: bool) -> None:
    deliver()
    assert ("sweep" in red(datetime.now(UTC) + timedelta(hours=hours, seconds=-30))) is ill


@pytest.mark.parametrize("jump", [timedelta(days=3652), LONGEST_STOP + timedelta(days=1)])
def test_a_clock_that_jumps_is_told_of_at_once(browser: Browser, jump: timedelta) -> None:
    deliver()
    for wrong in (datetime.now(UTC) + jump, datetime.now(UTC) - jump):
        assert "sweep" in red(wrong)
        assert "The clock jumped" in examine(lambda wrong=wrong: wrong)["sweep"].says  # type: ignore[misc]


def test_what_could_not_be_forgotten_is_told_of(browser: Browser) -> None:
    browser.send(DOORS["pupil"], required("pupil"))
    over = datetime.now(UTC) + timedelta(weeks=4)
    with connection(), transaction():
        withdraw(only_case(), datetime.now(UTC))
    with connection():
        sweep(over + timedelta(days=1), after_a_long_stop=True)
    assert examine(lambda: over)["kept"].ok
    with connection():
        sweep(over + timedelta(days=3))
    assert examine(lambda: over)["kept"].says == (
        "Kept longer than is promised: 1 cases: see the log of 'portal worker'."
    )
    # The intake mail and the confirmation.
    deliver(at=over + timedelta(days=3))
    with connection():
        sweep(over + timedelta(days=3))
    assert examine(lambda: over)["kept"].ok


def test_a_request_that_nobody_picks_up_is_told_of_after_two_weeks(browser: Browser) -> None:
    browser.send(DOORS["pupil"], required("pupil"))
    due = add_workdays(only_case().received_at, LONGEST_UNHANDLED)
    assert "unhandled" not in red(due - timedelta(microseconds=1))
    assert "unhandled" in red(due)
    with connection(), transaction():
        withdraw(only_case(), due)
    assert "unhandled" not in red(due)


@pytest.mark.sqlite
def test_a_disk_that_is_nearly_full_is_told_of_here_too(
    browser: Browser, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    deliver()
    monkeypatch.setattr(room, "free", lambda folder: 0 if folder == tmp_path else 10**12)
    said = browser.get("/gezondheid").text
    assert "where the database stands: make room" in said
    assert str(tmp_path) not in said
    (tmp_path / "backups").mkdir()
    assert disk(tmp_path / "backups", tmp_path).says.endswith("where the backups stand: make room.")
    assert disk(tmp_path / "backups", tmp_path / "backups").ok
    assert not disk(tmp_path / "gone", None).ok


def test_without_regions_it_says_so(tmp_path: Path) -> None:
    _browser(new_database(tmp_path, regions=False))
    deliver()
    assert red() == {"regions"}


def test_a_region_with_nobody_is_named(browser: Browser) -> None:
    deliver()
    with connection():
        ManagerRow.update(active=False).execute()
    assert red() == {"regions"}
    assert "Drenthe, Flevoland" in examine()["regions"].says


def test_a_wrong_key_is_told_of(browser: Browser, tmp_path: Path) -> None:
    deliver()
    open_database(url_in(tmp_path), Keyring([b"w" * 32]))
    assert "database" in red()


@pytest.mark.sqlite
def test_a_database_that_is_gone_is_told_of_and_not_made_anew(
    browser: Browser, tmp_path: Path
) -> None:
    for file in tmp_path.iterdir():
        file.unlink()
    answer = browser.get("/gezondheid")
    assert answer.status_code == 503
    assert not list(tmp_path.iterdir())


def test_it_says_nothing_about_anybody(browser: Browser) -> None:
    typed = required("pupil", name="Kanarie", email="kanarie@example.org")
    browser.send(DOORS["pupil"], typed)
    deliver(Result.REFUSED)
    later = datetime.now(UTC) + timedelta(days=1)
    said = browser.get("/gezondheid").text + str(examine(lambda: later))
    assert letters("confirmation")
    assert "kanarie" not in said.casefold()
    assert "@" not in said


def test_the_portal_does_not_start_with_a_wrong_key(tmp_path: Path) -> None:
    url = new_database(tmp_path)
    wrong = environment(url) | {"PORTAL_DATA_KEYS": "d3d3" * 10 + "d3c="}
    with pytest.raises(DatabaseUnsound, match="PORTAL_DATA_KEYS"):
        create_app(Config.from_environment(wrong))


@pytest.mark.sqlite
def test_the_portal_does_not_start_on_a_schema_that_is_behind(tmp_path: Path) -> None:
    url = new_database(tmp_path)
    elsewhere(url, "DELETE FROM schema_migration WHERE name = '0011_retention'")
    with pytest.raises(StartRefused, match="portal migrate"):
        create_app(Config.from_environment(environment(url)))
