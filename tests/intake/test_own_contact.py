"""Whoever agreed to contact after three months can refuse it at their own door, and the reverse."""

from http import HTTPStatus

import pytest

from portal.cases import conference
from portal.cases.case import Happening, Kind, Role, Stage, Status
from portal.cases.register import Case, history
from portal.config import Config
from portal.database import connection
from tests.language import NORMAL, prose
from tests.own_door import JE, counts, enter, own, page_of, request_one, stranger
from tests.portal_app import Browser, error_of, letters, only_case, sent_by

PAGE = "na-drie-maanden/"


@pytest.fixture
def agreed(browser: Browser, config: Config) -> Case:
    """A case whose requester agreed in the form, and is in."""
    with connection():
        found = request_one(config, answers=(("follow_up", ("yes",)),))
    enter(browser)
    return found


def may_ask() -> bool | None:
    case = only_case()
    with connection():
        return conference.may_ask(case)


def happened() -> list[Happening]:
    case = only_case()
    with connection():
        return [Happening(event.what) for event in history(case)]


def become(status: Status, stage: Stage = Stage.ENDED, kind: Kind = Kind.COMMUNITY) -> None:
    with connection():
        Case.update(status=status, stage=stage, kind=kind).execute()


def test_refusing_and_agreeing_again_each_work_at_once_and_once(
    browser: Browser, agreed: Case
) -> None:
    assert "Liever geen contact" in page_of(browser, agreed).text
    assert sent_by(page_of(browser, agreed, PAGE).text)["follow_up"] == "yes"
    for _ in range(2):
        sent = browser.submit(own(agreed, PAGE), {"follow_up": "no"})
        assert sent.location == own(agreed)
        assert may_ask() is False
    page = page_of(browser, agreed).text
    assert "Het antwoord is bewaard" in page
    assert "Toch contact" in page
    browser.submit(own(agreed, PAGE), {"follow_up": "yes"})
    assert may_ask() is True
    assert happened() == [Happening.RECEIVED, Happening.MAY_NOT_ASK, Happening.MAY_ASK]
    assert {letter.name for letter in letters()} == {"intake", "confirmation", "link"}


def test_who_was_never_asked_can_agree(browser: Browser, case: Case) -> None:
    enter(browser)
    assert "Kiezen of dat mag" in page_of(browser, case).text
    assert "follow_up" not in sent_by(page_of(browser, case, PAGE).text)
    empty = browser.submit(own(case, PAGE), {})
    assert empty.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert error_of(empty.text, "follow_up")
    assert may_ask() is None
    browser.submit(own(case, PAGE), {"follow_up": "yes"})
    assert may_ask() is True


def test_it_can_be_refused_when_all_is_done_as_well(browser: Browser, agreed: Case) -> None:
    become(Status.CLOSED)
    browser.submit(own(agreed, PAGE), {"follow_up": "no"})
    assert may_ask() is False


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *((end, Kind.COMMUNITY) for end in (Status.STOPPED, Status.REFERRED, Status.WITHDRAWN)),
        (Status.CLOSED, Kind.LEARNING),
    ],
)
def test_where_nobody_will_be_asked_there_is_nothing_to_decide(
    browser: Browser, agreed: Case, status: Status, kind: Kind
) -> None:
    form = browser.unfilled(own(agreed, PAGE)).to_dict()
    become(status, kind=kind)
    before = counts()
    assert PAGE not in page_of(browser, agreed).text
    assert page_of(browser, agreed, PAGE).location == own(agreed)
    answer = browser.post(own(agreed, PAGE), data=form | {"follow_up": "no"})
    assert answer.status_code == HTTPStatus.CONFLICT
    assert counts() == before


def test_another_cannot_decide_it_and_looking_decides_nothing(
    browser: Browser, agreed: Case
) -> None:
    before = counts()
    for _ in range(5):
        browser.get(own(agreed, PAGE))
        browser.head(own(agreed, PAGE))
    foreign = stranger(browser)
    foreign.post(own(agreed, PAGE), data={"follow_up": "no"})
    forged = browser.post(own(agreed, PAGE), data={"follow_up": "no"})
    assert forged.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert counts() == before
    assert may_ask() is True


@pytest.mark.parametrize("role", [Role.RESIDENT, Role.NEIGHBOUR])
def test_the_page_reads_easily(browser: Browser, config: Config, role: Role) -> None:
    case = request_one(config, role=role)
    enter(browser)
    page = page_of(browser, case, PAGE).text
    assert NORMAL.faults(prose(page)) == []
    assert JE.findall(prose(page)) == []
