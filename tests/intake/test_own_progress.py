"""The own door tells how far it is, in plain words, and nothing that the desk keeps to itself."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from portal.cases import conference, progress, work
from portal.cases.case import Intent, Role, Stage, Status
from portal.cases.conference import Appointment
from portal.cases.life import ENDED
from portal.cases.register import By, Case, Event
from portal.config import Config
from portal.database import connection, transaction
from portal.delivery.outbox import Letter, State
from portal.web import wording
from tests.language import NORMAL, PUPIL, prose
from tests.own_door import JE, PAGES, U, enter, own, page_of, request_one
from tests.portal_app import Browser, letters

ANNA = By("anna", "Regiomanager Utrecht (voorbeeld)")
DRENTHE = "Regiomanager Drenthe (voorbeeld)"


@pytest.fixture
def case(app: Flask, browser: Browser) -> Case:
    """A case, whose requester is in."""
    config: Config = app.config["PORTAL"]
    with connection():
        found = request_one(config)
    enter(browser)
    return found


def now() -> datetime:
    return datetime.now(UTC)


def do(case: Case, *states: Status) -> Case:
    """Let a case go on at the desk."""
    with connection(), transaction():
        case = Case.get_by_id(case.id)
        progress.acknowledge(case, ANNA, now())
        for status in states:
            progress.move(case, status, ANNA, "kanarie als reden", now())
    return case


def text(browser: Browser, case: Case) -> str:
    html = page_of(browser, case).text
    return " ".join(re.sub("<[^>]*>", " ", html[html.index("<main") :]).split())


def delivered(name: str) -> None:
    with connection():
        sent = Letter.update(state=State.SENT, sent_at=now())
        sent.where(Letter.name == name).execute()


def test_it_tells_received_then_delivered_then_picked_up_and_by_whom(
    browser: Browser, case: Case
) -> None:
    page = text(browser, case)
    assert "Deze aanvraag is binnen" in page
    assert "bezorgd" not in page
    delivered("intake")
    page = text(browser, case)
    assert ": bezorgd" in page
    assert f"Gestuurd aan {ANNA.function}" in page
    do(case)
    page = text(browser, case)
    assert f"Opgepakt door: {ANNA.function} ." in page
    assert f"opgepakt door {ANNA.function}" in page
    assert "Er volgt een gesprek." in page


@pytest.mark.parametrize("status", wording.STANDING)
@pytest.mark.parametrize("role", [Role.PUPIL, Role.NEIGHBOUR])
def test_every_step_is_told_in_words_that_its_reader_knows(
    browser: Browser, case: Case, status: str, role: Role
) -> None:
    do(case)
    stage = Stage.ENDED if Status(status) in ENDED else Stage.UNDER_WAY
    intent = Intent.REQUEST if role is Role.PUPIL else Intent.PROPOSAL
    with connection():
        Case.update(status=status, stage=stage, role=role, intent=intent).execute()
        # No month is harder to read: what passes now passes all year.
        Event.update(at=datetime(2026, 2, 28, 12, tzinfo=UTC)).execute()
        Case.update(received_at=datetime(2026, 2, 28, 12, tzinfo=UTC)).execute()
    page, html = text(browser, case), page_of(browser, case).text
    for words in wording.STANDING[status]:
        assert words in page
    assert wording.OWN_STATES[status] in page
    gate = PUPIL if role is Role.PUPIL else NORMAL
    assert gate.faults(prose(html)) == []
    assert (U if role is Role.PUPIL else JE).findall(page) == []


def test_every_status_has_its_words() -> None:
    told_apart = {Status.RECEIVED, Status.WITHDRAWN}
    assert wording.STANDING.keys() == set(Status) - told_apart
    assert wording.STATES.keys() == wording.OWN_STATES.keys() == set(Status)
    assert wording.STEPS.keys() == set(Status) - {Status.RECEIVED}


def test_what_the_desk_writes_down_for_itself_is_not_shown(browser: Browser, case: Case) -> None:
    with connection():
        wanted = work.Wanted("kanarie als taak", now().date())
        work.set_task(case, wanted, form_key="k", by=ANNA, now=now())
        work.write_note(case, "kanarie als notitie", "k", ANNA, now())
    do(case, Status.IN_CONVERSATION, Status.STOPPED)
    for page in PAGES:
        assert "kanarie" not in page_of(browser, case, page).text


def test_who_has_it_now_is_told_after_it_was_passed_on(browser: Browser, case: Case) -> None:
    case = do(case, Status.IN_CONVERSATION)
    delivered("intake")
    with connection(), transaction():
        progress.pass_on(case, "drenthe", ANNA, "verhuisd", now() + timedelta(minutes=1))
    page = text(browser, case)
    assert f"Nu bij: {DRENTHE} . Het moet daar nog worden opgepakt." in page
    assert f"Gestuurd aan {DRENTHE}" in page
    assert "overgedragen" in page
    assert "bezorgd" not in page  # what was delivered went to another


@pytest.mark.parametrize("end", [Status.STOPPED, Status.REFERRED, Status.WITHDRAWN])
def test_nothing_can_be_changed_about_what_has_ended(
    browser: Browser, case: Case, end: Status
) -> None:
    form = browser.get(own(case, "aanvullen/")).text
    assert "Iets veranderen?" in text(browser, case)
    do(case, end)
    before = len(letters())
    assert "Iets veranderen?" not in text(browser, case)
    for page in PAGES[1:]:
        assert browser.get(own(case, page)).location == own(case)
    token = re.findall('name="csrf_token" type="hidden" value="([^"]*)"', form)[-1]
    answer = browser.post(own(case, "aanvullen/"), data={"csrf_token": token, "text": "Nog iets."})
    assert answer.status_code == 409
    assert "Nog iets." in answer.text
    assert len(letters()) == before


def test_the_day_of_a_conference_is_told_while_it_is_planned_and_no_longer(
    browser: Browser, case: Case
) -> None:
    planned = do(case, Status.IN_CONVERSATION, Status.COORDINATOR_SOUGHT, Status.PLANNED)
    evening = datetime(2026, 12, 3, 18, 30, tzinfo=UTC)
    with connection(), transaction():
        conference.set_date(planned, Appointment(evening, 120, "Bij kanarie thuis"), ANNA, now())
    assert "donderdag 3 december 2026 om 19:30 uur" in text(browser, case)
    assert "kanarie" not in text(browser, case)
    with connection(), transaction():
        progress.move(Case.get_by_id(case.id), Status.COORDINATOR_SOUGHT, ANNA, "", now())
    assert "19:30" not in text(browser, case)


def test_who_proposed_it_for_others_is_not_told_on_which_day_those_meet(
    browser: Browser, case: Case
) -> None:
    planned = do(case, Status.IN_CONVERSATION, Status.COORDINATOR_SOUGHT, Status.PLANNED)
    evening = datetime(2026, 12, 3, 18, 30, tzinfo=UTC)
    with connection(), transaction():
        conference.set_date(planned, Appointment(evening, 120, ""), ANNA, now())
        Case.update(intent=Intent.PROPOSAL, role=Role.NEIGHBOUR).execute()
    assert "19:30" not in text(browser, case)
