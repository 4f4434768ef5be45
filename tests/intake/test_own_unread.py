"""What does not open closes no page of the own door, and loses nothing that is typed there."""

from http import HTTPStatus

import pytest

from portal.cases.register import Case
from portal.database import connection, database
from tests.casework.test_unread import damage
from tests.own_door import DOOR, PAGES, counts, enter, own, page_of
from tests.portal_app import PHONE, Browser, keeps

COLUMNS = ("name", "email", "phone", "municipality", "answers")


@pytest.mark.parametrize("column", COLUMNS)
def test_every_page_shows_what_can_be_read_and_the_log_tells_of_the_rest(
    browser: Browser, case: Case, column: str, caplog: pytest.LogCaptureFixture
) -> None:
    enter(browser)
    damage("case", column)
    shown = column in {"name", "email", "phone"}
    masked = {"", "gegevens/"}
    for page in PAGES:
        answer = page_of(browser, case, page)
        assert answer.status_code == HTTPStatus.OK
        assert case.reference in answer.text
        assert ("niet te lezen" in answer.text) is (shown and page in masked)
    told = [line for line in caplog.messages if "does not open" in line]
    assert all(f"case.{column}" in line and case.reference in line for line in told)
    assert bool(told) is (column != "municipality")


@pytest.mark.parametrize("page", ["aanvullen/", "gegevens/"])
def test_what_cannot_be_done_for_it_comes_back_with_its_text_and_the_phone(
    browser: Browser, case: Case, page: str
) -> None:
    enter(browser)
    typed = {"text": "Nog iets."} if page == "aanvullen/" else {"phone": "030-2345699"}
    form = browser.form(own(case, page)).fill(typed)
    damage("case", "email")
    before = counts()
    answer = browser.post_form(form)
    assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert PHONE in answer.text
    assert keeps(answer.text, typed)
    assert counts() == before


def test_who_wants_to_withdraw_can(browser: Browser, case: Case) -> None:
    enter(browser)
    damage("case", "answers")
    assert browser.submit(own(case, "intrekken/"), {}).status_code == HTTPStatus.SEE_OTHER
    with connection():
        assert Case.get_by_id(case.id).status.value == "withdrawn"


def test_a_visit_that_does_not_open_is_over_and_another_can_begin(
    browser: Browser, case: Case
) -> None:
    enter(browser)
    damage("token", "subject")
    assert page_of(browser, case).location == DOOR
    assert browser.get(DOOR).status_code == HTTPStatus.OK
    enter(browser)
    assert page_of(browser, case).status_code == HTTPStatus.OK
    database.close()
