"""A development machine has a desk to try from its first start, and nothing else ever has one."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask

from portal.cases import work
from portal.cases.case import Stage, Status
from portal.cases.register import Case
from portal.casework import staff
from portal.casework.chase import chase, resting
from portal.config import Config, Mode
from portal.database import connection, transaction
from portal.delivery.outbox import UNSENT, Letter, State, stuck
from portal.development.demonstration import MANAGER, demonstrators, furnish
from portal.development.examples import EXAMPLES
from tests.casework.staff_house import ask, give_code, link_in, press
from tests.portal_app import Browser, build, cases, letters, new_database, rows


@pytest.fixture
def clock(now: datetime) -> Iterator[None]:
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def app(tmp_path: Path, clock: None, now: datetime) -> Flask:
    made = build(new_database(tmp_path))
    furnish(now, made.config["PORTAL"])
    return made


def settings(app: Flask) -> Config:
    config: Config = app.config["PORTAL"]
    return config


def test_there_is_no_desk_to_try_in_production(app: Flask, now: datetime) -> None:
    production = replace(settings(app), mode=Mode.PRODUCTION)
    before = rows()
    with pytest.raises(RuntimeError, match="development only"):
        furnish(now, production)
    with pytest.raises(RuntimeError, match="development only"):
        demonstrators(now, production)
    assert rows() == before


def test_each_of_them_comes_in_with_the_link_and_the_code_that_the_mailbox_shows(
    app: Flask, now: datetime
) -> None:
    for one in demonstrators(now, settings(app)):
        browser: Browser = app.test_client()  # type: ignore[assignment]
        page = browser.get("/postvak/").text
        assert re.search(rf"{re.escape(one.email)}.*?{one.code}", page, re.DOTALL)
        ask(browser, one.email)
        press(browser, link_in(letters("sign_in")[-1].body))
        answer = give_code(browser, one.code)
        assert (answer.status_code, "/beheer/" in answer.location) == (303, True)
    assert len(demonstrators(now, settings(app))) == 3


def test_who_renewed_the_app_or_left_is_shown_as_they_are_now(app: Flask, now: datetime) -> None:
    with transaction():
        manager = staff.find_by_email(MANAGER)
        assert manager
        manager.authenticator = "A" * 32
        manager.save()
    assert demonstrators(now, settings(app))[0].key == "A" * 32
    with transaction():
        manager.active = False
        manager.save()
    assert MANAGER not in {one.email for one in demonstrators(now, settings(app))}


def test_another_machine_has_another_key(app: Flask, now: datetime, tmp_path: Path) -> None:
    key = demonstrators(now, settings(app))[0].key
    (tmp_path / "other").mkdir()
    other = settings(build(new_database(tmp_path / "other")))
    furnish(now, other)
    assert demonstrators(now, other)[0].key != key


def test_a_second_start_adds_nothing(app: Flask, now: datetime) -> None:
    before = rows()
    furnish(now + timedelta(days=3), settings(app))
    assert rows() == before


def test_a_start_that_is_cut_short_leaves_nothing_and_the_next_makes_all(
    tmp_path: Path, clock: None, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = settings(build(new_database(tmp_path)))
    with monkeypatch.context() as cut, pytest.raises(KeyboardInterrupt):
        cut.setattr("portal.development.demonstration.chase", _cut)
        furnish(now, config)
    assert not cases()
    assert not demonstrators(now, config)
    furnish(now, config)
    assert len(cases()) == len(EXAMPLES)


def _cut(_now: datetime, config: Config) -> None:
    raise KeyboardInterrupt


def test_the_examples_stand_in_each_state_that_a_manager_meets(app: Flask, now: datetime) -> None:
    states = {case.status for case in cases()}
    assert states >= {
        *(Status.RECEIVED, Status.ACKNOWLEDGED, Status.IN_CONVERSATION, Status.WAITING),
        *(Status.PLANNED, Status.CLOSED, Status.STOPPED),
    }
    with connection():
        assert resting(now, None, 9)
        assert Letter.select().where(Letter.state == State.STUCK).count() == 1
        assert work.due(None, now.date() + timedelta(days=3), 9)
    assert letters("reminder")
    assert letters("addition")
    assert letters("passed_on")


def test_no_letter_of_theirs_goes_anywhere_and_all_is_well(app: Flask) -> None:
    with connection():
        assert not Letter.select().where(Letter.state.in_(UNSENT)).exists()
    assert stuck() == 0


# Around a weekend, Easter and Christmas, and where the clock changes.
@pytest.mark.parametrize(
    "start",
    [
        "2026-11-22 03:00",
        "2026-11-23 00:30",
        "2026-11-21 23:59",
        "2027-03-30 08:00",
        "2026-12-28 07:30",
        "2027-01-01 12:00",
        "2026-10-25 01:30",
    ],
)
def test_whenever_it_starts_one_case_is_late_and_nobody_is_written_to_at_once(
    start: str, tmp_path: Path
) -> None:
    moment = datetime.fromisoformat(start).replace(tzinfo=UTC)
    with time_machine.travel(moment, tick=False):
        config = settings(build(new_database(tmp_path)))
        furnish(moment, config)
        assert len(letters("reminder")) == 1
        assert chase(moment, config) == 0
        assert all(case.received_at < moment for case in cases())
        assert all(case.idle_since < moment for case in cases())
    with connection():
        assert Case.select().where(Case.stage == Stage.AWAITING).count() == 4


def test_a_map_in_which_nobody_answers_there_gets_no_desk_to_try(
    tmp_path: Path, clock: None, now: datetime
) -> None:
    config = settings(build(new_database(tmp_path, regions=False)))
    furnish(now, config)
    assert (cases(), demonstrators(now, config)) == ([], [])


def test_the_examples_name_nobody_real(app: Flask) -> None:
    for example in EXAMPLES:
        assert example.email.endswith("@example.org") or not example.email
        assert example.email or example.phone
