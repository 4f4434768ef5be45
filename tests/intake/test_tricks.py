"""What somebody tries who wants a reference without a case, or another's case without a right."""

from datetime import UTC, datetime
from http import HTTPStatus

import pytest
from flask import Flask

from portal.cases.register import AlreadyReceived
from portal.intake.accept import accept
from portal.intake.doors import DOORS as INTAKE_DOORS
from portal.intake.forms import new_key
from portal.routing.regions import route
from tests.portal_app import (
    BASE,
    DOORS,
    LEARNING,
    Browser,
    answers,
    cases,
    filled,
    letters,
    only_case,
    required,
    rows,
    sent_by,
)

ELSEWHERE = {"Origin": "https://elders.example.org", "Sec-Fetch-Site": "cross-site"}


def test_two_bodies_that_race_under_one_key_are_never_both_acknowledged(app: Flask) -> None:
    key, now, config = new_key(), datetime.now(UTC), app.config["PORTAL"]
    with app.test_request_context(base_url=BASE):
        bodies = [
            INTAKE_DOORS["proposal"].form(
                data={**required("proposal"), "story": story, "form_key": key}
            )
            for story in ("de eerste", "de tweede")
        ]
        first, second = (body.submission() for body in bodies)
    to = route("3511", "")
    accept(first, to, now, config)  # type: ignore[arg-type]
    with pytest.raises(AlreadyReceived):
        accept(second, to, now, config)  # type: ignore[arg-type]
    assert len(cases()) == 1


def test_one_mailbox_gets_one_confirmation_however_its_domain_is_spelled(browser: Browser) -> None:
    for address in ("v@example.org", "v@\uff45xample.org", "v@example\u3002org"):
        sent = required("learning", email=address, name=address)
        assert browser.send(LEARNING, sent).status_code == HTTPStatus.SEE_OTHER
    assert len(cases()) == 3
    assert [letter.recipient for letter in letters("confirmation")] == ["v@example.org"]


def test_what_was_typed_before_a_switch_of_forms_is_kept_with_the_case(browser: Browser) -> None:
    typed = required("learning", good_at="voetbal", switch="pupil")
    page = browser.send(LEARNING, typed)
    sent = {**sent_by(page.text).to_dict(flat=False), "name": "Noor"}
    assert browser.post(DOORS["pupil"], data=sent).status_code == HTTPStatus.SEE_OTHER
    assert answers(only_case())["good_at"] == ("voetbal",)
    assert "voetbal" in letters("intake")[0].body


def test_a_place_that_no_map_knows_still_reaches_the_manager(browser: Browser) -> None:
    typed = required("learning", postcode="10115 Berlin", municipality="Kreuzberg")
    page = browser.send(LEARNING, typed)
    assert page.status_code == HTTPStatus.OK
    sent = {**sent_by(page.text).to_dict(flat=False), "municipality": "Weet ik niet"}
    assert browser.post(LEARNING, data=sent).status_code == HTTPStatus.SEE_OTHER
    assert "10115 Berlin Kreuzberg" in letters("intake")[0].body


@pytest.mark.parametrize("door", DOORS)
def test_asking_for_the_head_of_a_form_writes_nothing(browser: Browser, door: str) -> None:
    sent = filled(browser.form(DOORS[door]), required(door))
    assert browser.head(DOORS[door], data=sent).status_code == HTTPStatus.OK
    assert rows() == (0, 0, 0, 0)


def test_a_body_without_a_stated_length_is_refused_whole(browser: Browser) -> None:
    headers = {"Transfer-Encoding": "chunked"}
    answer = browser.send(LEARNING, required("learning"), headers)
    assert answer.status_code == HTTPStatus.LENGTH_REQUIRED
    assert rows() == (0, 0, 0, 0)


@pytest.mark.parametrize("way", [{}, {"switch": "community"}], ids=["sent", "switched"])
def test_a_key_that_another_site_chose_is_not_kept(browser: Browser, way: dict[str, str]) -> None:
    chosen = {"form_key": "ATTACKERKEY0123456789", "story": "blijft staan"}
    page = browser.post(DOORS["community"], data={**chosen, **way}, headers=ELSEWHERE)
    kept = sent_by(page.text)
    assert kept["story"] == "blijft staan"
    assert kept["form_key"] != chosen["form_key"]


def test_a_name_that_nobody_can_see_is_no_name(browser: Browser) -> None:
    answer = browser.send(LEARNING, required("learning", name="\u200b\u2060"))
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
