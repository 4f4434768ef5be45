"""A letter about no case that reaches nobody: the national desk sees it and sets it aside."""

from http import HTTPStatus

import pytest

from portal.cases.reference import is_reference, new_reference
from portal.casework import handle
from portal.casework.handle import NotTheirs
from portal.database import connection
from portal.delivery.letters import Text, to_one_reader
from portal.delivery.outbox import Letter, State, post, stuck
from tests.casework.desk_app import DESK, came_in, press, trail, who
from tests.casework.staff_house import House
from tests.conftest import NOON
from tests.portal_app import Browser

BUTTON = "Laat deze brief liggen"


def lost(about: str = "own-door", name: str = "link") -> str:
    """A stuck letter."""
    to = to_one_reader("weg@example.org", about)
    key = post(name, Text("Link", "x"), to, NOON, "portaal@example.org")
    with connection():
        Letter.update(state=State.STUCK).where(Letter.id == key).execute()
    return key


def state(key: str) -> State:
    with connection():
        return State(Letter.get_by_id(key).state)


def aside(key: str) -> str:
    return f"/beheer/brief/{key}/laten/"


def test_the_national_desk_sees_it_and_sets_it_aside(house: House) -> None:
    desk, key = house.signed_in("desk"), lost()
    page = desk.get(DESK).text
    assert "Brieven die niet aankwamen" in page
    assert "weg@example.org" in page
    answer = press(desk, DESK, BUTTON)
    assert (answer.status_code, answer.location) == (HTTPStatus.SEE_OTHER, DESK)
    assert state(key) is State.SET_ASIDE
    assert trail()[-1] == ("changed", "desk.set_aside")
    assert stuck() == 0
    page = desk.get(DESK).text
    assert "De brief blijft liggen." in page
    assert "Brieven die niet aankwamen" not in page


def test_nobody_else_sees_it_or_can(house: House, anna: Browser) -> None:
    key = lost()
    assert "weg@example.org" not in anna.get(DESK).text
    token = {"csrf_token": anna.unfilled(DESK).get("csrf_token", "")}
    assert anna.post(aside(key), data=token).status_code == HTTPStatus.NOT_FOUND
    with pytest.raises(NotTheirs):
        handle.set_aside_besides(who(house, "a"), key, NOON)
    assert state(key) is State.STUCK


def test_a_letter_about_a_case_is_set_aside_at_the_case_alone(house: House) -> None:
    key = lost(came_in().reference, "confirmation")
    desk = house.signed_in("desk")
    assert "weg@example.org" not in desk.get(DESK).text
    lost()
    form = desk.form(DESK)
    other = desk.post(aside(key), data=form.data)
    assert other.status_code in {HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY}
    with pytest.raises(NotTheirs):
        handle.set_aside_besides(who(house, "desk"), key, NOON)
    assert state(key) is State.STUCK


def test_twice_is_once_and_a_token_that_is_too_old_gives_the_button_again(house: House) -> None:
    desk, key = house.signed_in("desk"), lost()
    again = desk.post(aside(key), data={})
    assert again.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert BUTTON in again.text
    assert handle.set_aside_besides(who(house, "desk"), key, NOON)
    assert not handle.set_aside_besides(who(house, "desk"), key, NOON)
    with pytest.raises(NotTheirs):
        handle.set_aside_besides(who(house, "desk"), "0" * 32, NOON)


@pytest.mark.parametrize("word", ["own-door", "staff", "overzicht", "formulier"])
def test_what_other_letters_are_about_is_taken_for_no_reference(word: str) -> None:
    assert not is_reference(word)
    assert is_reference(new_reference())
