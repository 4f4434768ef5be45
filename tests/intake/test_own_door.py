"""The way in to one's own case: a link or a phone number, and the same for a stranger."""

import logging
import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path

import html5lib
import pytest
import time_machine
from werkzeug.test import TestResponse

from portal.cases.case import Kind, Role
from portal.cases.register import Case
from portal.config import Config
from portal.database import connection
from portal.intake import own_door
from portal.web.tokens import Purpose, Token
from tests.language import PUPIL
from tests.own_door import (
    BY_PHONE,
    DOOR,
    JE,
    NOOR,
    NUMBER,
    PAGES,
    U,
    added,
    ask,
    counts,
    enter,
    enter_by_phone,
    newest_link,
    own,
    page_of,
    request_one,
    stranger,
)
from tests.portal_app import (
    BASE,
    PHONE,
    Browser,
    build,
    cases,
    error_of,
    letters,
    new_database,
    sent_by,
)

# Asking for a link.


def test_who_is_known_is_mailed_a_link_that_leads_to_the_case(browser: Browser, case: Case) -> None:
    answer = ask(browser)
    assert (answer.status_code, answer.location) == (303, f"{DOOR}verstuurd/")
    assert browser.get(answer.location).status_code == HTTPStatus.OK
    (letter,) = letters("link")
    assert (letter.recipient, letter.fallback) == (NOOR, None)
    inside = browser.submit(newest_link(), {})
    assert inside.location == f"{DOOR}overzicht/"
    assert browser.get(inside.location).location == own(case)
    assert case.reference in page_of(browser, case).text


@pytest.mark.parametrize("spelling", ["Noor@Example.org", " noor@example.org ", "noor@EXAMPLE.ORG"])
def test_an_address_may_be_spelled_as_mail_allows(
    browser: Browser, case: Case, spelling: str
) -> None:
    enter(browser, spelling)
    assert page_of(browser, case).status_code == HTTPStatus.OK


@pytest.mark.parametrize("other", ["n.oor@example.org", "noor+1@example.org", "anna@example.org"])
def test_an_address_that_may_be_another_persons_gets_no_link(
    browser: Browser, case: Case, other: str
) -> None:
    ask(browser, other)
    assert letters("link") == []


def test_a_link_letter_holds_nothing_typed_and_no_reference_and_addresses_nobody(
    browser: Browser, config: Config
) -> None:
    request_one(config, name="Kanarie", role=Role.PUPIL, kind=Kind.LEARNING)
    references = [request_one(config).reference, only_case_of("Kanarie").reference]
    ask(browser)
    (letter,) = letters("link")
    # Of the link itself only its host could say anything; the rest is random.
    said = re.sub(r"[0-9a-f]{64}", "", letter.subject + letter.body)
    for word in ("anarie", "noor", "lawaai", "06", *references):
        assert word not in said
    assert letter.case_reference not in references
    assert letter.subject == "De gevraagde link van de Eigen Kracht Centrale"
    assert JE.findall(said) == U.findall(said) == []
    assert "30 minuten" in letter.body
    assert PHONE in letter.body.replace("\u00a0", " ")
    assert PUPIL.faults(re.sub(r"(?<!\n)\n(?!\n)", " ", re.sub(r"https?:\S+", "", said))) == []


def only_case_of(name: str) -> Case:
    (case,) = [case for case in cases() if case.name == name]
    return case


def test_the_link_comes_from_the_settings_and_stands_whole_on_a_line_of_its_own(
    tmp_path: Path,
) -> None:
    base = "https://" + "een-heel-lang-adres." * 6 + "example.org"
    app = build(new_database(tmp_path), PORTAL_MODE="production", PORTAL_BASE_URL=base)
    config: Config = app.config["PORTAL"]
    request_one(config)
    own_door.send_link(NOOR, datetime.now(UTC), config)
    (letter,) = letters("link")
    lines = letter.body.splitlines()
    assert len([line for line in lines if line.startswith(f"{base}{DOOR}link/")]) == 1
    link = next(line for line in lines if "/link/" in line)
    assert re.fullmatch(rf"{re.escape(base)}{DOOR}link/[0-9a-f]{{64}}/", link)


# A stranger learns nothing (attacks 9 and 22).


def without_token(answer: TestResponse) -> tuple[int, list[tuple[str, str]], str]:
    body = re.sub(r'(name="csrf_token"[^>]*value=")[^"]+', r"\1", answer.text)
    return answer.status_code, list(answer.headers), body


@pytest.fixture
def statements(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """The statements made since it was last asked, without what was put into them."""
    caplog.set_level(logging.DEBUG, logger="peewee")

    def taken() -> list[str]:
        made = [str(record.msg[0]) for record in caplog.records if record.name == "peewee"]
        caplog.clear()
        return [re.sub(r'"s[0-9a-f]{32}"', "X", one) for one in made]

    return taken


def test_an_unknown_address_gets_the_same_answer_to_the_last_octet(
    browser: Browser, case: Case
) -> None:
    answers = []
    for address in (NOOR, "anna@example.org"):
        visitor = stranger(browser)
        sent = ask(visitor, address)
        answers.append((without_token(sent), without_token(visitor.get(sent.location))))
        assert "anna" not in str(answers) + "noor" not in str(answers)
    assert answers[0] == answers[1]
    assert [letter.recipient for letter in letters("link")] == [NOOR]


def test_an_unknown_address_costs_the_same_statements(
    browser: Browser, case: Case, statements: Callable[[], list[str]]
) -> None:
    form = browser.unfilled(DOOR)
    made = []
    for address in (NOOR, "anna@example.org"):
        statements()
        browser.post(DOOR, data=form.to_dict() | {"email": address})
        made.append(statements())
    known, unknown = made
    ends = {"RELEASE SAVEPOINT X;", "ROLLBACK TO SAVEPOINT X;"}
    differ = [pair for pair in zip(known, unknown, strict=True) if pair[0] != pair[1]]
    # The last of them: the letter is kept, or taken back.
    assert [set(pair) for pair in differ] == [ends]
    assert any("INSERT" in one and '"letter"' in one for one in unknown)


def test_an_unknown_address_leaves_the_same_rows_but_for_the_letter(
    browser: Browser, case: Case
) -> None:
    left = []
    for address in (NOOR, "anna@example.org"):
        before = counts()
        ask(browser, address)
        left.append(added(before))
    assert left == [[0, 0, 0, 1, 1, 1], [0, 0, 0, 0, 1, 1]]
    with connection():
        sizes = {len(token.__data__["subject"]) for token in Token.select()}
    assert len(sizes) == 1


def test_a_wrong_number_and_an_unknown_reference_are_one_answer_with_the_same_work(
    browser: Browser, case: Case, statements: Callable[[], list[str]]
) -> None:
    form = browser.unfilled(BY_PHONE).to_dict()
    answers, made, rows = [], [], []
    for reference, phone in ((case.reference, "0687654321"), ("EK-0000-0000-0000", NUMBER)):
        statements()
        before = counts()
        typed = {"phone": phone, "reference": reference}
        answer = browser.post(BY_PHONE, data=form | typed)
        made.append(statements())
        rows.append(added(before))
        answers.append(without_token(answer)[2].replace(reference, "").replace(phone, ""))
        assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
        assert "vinden we geen aanvraag" in error_of(answer.text, "reference")
    assert answers[0] == answers[1]
    assert made[0] == made[1]
    assert rows[0] == rows[1]


def test_one_mailbox_gets_three_links_a_day_and_the_same_answer_after(
    browser: Browser, case: Case
) -> None:
    answers = {str(without_token(ask(browser, NOOR))) for _ in range(6)}
    assert len(answers) == 1
    assert len(letters("link")) == 3
    with time_machine.travel(datetime.now(UTC) + timedelta(days=1), tick=True):
        ask(browser)
    assert len(letters("link")) == 4


def test_of_many_who_ask_none_learns_anything_by_the_quota(browser: Browser, case: Case) -> None:
    answers = {str(without_token(ask(browser, f"niemand+{n}@example.org"))) for n in range(5)} | {
        str(without_token(ask(browser)))
    }
    assert len(answers) == 1


def test_a_number_cannot_be_found_by_trying_them_all(browser: Browser, case: Case) -> None:
    for last in range(10):
        enter_by_phone(browser, case.reference, f"06 12 34 56 0{last}")
    refused = enter_by_phone(browser, case.reference)
    assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "vinden we geen aanvraag" in refused.text
    with time_machine.travel(datetime.now(UTC) + timedelta(days=1), tick=True):
        assert enter_by_phone(browser, case.reference).status_code == HTTPStatus.SEE_OTHER


# The link (attack 10).


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_scanner_that_opens_the_link_five_times_changes_nothing(
    browser: Browser, case: Case, method: str
) -> None:
    ask(browser)
    link, before = newest_link(), counts()
    for _ in range(5):
        answer = stranger(browser).open(link, method=method)
        assert answer.status_code == HTTPStatus.OK
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "same-origin"
    assert counts() == before
    assert browser.submit(link, {}).status_code == HTTPStatus.SEE_OTHER


def test_an_unknown_an_old_and_a_used_link_are_one_page_that_says_how_to_go_on(
    browser: Browser, case: Case
) -> None:
    with time_machine.travel(datetime.now(UTC) - timedelta(minutes=31), tick=True):
        ask(browser)
        old = newest_link()
        form = browser.unfilled(old)
    ask(browser)
    used = newest_link()
    browser.submit(used, {})
    pages = []
    for link in (old, used, f"{DOOR}link/{'0' * 64}/", f"{DOOR}link/EK-verzonnen/"):
        pages += [stranger(browser).get(link), stranger(browser).post(link, data=form)]
        pages.append(browser.post(link, data=form))
    assert len({without_token(page)[2] for page in pages}) == 1
    assert {page.status_code for page in pages} == {HTTPStatus.NOT_FOUND}
    assert f'href="{DOOR}"' in pages[0].text
    assert PHONE in pages[0].text


def test_a_link_works_for_half_an_hour(browser: Browser, case: Case) -> None:
    ask(browser)
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=29), tick=True):
        assert browser.submit(newest_link(), {}).status_code == HTTPStatus.SEE_OTHER


def test_a_link_that_is_used_twice_at_once_lets_one_in(browser: Browser, case: Case) -> None:
    ask(browser)
    link = newest_link()
    visitors = [stranger(browser) for _ in range(2)]
    opened = [visitor.unfilled(link) for visitor in visitors]
    answers = [v.post(link, data=form) for v, form in zip(visitors, opened, strict=True)]
    assert Counter(a.status_code for a in answers) == {303: 1, 404: 1}


def test_where_a_link_leads_its_token_is_no_longer_in_the_address(
    browser: Browser, case: Case
) -> None:
    answer = enter(browser)
    secret = newest_link().split("/")[-2]
    seen = [answer, browser.get(answer.location), page_of(browser, case)]
    for page in seen:
        assert secret not in page.headers.get("Location", "") + page.text
    with browser.session_transaction(base_url=BASE) as session:
        assert secret not in str(dict(session))


def test_a_link_to_an_address_that_has_no_case_any_more_is_dead(
    browser: Browser, case: Case
) -> None:
    ask(browser)
    with connection():
        Case.get_by_id(case.id).delete_instance()
    assert browser.submit(newest_link(), {}).status_code == HTTPStatus.NOT_FOUND


# The visit.


def visit_cookie(browser: Browser) -> str:
    cookie = browser.get_cookie("portaal", domain="127.0.0.1")
    assert cookie
    return cookie.value


def test_a_visit_ends_after_an_hour_however_busy(browser: Browser, case: Case) -> None:
    enter(browser)
    start = datetime.now(UTC)
    for minutes in (20, 40, 59):
        with time_machine.travel(start + timedelta(minutes=minutes), tick=True):
            assert page_of(browser, case).status_code == HTTPStatus.OK
    with time_machine.travel(start + timedelta(minutes=61), tick=True):
        answer = page_of(browser, case)
    assert (answer.status_code, answer.location) == (303, DOOR)


def test_after_signing_out_a_copied_cookie_is_dead(browser: Browser, case: Case) -> None:
    enter(browser)
    copied = visit_cookie(browser)
    token = sent_by(page_of(browser, case).text)["csrf_token"]
    answer = browser.post(f"{DOOR}uitloggen/", data={"csrf_token": token})
    assert browser.get(answer.location).status_code == HTTPStatus.OK
    thief = stranger(browser)
    thief.set_cookie("portaal", copied, domain="127.0.0.1")
    for visitor in (browser, thief):
        assert page_of(visitor, case).location == DOOR
    with connection():
        assert Token.select().where(Token.purpose == Purpose.VISIT).count() == 0


def test_what_else_the_cookie_holds_stays(browser: Browser, case: Case) -> None:
    with browser.session_transaction(base_url=BASE) as session:
        session["elders"] = "blijft"
    enter(browser)
    with browser.session_transaction(base_url=BASE) as session:
        assert session["elders"] == "blijft"
        assert session["csrf_token"]
    token = sent_by(page_of(browser, case).text)["csrf_token"]
    browser.post(f"{DOOR}uitloggen/", data={"csrf_token": token})
    with browser.session_transaction(base_url=BASE) as session:
        assert session["elders"] == "blijft"
        assert "visit" not in session


def test_a_new_way_in_ends_the_visit_before_it(browser: Browser, case: Case) -> None:
    enter(browser)
    copied = visit_cookie(browser)
    enter_by_phone(browser, case.reference)
    thief = stranger(browser)
    thief.set_cookie("portaal", copied, domain="127.0.0.1")
    assert page_of(thief, case).location == DOOR
    assert page_of(browser, case).status_code == HTTPStatus.OK


def test_a_link_leads_to_all_cases_of_its_address_and_no_other(
    browser: Browser, config: Config
) -> None:
    mine = [request_one(config), request_one(config, role=Role.PUPIL, kind=Kind.LEARNING)]
    another = request_one(config, email="anna@example.org")
    enter(browser)
    overview = browser.get(f"{DOOR}overzicht/").text
    for case in mine:
        assert own(case) in overview
        assert page_of(browser, case).status_code == HTTPStatus.OK
    assert another.reference not in overview


def test_phone_and_reference_lead_to_the_one_case_alone(browser: Browser, config: Config) -> None:
    mine, twin = request_one(config, email=""), request_one(config, email="")
    answer = enter_by_phone(browser, mine.reference.lower().replace("-", " "), "+31 (0)6-12345678")
    assert browser.get(answer.location).location == own(mine)
    assert page_of(browser, mine).status_code == HTTPStatus.OK
    assert page_of(browser, twin).status_code == HTTPStatus.NOT_FOUND


def test_who_is_in_need_not_ask_again(browser: Browser, case: Case) -> None:
    enter(browser)
    assert browser.get(DOOR).location == f"{DOOR}overzicht/"


def test_a_visit_to_a_case_that_is_gone_leads_to_the_ways_in(browser: Browser, case: Case) -> None:
    enter(browser)
    with connection():
        Case.get_by_id(case.id).delete_instance()
    assert browser.get(f"{DOOR}overzicht/").location == DOOR
    assert browser.get(DOOR).status_code == HTTPStatus.OK
    assert page_of(browser, case).status_code == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize("page", PAGES)
def test_anothers_case_is_as_unknown_as_one_that_is_not_there(
    browser: Browser, config: Config, case: Case, page: str
) -> None:
    another = request_one(config, email="anna@example.org")
    enter(browser)
    token = sent_by(page_of(browser, case).text)["csrf_token"]
    typed = {"csrf_token": token, "text": "Meer.", "name": "Kwaad"}
    before = counts()
    for method in ("GET", "POST") if page else ("GET",):
        answers = [
            browser.open(f"{DOOR}{reference}/{page}", method=method, data=typed)
            for reference in (another.reference, "EK-0000-0000-0000")
        ]
        assert {answer.status_code for answer in answers} == {HTTPStatus.NOT_FOUND}
        assert len({answer.text for answer in answers}) == 1
    assert counts() == before


@pytest.mark.parametrize("page", ["../overzicht/", *PAGES])
def test_without_a_visit_every_page_leads_to_the_ways_in(
    browser: Browser, case: Case, page: str
) -> None:
    before = counts()
    for reference in (case.reference, "EK-0000-0000-0000"):
        path = f"{DOOR}overzicht/" if page.startswith("..") else f"{DOOR}{reference}/{page}"
        assert browser.get(path).location == DOOR
    for page_that_writes in PAGES[1:]:
        assert browser.post(own(case, page_that_writes)).location == DOOR
    assert counts() == before


@pytest.mark.parametrize("page", ["aanvullen/", "gegevens/"])
def test_what_was_typed_when_the_visit_ended_is_shown_to_be_copied(
    browser: Browser, case: Case, page: str
) -> None:
    enter(browser)
    form = sent_by(page_of(browser, case, page).text)
    before = counts()
    typed = {"text": "<b>Lang</b>\nverhaal", "name": "Nora <i>"}
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=61), tick=True):
        answer = browser.post(own(case, page), data=form.to_dict() | typed)
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "<title>Fout: " in answer.text
    tree = html5lib.parse(answer.text, namespaceHTMLElements=False)
    assert [area.text for area in tree.iter("textarea")] == list(typed.values())
    assert counts() == before
