"""Sending twice, sending late, and sending from elsewhere: one case, and nothing typed is lost."""

from datetime import UTC, datetime, timedelta
from http import HTTPStatus

import pytest
import time_machine

from portal.cases.register import Addition
from portal.database import connection
from tests.intake.walking import SUSPECT, asked_of, drafts, go_on, reach, shown, stored
from tests.portal_app import (
    BASE,
    DOORS,
    Browser,
    Form,
    answers,
    cases,
    controls,
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
OTHER = "Er is geen ruzie meer."


def sent_by_hand(browser: Browser, door: str, **other: str) -> tuple[list[Form], Form, str]:
    """Every step as it was sent, the form that sent the whole, and where that led."""
    form, steps = browser.form(DOORS[door]).fill(required(door, **other)), []
    while not form.is_last:
        steps.append(form)
        form = go_on(browser, form).fill(required(door, **other))
    return steps, form, browser.post_form(form).location


@pytest.mark.parametrize("door", DOORS)
def test_the_same_form_twice_is_one_case_with_one_reference(browser: Browser, door: str) -> None:
    _, form, confirmation = sent_by_hand(browser, door)
    before = stored()
    again = browser.post_form(form)
    assert (again.status_code, again.location) == (303, confirmation)
    assert stored() == before
    assert rows() == (1, 0, 1, 2)


@pytest.mark.parametrize("door", DOORS)
def test_every_step_twice_is_one_draft_that_leads_on_alike(browser: Browser, door: str) -> None:
    form = browser.form(DOORS[door]).fill(required(door))
    while not form.is_last:
        once, again = browser.post_form(form), browser.post_form(form)
        assert (once.status_code, once.location) == (303, again.location)
        form = browser.form(once.location).fill(required(door))
    assert len(drafts()) == 1
    assert browser.post_form(form).status_code == 303


@pytest.mark.parametrize("door", DOORS)
def test_a_step_that_was_left_open_is_confirmed_when_it_says_what_was_sent(
    browser: Browser, door: str
) -> None:
    steps, form, confirmation = sent_by_hand(browser, door, safety="rustig", call_when="na vieren")
    before = stored()
    for left_open in [*steps, form]:
        again = browser.post_form(left_open)
        assert (again.status_code, again.location) == (303, confirmation)
    assert stored() == before


@pytest.mark.parametrize("door", DOORS)
def test_every_address_of_a_form_that_was_sent_leads_to_its_confirmation(
    browser: Browser, door: str
) -> None:
    steps, form, confirmation = sent_by_hand(browser, door)
    for page in [*steps, form]:
        answer = browser.get(page.action)
        assert (answer.status_code, answer.location) == (303, confirmation)
        assert only_case().reference in browser.page(page.action).text


def left_open(browser: Browser) -> Form:
    """A page that was left open when its form was sent, now with other words in it."""
    page = reach(browser, PATH, "story", TYPED)
    assert browser.send(page.action, TYPED).status_code == 303
    return page.fill({"story": OTHER})


def question(browser: Browser) -> list[Form]:
    """The two answers to the question about a page that was left open: begin anew, or add."""
    asked = browser.post_form(left_open(browser))
    return [
        Form(node.get("action"), controls(node).to_dict(flat=False), frozenset(), is_last=False)
        for node in forms(asked.text)
    ]


def test_a_page_that_was_left_open_with_other_words_is_a_question_that_loses_neither(
    browser: Browser,
) -> None:
    page = left_open(browser)
    before = stored()
    asked = browser.post_form(page)
    assert asked.status_code == 200
    assert only_case().reference in asked.text
    assert stored() == before
    for choice in forms(asked.text):
        assert controls(choice)["story"] == OTHER


def test_what_is_added_is_kept_and_its_manager_told_once(browser: Browser) -> None:
    _, add = question(browser)
    added = [browser.post_form(add) for _ in range(2)]
    assert {answer.status_code for answer in added} == {303}
    assert len({answer.location for answer in added}) == 1
    assert rows() == (1, 1, 2, 3)
    assert happenings() == ["received", "added to"]
    (letter,) = letters("addition")
    assert letter.recipient == "utrecht@example.org"
    assert letter.case_reference == only_case().reference
    assert f"/beheer/zaak/{letter.case_reference}/" in letter.body
    with connection():
        assert OTHER in Addition.get().content
    assert answers(only_case())["story"] == ("Er is ruzie.\nAl lang.",)


def test_an_answer_to_the_question_can_begin_a_case_of_its_own(browser: Browser) -> None:
    anew, _ = question(browser)
    led = browser.post_form(anew)
    assert browser.post_form(anew).status_code == 303
    assert len(cases()) == 1
    assert browser.send(led.location, required("proposal")).status_code == 303
    first, second = cases()
    assert first.reference != second.reference
    assert answers(second)["story"] == (OTHER,)
    assert [letter.name for letter in letters()].count("intake") == 2


def test_every_page_that_is_left_open_can_be_added_or_begun_with(browser: Browser) -> None:
    """Other words on each of the steps: both answers hold all that the step was changed to."""
    steps, _, _ = sent_by_hand(browser, "community", story="Herrie.", call_when="na vieren")
    for number, step in enumerate(steps):
        texts = {
            question.short_name: f"iets anders {number}"
            for question in asked_of(browser, "community", required("community"))
            if question.short_name in step.names and not hasattr(question, "choices")
            if question.short_name != "csrf_token"
        }
        asked = browser.post_form(step.fill(texts))
        assert asked.status_code == 200
        for choice in forms(asked.text):
            kept = controls(choice)
            assert {name: kept.get(name) for name in texts} == texts
        add = forms(asked.text)[-1]
        assert browser.post(add.get("action"), data=controls(add)).status_code == 303
    assert len(letters("addition")) == len(steps)
    with connection():
        said = "".join(added.content for added in Addition.select())
    assert all(f"iets anders {number}" in said for number in range(len(steps)))


@pytest.mark.parametrize("way", SUSPECT)
@pytest.mark.parametrize("door", DOORS)
def test_a_step_that_is_not_surely_ours_writes_nothing_and_comes_back_with_its_text(
    browser: Browser, door: str, way: str
) -> None:
    typed = required(door, story="Er is ruzie.", safety="rustig", call_when="na vieren", how="zo")
    form = browser.form(DOORS[door]).fill(typed)
    while not form.is_last:
        before = stored()
        answer = SUSPECT[way](browser, form)
        assert answer.status_code == 422
        assert stored() == before
        assert keeps(answer.text, {k: v for k, v in typed.items() if k in form.names})
        assert "evil" not in answer.text
        assert "Kies nog een keer ‘Ga verder’" in answer.text
        # The cookie may hold another token by now, as after any visit.
        form = go_on(browser, browser.form(form.action).fill(typed)).fill(typed)
    assert rows() == (0, 0, 0, 0)


@pytest.mark.parametrize("way", SUSPECT)
@pytest.mark.parametrize("door", DOORS)
def test_a_whole_form_that_is_not_surely_ours_is_not_sent_and_not_lost(
    browser: Browser, door: str, way: str
) -> None:
    form = browser.to_the_end(DOORS[door], required(door, safety="heel rustig"))
    before = stored()
    answer = SUSPECT[way](browser, form)
    assert stored() == before
    if answer.status_code == 303:
        # Without the cookie, or when its day was over, there was no draft to send.
        assert way in {"no cookie", "25 hours old"}
        assert "is er niet meer" in browser.page(answer.location).text
    else:
        assert answer.status_code == 422
        assert "heel rustig" in answer.text
        assert "Verstuur het nog een keer" in answer.text
    assert browser.post_form(browser.form(form.action)).status_code == 303
    assert answers(only_case())["safety"] == ("heel rustig",)


@pytest.mark.parametrize("way", SUSPECT)
def test_a_form_that_was_taken_in_is_confirmed_again_however_it_comes(
    browser: Browser, way: str
) -> None:
    form = browser.to_the_end(PATH, TYPED)
    first = browser.post_form(form)
    before = stored()
    answer = SUSPECT[way](browser, form)
    assert (answer.status_code, answer.location) == (303, first.location)
    assert stored() == before


@pytest.mark.parametrize(
    "way", [way for way in SUSPECT if way not in {"25 hours old", "no cookie"}]
)
def test_a_step_of_a_form_that_was_taken_in_is_confirmed_again_however_it_comes(
    browser: Browser, way: str
) -> None:
    steps, _, confirmation = sent_by_hand(browser, "proposal", story="Er is ruzie.")
    before = stored()
    for step in steps:
        answer = SUSPECT[way](browser, step)
        assert (answer.status_code, answer.location) == (303, confirmation)
    assert stored() == before


@pytest.mark.parametrize("decision", ["", "add", "new"])
@pytest.mark.parametrize("way", SUSPECT)
def test_other_words_to_a_known_form_write_nothing_when_it_is_not_surely_ours(
    browser: Browser, way: str, decision: str
) -> None:
    page = left_open(browser)
    before = stored()
    answer = SUSPECT[way](browser, page.press("decision", decision))
    assert answer.status_code == 422
    assert stored() == before
    assert keeps(answer.text, {"story": OTHER})


@pytest.mark.parametrize("door", DOORS)
def test_a_step_that_came_back_after_a_day_can_be_sent_as_it_is(
    browser: Browser, door: str
) -> None:
    """What the page itself held is kept; what came before it was forgotten, and is asked anew."""
    typed = required(door, story="Mijn verhaal.", good_at="Mijn verhaal.")
    telling = "good_at" if door == "learning" else "story"
    step = reach(browser, DOORS[door], telling, typed)
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=25), tick=True):
        back = browser.post_form(step)
        assert back.status_code == 422
        led = browser.post_form(shown(back))
        assert "is er niet meer" in browser.page(led.location).text
        assert browser.send(led.location, required(door)).status_code == 303
    assert answers(only_case())[telling] == ("Mijn verhaal.",)


def test_a_first_step_that_came_back_after_a_day_leads_on_as_ever(browser: Browser) -> None:
    first = browser.form(PATH).fill(TYPED)
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=25), tick=True):
        back = browser.post_form(first)
        assert back.status_code == 422
        second = go_on(browser, shown(back))
        assert browser.send(second.action, TYPED).status_code == 303
    assert only_case().name == "Noor"


def test_a_last_page_older_than_its_token_can_be_sent_as_it_comes_back(browser: Browser) -> None:
    page = browser.to_the_end(PATH, TYPED)
    noon = datetime.now(UTC)
    with time_machine.travel(noon + timedelta(hours=20), tick=True):
        # A step is looked at again and kept, in another tab: the draft lives on.
        assert browser.walk(page.action.replace("controleren", "4"), TYPED).status_code == 200
    with time_machine.travel(noon + timedelta(hours=25), tick=True):
        back = browser.post_form(page)
        assert back.status_code == 422
        assert "Er is ruzie." in back.text
        assert browser.post_form(shown(back)).status_code == 303


@pytest.mark.parametrize("key", ["", "short", "x" * 65, "a b c d e f g h i j", "<script>" * 3])
def test_a_key_that_is_not_ours_is_passed_over(browser: Browser, key: str) -> None:
    form = browser.to_the_end(PATH, TYPED)
    assert browser.post_form(form.press("form_key", key)).status_code == 303
    assert only_case().form_key == form.data["form_key"][0]


@pytest.mark.parametrize("door", DOORS)
def test_pages_nearly_a_day_old_are_taken_in(browser: Browser, door: str) -> None:
    first = browser.form(DOORS[door]).fill(required(door))
    moment = datetime.now(UTC)
    form = first
    while True:
        moment += timedelta(hours=23, minutes=50)
        with time_machine.travel(moment, tick=True):
            answer = browser.post_form(form)
            assert answer.status_code == HTTPStatus.SEE_OTHER
            if form.is_last:
                break
            form = browser.form(answer.location).fill(required(door))
    assert only_case().name == "Noor"


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
    form = browser.form(PATH).fill(TYPED)
    while True:
        answer = browser.post_form(form, headers=headers)
        assert answer.status_code == 303
        if form.is_last:
            break
        form = browser.form(answer.location).fill(TYPED)
    assert only_case().name == "Noor"
