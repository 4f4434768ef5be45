"""Sending twice, sending late, and sending from elsewhere: one case, and nothing typed is lost."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from portal.cases.register import Addition
from portal.database import connection
from tests.portal_app import (
    BASE,
    DOORS,
    Browser,
    cases,
    controls,
    filled,
    forms,
    happenings,
    keeps,
    letters,
    only_case,
    required,
    rows,
)

PATH = DOORS["proposal"]
TYPED = required("proposal", story="Er is ruzie.\nAl lang.", call_when="na vieren")
Way = Callable[[Browser, dict[str, str]], TestResponse]
OTHER = TYPED | {"story": "Er is geen ruzie meer."}


def form(browser: Browser, typed: dict[str, str]) -> dict[str, str]:
    return {k: v for k, v in filled(browser.form(PATH), typed).items() if v != [""]}


@pytest.mark.parametrize("door", DOORS)
def test_the_same_form_twice_is_one_case_with_one_reference(browser: Browser, door: str) -> None:
    sent = filled(browser.form(DOORS[door]), required(door))
    first = browser.post(DOORS[door], data=sent)
    before = rows()
    again = browser.post(DOORS[door], data=sent)
    assert (again.status_code, again.location) == (303, first.location)
    assert rows() == before == (1, 0, 1, 2)


def test_the_same_form_with_other_words_is_a_question_that_loses_neither(browser: Browser) -> None:
    sent = form(browser, TYPED)
    browser.post(PATH, data=sent)
    before = rows()
    asked = browser.post(PATH, data=sent | OTHER)
    assert asked.status_code == 200
    assert only_case().reference in asked.text
    assert rows() == before
    for choice in forms(asked.text):
        kept = controls(choice)
        assert all(kept[name] == value for name, value in OTHER.items())


def _question(browser: Browser) -> tuple[MultiDict[str, str], MultiDict[str, str]]:
    """The two answers that the question page gives: begin anew, or add."""
    sent = form(browser, TYPED)
    browser.post(PATH, data=sent)
    anew, add = map(controls, forms(browser.post(PATH, data=sent | OTHER).text))
    return anew, add


def test_what_is_added_is_kept_and_its_manager_told_once(browser: Browser) -> None:
    _, add = _question(browser)
    answers = [browser.post(PATH, data=add) for _ in range(2)]
    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.location for answer in answers}) == 1
    assert rows() == (1, 1, 2, 3)
    assert happenings() == ["received", "added to"]
    (letter,) = letters("addition")
    assert letter.recipient == "utrecht@example.org"
    assert letter.case_reference == only_case().reference
    assert "Er is geen ruzie meer." in letter.body
    with connection():
        assert "Er is geen ruzie meer." in Addition.get().content


def test_an_answer_to_the_question_can_begin_a_case_of_its_own(browser: Browser) -> None:
    anew, _ = _question(browser)
    answers = [browser.post(PATH, data=anew) for _ in range(2)]
    assert len({answer.location for answer in answers}) == 1
    assert len(cases()) == 2
    assert [letter.name for letter in letters()].count("intake") == 2


def _late(browser: Browser, sent: dict[str, str]) -> TestResponse:
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=25), tick=True):
        return browser.post(PATH, data=sent)


def _without_token(browser: Browser, sent: dict[str, str]) -> TestResponse:
    return browser.post(PATH, data={k: v for k, v in sent.items() if k != "csrf_token"})


def _foreign_token(browser: Browser, sent: dict[str, str]) -> TestResponse:
    stranger = browser.application.test_client()
    token = stranger.form(PATH)["csrf_token"]  # type: ignore[attr-defined]
    return browser.post(PATH, data=sent | {"csrf_token": token})


def _without_cookie(browser: Browser, sent: dict[str, str]) -> TestResponse:
    return browser.application.test_client().post(PATH, data=sent)


def _with(**headers: str) -> Way:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda browser, sent: browser.post(PATH, data=sent, headers=named)


SUSPECT = {
    "25 hours old": _late,
    "no token": _without_token,
    "another visitor's token": _foreign_token,
    "no cookie": _without_cookie,
    "origin evil": _with(Origin="https://evil.example"),
    "origin null": _with(Origin="null"),
    "origin on another port": _with(Origin="http://127.0.0.1:8001"),
    "origin over https": _with(Origin="https://127.0.0.1:8000"),
    "cross-site": _with(Sec_Fetch_Site="cross-site"),
    "same-site": _with(Sec_Fetch_Site="same-site"),
}


@pytest.mark.parametrize("way", SUSPECT)
def test_a_form_that_is_not_surely_ours_writes_nothing_and_comes_back_with_its_text(
    browser: Browser, way: str
) -> None:
    answer = SUSPECT[way](browser, form(browser, TYPED))
    assert answer.status_code == 422
    assert rows() == (0, 0, 0, 0)
    assert keeps(answer.text, TYPED)
    assert "evil" not in answer.text
    assert "Verstuur het formulier nog een keer" in answer.text


@pytest.mark.parametrize("way", SUSPECT)
def test_a_form_that_was_taken_in_is_confirmed_again_however_it_comes(
    browser: Browser, way: str
) -> None:
    sent = form(browser, TYPED)
    first = browser.post(PATH, data=sent)
    before = rows()
    answer = SUSPECT[way](browser, sent)
    assert (answer.status_code, answer.location) == (303, first.location)
    assert rows() == before


@pytest.mark.parametrize("way", SUSPECT)
def test_other_words_to_a_known_form_write_nothing_when_it_is_not_surely_ours(
    browser: Browser, way: str
) -> None:
    sent = form(browser, TYPED)
    browser.post(PATH, data=sent)
    before = rows()
    answer = SUSPECT[way](browser, sent | OTHER | {"decision": "add"})
    assert answer.status_code == 422
    assert rows() == before
    assert keeps(answer.text, OTHER)


def test_a_form_that_came_back_can_be_sent_as_it_is(browser: Browser) -> None:
    sent = form(browser, TYPED)
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=25), tick=True):
        back = browser.post(PATH, data=sent)
        assert browser.post(PATH, data=controls(forms(back.text)[-1])).status_code == 303
    assert only_case().name == "Noor"


@pytest.mark.parametrize("key", ["", "short", "x" * 65, "a b c d e f g h i j", "<script>" * 3])
def test_a_form_without_a_key_of_ours_gets_one(browser: Browser, key: str) -> None:
    back = browser.post(PATH, data=form(browser, TYPED) | {"form_key": key})
    assert back.status_code == 422
    assert rows() == (0, 0, 0, 0)
    assert browser.post(PATH, data=controls(forms(back.text)[-1])).status_code == 303


def test_a_form_nearly_a_day_old_is_taken_in(browser: Browser) -> None:
    sent = form(browser, TYPED)
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=23, minutes=50), tick=True):
        assert browser.post(PATH, data=sent).status_code == 303


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": BASE},
        {"Origin": "http://localhost:8000"},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        {"Referer": f"{BASE}{PATH}"},
    ],
)
def test_a_browser_that_says_little_is_not_suspected(
    browser: Browser, headers: dict[str, str]
) -> None:
    assert browser.send(PATH, TYPED, headers).status_code == 303
