"""Where the letter leads: three questions, answered once, or no more contact at all."""

import logging
import re
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path
from threading import Barrier
from typing import Any

import html5lib
import pytest
import time_machine
from werkzeug.test import TestResponse

from portal.aftercare.asking import follow_up
from portal.cases import conference, followup
from portal.cases.case import Status
from portal.cases.followup import FollowUp, Going, Reply, Standing, Told
from portal.cases.register import Case, Event
from portal.config import Config
from portal.database import connection, database, settle, transaction
from portal.web import wording
from tests.aftercare.afterwards import DAY, appoint, asked, at, consent, held, move, path_in
from tests.aftercare.conftest import DUE, THEN
from tests.casework.waiting import current
from tests.databases import allow, on_disk, raw, refuse, somebody_writing, url_in
from tests.intake.walking import SUSPECT, everywhere, stranger_to
from tests.language import NORMAL, prose
from tests.own_door import JE, U
from tests.portal_app import PHONE, Browser, error_of, forms, sent_by

ANSWERS = {"going": "partly", "helped": "Samen eten", "differently": "Eerder beginnen"}
TABLES = ("case", "conference", "event", "follow_up", "letter", "reply", "task", "token")


def link(number: int = -1) -> str:
    return path_in(asked()[number])


def rows() -> dict[str, Any]:
    """All that the database holds of these tables, as it is on disk."""
    with connection():
        found = {t: database.execute_sql(f'SELECT * FROM "{t}"').fetchall() for t in TABLES}  # noqa: S608
    return {table: sorted(map(repr, lines)) for table, lines in found.items()}


def replies() -> list[Reply]:
    with connection():
        return list(Reply.select())


def answer(browser: Browser, **other: str) -> TestResponse:
    return browser.submit(link(), ANSWERS | other)


def text(page: TestResponse) -> str:
    return " ".join(re.sub("<[^>]*>", " ", page.text[page.text.index("<main") :]).split())


# Looking


@pytest.mark.parametrize("page", ["", "stop/"])
def test_a_mail_scanner_that_follows_the_links_changes_nothing(
    visitor: Browser, case: Case, page: str
) -> None:
    before = rows()
    for _ in range(5):
        for look in (visitor.get, visitor.head):
            answer = look(link() + page)
            assert answer.status_code == HTTPStatus.OK
            assert answer.headers["Cache-Control"] == "no-store"
            assert answer.headers["Referrer-Policy"] == "same-origin"
    assert rows() == before
    assert 'name="robots" content="noindex"' in visitor.get(link() + page).text


def test_the_page_tells_nothing_of_the_case(visitor: Browser, case: Case) -> None:
    for page in ("", "stop/"):
        shown = visitor.get(link() + page).text
        assert "Noor" not in shown
        assert case.reference not in shown


@pytest.mark.parametrize("secret", ["x", "0" * 64, "A" * 3000, "%00" * 64, "<script>"])
@pytest.mark.parametrize("page", ["", "stop/"])
def test_a_link_that_never_was_says_what_to_do(visitor: Browser, secret: str, page: str) -> None:
    path = f"/na-drie-maanden/{secret}/{page}"
    for answer in (visitor.get(path), visitor.head(path), visitor.post(path)):
        assert answer.status_code == HTTPStatus.NOT_FOUND
    assert PHONE in visitor.get(path).text
    assert 'href="/mijn-aanvraag/"' in visitor.get(path).text


def test_a_link_is_good_until_the_case_is_forgotten_and_not_a_moment_longer(
    visitor: Browser, case: Case, clock: time_machine.Traveller
) -> None:
    with connection():
        last = [
            followup.standing(case, at(*m))
            for m in (("2027-03-22", "23:59"), ("2027-03-23", "00:00"))
        ]
    assert last == [Standing.AWAITED, Standing.NOT_NOW]
    clock.move_to(at("2027-03-22", "23:59"))
    assert visitor.get(link()).status_code == HTTPStatus.OK
    form = visitor.unfilled(link()).to_dict() | ANSWERS
    clock.move_to(at("2027-03-23", "00:00"))
    for answer in (visitor.get(link()), visitor.post(link(), data=form)):
        assert answer.status_code == HTTPStatus.NOT_FOUND
        assert PHONE in answer.text
    assert replies() == []


# Answering


def test_an_answer_is_kept_under_a_pseudonym_and_in_months(visitor: Browser, case: Case) -> None:
    sent = answer(visitor)
    assert sent.status_code == HTTPStatus.SEE_OTHER
    assert "Dank u wel" in visitor.page(sent.location).text
    (reply,) = replies()
    assert (reply.going, reply.helped, reply.differently) == (
        Going.PARTLY,
        "Samen eten",
        "Eerder beginnen",
    )
    assert (reply.kind, reply.region) == (case.kind, "drenthe")
    assert (reply.held_in, reply.answered_in) == ("2026-11", "2027-02")
    told = followup.of(case)
    assert told
    assert (told.answered_at, told.pseudonym) == (at(DUE, "12:00"), reply.id)


def test_the_month_of_an_answer_is_that_of_the_netherlands(
    visitor: Browser, case: Case, clock: time_machine.Traveller
) -> None:
    clock.move_to(at("2027-03-01", "00:30"))
    answer(visitor)
    assert replies()[0].answered_in == "2027-03"


@pytest.mark.parametrize("going", list(Going))
def test_each_answer_can_be_chosen_and_the_rest_may_stay_empty(
    visitor: Browser, case: Case, going: Going
) -> None:
    assert {value for value, _ in wording.GOING} == set(Going)
    answer(visitor, going=going, helped="", differently="")
    (reply,) = replies()
    assert (reply.going, reply.helped, reply.differently) == (going, None, None)


def test_an_answer_leaves_no_trace_in_what_befell_the_case(visitor: Browser, case: Case) -> None:
    with connection():
        before = Event.select().count()
    answer(visitor)
    with connection():
        assert Event.select().count() == before
        assert Case.get().idle_since == case.idle_since


def test_who_sends_twice_has_answered_once_and_is_told_so(visitor: Browser, case: Case) -> None:
    form = visitor.unfilled(link()).to_dict() | ANSWERS
    first = visitor.post(link(), data=form)
    before = rows()
    second = visitor.post(link(), data=form | {"going": "not"})
    assert first.status_code == HTTPStatus.SEE_OTHER
    assert "Uw antwoord is al binnen" in second.text
    assert "Uw antwoord is al binnen" in visitor.get(link()).text
    assert "Samen eten" not in visitor.get(link()).text
    assert rows() == before
    assert len(replies()) == 1


def test_the_link_of_either_letter_serves(visitor: Browser, case: Case, settings: Config) -> None:
    assert follow_up(at("2027-03-09"), settings) == 1
    visitor.submit(link(0), ANSWERS)
    assert "al binnen" in visitor.get(link(1)).text
    assert len(replies()) == 1


def test_many_who_answer_at_once_have_answered_once(case: Case) -> None:
    crowd = 6
    start, told = Barrier(crowd), Told(Going.PARTLY, "Samen eten", "")

    def do(_who: int) -> bool:
        with connection():
            start.wait()
            with transaction():
                return followup.answer(current(case), told, at(DUE, "12:00"))

    with ThreadPoolExecutor(crowd) as threads:
        assert sum(threads.map(do, range(crowd))) == 1
    assert len(replies()) == 1


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ({"going": ""}, "going"),
        ({"going": "fine"}, "going"),
        ({"helped": "x" * 3001}, "helped"),
        ({"differently": "a\x00b"}, "differently"),
    ],
)
def test_what_will_not_do_comes_back_as_it_was(
    visitor: Browser, case: Case, typed: dict[str, str], wrong: str
) -> None:
    back = answer(visitor, **typed)
    assert back.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "<title>Fout: " in back.text
    assert error_of(back.text, wrong)
    for name in {"helped", "differently"} - {wrong}:
        assert sent_by(back.text)[name] == ANSWERS[name]
    assert replies() == []


def test_a_trace_of_a_person_is_asked_about_once_and_never_refused(
    visitor: Browser, case: Case
) -> None:
    page = answer(visitor, helped="Bel mijn broer: 06 12345678")
    assert page.status_code == HTTPStatus.OK
    assert "een telefoonnummer" in page.text
    assert replies() == []
    again = sent_by(page.text).to_dict()
    assert again["helped"] == "Bel mijn broer: 06 12345678"
    assert visitor.post(link(), data=again).status_code == HTTPStatus.SEE_OTHER
    assert len(replies()) == 1


@pytest.mark.parametrize("way", SUSPECT)
@pytest.mark.parametrize("page", ["", "stop/"])
def test_what_is_not_surely_ours_changes_nothing_and_comes_back_with_its_text(
    visitor: Browser, case: Case, way: str, page: str
) -> None:
    form = visitor.form(link() + page).fill(ANSWERS)
    before = rows()
    back = SUSPECT[way](visitor, form)
    assert rows() == before
    assert back.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "<title>Fout: " in back.text
    if not page:
        kept = sent_by(back.text).to_dict()
        assert kept.items() >= ANSWERS.items()


@pytest.mark.parametrize("page", ["", "stop/"])
def test_a_locked_database_keeps_the_text_and_names_the_phone(
    visitor: Browser, case: Case, page: str, tmp_path: Path
) -> None:
    form = visitor.form(link() + page).fill(ANSWERS)
    database.close()
    with somebody_writing(url_in(tmp_path)):
        back = visitor.post_form(form)
    assert back.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert PHONE in back.text
    again = sent_by(back.text).to_dict()
    assert page or again.items() >= ANSWERS.items()
    assert visitor.post(form.action, data=again).status_code == HTTPStatus.SEE_OTHER


def test_the_answer_and_the_note_of_it_are_kept_together_or_not_at_all(
    visitor: Browser, case: Case
) -> None:
    refuse("follow_up", "UPDATE")
    assert answer(visitor).status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert replies() == []


# No more contact


@pytest.mark.parametrize("answered", [False, True])
def test_no_more_contact_works_at_once_and_removes_nothing(
    visitor: Browser, case: Case, settings: Config, *, answered: bool
) -> None:
    if answered:
        answer(visitor)
    before = rows()
    path = f"{link()}stop/"
    form = visitor.unfilled(path)
    answers = [visitor.post(path, data=form) for _ in range(2)]
    assert answers[0].location == path
    assert "U krijgt geen vragen meer" in visitor.get(path).text
    with connection():
        assert conference.may_ask(current(case)) is False
        (event,) = Event.select().where(Event.what == "may not ask")
    assert event.by == ""
    after = rows()
    for table in ("case", "follow_up", "letter", "reply", "token"):
        assert after[table] == before[table]
    assert follow_up(at("2027-03-09"), settings) == 0


def test_the_form_leads_to_no_more_contact_and_is_closed_by_it(
    visitor: Browser, case: Case
) -> None:
    assert f'href="{link()}stop/"' in visitor.get(link()).text
    form = visitor.unfilled(link()).to_dict() | ANSWERS
    visitor.submit(f"{link()}stop/", {})
    for page in (visitor.get(link()), visitor.post(link(), data=form)):
        assert "U krijgt geen vragen meer" in page.text
    assert replies() == []


def test_consent_that_is_taken_back_while_the_answer_is_under_way_is_heeded(case: Case) -> None:
    seen = current(case)
    consent(case, at(DUE), given=False)
    with transaction():
        assert not followup.answer(seen, Told(Going.NOT, "", ""), at(DUE, "12:00"))


# What befalls the case in the meantime


def test_a_conference_that_is_not_held_after_all_is_not_asked_about_any_more(
    visitor: Browser, case: Case, settings: Config, clock: time_machine.Traveller
) -> None:
    form = visitor.unfilled(link()).to_dict() | ANSWERS
    old = link()
    move(case, Status.PLANNED, at(DUE))
    appoint(case, "2027-03-01")
    for page in (visitor.get(old), visitor.post(old, data=form)):
        assert "Dit hoeft nu niet" in page.text
    move(case, Status.HELD, at("2027-03-02"))
    clock.move_to(at("2027-03-02"))
    assert "Dit hoeft nu niet" in visitor.get(old).text
    clock.move_to(at("2027-06-01"))
    assert follow_up(at("2027-06-01"), settings) == 1
    fresh = visitor.unfilled(link()).to_dict() | ANSWERS
    assert visitor.post(link(), data=fresh).status_code == HTTPStatus.SEE_OTHER
    assert replies()[0].held_in == "2027-03"


def test_who_was_not_asked_cannot_answer(case: Case) -> None:
    other = held(THEN)
    assert followup.of(other) is None
    assert followup.standing(other, at(DUE)) is Standing.NOT_NOW
    with transaction():
        assert not followup.answer(other, Told(Going.NOT, "", ""), at(DUE))


def dump() -> dict[str, list[str]]:
    """Every row of every table, opened as far as it can be."""
    with connection():
        return {
            table: [repr(row) for row in raw(f'SELECT * FROM "{table}"')]  # noqa: S608
            for table in database.get_tables()
        }


def test_a_case_that_is_forgotten_leaves_its_answers_and_no_way_back_to_it(
    visitor: Browser, case: Case, tmp_path: Path
) -> None:
    path = link()
    answer(visitor)
    (reply,) = replies()
    with connection():
        keys = [case.id, *(event.id for event in Event.select()), FollowUp.get().id]
        case.delete_instance()
    (left,) = replies()
    assert (left.id, left.helped) == (reply.id, "Samen eten")
    assert visitor.get(path).status_code == HTTPStatus.NOT_FOUND
    found = dump()
    # Its own row alone holds the pseudonym, and nothing any more the keys of the case.
    assert {t for t, lines in found.items() if reply.id in "".join(lines)} == {"reply"}
    assert [t for t, lines in found.items() if any(key in "".join(lines) for key in keys)] == []
    # The letters have a period of their own; they hold the reference, and of the answer nothing.
    assert {t for t, lines in found.items() if case.reference in "".join(lines)} == {"letter"}
    (row,) = found["reply"]
    assert not [line for t, lines in found.items() if t != "reply" for line in lines if line == row]
    assert THEN not in row
    assert DUE not in row
    with connection():
        database.execute_sql("DELETE FROM letter")
        settle()
    database.close()
    files = on_disk(url_in(tmp_path))
    assert reply.id.encode() in files
    for word in (case.reference, *keys):
        assert word.encode() not in files


# Nothing leaks, and every page is whole


def test_what_is_answered_is_in_no_file_no_log_no_address_and_no_cookie(
    visitor: Browser, case: Case, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = link().split("/")[2]
    sent = answer(visitor, helped="Kanarievogel", differently="kanarievogel")
    pages = visitor.page(sent.location).text + visitor.get(link()).text + str(sent.headers)
    said = "".join(r.getMessage() for r in caplog.records if r.name != "peewee")
    files = everywhere(tmp_path)
    assert "anarievogel" not in (pages + said + files).lower()
    assert secret not in said + files
    assert len(replies()) == 1


def every_page(visitor: Browser, case: Case) -> Iterator[tuple[str, str]]:
    yield "gone", visitor.get("/na-drie-maanden/x/").text
    yield "ask", visitor.get(link()).text
    yield "ask, empty", visitor.submit(link(), {}).text
    yield "ask, expired", visitor.post(link(), data=ANSWERS).text
    yield "ask, thoughts", answer(visitor, helped="06 12345678").text
    yield "stop", visitor.get(f"{link()}stop/").text
    yield "stop, expired", visitor.post(f"{link()}stop/").text
    refuse("reply")
    yield "ask, unavailable", answer(visitor).text
    with connection():
        allow("reply")
    move(case, Status.PLANNED, at(DUE))
    yield "not now", visitor.get(link()).text
    move(case, Status.HELD, at(DUE) + DAY)
    consent(case, at(DUE), given=False)
    yield "declined", visitor.get(link()).text
    consent(case, at(DUE), given=True)
    yield "thanks", visitor.page(answer(visitor).location).text
    yield "answered", visitor.get(link()).text


def test_every_page_is_valid_reads_easily_and_says_u(visitor: Browser, case: Case) -> None:
    faults, headings = [], Counter[str]()
    for name, page in every_page(visitor, case):
        tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page)
        (heading,) = tree.findall(".//h1")
        headings["".join(heading.itertext())] += 1
        ids = Counter(e.get("id") for e in tree.iter() if isinstance(e.tag, str) and e.get("id"))
        assert [one for one, times in ids.items() if times > 1] == [], name
        shown = " ".join("".join(tree.find(".//main").itertext()).split())
        faults += [f"{name}: {fault}" for fault in NORMAL.faults(prose(page))]
        assert JE.findall(shown) == [], name
        assert U.search(shown), name
        assert PHONE in shown, name
        wrong = any(word in name for word in ("empty", "expired", "unavailable"))
        assert ("<title>Fout: " in page) == wrong, name
    assert not faults, "\n".join(faults)
    assert len(headings) == 7


def test_the_form_of_a_page_is_the_last_in_it_and_its_button_says_what_it_does(
    visitor: Browser, case: Case
) -> None:
    buttons = [
        "".join(forms(visitor.get(link() + page).text)[-1].find(".//button").itertext())
        for page in ("", "stop/")
    ]
    assert buttons == ["Verstuur de antwoorden", "Ik wil geen contact meer"]
    assert stranger_to(visitor).get(link()).status_code == HTTPStatus.OK
