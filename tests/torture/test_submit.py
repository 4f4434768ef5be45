"""A form is sent while the server fails, dies or hangs at each step of taking it in."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http import HTTPStatus
from typing import TypeVar

from portal.failpoints import Action
from tests.intake.walking import drafts
from tests.portal_app import answers, cases, form_on, rows, urlencoded
from tests.real_server import Filled, Server
from tests.torture.house import House
from tests.torture.places import KEEPING, SENDING, actions

T = TypeVar("T")


def struck(house: House, action: Action, place: str, ask: Callable[[], T]) -> T:
    """What came of it when this happened at that place; who hangs there is killed."""
    house.expect(place)
    with ThreadPoolExecutor(1) as visitor:
        asked = visitor.submit(ask)
        house.struck(action, place)
        return asked.result()


@actions
def test_a_form_is_taken_in_once_whatever_happens_at_each_step_of_it(
    house: House, action: Action
) -> None:
    failed = HTTPStatus.INTERNAL_SERVER_ERROR if action is Action.RAISE else None
    with house.serving(**house.faults(action, *SENDING)) as server:
        for number, (place, committed) in enumerate(SENDING.items()):
            name, form = house.form(email=f"noor{number}@example.org")
            before = rows()
            send = partial(house.send, server, name, form)
            assert struck(house, action, place, send) == failed
            assert (rows() != before) == committed, place
            assert send() == HTTPStatus.SEE_OTHER
            after = rows()
            assert send() == HTTPStatus.SEE_OTHER
            assert rows() == after
    assert house.check().doubled == []
    assert len(house.acknowledged) == len(cases()) == len(SENDING)


@actions
def test_a_step_is_kept_whatever_happens_while_it_is(house: House, action: Action) -> None:
    with house.serving(**house.faults(action, *KEEPING)) as server:
        for place, committed in KEEPING.items():
            name, form = house.form()
            step = _changed_story(server, form, place)
            struck(house, action, place, partial(house.send, server, name, step))
            assert (place in drafts()[-1].content) == committed
            assert server.send(step) == (303, step.path.replace("/3/", "/4/"))
            assert house.send(server, name, form) == HTTPStatus.SEE_OTHER
            assert answers(cases()[-1])["story"] == (place,)
    assert house.check().doubled == []


def _changed_story(server: Server, form: Filled, story: str) -> Filled:
    """The step that asks for the story, filled in anew."""
    path = form.path.replace("controleren", "3")
    page = server.ask("GET", path, headers=form.headers)[2]
    changed = form_on(page, path).fill({"story": story})
    return Filled(path, urlencoded(changed.data), form.headers["Cookie"])
