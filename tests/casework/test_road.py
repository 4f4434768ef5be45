"""The road from the first talk to the plan is written down with little typing."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

import icalendar
import pytest
import time_machine
from werkzeug.test import TestResponse

from portal.cases import conference, followup, progress, work
from portal.cases.case import Happening, Intent, Kind, Role, Stage, Status
from portal.cases.conference import Conference, Coordinator, Payer, Plan
from portal.cases.register import REQUESTER, Case, history
from portal.casework.road_letters import LETTERS_A_DAY
from portal.database import connection, transaction
from tests.casework.desk_app import SOMEBODY, at, came_in, fill, fresh, press, trail
from tests.casework.staff_house import House
from tests.casework.test_case import words
from tests.conftest import NOON
from tests.language import NORMAL, PUPIL, prose
from tests.portal_app import Browser, controls, forms, letters

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OPEN = "Hoe wordt het weer rustig op het plein?"
EVENING = {"day": "3-12-2026", "at": "19.30", "minutes": "120", "place": "Buurthuis De Kring"}
SANNE = {"name": "Sanne Visser", "email": "sanne@example.org", "phone": "06 11 22 33 44"}
BRAM = {"name": "Bram Bos", "email": "bram@example.org", "phone": ""}
PARTS = ("gesprek/", "coordinator/", "datum/", "verloop/", "datum/vervalt/")


def on_the_way(status: Status = Status.COORDINATOR_SOUGHT, **other: Any) -> Case:
    """A case that came as far as this by its manager's word."""
    case = came_in(**{"kind": Kind.COMMUNITY, "role": Role.RESIDENT, **other})
    steps = (Status.IN_CONVERSATION, Status.COORDINATOR_SOUGHT, Status.PLANNED, Status.HELD)
    with connection(), transaction():
        progress.acknowledge(case, SOMEBODY, NOON - HOUR)
        for step in steps[: steps.index(status) + 1]:
            progress.move(case, step, SOMEBODY, "", NOON - HOUR)
    return case


def road(case: Case) -> Conference:
    with connection():
        return conference.of(fresh(case))


def happened(case: Case) -> list[str]:
    with connection():
        return [event.what for event in history(case)]


def date_it(browser: Browser, case: Case, **other: str) -> TestResponse:
    return fill(browser, at(case, "datum/"), **{**EVENING, **other})


# The talk


def test_what_the_requester_wrote_is_filled_in_already(anna: Browser) -> None:
    said = (("question", (OPEN,)), ("financing", ("municipality",)))
    case = on_the_way(Status.IN_CONVERSATION, answers=said)
    known = controls(forms(anna.get(at(case, "gesprek/")).text)[-1])
    assert (known["question"].strip(), known["payer"]) == (OPEN, "municipality")
    assert road(case).changed_at is None
    assert fill(anna, at(case, "gesprek/")).status_code == HTTPStatus.SEE_OTHER
    kept = road(case)
    assert (kept.question, kept.payer) == (OPEN, Payer.MUNICIPALITY)


def test_a_question_that_is_not_open_is_asked_about_once_and_never_refused(anna: Browser) -> None:
    case = on_the_way(Status.IN_CONVERSATION)
    closed = "Kan de gemeente het plein opruimen?"
    asked = fill(anna, at(case, "gesprek/"), question=closed)
    assert asked.status_code == HTTPStatus.OK
    assert "Wilt u nog naar de vraag kijken?" in asked.text
    assert road(case).question is None
    again = forms(asked.text)[-1]
    assert anna.post(again.get("action"), data=controls(again)).status_code == HTTPStatus.SEE_OTHER
    assert road(case).question == closed


def test_what_changed_meanwhile_is_not_overwritten_unread(anna: Browser, house: House) -> None:
    case = on_the_way(Status.IN_CONVERSATION)
    mine = forms(anna.get(at(case, "gesprek/")).text)[-1]
    fill(house.signed_in("desk"), at(case, "gesprek/"), question=OPEN)
    other = "Hoe houden we het samen gezellig in de straat?"
    back = anna.post(mine.get("action"), data={**controls(mine).to_dict(), "question": other})
    assert back.status_code == HTTPStatus.CONFLICT
    assert other in back.text
    assert road(case).question == OPEN
    insisted = forms(back.text)[-1]
    anna.post(insisted.get("action"), data=controls(insisted))
    assert road(case).question == other


# The coordinator


def test_the_requester_is_told_who_coordinates_once_for_each_coordinator(
    anna: Browser, clock: time_machine.Traveller
) -> None:
    case = on_the_way()
    for _ in range(2):
        fill(anna, at(case, "coordinator/"), **SANNE, introduce="yes")
    (letter,) = letters("introduction")
    assert letter.recipient == case.email
    for said in SANNE.values():
        assert said in letter.body
    clock.move_to(NOON + HOUR / 2)
    fill(anna, at(case, "coordinator/"), **{**SANNE, "name": "Bram Bos"}, introduce="yes")
    assert "Bram Bos" in letters("introduction")[-1].body
    assert len(letters("introduction")) == 2


def test_who_tells_it_themselves_sends_no_letter_and_can_still_do_so_later(anna: Browser) -> None:
    case = on_the_way()
    fill(anna, at(case, "coordinator/"), **SANNE, introduce="no")
    assert letters("introduction") == []
    fill(anna, at(case, "coordinator/"), introduce="yes")
    assert len(letters("introduction")) == 1


def test_without_an_address_the_page_says_to_call_and_asks_for_no_letter(anna: Browser) -> None:
    case = on_the_way(email="")
    page = anna.get(at(case, "coordinator/"))
    assert "Bel om te zeggen wie de coördinator wordt" in page.text
    assert "introduce" not in controls(forms(page.text)[-1])
    fill(anna, at(case, "coordinator/"), **SANNE, introduce="yes")
    assert road(case).coordinator_name == "Sanne Visser"
    assert letters("introduction") == []


def test_the_wishes_stand_where_the_coordinator_is_filled_in(anna: Browser) -> None:
    case = on_the_way(answers=(("coordinator_wishes", ("liefst een vrouw",)),))
    assert "liefst een vrouw" in words(anna.get(at(case, "coordinator/")))


# The date


def test_a_date_makes_it_planned_and_goes_to_the_coordinator(anna: Browser) -> None:
    case = on_the_way(answers=(("story", ("kanarie in het verhaal",)),), name="Kanarie")
    fill(anna, at(case, "coordinator/"), **SANNE, introduce="no")
    assert date_it(anna, case).status_code == HTTPStatus.SEE_OTHER
    kept = road(case)
    assert kept.starts_at == datetime(2026, 12, 3, 18, 30, tzinfo=UTC)
    assert fresh(case).status is Status.PLANNED
    (letter,) = letters("coordinator")
    assert letter.recipient == SANNE["email"]
    assert "donderdag 3 december 2026 om 19:30 uur" in letter.body
    assert "Buurthuis De Kring" in letter.body
    for personal in ("anarie", case.email, case.phone):
        assert personal not in letter.body


def test_a_coordinator_found_after_the_date_gets_it_too(anna: Browser) -> None:
    case = on_the_way()
    date_it(anna, case)
    assert letters("coordinator") == []
    fill(anna, at(case, "coordinator/"), **SANNE, introduce="no")
    assert len(letters("coordinator")) == 1


@pytest.mark.parametrize(
    ("day", "time"), [("3-12-2026", "19.30"), ("2026-12-03", "19:30"), ("3/12/2026", "1930")]
)
def test_day_and_time_are_taken_as_people_write_them(anna: Browser, day: str, time: str) -> None:
    case = on_the_way()
    date_it(anna, case, day=day, at=time)
    assert road(case).starts_at == datetime(2026, 12, 3, 18, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("other", "says"),
    [
        ({"day": "3-12-2062"}, "Kijk of het jaar klopt"),
        ({"day": "31-11-2026"}, "Vul een datum in"),
        ({"at": "25:00"}, "Vul een tijd in"),
        ({"at": "straks"}, "Vul een tijd in"),
        ({"minutes": "1"}, "Kies hoe lang het duurt"),
    ],
)
def test_what_cannot_be_meant_comes_back_with_what_to_do(
    anna: Browser, other: dict[str, str], says: str
) -> None:
    case = on_the_way()
    back = date_it(anna, case, **other)
    assert back.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert says in back.text
    assert "Buurthuis De Kring" in back.text
    assert road(case).starts_at is None


def test_about_learning_it_takes_two_hours_at_most(anna: Browser) -> None:
    lengths = {
        kind: anna.get(at(on_the_way(kind=kind), "datum/")).text.count('name="minutes"')
        for kind in Kind
    }
    assert lengths == {Kind.LEARNING: 3, Kind.COMMUNITY: 6}


def test_a_date_that_moves_moves_in_the_calendar_and_is_told(anna: Browser, house: House) -> None:
    case = on_the_way()
    fill(anna, at(case, "coordinator/"), **SANNE, introduce="no")
    date_it(anna, case)
    date_it(anna, case, day="10-12-2026")
    first, second = letters("coordinator")
    assert "Andere datum" in second.subject
    old, new = (in_calendar(house.stranger(), letter.body) for letter in (first, second))
    assert old["UID"] == new["UID"]
    assert old["DTSTART"] == new["DTSTART"] == datetime(2026, 12, 10, 18, 30, tzinfo=UTC)
    assert new["SEQUENCE"] == 2


def in_calendar(browser: Browser, body: str) -> dict[str, Any]:
    link = re.search(r"/agenda/\w+/", body)
    assert link
    return entry(browser.get(link[0]))


def entry(answer: TestResponse) -> dict[str, Any]:
    assert answer.mimetype == "text/calendar"
    (event,) = icalendar.Calendar.from_ical(answer.text).walk("VEVENT")
    return {name: event.decoded(name) for name in event}


def test_the_calendar_holds_day_time_and_place_and_no_name(anna: Browser, house: House) -> None:
    case = on_the_way(name="Kanarie")
    fill(anna, at(case, "coordinator/"), **SANNE, introduce="no")
    date_it(anna, case, place="Dorpsstraat 1; boven, Emmen")
    event = in_calendar(house.stranger(), letters("coordinator")[-1].body)
    assert event["LOCATION"] == road(case).place
    assert event["DURATION"] == timedelta(hours=2)
    assert event["CLASS"] == "PRIVATE"
    mine = anna.get(at(case, "conferentie.ics"))
    assert entry(mine)["UID"] == event["UID"]
    assert "anarie" not in mine.text
    assert "Sanne" not in mine.text


def test_a_calendar_link_works_until_a_week_after_the_day_and_not_without_a_date(
    anna: Browser, house: House, clock: time_machine.Traveller
) -> None:
    case = on_the_way()
    fill(anna, at(case, "coordinator/"), **SANNE, introduce="no")
    date_it(anna, case)
    link = re.search(r"/agenda/\w+/", letters("coordinator")[-1].body)
    assert link
    browser = house.stranger()
    starts_at = road(case).starts_at
    assert starts_at
    clock.move_to(starts_at + 7 * DAY - HOUR)
    assert browser.get(link[0]).status_code == HTTPStatus.OK
    clock.move_to(starts_at + 7 * DAY + HOUR)
    assert browser.get(link[0]).status_code == HTTPStatus.NOT_FOUND
    assert browser.get(f"/agenda/{'0' * 64}/").status_code == HTTPStatus.NOT_FOUND


def test_a_calendar_link_shows_nothing_more_to_who_no_longer_coordinates(
    anna: Browser, house: House
) -> None:
    case = on_the_way()
    fill(anna, at(case, "coordinator/"), **{**SANNE, "email": "wrong@example.org"}, introduce="no")
    date_it(anna, case)
    fill(anna, at(case, "coordinator/"), **SANNE, introduce="no")
    date_it(anna, case, place="Ergens anders")
    wrong, first, second = (
        house.stranger().get(link[0])
        for letter in letters("coordinator")
        if (link := re.search(r"/agenda/\w+/", letter.body))
    )
    assert wrong.status_code == HTTPStatus.NOT_FOUND
    assert entry(first) == entry(second)


def test_another_day_than_the_page_showed_is_not_called_off_unread(
    anna: Browser, house: House, clock: time_machine.Traveller
) -> None:
    case = on_the_way()
    date_it(anna, case)
    stale = forms(anna.get(at(case, "datum/vervalt/")).text)[-1]
    clock.shift(60)
    date_it(house.signed_in("desk"), case, day="10-12-2026")
    back = anna.post(stale.get("action"), data=controls(stale))
    assert back.status_code == HTTPStatus.CONFLICT
    assert "10 december" in back.text
    assert road(case).starts_at
    again = forms(back.text)[-1]
    for _ in range(2):
        assert anna.post(again.get("action"), data=controls(again)).status_code == 303
    assert road(case).starts_at is None


def test_an_hour_that_the_clocks_skip_is_told_once(anna: Browser) -> None:
    case = on_the_way()
    fill(anna, at(case, "coordinator/"), **SANNE, introduce="no")
    form = controls(forms(anna.get(at(case, "datum/")).text)[-1]).to_dict()
    mistyped = {**form, **EVENING, "day": "28-3-2027", "at": "2:30"}
    for _ in range(2):
        anna.post(at(case, "datum/"), data=mistyped)
    assert len(letters("coordinator")) == 1
    assert happened(case).count(Happening.APPOINTED) == 1


def test_no_session_can_bury_an_address_in_letters(
    anna: Browser, house: House, clock: time_machine.Traveller
) -> None:
    case, other = on_the_way(), on_the_way()
    fill(anna, at(case, "coordinator/"), **SANNE, introduce="no")
    fill(
        anna, at(other, "coordinator/"), **{**SANNE, "email": "S.anne@example.org"}, introduce="no"
    )
    for minute in range(LETTERS_A_DAY):
        assert date_it(anna, case, at=f"19:{minute:02}").status_code == HTTPStatus.SEE_OTHER
    before = road(case).starts_at
    for too_many in (case, other):
        refused = date_it(anna, too_many, place="De volle brievenbus")
        assert refused.status_code == HTTPStatus.CONFLICT
        assert "vandaag al veel brieven" in refused.text
        assert "De volle brievenbus" in refused.text
    assert (road(case).starts_at, road(other).starts_at) == (before, None)
    assert len(letters("coordinator")) == LETTERS_A_DAY
    clock.move_to(NOON + DAY)
    assert date_it(house.signed_in("a"), case).status_code == HTTPStatus.SEE_OTHER
    assert len(letters("coordinator")) == LETTERS_A_DAY + 1


def test_a_requester_is_not_buried_in_names_either(
    anna: Browser, clock: time_machine.Traveller
) -> None:
    case = on_the_way()
    for number in range(LETTERS_A_DAY):
        clock.shift(1)
        named = {**SANNE, "name": f"Nummer {number}"}
        fill(anna, at(case, "coordinator/"), **named, introduce="yes")
    clock.shift(1)
    refused = fill(anna, at(case, "coordinator/"), **SANNE, introduce="yes")
    assert refused.status_code == HTTPStatus.CONFLICT
    assert len(letters("introduction")) == LETTERS_A_DAY
    assert road(case).coordinator_name != SANNE["name"]


def test_who_is_replaced_is_told_not_to_come_and_who_is_only_renamed_is_not(anna: Browser) -> None:
    case = on_the_way()
    fill(anna, at(case, "coordinator/"), **SANNE, introduce="no")
    fill(anna, at(case, "coordinator/"), **BRAM, introduce="no")
    assert letters("relieved") == []  # of whom nobody knew a date
    date_it(anna, case)
    fill(anna, at(case, "coordinator/"), **BRAM | {"name": "Bram de Bos"}, introduce="no")
    assert letters("relieved") == []
    fill(anna, at(case, "coordinator/"), **SANNE, introduce="no")
    (letter,) = letters("relieved")
    assert letter.recipient == BRAM["email"]
    assert "donderdag 3 december 2026" in letter.body
    assert letters("coordinator")[-1].recipient == SANNE["email"]


def test_a_date_that_lapses_is_told_and_the_case_goes_a_step_back(
    anna: Browser, house: House
) -> None:
    case = on_the_way()
    fill(anna, at(case, "coordinator/"), **SANNE, introduce="no")
    date_it(anna, case)
    link = re.search(r"/agenda/\w+/", letters("coordinator")[-1].body)
    assert link
    press(anna, at(case, "datum/vervalt/"), "Ja, deze dag vervalt")
    assert fresh(case).status is Status.COORDINATOR_SOUGHT
    assert road(case).starts_at is None
    (letter,) = letters("called_off")
    assert "donderdag 3 december 2026" in letter.body
    assert house.stranger().get(link[0]).status_code == HTTPStatus.NOT_FOUND


# Afterwards


def test_how_it_went_is_numbers_and_makes_it_held(
    anna: Browser, clock: time_machine.Traveller
) -> None:
    case = on_the_way()
    date_it(anna, case, day="23-11-2026", at="13.20")
    early = fill(anna, at(case, "verloop/"), plan="made", came_neighbours="12")
    assert early.status_code == HTTPStatus.CONFLICT
    clock.move_to(NOON + HOUR / 2)
    fill(anna, at(case, "verloop/"), plan="made", came_neighbours="12", came_youth_work="2")
    kept = road(case)
    assert conference.attended(kept) == {"neighbours": 12, "youth work": 2}
    assert kept.plan is Plan.MADE
    assert fresh(case).status is Status.HELD
    page = words(anna.get(at(case)))
    assert "Buren: 12" in page
    assert "Jongerenwerkers: 2" in page


@pytest.mark.parametrize("number", ["-1", "veel", "1000", "1,5", "²"])
def test_a_number_is_a_number(anna: Browser, clock: time_machine.Traveller, number: str) -> None:
    case = on_the_way()
    date_it(anna, case, day="23-11-2026", at="13.20")
    clock.move_to(NOON + HOUR / 2)
    back = fill(anna, at(case, "verloop/"), came_neighbours=number)
    assert back.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Vul een heel getal in" in back.text


def test_without_a_date_it_is_asked_first_when_it_was(anna: Browser) -> None:
    case = on_the_way(Status.PLANNED)
    sent = anna.get(at(case, "verloop/"))
    assert sent.headers["Location"].endswith(at(case, "datum/"))


def test_a_conference_that_turns_out_to_be_still_to_come_is_planned_again(anna: Browser) -> None:
    case = on_the_way(Status.HELD)
    date_it(anna, case)
    assert fresh(case).status is Status.PLANNED


def test_what_is_due_next_is_the_large_button(anna: Browser) -> None:
    case = on_the_way(Status.IN_CONVERSATION)

    def due() -> list[str]:
        pages = re.findall(r'class="button" href="[^"]*/(\w+/)"', anna.get(at(case)).text)
        return [page for page in pages if page != "stap/"]

    assert due() == ["gesprek/"]
    fill(anna, at(case, "gesprek/"), question=OPEN)
    assert due() == []
    press(anna, at(case), "We zoeken een coördinator")
    assert due() == ["coordinator/"]
    fill(anna, at(case, "coordinator/"), **SANNE, introduce="no")
    assert due() == ["datum/"]
    date_it(anna, case, day="23-11-2026", at="10.00")
    assert due() == ["verloop/"]
    fill(anna, at(case, "verloop/"), plan="made")
    assert due() == []


# Contact after three months


def test_consent_is_noted_at_the_desk_for_groups_alone(anna: Browser) -> None:
    case = on_the_way()
    assert "Nog niet gevraagd" in anna.get(at(case)).text
    press(anna, at(case), "De aanvrager vindt het goed")
    with connection():
        assert conference.may_ask(fresh(case)) is True
    press(anna, at(case), "De aanvrager wil het niet")
    with connection():
        assert conference.may_ask(fresh(case)) is False
    assert happened(case)[-2:] == [Happening.MAY_ASK, Happening.MAY_NOT_ASK]
    about_a_pupil = on_the_way(kind=Kind.LEARNING, role=Role.RELATIVE)
    assert "Contact na drie maanden" not in anna.get(at(about_a_pupil)).text


def test_who_refuses_while_a_page_is_open_is_not_overruled_by_it_unread(anna: Browser) -> None:
    case = on_the_way()
    (agree,) = (
        controls(form)
        for form in forms(anna.get(at(case)).text)
        if controls(form).get("given") == "yes"
    )
    with connection(), transaction():
        conference.note_consent(case, REQUESTER, NOON, given=False)
    back = anna.post(at(case, "contact-na-drie-maanden/"), data=agree)
    assert back.status_code == HTTPStatus.CONFLICT
    with connection():
        assert conference.may_ask(fresh(case)) is False
    insisted = forms(back.text)[-1]
    anna.post(insisted.get("action"), data=controls(insisted))
    with connection():
        assert conference.may_ask(fresh(case)) is True


def test_who_proposed_it_for_others_is_not_asked_how_their_plan_goes(anna: Browser) -> None:
    case = on_the_way(intent=Intent.PROPOSAL, role=Role.NEIGHBOUR)
    assert "Contact na drie maanden" not in anna.get(at(case)).text
    with connection(), transaction():
        conference.note_consent(case, SOMEBODY, NOON, given=True)
        assert conference.may_ask(fresh(case)) is False


@pytest.fixture
def to_be_called() -> Case:
    """A case whose requester has no mailbox, three months after the conference."""
    case = on_the_way(Status.HELD, email="", answers=(("follow_up", ("yes",)),))
    with connection(), transaction():
        day = conference.Appointment(NOON - 95 * DAY, 120, "")
        conference.set_date(case, day, SOMEBODY, NOON - 95 * DAY)
        followup.note_asked(case, (NOON - 95 * DAY).date(), NOON - DAY, by_phone=True)
        wanted = work.Wanted("Bel", NOON.date(), work.Errand.FOLLOW_UP)
        work.set_task(case, wanted, form_key="k", by=SOMEBODY, now=NOON - DAY)
    return case


def test_what_is_answered_on_the_phone_is_kept_apart_and_the_call_is_done(
    anna: Browser, to_be_called: Case
) -> None:
    page = at(to_be_called, "na-drie-maanden/")
    before = happened(to_be_called)
    answers = {"going": "partly", "helped": "Samen eten", "differently": ""}
    form = controls(forms(anna.get(page).text)[-1]).to_dict()
    for _ in range(2):
        anna.post(page, data={**form, **answers})
    with connection():
        (reply,) = followup.Reply.select()
        (task,) = work.tasks(to_be_called)
    assert (reply.going, reply.helped) == (followup.Going.PARTLY, "Samen eten")
    assert task.done_at
    assert happened(to_be_called) == before
    shown = words(anna.get(at(to_be_called)))
    assert "De vragen zijn beantwoord" in shown
    assert "Samen eten" not in shown


def test_answers_of_nobody_who_is_awaited_are_not_asked(anna: Browser) -> None:
    sent = anna.get(at(on_the_way(), "na-drie-maanden/"))
    assert sent.status_code == HTTPStatus.SEE_OTHER


# For all parts


@pytest.mark.parametrize("part", PARTS)
def test_before_the_sign_of_life_and_after_the_end_nothing_is_written_down(
    anna: Browser, part: str
) -> None:
    waiting, stopped = came_in(), on_the_way()
    with connection(), transaction():
        progress.move(stopped, Status.STOPPED, SOMEBODY, "", NOON)
    token = controls(forms(anna.get(at(waiting)).text)[-1])["csrf_token"]
    for case in (waiting, stopped):
        data = {**EVENING, **SANNE, "introduce": "no", "question": OPEN, "csrf_token": token}
        answer = anna.post(at(case, part), data=data)
        assert answer.status_code == HTTPStatus.CONFLICT
        assert road(case).changed_at is None
    assert letters("coordinator") == []


def test_everything_that_is_done_stands_in_the_trail_and_moves_the_case(
    anna: Browser, clock: time_machine.Traveller
) -> None:
    case = on_the_way()
    clock.move_to(NOON + HOUR / 2)
    anna.get(at(case))
    fill(anna, at(case, "gesprek/"), question=OPEN)
    assert ("changed", case.reference) in trail()
    assert fresh(case).idle_since == NOON + HOUR / 2
    anna.get(at(case, "planblad/"))
    date_it(anna, case)
    anna.get(at(case, "conferentie.ics"))
    assert ("exported", case.reference) in trail()


@pytest.mark.parametrize("part", PARTS)
def test_who_reads_what_a_form_shows_of_a_case_stands_in_the_trail(
    anna: Browser, part: str
) -> None:
    case = on_the_way(answers=(("question", ("Wat helpt?",)), ("coordinator_wishes", ("Bo",))))
    date_it(anna, case)
    before = len(trail())
    token = controls(forms(anna.get(at(case, part)).text)[-1])["csrf_token"]
    assert trail()[before:] == [("looked", case.reference)]
    anna.post(at(case, part), data={"csrf_token": token[1:]})
    assert trail()[before + 1 :] == [("looked", case.reference)]


def test_the_road_can_still_be_told_of_a_case_that_was_rounded_off(anna: Browser) -> None:
    case = on_the_way(Status.HELD)
    with connection(), transaction():
        conference.set_date(case, conference.Appointment(NOON - DAY, 60, ""), SOMEBODY, NOON)
        progress.move(case, Status.CLOSED, SOMEBODY, "", NOON)
    fill(anna, at(case, "verloop/"), plan="made")
    assert road(case).plan is Plan.MADE
    assert (fresh(case).status, fresh(case).stage) == (Status.CLOSED, Stage.ENDED)


# The sheets


def test_the_sheets_bear_the_question_as_agreed(anna: Browser) -> None:
    case = on_the_way()
    fill(anna, at(case, "gesprek/"), question=OPEN)
    for sheet in ("vragenblad/", "planblad/"):
        assert OPEN in words(anna.get(at(case, sheet)))


def test_without_a_question_about_learning_the_three_stand_there(anna: Browser) -> None:
    page = words(anna.get(at(on_the_way(kind=Kind.LEARNING), "vragenblad/")))
    assert "Waar is dit kind goed in?" in page
    assert "Wat wil het leren?" in page


# Its words


@pytest.mark.parametrize("part", [*PARTS, "vragenblad/", "planblad/", ""])
def test_every_page_reads_easily(anna: Browser, part: str) -> None:
    case = on_the_way()
    fill(anna, at(case, "coordinator/"), **SANNE, introduce="no")
    date_it(anna, case, day="22-11-2026")
    page = anna.get(at(case, part))
    assert page.status_code == HTTPStatus.OK
    assert NORMAL.faults(prose(page.text)) == []


@pytest.mark.parametrize("role", [Role.PUPIL, Role.RESIDENT])
def test_every_letter_reads_easily(anna: Browser, role: Role) -> None:
    kind = Kind.LEARNING if role is Role.PUPIL else Kind.COMMUNITY
    case = on_the_way(kind=kind, role=role, intent=Intent.REQUEST)
    fill(anna, at(case, "coordinator/"), **SANNE, introduce="yes")
    date_it(anna, case)
    fill(anna, at(case, "coordinator/"), **BRAM, introduce="no")
    press(anna, at(case, "datum/vervalt/"), "Ja, deze dag vervalt")
    for name in ("introduction", "coordinator", "relieved", "called_off"):
        gate = PUPIL if (role, name) == (Role.PUPIL, "introduction") else NORMAL
        assert gate.faults(own_words(letters(name)[-1].body)) == [], name


def own_words(body: str) -> str:
    lines = [line for line in body.splitlines() if not re.match(r"[A-Z][a-z-]*:|http", line)]
    return re.sub(r"(?<!\n)\n(?!\n)", " ", "\n".join(lines))


def test_a_name_with_odd_signs_is_shown_as_what_it_is(anna: Browser) -> None:
    case = on_the_way()
    fill(anna, at(case, "coordinator/"), **{**SANNE, "name": "Sanne\u202e Visser"}, introduce="no")
    assert "⟦U+202E⟧" in anna.get(at(case)).text


@pytest.fixture
def planned(anna: Browser) -> Callable[[], Case]:
    def make() -> Case:
        case = on_the_way()
        with connection(), transaction():
            conference.appoint_coordinator(case, Coordinator("Bo", "", ""), SOMEBODY, NOON)
        date_it(anna, case)
        return case

    return make


def test_a_coordinator_without_an_address_costs_nobody_a_letter(
    anna: Browser, planned: Callable[[], Case]
) -> None:
    case = planned()
    assert letters("coordinator") == []
    assert "Bel om de dag door te geven" in anna.get(at(case, "datum/")).text
