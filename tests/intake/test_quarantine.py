"""Doubt leads to quarantine and never to refusal: nobody is turned away, and nobody is lost."""

import logging
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path

import pytest
import time_machine
from werkzeug.test import TestResponse

from portal.cases import progress
from portal.cases.case import Contact, Doubt, Happening, Stage
from portal.cases.register import By, Case, doubts_of, history
from portal.config import Config
from portal.database import connection, database, transaction
from portal.delivery.outbox import Letter, State
from portal.intake import accept as accepting
from portal.intake import own_door
from portal.intake.doubt import MANY
from portal.intake.quarantine import let_through_unseen
from portal.web.quota import Purpose, place_of, take
from portal.workdays import add_workdays
from tests.databases import raw
from tests.intake.walking import everywhere
from tests.own_door import NOOR, enter, own
from tests.portal_app import (
    DOORS,
    Browser,
    Form,
    cases,
    forms,
    letters,
    only_case,
    required,
    rows,
)

JUNK, SCHOOL = "192.0.2.66", "198.51.100.9"
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
DESK = By("desk", "Landelijk bureau")
TRAP = {"website": "https://koop.example"}


def from_(browser: Browser, form: Form, address: str) -> TestResponse:
    return browser.post_form(form, environ_base={"REMOTE_ADDR": address})


def trapped(browser: Browser, door: str = "learning", **other: str) -> Case:
    """A form in which a robot filled in everything."""
    last = browser.to_the_end(DOORS[door], required(door, **other)).fill(TRAP)
    assert browser.post_form(last).status_code == HTTPStatus.SEE_OTHER
    return cases()[-1]


def fresh(case: Case) -> Case:
    with connection():
        found: Case = Case.get_by_id(case.id)
        return found


def let_through(case: Case, config: Config, now: datetime | None = None) -> bool:
    at = now or datetime.now(UTC)
    with transaction():
        current = Case.get_by_id(case.id)
        if not progress.let_through(current, DESK, "", at):
            return False
        accepting.announce(current, at, config, unseen=False)
        return True


def refuse(case: Case) -> None:
    with transaction():
        progress.refuse(Case.get_by_id(case.id), DESK, "", datetime.now(UTC))


# P10


def spam(browser: Browser, number: int, token: str) -> None:
    """As a robot does: nothing is read, and pages are sent as fast as they go."""
    name = "https://koop.example" if number % 3 == 1 else f"Spam {number}"
    typed = required("pupil", name=name, email="victim@example.org", csrf_token=token)
    step = browser.get(browser.get(DOORS["pupil"]).location).request.path
    while "controleren" not in step:
        step = browser.post(step, data=typed, environ_base=AT_SCHOOL).location
    last = typed | (TRAP if number % 3 == 0 else {})
    sent = browser.post(step, data=last, environ_base=AT_SCHOOL)
    assert sent.status_code == HTTPStatus.SEE_OTHER
    assert "/ontvangen/" in sent.location


AT_SCHOOL = {"REMOTE_ADDR": SCHOOL}


def test_after_two_hundred_junk_posts_a_pupil_from_the_same_address_is_served(
    browser: Browser, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    token = browser.form(DOORS["pupil"]).data["csrf_token"][0]
    for number in range(200):
        spam(browser, number, token)
    assert len(cases()) == 200  # nobody is refused, not even a robot
    passed = len(letters("intake"))
    # A few went through before there were many; all with a link or in the trap did not.
    assert passed <= MANY
    assert sum(case.stage is Stage.QUARANTINED for case in cases()) == 200 - passed

    with time_machine.travel(datetime.now(UTC), tick=True) as clock:
        pupil = browser.application.test_client()
        assert isinstance(pupil, Browser)
        form = pupil.to_the_end(DOORS["pupil"], required("pupil", name="Sem"))
        clock.shift(2 * MINUTE)
        assert from_(pupil, form, SCHOOL).status_code == HTTPStatus.SEE_OTHER
    sem = cases()[-1]
    assert (sem.name, sem.stage, sem.doubts) == ("Sem", Stage.AWAITING, "")
    assert len(letters("intake")) == passed + 1
    assert letters("intake")[-1].case_reference == sem.reference
    assert letters("confirmation")[-1].recipient == NOOR
    # One victim gets one confirmation, however many were sent in its name.
    assert [one.recipient for one in letters("confirmation")].count("victim@example.org") <= 1
    # P9: an address is nowhere, nor would who has the file find it by trying all.
    assert SCHOOL not in everywhere(tmp_path) + caplog.text


# Each sign by itself


def test_who_falls_into_the_trap_waits_in_quarantine_and_cannot_tell(browser: Browser) -> None:
    clean = browser.send(DOORS["learning"], required("learning", email="sem@example.org"))
    before = rows()
    last = browser.to_the_end(DOORS["learning"], required("learning")).fill(TRAP)
    answer = browser.post_form(last)
    doubted = cases()[-1]
    assert (answer.status_code, answer.location[:11]) == (clean.status_code, clean.location[:11])
    assert rows() == (before[0] + 1, before[1], before[2] + 1, before[3])  # a case, its event
    assert (doubted.stage, doubts_of(doubted)) == (Stage.QUARANTINED, [Doubt.TRAP, Doubt.FAST])
    pages = [browser.page(one.location).text for one in (clean, answer)]
    first, second = (
        page.replace(case.reference, "") for page, case in zip(pages, cases(), strict=True)
    )
    assert first == second
    assert (browser.post_form(last).location, len(cases())) == (answer.location, 2)


def test_a_link_for_a_name_leads_to_quarantine(browser: Browser) -> None:
    browser.send(DOORS["learning"], required("learning", name="www.koop.example"))
    assert doubts_of(only_case()) == [Doubt.LINK, Doubt.FAST]
    assert letters() == []


def test_haste_alone_leads_nowhere(browser: Browser) -> None:
    browser.send(DOORS["learning"], required("learning"))
    assert (only_case().stage, len(letters("intake"))) == (Stage.AWAITING, 1)


def fill_up(address: str) -> None:
    with transaction():
        for _ in range(MANY):
            assert take(
                Purpose.FORM, place_of(address), datetime.now(UTC), a_day=MANY, a_week=7 * MANY
            )


def test_haste_where_many_were_before_leads_to_quarantine(browser: Browser) -> None:
    fill_up(JUNK)
    form = browser.to_the_end(DOORS["learning"], required("learning"))
    from_(browser, form, JUNK)
    assert doubts_of(only_case()) == [Doubt.FAST, Doubt.MANY]


def test_the_crowd_of_one_address_is_not_that_of_another_nor_of_another_day(
    browser: Browser,
) -> None:
    fill_up(JUNK)
    form = browser.to_the_end(DOORS["learning"], required("learning"))
    from_(browser, form, SCHOOL)
    with time_machine.travel(datetime.now(UTC) + timedelta(days=1), tick=True):
        form = browser.to_the_end(DOORS["learning"], required("learning"))
        from_(browser, form, JUNK)
    assert [case.doubts for case in cases()] == ["", ""]


def test_who_goes_on_later_began_when_the_form_began(browser: Browser) -> None:
    fill_up(JUNK)
    with time_machine.travel(datetime.now(UTC), tick=True) as clock:
        browser.walk(DOORS["learning"], required("learning", name=""))
        clock.shift(HOUR)
        with connection():
            (begun,) = database.execute_sql("SELECT begun_at FROM draft").fetchone()
        last = browser.to_the_end(DOORS["learning"], required("learning"))
        clock.shift(HOUR)
        from_(browser, last, JUNK)
    assert begun
    assert only_case().doubts == ""


# A trap that no person meets


@pytest.mark.parametrize("door", DOORS)
def test_nobody_sees_hears_or_reaches_the_trap(browser: Browser, door: str) -> None:
    last = browser.walk(DOORS[door], required(door)).text
    (form,) = forms(last)[-1:]
    (box,) = [node for node in form.iter("p") if node.get("hidden") is not None]
    (trap,) = box.iter("input")
    (label,) = box.iter("label")
    assert (label.get("for"), label.text) == (trap.get("id"), "Laat dit leeg")
    assert (trap.get("tabindex"), trap.get("autocomplete")) == ("-1", "off")
    assert trap.get("value") == ""
    # A name that browsers fill in would catch people: these are the words of HTML's autofill.
    assert trap.get("name") not in {"url", "name", "email", "tel", "organization", "username"}
    assert "required" not in trap.attrib


# Until somebody looks


def test_nothing_of_a_doubted_case_is_mailed_until_it_is_let_through(
    browser: Browser, config: Config
) -> None:
    case = trapped(browser)
    now = datetime.now(UTC)
    with connection():
        own_door.add(case, "Nog iets.", now, config)
        own_door.correct(case, Contact("", "", "06 98 76 54 32"), now, config)
    assert letters() == []
    assert let_through(case, config)
    assert [letter.name for letter in letters()] == ["intake", "confirmation", "addition"]
    intake = letters("intake")[0]
    assert "06 98 76 54 32" in intake.body
    assert "misschien heeft geen mens" not in intake.body


def test_the_letters_are_those_of_any_request(browser: Browser, config: Config) -> None:
    browser.send(DOORS["learning"], required("learning", email="sem@example.org"))
    case = trapped(browser, email="sem2@example.org")
    let_through(case, config)
    for name in ("intake", "confirmation"):
        plain, later = (
            (one.subject + one.body).replace(one.case_reference, "").replace("sem2", "sem")
            for one in letters(name)
        )
        assert plain == later


def test_it_is_let_through_once_by_however_many(browser: Browser, config: Config) -> None:
    case = trapped(browser)
    at, done = threading.Barrier(4), []

    def press() -> None:
        at.wait()
        done.append(let_through(case, config))

    crowd = [threading.Thread(target=press) for _ in range(4)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    assert sorted(done) == [False, False, False, True]
    assert len(letters("intake")) == len(letters("confirmation")) == 1


def test_a_sign_of_life_is_awaited_since_the_request_came_in(
    browser: Browser, config: Config
) -> None:
    case = trapped(browser)
    let_through(case, config, datetime.now(UTC) + HOUR)
    assert fresh(case).idle_since == case.received_at
    assert (fresh(case).stage, fresh(case).doubts) == (Stage.AWAITING, "")


def test_a_confirmation_is_still_one_a_day_when_many_are_let_through(
    browser: Browser, config: Config
) -> None:
    for _ in range(3):
        let_through(trapped(browser), config)
    assert (len(letters("intake")), len(letters("confirmation"))) == (3, 1)


# When nobody looks


@pytest.fixture
def monday(browser: Browser) -> Iterator[datetime]:
    """A clock that stands at a Monday noon while a form comes in."""
    at = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
    with time_machine.travel(at, tick=True):
        yield at


def test_after_a_working_day_it_goes_to_its_manager_by_itself_and_the_letter_says_so(
    browser: Browser, config: Config, monday: datetime
) -> None:
    case = trapped(browser)
    due = add_workdays(case.received_at, 1)
    assert let_through_unseen(due - MINUTE, config) == 0
    assert letters() == []
    assert let_through_unseen(due, config) == 1
    assert let_through_unseen(due + MINUTE, config) == 0
    assert [letter.name for letter in letters()] == ["intake", "confirmation"]
    said = " ".join(letters("intake")[0].body.split())
    assert "misschien heeft geen mens dit verstuurd" in said
    assert "uiterlijk woensdag 25 november" in said
    with connection():
        last = history(case)[-1]
    assert (last.what, last.function) == (Happening.LET_THROUGH, "het portaal, vanzelf")
    assert "Niemand keek ernaar. Een veld is ingevuld" in last.reason


def test_over_a_weekend_it_waits_for_the_working_day(browser: Browser, config: Config) -> None:
    friday = datetime(2026, 11, 27, 15, 0, tzinfo=UTC)
    with time_machine.travel(friday, tick=False):
        trapped(browser)
    assert let_through_unseen(friday + timedelta(days=2), config) == 0
    assert let_through_unseen(friday + timedelta(days=3), config) == 1


def test_one_that_cannot_be_written_about_keeps_no_other_waiting(
    browser: Browser, config: Config, caplog: pytest.LogCaptureFixture
) -> None:
    broken, sound = trapped(browser), trapped(browser, email="sem@example.org")
    with connection():
        raw('UPDATE "case" SET name = email WHERE id = ?', broken.id)
    later = datetime.now(UTC) + timedelta(days=14)
    assert let_through_unseen(later, config) == 1
    assert [one.case_reference for one in letters("intake")] == [sound.reference]
    assert fresh(broken).stage is Stage.QUARANTINED
    assert broken.id in caplog.text
    assert "Noor" not in caplog.text


def test_what_was_ended_is_never_let_through(browser: Browser, config: Config) -> None:
    refused, withdrawn = trapped(browser), trapped(browser)
    refuse(refused)
    with connection():
        own_door.withdraw(withdrawn, datetime.now(UTC), config)
    later = datetime.now(UTC) + timedelta(days=14)
    assert let_through_unseen(later, config) == 0
    for case in (refused, withdrawn):
        with pytest.raises(progress.NotAllowed):
            let_through(case, config)
    assert letters() == []


# The own door


def delivered() -> None:
    with connection():
        sent = Letter.update(state=State.SENT, sent_at=datetime.now(UTC))
        sent.where(Letter.name == "intake").execute()


def seen(browser: Browser, case: Case) -> str:
    """The requester's page about a case, without what is each case's own."""
    page = browser.get(own(case)).text
    return page[page.index("<main") :].replace(case.reference, "EK")


def test_the_own_door_does_not_tell_that_a_case_is_or_was_doubted(
    browser: Browser, config: Config
) -> None:
    """Its reader may be who sent it to see what happens."""
    with time_machine.travel(datetime(2026, 11, 23, 8, 0, tzinfo=UTC), tick=True) as clock:
        browser.send(DOORS["learning"], required("learning"))
        doubted = trapped(browser)
        plain = cases()[0]
        enter(browser)
        assert seen(browser, plain) == seen(browser, doubted)
        clock.shift(2 * MINUTE)
        delivered()
        assert ": bezorgd" in seen(browser, plain)
        assert seen(browser, plain) == seen(browser, doubted)
        let_through(doubted, config)
        delivered()
        assert seen(browser, plain) == seen(browser, doubted)


# What it costs


def test_a_doubt_costs_three_statements_more(browser: Browser) -> None:
    counted = [statements(browser, website=trap) for trap in ("", "x")]
    # Undoubted: the count of the visitor's address is looked up and written, and that nobody holds
    # the letter to the manager is looked at. Doubted: no letters.
    assert counted[0] <= BEFORE + 3, counted
    assert counted[1] < counted[0]


# Statements of a last page that is sent, before anybody was doubted.
BEFORE = 19


def statements(browser: Browser, **trap: str) -> int:
    last = browser.to_the_end(DOORS["learning"], required("learning")).fill(trap)
    seen: list[str] = []
    log = logging.getLogger("peewee")
    handler = logging.Handler()
    handler.emit = lambda record: seen.append(record.getMessage())  # type: ignore[method-assign]
    log.addHandler(handler)
    before = log.level
    log.setLevel(logging.DEBUG)
    try:
        assert browser.post_form(last).status_code == HTTPStatus.SEE_OTHER
    finally:
        log.removeHandler(handler)
        log.setLevel(before)
    return len(seen)
