"""The page of a case shows the truth, in order, to whom it concerns; nothing happens by looking."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import html5lib
import pytest
import time_machine
from flask import Flask
from werkzeug.test import TestResponse

from portal.cases import progress, register, work
from portal.cases.case import Intent, Kind, Role, Stage, Status, Submission
from portal.cases.life import ENDED, MOVES
from portal.cases.register import Case, Event, history
from portal.cases.work import Note, Task
from portal.casework import sessions
from portal.casework.dossier import mail_link, phone_link
from portal.database import connection, database, transaction
from portal.delivery.letters import Envelope, Text
from portal.delivery.outbox import Letter, State, post
from portal.web import wording
from tests.casework.desk_app import DESK, SOMEBODY, at, came_in, fill, fresh, press, trail
from tests.casework.staff_house import House, bring
from tests.conftest import NOON
from tests.databases import somebody_writing
from tests.portal_app import Browser, controls, forms, letters, sent_by

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TYPED = "Eerste regel <b>&amp;\n\n  tweede “regel”"
PAGES = ["notitie/", "taak/", "stap/", "overdragen/"]
BUTTONS = ["oppakken/", "inlichten/", "taak/{task}/klaar/", "brief/{letter}/opnieuw/"]
BUTTONS.append("brief/{letter}/laten/")


def move(case: Case, *states: Status) -> Case:
    with connection(), transaction():
        case = Case.get_by_id(case.id)
        progress.acknowledge(case, SOMEBODY, NOON - HOUR)
        for status in states:
            progress.move(case, status, SOMEBODY, "", NOON - HOUR)
    return case


def letter_about(case: Case, state: State, answer: str = "250 ok") -> str:
    with connection():
        to = Envelope("utrecht@example.org", None, "info@example.org", case.reference)
        made = Letter.get_by_id(post("intake", Text("Nieuw", "x"), to, NOON, "a@example.org"))
        made.state, made.attempts, made.last_answer = state, 1, answer
        made.sent_at = NOON if state is State.SENT else None
        made.save()
        return str(made.id)


def task_for(case: Case, text: str = "bel") -> str:
    with connection():
        wanted = work.Wanted(text, NOON.date())
        work.set_task(case, wanted, form_key="k", by=SOMEBODY, now=NOON)
        return str(work.tasks(case)[0].id)


def add(case: Case, **said: Any) -> None:
    whole = {"name": case.name, "email": case.email, "phone": case.phone, "answers": ()} | said
    later = Submission("k", case.kind, case.intent, case.role, "", "", **whole)
    with connection(), transaction():
        register.add(case, later, NOON)


def counts() -> list[int]:
    with connection():
        return [table.select().count() for table in (Case, Event, Note, Task, Letter)]


def words(answer: TestResponse) -> str:
    """What can be read in <main>, white space aside."""
    main = html5lib.parse(answer.text, namespaceHTMLElements=False).find(".//main")
    assert main is not None
    return " ".join("".join(main.itertext()).split())


# What it shows


def test_first_whether_they_know_then_how_to_reach_them_then_what_to_do_then_the_story(
    anna: Browser,
) -> None:
    said = (
        ("call_when", ("na vijven",)),
        ("voicemail", ("no",)),
        ("they_know", ("do not know",)),
        ("setting", ("street",)),
        ("story", ("ruzie over een schutting",)),
        ("question", ("hoe verder?",)),
        ("safety", ("bel niet naar huis",)),
    )
    case = came_in(kind=Kind.COMMUNITY, intent=Intent.PROPOSAL, role=Role.NEIGHBOUR, answers=said)
    add(case, answers=(("addition", ("nog iets",)),))
    text = words(anna.get(at(case)))
    in_order = [
        *("Weten en willen de betrokkenen het?", "Nee, nog niet", "06 12 34 56 78"),
        *(
            "noor@example.org",
            "na vijven",
            "Bericht inspreken mag",
            "bel niet naar huis",
            "Ik pak dit op",
        ),
        *("In een straat, buurt of wijk", "ruzie over een schutting", "hoe verder?"),
        *("nog iets", "Notities", "Wat er is gebeurd", "Binnengekomen", "Aangevuld", "Brieven"),
    ]
    places = [text.find(word) for word in in_order]
    assert -1 not in places
    assert places == sorted(places)
    assert text.count("bel niet naar huis") == text.count("na vijven") == 1


def test_the_answers_stand_in_the_order_of_the_form(anna: Browser) -> None:
    names = ["place", "reasons", "good_at", "wants_to_learn", "how", "coordinator_wishes"]
    for order in (names, names[::-1]):
        answers = tuple((name, (f"antwoord {name}",)) for name in order)
        text = words(anna.get(at(came_in(answers=answers))))
        places = [text.index(f"antwoord {name}") for name in order]
        assert places == sorted(places)


def test_every_answer_that_a_form_can_hold_is_shown(anna: Browser) -> None:
    answers = tuple((name, (f"antwoord-{name}",)) for name in sorted(wording.ANSWERS))
    text = anna.get(at(came_in(answers=(*answers, ("uit een ouder formulier", ("wel",)))))).text
    missing = [name for name, values in answers if values[0] not in text]
    # Only one of the two is asked in any form.
    assert missing == ["they_know"]
    assert "uit een ouder formulier" in text


def test_who_can_be_called_and_mailed_is_a_touch_away(anna: Browser) -> None:
    text = anna.get(at(came_in())).text
    assert 'href="tel:0612345678"' in text
    assert 'href="mailto:noor@example.org"' in text
    without = anna.get(at(came_in(email="", phone=""))).text
    assert "mailto:" not in without[: without.index("</main>")]
    assert without.count("Niet ingevuld") >= 2


@pytest.mark.parametrize(
    ("typed", "link"),
    [
        ("+31 6 12-34(56)78", "tel:+31612345678"),
        ("０６１２３４５６７８", "tel:0612345678"),
        ("06;ext=1", "tel:061"),
        ("", ""),
    ],
)
def test_a_number_is_dialled_by_its_digits_alone(typed: str, link: str) -> None:
    assert phone_link(typed) == link


@pytest.mark.parametrize(
    ("typed", "link"),
    [
        ("a?bcc=evil@example.net", "mailto:a%3Fbcc%3Devil@example.net"),
        ("a&body=x@example.org", "mailto:a%26body%3Dx@example.org"),
        ('"a b"@example.org', "mailto:%22a%20b%22@example.org"),
        ("javascript:alert(1)@x", "mailto:javascript%3Aalert%281%29@x"),
        ("", ""),
    ],
)
def test_an_address_adds_nothing_to_the_letter_that_is_written_to_it(typed: str, link: str) -> None:
    assert mail_link(typed) == link


def test_signs_that_deceive_the_eye_are_shown_and_explained(anna: Browser) -> None:
    text = anna.get(at(came_in(name="Noor\u202eabc", answers=(("story", ("p\u0430ypal",)),)))).text
    assert '<mark class="sign">⟦U+202E⟧</mark>' in text
    assert 'p\u0430<mark class="sign">⟦U+0430⟧</mark>ypal' in text
    assert "\u202e" not in text
    assert "een onzichtbaar teken dat de leesrichting omkeert" in text
    assert "vreemde tekens" not in anna.get(at(came_in(name="Noor 👩‍👩‍👧 Şahin"))).text


@pytest.mark.parametrize(
    "name", ["\ud800", "a\x00b", "é\u0301" * 500, "שלום", "\U0001f468\u200d", "\u0000", "ﷺ" * 90]
)
def test_no_text_whatever_keeps_a_page_from_being_shown(anna: Browser, name: str) -> None:
    case = came_in(name=name, answers=(("story", (name,)),))
    assert anna.get(at(case)).status_code == anna.get(DESK).status_code == HTTPStatus.OK


def test_a_letter_stands_there_with_its_true_state_and_the_mail_servers_words(
    anna: Browser,
) -> None:
    case, other = came_in(), came_in()
    letter_about(case, State.STUCK, "550 <script>alert(1)</script> onbekend")
    letter_about(case, State.SENT, "250 2.0.0 aangenomen")
    letter_about(other, State.STUCK, "551 van een ander")
    answer = anna.get(at(case))
    text = words(answer)
    assert "550 <script>alert(1)</script> onbekend" in text
    assert "niet bezorgd" in text
    assert "aangenomen door de mailserver, 23 november 2026, 13:00" in text
    assert "van een ander" not in text
    assert text.count("Verstuur opnieuw") == 1
    assert "<script>alert" not in answer.text


def test_history_says_who_did_what_when_and_why(house: House, anna: Browser) -> None:
    case = came_in()
    press(anna, at(case), "Ik pak dit op")
    fill(anna, at(case, "stap/"), status="stopped", reason="geen behoefte meer")
    text = words(anna.get(at(case)))
    assert "Binnengekomen 23 november 2026, 12:00, de aanvrager" in text
    assert "Opgepakt 23 november 2026, 13:00, Regiomanager Utrecht (voorbeeld)" in text
    assert "Gestopt 23 november 2026, 13:00, Regiomanager Utrecht (voorbeeld) geen behoefte" in text


def test_the_title_holds_nothing_that_anybody_typed(anna: Browser) -> None:
    case = came_in(name="Kanarie", answers=(("story", ("Kanarie",)),))
    add(case, answers=(("addition", ("Kanarie",)),))
    for page in ("", *PAGES):
        title = re.findall("<title>(.*)</title>", anna.get(at(case, page)).text)[0]
        assert case.reference in title
        assert "kanarie" not in title.lower()


def test_looking_changes_nothing_and_is_written_down(anna: Browser) -> None:
    case = came_in()
    before = counts()
    for _ in range(5):
        anna.get(at(case))
        anna.head(at(case))
        for page in PAGES:
            anna.get(at(case, page))
            anna.head(at(case, page))
    assert counts() == before
    assert fresh(case).stage is Stage.AWAITING
    assert set(trail()) == {("looked", case.reference)}


# Only theirs


def everything_of(case: Case) -> list[str]:
    parts = {"task": task_for(case), "letter": letter_about(case, State.STUCK)}
    return ["", *PAGES, *(button.format(**parts) for button in BUTTONS)]


def test_another_regions_case_is_as_unknown_as_one_that_is_not_there(house: House) -> None:
    case = came_in()
    pages, browser = everything_of(case), house.signed_in("b")
    before = counts()
    for page in pages:
        for unknown in (at(case, page), f"/beheer/zaak/EK-0000-0000-0000/{page}"):
            form = {"text": "x", "region": "drenthe", "status": "stopped", "reason": "x"}
            answers = [browser.post(unknown, data=form)] if page else []
            if page in PAGES or not page:
                answers.append(browser.get(unknown))
            assert {answer.status_code for answer in answers} == {HTTPStatus.NOT_FOUND}
            assert not [answer for answer in answers if case.reference in answer.text]
    assert browser.get(at(case)).text == browser.get("/beheer/zaak/EK-0000-0000-0000/").text
    assert counts() == before
    assert {what for what, _ in trail()} == {"refused"}
    assert {subject for _, subject in trail()} == {case.reference, "EK-0000-0000-0000"}


def test_what_is_typed_in_an_address_does_not_get_into_the_trail(anna: Browser) -> None:
    assert anna.get("/beheer/zaak/Noor van Dijk/").status_code == HTTPStatus.NOT_FOUND
    assert trail() == [("refused", "case.show")]


def test_a_task_or_letter_of_another_case_is_not_there(anna: Browser) -> None:
    mine, other = came_in(), came_in()
    task, letter = task_for(other), letter_about(other, State.STUCK)
    token = {"csrf_token": sent_by(anna.get(at(mine, "notitie/")).text)["csrf_token"]}
    for page in (f"taak/{task}/klaar/", f"brief/{letter}/opnieuw/", f"brief/{letter}/laten/"):
        answer = anna.post(at(mine, page), data=token)
        assert answer.status_code == HTTPStatus.NOT_FOUND
    with connection():
        assert Task.get_by_id(task).done_at is None
        assert Letter.get_by_id(letter).state is State.STUCK
    assert [line for line in trail() if line[0] != "looked"] == [("refused", mine.reference)] * 3


def test_a_manager_is_not_shown_how_to_open_a_case_again_and_cannot(
    anna: Browser, desk: Browser
) -> None:
    case = move(came_in(), Status.STOPPED)
    assert "weer openen" not in words(anna.get(at(case)))
    assert "weer openen" in words(desk.get(at(case)))
    assert anna.get(at(case, "heropenen/")).status_code == HTTPStatus.NOT_FOUND
    assert fill(desk, at(case, "heropenen/"), reason="toch").location == at(case)
    assert fresh(case).stage is Stage.AWAITING


def test_what_a_form_does_not_ask_is_not_taken(anna: Browser) -> None:
    case = came_in()
    more = {"region": "zeeland", "name": "X", "by": "iemand", "function": "X", "stage": "ended"}
    more |= {"received_at": "2020-01-01", "at": "2020-01-01", "errand": "inform", "id": "x" * 32}
    press(anna, at(case), "Ik pak dit op", **more)
    fill(anna, at(case, "notitie/"), text="gebeld", **more)
    fill(anna, at(case, "taak/"), text="bel", due_on="2026-12-01", **more)
    fill(anna, at(case, "stap/"), **more, status="in conversation")
    now = fresh(case)
    assert (now.region, now.name, now.received_at) == ("utrecht", "Noor", case.received_at)
    with connection():
        (note,), (task,) = Note.select(), Task.select()
        assert {e.by for e in history(now)} == {"", note.by} == {"", task.by}
        assert note.function == "Regiomanager Utrecht (voorbeeld)"
        assert (task.errand.value, task.at) == ("own", NOON)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_no_other_method_opens_a_page_of_a_case(anna: Browser, method: str) -> None:
    case = came_in()
    for page in everything_of(case):
        answer = anna.open(at(case, page), method=method)
        assert answer.status_code == HTTPStatus.METHOD_NOT_ALLOWED
        assert "Allow" in answer.headers


# What can be done


def test_a_case_is_picked_up_by_the_button_and_once(anna: Browser, desk: Browser) -> None:
    case = came_in()
    answer = press(anna, at(case), "Ik pak dit op")
    assert (answer.status_code, answer.location) == (HTTPStatus.SEE_OTHER, at(case))
    page = anna.get(at(case))
    assert "U hebt dit opgepakt." in words(page)
    assert "Ik pak dit op" not in words(page)
    token = sent_by(desk.get(at(case, "notitie/")).text)["csrf_token"]
    assert desk.post(at(case, "oppakken/"), data={"csrf_token": token}).location == at(case)
    with connection():
        assert len(history(case)) == 2
    assert [line for line in trail() if line[0] == "changed"] == [("changed", case.reference)]


def test_the_whole_road_is_walked_by_the_button_that_stands_first(anna: Browser) -> None:
    case = came_in()
    press(anna, at(case), "Ik pak dit op")
    for status in ("in conversation", "coordinator sought", "planned", "held"):
        press(anna, at(case), wording.STEPS[status])
        assert fresh(case).status == status
    assert "Alles is afgerond" not in words(anna.get(at(case)))  # an end is not one touch away
    fill(anna, at(case, "stap/"), status="closed")
    assert fresh(case).stage is Stage.ENDED


@pytest.mark.parametrize("status", Status)
def test_just_what_the_life_of_a_case_allows_is_on_offer_and_taken(
    anna: Browser, status: Status
) -> None:
    case = move(came_in())
    stage = Stage.ENDED if status in ENDED else Stage.UNDER_WAY
    with connection():
        Case.update(status=status, stage=stage).execute()
    page = anna.get(at(case, "stap/")).text
    assert set(re.findall('name="status" type="radio" value="([^"]*)"', page)) == set(MOVES[status])
    for to in set(Status) - set(MOVES[status]) - {status}:
        answer = fill(anna, at(case, "stap/"), status=to.value, reason="x")
        assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert fresh(case).status is status


def test_before_the_sign_of_life_only_an_end_is_on_offer(anna: Browser) -> None:
    page = anna.get(at(came_in(), "stap/")).text
    offered = set(re.findall('name="status" type="radio" value="([^"]*)"', page))
    assert offered == {"stopped", "referred elsewhere", "withdrawn"}


def test_an_end_that_somebody_may_ask_about_needs_a_reason(anna: Browser) -> None:
    case = came_in()
    answer = fill(anna, at(case, "stap/"), status="stopped")
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert 'href="#reason"' in answer.text
    assert fill(anna, at(case, "stap/"), status="withdrawn").location == at(case)


def test_a_step_on_a_page_that_is_no_longer_true_is_asked_again_with_the_text_kept(
    anna: Browser, desk: Browser
) -> None:
    case = move(came_in())
    (form,) = (f for f in forms(anna.get(at(case, "stap/")).text) if "stap" in f.get("action"))
    press(desk, at(case), wording.STEPS["in conversation"])
    data = {**controls(form).to_dict(), "status": "stopped", "reason": TYPED}
    answer = anna.post(at(case, "stap/"), data=data)
    assert answer.status_code == HTTPStatus.CONFLICT
    assert sent_by(answer.text)["reason"] == TYPED
    assert sent_by(answer.text)["seen"] == "in conversation"
    assert fresh(case).status is Status.IN_CONVERSATION
    again = {**sent_by(answer.text).to_dict(), "status": "stopped"}
    assert anna.post(at(case, "stap/"), data=again).location == at(case)


def test_a_step_that_is_no_longer_on_offer_is_not_called_a_mistake(
    anna: Browser, desk: Browser
) -> None:
    case = move(came_in())
    data = sent_by(anna.get(at(case, "stap/")).text).to_dict()
    fill(desk, at(case, "stap/"), status="stopped", reason="klaar")
    answer = anna.post(at(case, "stap/"), data=data | {"status": "in conversation"})
    assert answer.status_code == HTTPStatus.CONFLICT
    assert "Er is intussen iets veranderd" in answer.text


def twice(browser: Browser, page: str, **answers: str) -> list[TestResponse]:
    """Send a form two times, as two clicks do."""
    form = forms(browser.get(page).text)[-1]
    data = {**controls(form).to_dict(), **answers}
    return [browser.post(page, data=data) for _ in range(2)]


@pytest.mark.parametrize(
    ("page", "answers"),
    [
        ("notitie/", {"text": "gebeld"}),
        ("taak/", {"text": "bel", "due_on": "2026-12-01"}),
        ("stap/", {"status": "in conversation"}),
        ("stap/", {"status": "stopped", "reason": "klaar"}),
        ("overdragen/", {"region": "drenthe", "reason": "verhuisd"}),
    ],
)
def test_two_clicks_do_what_one_does(anna: Browser, page: str, answers: dict[str, str]) -> None:
    case = move(came_in())
    first, second = twice(anna, at(case, page), **answers)
    assert first.status_code == second.status_code == HTTPStatus.SEE_OTHER
    assert first.location == second.location
    with connection():
        rows = Note.select().count() + Task.select().count() + len(history(case)) - 2
    assert rows == 1
    assert [line for line in trail() if line[0] == "changed"] == [("changed", case.reference)]


def test_who_passes_a_case_on_is_told_so_and_sees_it_no_more(house: House, anna: Browser) -> None:
    case = came_in()
    answer = fill(anna, at(case, "overdragen/"), region="zeeland", reason="verhuisd")
    assert answer.location == DESK
    assert "Het is overgedragen." in words(anna.get(DESK))
    assert anna.get(at(case)).status_code == HTTPStatus.NOT_FOUND
    page = words(house.signed_in("b").get(at(case)))
    assert "Overgedragen aan Zeeland" in page
    assert "verhuisd" in page
    assert len(letters("moved_to_you")) == len(letters("passed_on")) == 1


def test_the_national_desk_still_sees_what_it_passed_on(desk: Browser) -> None:
    case = came_in(region="landelijk")
    page = desk.get(at(case, "overdragen/")).text
    assert 'value="landelijk"' not in page
    assert page.count('type="radio"') == 12
    answer = fill(desk, at(case, "overdragen/"), region="zeeland", reason="verhuisd")
    assert answer.location == at(case)


def test_who_gave_no_address_is_to_be_called(anna: Browser) -> None:
    assert "Bel zelf nog even" in words(anna.get(at(came_in(email=""), "overdragen/")))
    assert "Bel zelf nog even" not in words(anna.get(at(came_in(), "overdragen/")))


def test_a_proposal_asks_to_think_of_those_it_is_about(anna: Browser) -> None:
    case = came_in(intent=Intent.PROPOSAL, role=Role.NEIGHBOUR)
    assert "Een buitenstaander schreef dit." in words(anna.get(at(case)))
    press(anna, at(case), "Zet dat bij de taken")
    page = words(anna.get(at(case)))
    assert "Een buitenstaander schreef dit." not in page
    assert wording.INFORM in page
    assert "Voor 23 december 2026" in page
    press(anna, at(case), "Klaar")
    assert "Klaar op 23 november 2026" in words(anna.get(at(case)))


def test_a_stuck_letter_goes_again_at_a_click(anna: Browser) -> None:
    case = came_in()
    letter = letter_about(case, State.STUCK, "550 vol")
    assert press(anna, at(case), "Verstuur opnieuw").location == at(case)
    with connection():
        assert Letter.get_by_id(letter).state is State.QUEUED
    assert "staat klaar" in words(anna.get(at(case)))


def test_a_stuck_letter_is_set_aside_at_a_click_and_the_page_says_by_whom_and_when(
    anna: Browser,
) -> None:
    case = came_in()
    letter = letter_about(case, State.STUCK, "550 vol")
    before = forms(anna.get(at(case)).text)
    assert press(anna, at(case), "Laat deze brief liggen").location == at(case)
    page = words(anna.get(at(case)))
    aside = "niet bezorgd, en blijft liggen, 23 november 2026, 13:00, Regiomanager Utrecht"
    assert aside in page
    assert "550 vol" in page
    assert "Laat deze brief liggen" not in page
    assert trail().count(("changed", case.reference)) == 1
    again = next(form for form in before if "laten" in (form.get("action") or ""))
    assert anna.post(again.get("action"), data=sent_by(anna.get(at(case)).text)).location
    assert trail().count(("changed", case.reference)) == 1
    press(anna, at(case), "Verstuur opnieuw")
    with connection():
        assert Letter.get_by_id(letter).state is State.QUEUED
    assert "blijft liggen, " not in words(anna.get(at(case)))


# What goes wrong costs nobody their text


@pytest.mark.parametrize("page", PAGES)
def test_an_empty_form_comes_back_with_links_to_what_is_missing(anna: Browser, page: str) -> None:
    case = came_in()
    before = counts()
    answer = fill(anna, at(case, page))
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "<title>Fout: " in answer.text
    tree = html5lib.parse(answer.text, namespaceHTMLElements=False)
    ids = {node.get("id") for node in tree.iter()}
    links = re.findall('<li><a href="#([^"]+)">', answer.text)
    assert links
    assert set(links) <= ids
    assert counts() == before


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("", "Vul een datum in"),
        ("morgen", "Vul een datum in"),
        ("31-2-2027", "Vul een datum in"),
        ("2026-13-01", "Vul een datum in"),
        ("22-11-2026", "Kies vandaag of een latere dag"),
        ("0202-12-01", "Kies vandaag of een latere dag"),
    ],
)
def test_a_day_that_will_not_do_comes_back_as_it_was_typed(
    anna: Browser, typed: str, told: str
) -> None:
    answer = fill(anna, at(came_in(), "taak/"), text="bel", due_on=typed)
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert told in answer.text
    assert sent_by(answer.text)["due_on"] == typed
    assert 'href="#due_on"' in answer.text


@pytest.mark.parametrize("typed", ["2026-12-03", "3-12-2026", "3/12/2026", " 03.12.2026 "])
def test_a_day_may_be_written_as_people_do(anna: Browser, typed: str) -> None:
    fill(anna, at(came_in(), "taak/"), text="bel", due_on=typed)
    with connection():
        assert Task.get().due_on.isoformat() == "2026-12-03"


FULL = {
    "notitie/": {"text": TYPED},
    "taak/": {"text": "bel <b>&amp;", "due_on": "2026-12-01"},
    "stap/": {"status": "stopped", "reason": TYPED},
    "overdragen/": {"region": "zeeland", "reason": TYPED},
}


@pytest.mark.parametrize("page", FULL)
@pytest.mark.parametrize("token", ["", "x", "another's"])
def test_a_form_that_is_not_surely_ours_writes_nothing_and_comes_back_with_its_text(
    house: House, anna: Browser, page: str, token: str
) -> None:
    case = came_in()
    if token == "another's":
        token = sent_by(house.signed_in("desk").get(at(case, page)).text)["csrf_token"]
    before = counts()
    answer = fill(anna, at(case, page), **FULL[page], csrf_token=token)
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Probeer het nog een keer" in answer.text
    kept = sent_by(answer.text)
    assert {name: kept.get(name) for name in FULL[page]} == FULL[page]
    assert counts() == before
    again = {**kept.to_dict(), **FULL[page]}
    assert anna.post(at(case, page), data=again).status_code == HTTPStatus.SEE_OTHER


def test_a_form_a_day_old_comes_back_with_its_text(
    house: House, anna: Browser, clock: time_machine.Traveller
) -> None:
    case = came_in()
    old = sent_by(anna.get(at(case, "notitie/")).text).to_dict()
    clock.shift(timedelta(hours=25))
    # Signed in anew since, in the same browser.
    with connection(), transaction():
        bring(anna, sessions.begin(house.staff["a"], "", NOON + timedelta(hours=25)))
    answer = anna.post(at(case, "notitie/"), data=old | {"text": TYPED})
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert sent_by(answer.text)["text"] == TYPED


def test_what_was_typed_when_the_session_had_ended_is_given_back(
    anna: Browser, clock: time_machine.Traveller
) -> None:
    case = came_in()
    data = sent_by(anna.get(at(case, "notitie/")).text).to_dict() | {"text": "Gebeld"}
    clock.shift(timedelta(hours=2))
    answer = anna.post(at(case, "notitie/"), data=data)
    assert answer.status_code == HTTPStatus.FORBIDDEN
    assert "Gebeld" in answer.text
    assert "De tekst" in answer.text
    assert counts()[2] == 0


@pytest.mark.parametrize("button", BUTTONS)
def test_a_button_whose_token_is_too_old_comes_back_by_itself(anna: Browser, button: str) -> None:
    case = came_in()
    page = button.format(task=task_for(case), letter=letter_about(case, State.STUCK))
    answer = anna.post(at(case, page), data={})
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "noor@example.org" not in answer.text
    done = anna.post(forms(answer.text)[-1].get("action"), data=sent_by(answer.text))
    assert (done.status_code, done.location) == (HTTPStatus.SEE_OTHER, at(case))


@contextmanager
def locked(app: Flask) -> Iterator[None]:
    """Another program holds the database for longer than anybody waits."""
    with somebody_writing(app.config["PORTAL"].database_url):
        yield


@pytest.mark.parametrize("page", FULL)
def test_a_locked_database_keeps_the_text_and_writes_nothing(
    house: House, anna: Browser, page: str
) -> None:
    case = came_in()
    data = {**sent_by(anna.get(at(case, page)).text).to_dict(), **FULL[page]}
    before = counts()
    with locked(house.app):
        answer = anna.post(at(case, page), data=data)
    assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert "Dit lukt nu niet" in answer.text
    kept = sent_by(answer.text)
    assert {name: kept.get(name) for name in FULL[page]} == FULL[page]
    assert counts() == before
    assert anna.post(at(case, page), data=data).status_code == HTTPStatus.SEE_OTHER


def test_a_locked_database_does_not_hide_how_to_reach_the_requester(
    house: House, anna: Browser
) -> None:
    case = came_in()
    with locked(house.app):
        assert "noor@example.org" in anna.get(at(case)).text


@pytest.mark.parametrize("page", FULL)
def test_a_database_that_cannot_be_read_gives_back_what_was_typed(anna: Browser, page: str) -> None:
    case = came_in()
    data = {**sent_by(anna.get(at(case, page)).text).to_dict(), **FULL[page]}
    with connection():
        database.execute_sql('ALTER TABLE "case" RENAME TO "gone"')
    answer = anna.post(at(case, page), data=data)
    assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    areas = re.findall(r"<textarea[^>]*>\n(.*?)</textarea>", answer.text, re.DOTALL)
    typed = [text for name, text in FULL[page].items() if name in {"text", "due_on", "reason"}]
    assert len(areas) == len(typed)
    assert "Naar alle aanvragen" in answer.text


Change = Callable[[Browser, Case], TestResponse]

CHANGES: dict[str, Change] = {
    "acknowledge": lambda b, c: press(b, at(c), "Ik pak dit op"),
    "note": lambda b, c: fill(b, at(c, "notitie/"), text="x"),
    "task": lambda b, c: fill(b, at(c, "taak/"), text="x", due_on="2026-12-01"),
    "inform": lambda b, c: press(b, at(c), "Taak: iemand anders inlichten"),
    "move": lambda b, c: fill(b, at(c, "stap/"), status="withdrawn"),
    "pass on": lambda b, c: fill(b, at(c, "overdragen/"), region="drenthe", reason="x"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_is_written_down_once(anna: Browser, change: str) -> None:
    case = came_in()
    assert CHANGES[change](anna, case).status_code == HTTPStatus.SEE_OTHER
    assert [line for line in trail() if line[0] == "changed"] == [("changed", case.reference)]


# When it is forgotten


def test_a_case_that_ended_tells_on_which_day_it_is_forgotten(anna: Browser) -> None:
    case = move(came_in(), Status.STOPPED)
    assert "Op 21 december 2026 wordt alles hierover gewist" in words(anna.get(at(case)))
    with connection(), transaction():
        work.write_note(case, "Gebeld", "k", SOMEBODY, NOON + 3 * DAY)
        progress.touch(Case.get_by_id(case.id), NOON + 3 * DAY)
    assert "Op 24 december 2026 wordt alles hierover gewist" in words(anna.get(at(case)))
    for running in (came_in(), move(came_in())):
        assert "gewist" not in words(anna.get(at(running)))


def test_a_case_that_a_letter_keeps_says_why_it_is_still_there(
    anna: Browser, clock: time_machine.Traveller, house: House
) -> None:
    case = move(came_in(), Status.STOPPED)
    letter_about(case, State.STUCK)
    clock.move_to(NOON + 29 * DAY)
    page = words(house.signed_in("a").get(at(case)))
    assert "De bewaartijd is voorbij. Alles wordt gewist zodra elke brief hierover is" in page
