"""What somebody tries who wants a reference without a case, or another's case without a right."""

from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus

import pytest

from portal.cases.register import AlreadyReceived
from portal.intake.accept import accept, prepare
from portal.intake.forms import new_key
from portal.routing.regions import route
from tests.intake.walking import asked_of, go_on, reach, shown, stored
from tests.portal_app import (
    DOORS,
    LEARNING,
    Browser,
    answers,
    cases,
    error_of,
    keeps,
    letters,
    only_case,
    required,
    rows,
)

# On a development machine every address may be a page of the site, which takes no POST.
NO_PAGE = {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED}
ELSEWHERE = {"Origin": "https://elders.example.org", "Sec-Fetch-Site": "cross-site"}


def test_two_bodies_that_race_under_one_key_are_never_both_acknowledged(browser: Browser) -> None:
    key, now, config = new_key(), datetime.now(UTC), browser.application.config["PORTAL"]
    first, second = (
        replace(
            asked_of(browser, "proposal", required("proposal", story=story)).submission(),
            form_key=key,
        )
        for story in ("de eerste", "de tweede")
    )
    to = route("3511", "")
    accept(prepare(first, to, now, config))  # type: ignore[arg-type]
    with pytest.raises(AlreadyReceived):
        accept(prepare(second, to, now, config))  # type: ignore[arg-type]
    assert len(cases()) == 1


def test_one_mailbox_gets_one_confirmation_however_its_domain_is_spelled(browser: Browser) -> None:
    for address in ("v@example.org", "v@\uff45xample.org", "v@example\u3002org"):
        sent = required("learning", email=address, name=address)
        assert browser.send(LEARNING, sent).status_code == HTTPStatus.SEE_OTHER
    assert len(cases()) == 3
    assert [letter.recipient for letter in letters("confirmation")] == ["v@example.org"]


def test_what_was_typed_before_a_switch_of_forms_is_kept_with_the_case(browser: Browser) -> None:
    telling = reach(browser, LEARNING, "good_at", required("learning", good_at="voetbal"))
    go_on(browser, telling)
    first = browser.form(telling.action.replace("/4/", "/1/"))
    pupil = browser.post_form(first.press("switch", "pupil")).location
    assert browser.send(pupil, {}).status_code == HTTPStatus.SEE_OTHER
    assert only_case().role == "pupil"
    assert answers(only_case())["good_at"] == ("voetbal",)


def test_a_place_that_no_map_knows_still_reaches_the_manager(browser: Browser) -> None:
    typed = required("learning", postcode="10115 Berlin", municipality="Kreuzberg")
    asked = shown(browser.walk(LEARNING, typed))
    after = go_on(browser, asked.fill({"municipality": "Weet ik niet"}))
    assert browser.send(after.action, required("learning")).status_code == HTTPStatus.SEE_OTHER
    assert answers(only_case())["place"] == ("10115 Berlin Kreuzberg",)


@pytest.mark.parametrize("door", DOORS)
def test_asking_for_the_head_of_a_page_writes_nothing(browser: Browser, door: str) -> None:
    form = browser.form(DOORS[door]).fill(required(door))
    assert browser.head(DOORS[door], data=form.data).status_code == HTTPStatus.SEE_OTHER
    while True:
        before = stored()
        for button in ("csrf_token", "later", "back", "switch", "decision"):
            pressed = form.press(button, form.data["csrf_token"][0])
            assert browser.head(pressed.action, data=pressed.data).status_code == HTTPStatus.OK
        assert stored() == before
        if form.is_last:
            break
        form = go_on(browser, form).fill(required(door))
    assert rows() == (0, 0, 0, 0)


@pytest.mark.parametrize("door", DOORS)
def test_a_body_without_a_stated_length_is_refused_whole(browser: Browser, door: str) -> None:
    headers = {"Transfer-Encoding": "chunked"}
    form = browser.form(DOORS[door]).fill(required(door))
    while True:
        before = stored()
        answer = browser.post_form(form, headers=headers)
        assert answer.status_code == HTTPStatus.LENGTH_REQUIRED
        assert stored() == before
        if form.is_last:
            break
        form = go_on(browser, form).fill(required(door))


@pytest.mark.parametrize(
    "way", [{}, {"switch": "community"}, {"later": "1"}, {"back": "1"}], ids=str
)
def test_a_form_that_another_site_began_is_shown_and_not_kept(
    browser: Browser, way: dict[str, str]
) -> None:
    telling = reach(browser, DOORS["community"], "story", required("community"))
    before = stored()
    chosen = {"form_key": "ATTACKERKEY0123456789", "story": "blijft staan"}
    page = browser.post(telling.action, data={**chosen, **way}, headers=ELSEWHERE)
    assert page.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert keeps(page.text, {"story": "blijft staan"})
    assert stored() == before
    after = go_on(browser, shown(page))
    assert browser.send(after.action, required("community")).status_code == HTTPStatus.SEE_OTHER
    assert only_case().form_key != chosen["form_key"]


def test_a_key_that_another_site_chose_is_not_kept(browser: Browser) -> None:
    form = browser.to_the_end(DOORS["community"], required("community"))
    before = stored()
    chosen = form.press("form_key", "ATTACKERKEY0123456789")
    answer = browser.post_form(chosen, headers=ELSEWHERE)
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert stored() == before
    assert shown(answer).data["form_key"] == form.data["form_key"]


def test_a_name_that_nobody_can_see_is_no_name(browser: Browser) -> None:
    answer = browser.walk(LEARNING, required("learning", name="\u200b\u2060"))
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert error_of(answer.text, "name")


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    "nonsense",
    ["0/", "99/", "01/", "-1/", "1.5/", "x/", "controle/", "1/2/", "9" * 5000 + "/", "%00/"],
    ids=lambda text: text[:9],
)
def test_the_address_of_no_step_is_no_page(browser: Browser, door: str, nonsense: str) -> None:
    form = browser.to_the_end(DOORS[door], required(door))
    base = form.action.removesuffix("controleren/")
    assert browser.get(base + nonsense).status_code == HTTPStatus.NOT_FOUND
    assert browser.post(base + nonsense, data=form.data).status_code in NO_PAGE
    assert rows() == (0, 0, 0, 0)


@pytest.mark.parametrize("door", DOORS)
def test_the_step_after_the_last_is_no_page(browser: Browser, door: str) -> None:
    last = browser.to_the_end(DOORS[door], required(door)).action
    steps = len(asked_of(browser, door, {}).steps)
    assert browser.get(last.replace("controleren", f"{steps}")).status_code == HTTPStatus.OK
    beyond = browser.get(last.replace("controleren", f"{steps + 1}"))
    assert beyond.status_code == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize("handle", ["x", "y" * 3000, "a" * 13, "%0d%0aSet-Cookie:x=y"], ids=len)
def test_a_handle_that_is_not_of_our_making_names_no_form(browser: Browser, handle: str) -> None:
    """A long one would push every other draft's secret out of the cookie."""
    form = browser.form(DOORS["proposal"]).fill(required("proposal"))
    path = f"/voorstellen/{handle}/1/"
    assert browser.get(path).status_code == HTTPStatus.NOT_FOUND
    assert browser.post(path, data=form.data).status_code in NO_PAGE
    assert browser.get(f"/voorstellen/{handle}/controleren/").status_code == HTTPStatus.NOT_FOUND
    assert rows() == (0, 0, 0, 0)
