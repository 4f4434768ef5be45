"""Step by step: nothing is lost on the way back, and nothing is sent that was not looked over."""

import html
import re
from http import HTTPStatus

import pytest
from werkzeug.test import TestResponse

from portal.intake.doors import DOORS as FORMS
from portal.web.fields import LONG, in_words
from tests.intake.walking import ASKERS, OWN, asked_of, go_on, questions, shown, stored, whole
from tests.portal_app import (
    DOORS,
    Browser,
    Form,
    answers,
    error_of,
    form_on,
    forms,
    keeps,
    only_case,
    required,
    rows,
)

TOO_LONG = "t" * (LONG + 1)


def holds(browser: Browser, address: str, typed: dict[str, str]) -> bool:
    """Whether the step at this address still holds what was typed of what it asks."""
    page = browser.get(address)
    form = form_on(page.text, address)
    mine = typed.keys() & form.names
    return page.status_code == 200 and all(typed[name] in form.data[name] for name in mine)


@pytest.mark.parametrize(("door", "role"), ASKERS)
def test_going_back_by_button_by_address_or_by_the_browser_keeps_every_answer(
    browser: Browser, door: str, role: str
) -> None:
    typed = whole(browser, door, role)
    form = browser.form(DOORS[door]).fill(typed)
    walked: list[Form] = []
    while not form.is_last:
        back = browser.post_form(form.press("back"))
        assert (back.status_code, back.location) == (303, (walked or [form])[-1].action)
        walked.append(form)
        form = go_on(browser, form).fill(typed)
    assert all(holds(browser, page.action, typed) for page in walked)
    back_link = f'href="{walked[-1].action}">Terug naar stap {len(walked)}<'
    assert back_link in browser.page(form.action).text
    # Over every step once more, with nothing typed anew, it is still all there.
    browser.post_form(browser.to_the_end(walked[0].action, {}))
    assert answers(only_case()) == {n: (text,) for n, text in typed.items() if n not in OWN}


@pytest.mark.parametrize("button", ["", "back", "later"])
@pytest.mark.parametrize("door", DOORS)
def test_what_will_not_do_is_kept_on_every_step_whichever_button_is_pressed(
    browser: Browser, door: str, button: str
) -> None:
    sound = required(door)
    form = browser.form(DOORS[door]).fill(sound)
    while not form.is_last:
        texts = {
            field.short_name: TOO_LONG
            for field in questions(asked_of(browser, door, sound))
            if field.short_name in form.names and not hasattr(field, "choices")
        }
        wrong = form.fill(texts)
        answer = browser.post_form(wrong.press(button) if button else wrong)
        refused = texts and not button
        assert answer.status_code == (422 if refused else 303)
        if refused:
            assert all(error_of(answer.text, name) for name in texts)
            assert keeps(answer.text, texts)
        assert holds(browser, form.action, texts)
        form = go_on(browser, form.fill(dict.fromkeys(texts, "") | sound)).fill(sound)
    assert rows() == (0, 0, 0, 0)


def answered(page: str) -> dict[str, list[str]]:
    """The last page's questions with the answers that it shows."""
    found = re.findall(r"<dt>(.*?)</dt>\s*<dd>(.*?)</dd>", page, re.DOTALL)
    return {
        html.unescape(asked): re.findall(r"<p[^>]*>(.*?)</p>", html.unescape(told), re.DOTALL)
        for asked, told in found
    }


@pytest.mark.parametrize(("door", "role"), ASKERS)
@pytest.mark.parametrize("fully", [True, False])
def test_the_last_page_shows_every_answer_or_that_there_is_none(
    browser: Browser, door: str, role: str, fully: bool
) -> None:
    typed = whole(browser, door, role) if fully else required(door, role=role)
    page = browser.walk(DOORS[door], typed)
    assert page.status_code == 200
    told = answered(page.text)
    fields = questions(asked_of(browser, door, typed))
    assert len(told) == len(fields)
    for field, (asked, words) in zip(fields, told.items(), strict=True):
        if field.short_name != "municipality":
            assert asked == field.label.text
        assert words == (in_words(field) or ["Niet ingevuld"])
    assert ("Niet ingevuld" in page.text) != fully


@pytest.mark.parametrize(("door", "role"), ASKERS)
def test_each_answer_on_the_last_page_has_a_link_of_its_own_that_says_what_it_changes(
    browser: Browser, door: str, role: str
) -> None:
    page = browser.walk(DOORS[door], whole(browser, door, role))
    links = re.findall(
        r'<a href="([^"#]+)#([^"]+)">Wijzig<span class="visually-hidden">: ([^<]+)</span></a>',
        page.text,
    )
    fields = questions(asked_of(browser, door, {"role": role}))
    assert [(name, html.unescape(words)) for _, name, words in links] == [
        (field.short_name, field.label.text) for field in fields
    ]
    assert page.text.count(">Wijzig") == len(links)
    for address, name, words in links:
        step = browser.get(html.unescape(address))
        assert f'id="{name}"' in step.text
        assert words in step.text


@pytest.mark.parametrize(("door", "role"), ASKERS)
def test_changing_an_answer_leads_to_its_step_and_straight_back(
    browser: Browser, door: str, role: str
) -> None:
    typed = whole(browser, door, role)
    last = browser.walk(DOORS[door], typed)
    for address, name in re.findall(r'<a href="([^"#]+)#([^"]+)">Wijzig', last.text):
        step = browser.form(html.unescape(address))
        assert step.data[name] == [typed[name]]
        if name not in {"role", "email", "phone", "postcode", "municipality"}:
            choices = getattr(asked_of(browser, door, {"role": role})[name], "choices", None)
            typed[name] = choices[0].value if choices else f"anders {name}"
            step = step.fill({name: typed[name]})
        answer = browser.post_form(step)
        assert (answer.status_code, answer.location) == (303, last.request.path)
    browser.post_form(browser.form(last.request.path))
    assert only_case().name == "anders name"
    assert answers(only_case()) == {n: (text,) for n, text in typed.items() if n not in OWN}


def test_a_change_that_will_not_do_still_leads_back_when_put_right(browser: Browser) -> None:
    last = browser.walk(DOORS["pupil"], required("pupil"))
    address = last.request.path.replace("controleren", "3") + "?change=1"
    wrong = browser.post_form(browser.form(address).press("story", TOO_LONG))
    assert wrong.status_code == 422
    right = browser.post_form(shown(wrong).fill({"story": "Kort."}))
    assert right.location == last.request.path


UNSOUND = {
    "pupil": {1: {"name": ""}, 2: {"postcode": ""}, 3: {"story": TOO_LONG}},
    "learning": {
        1: {"email": "geen adres"},
        2: {"postcode": ""},
        3: {"pupils": "p" * 101},
        4: {"safety": TOO_LONG},
    },
    "community": {
        1: {"role": ""},
        2: {"postcode": "0000"},
        3: {"question": TOO_LONG},
        4: {"safety": TOO_LONG},
    },
    "proposal": {
        1: {"phone": "bel me"},
        2: {"municipality": "m" * 101},
        3: {"participants": "verzonnen"},
        4: {"story": TOO_LONG},
    },
}


def spoil(browser: Browser, door: str, steps: list[int]) -> Form:
    """The last page's form, of which these steps are no longer sound."""
    typed = required(door, role="school") if door == "learning" else required(door)
    last = browser.to_the_end(DOORS[door], typed)
    for number in steps:
        step = browser.form(last.action.replace("controleren", str(number)))
        browser.post_form(step.fill(UNSOUND[door][number]).press("back"))
    return last


def is_led_to(answer: TestResponse, browser: Browser, last: Form, number: int) -> bool:
    """Whether this leads to a step that says what is wrong with it."""
    step = last.action.replace("controleren", str(number))
    page = browser.get(answer.location)
    if "<option" in page.text:
        return page.status_code == 200 and answer.location == f"{step}?check=1"
    told = page.status_code == 422 and "<title>Fout: " in page.text and "error-summary" in page.text
    return told and answer.location == f"{step}?check=1"


@pytest.mark.parametrize(("door", "number"), [(d, n) for d, all_ in UNSOUND.items() for n in all_])
def test_the_last_page_leads_to_a_step_that_is_not_sound(
    browser: Browser, door: str, number: int
) -> None:
    last = spoil(browser, door, [number])
    before = stored()
    for answer in (browser.get(last.action), browser.post_form(last)):
        assert answer.status_code == 303
        assert is_led_to(answer, browser, last, number)
    assert stored() == before
    assert rows() == (0, 0, 0, 0)


@pytest.mark.parametrize("door", DOORS)
def test_of_more_steps_that_are_not_sound_the_first_is_led_to(browser: Browser, door: str) -> None:
    numbers = list(UNSOUND[door])
    while numbers:
        last = spoil(browser, door, numbers[::-1])
        assert is_led_to(browser.get(last.action), browser, last, numbers[0])
        numbers = numbers[1:]


@pytest.mark.parametrize("door", DOORS)
def test_the_last_page_is_not_reached_by_its_address_alone(browser: Browser, door: str) -> None:
    first = browser.form(DOORS[door]).fill(required(door))
    last = first.action.replace("/1/", "/controleren/")
    assert browser.get(last).location == f"{first.action}?lost=1"
    second = go_on(browser, first)
    assert browser.get(last).location == f"{second.action}?check=1"
    sent = browser.post(last, data={"csrf_token": first.data["csrf_token"]})
    assert sent.location == f"{second.action}?check=1"
    assert rows() == (0, 0, 0, 0)


@pytest.mark.parametrize("door", DOORS)
def test_a_step_cannot_be_begun_with_but_the_first(browser: Browser, door: str) -> None:
    first = browser.form(DOORS[door])
    for number in range(2, len(FORMS[door].form.steps) + 1):
        answer = browser.get(first.action.replace("/1/", f"/{number}/"))
        assert (answer.status_code, answer.location) == (303, f"{first.action}?lost=1")
        assert browser.page(answer.location).status_code == 200


@pytest.mark.parametrize("door", DOORS)
def test_each_page_tells_where_it_stands_in_its_title_and_its_heading(
    browser: Browser, door: str
) -> None:
    form, number = browser.form(DOORS[door]).fill(required(door)), 1
    of = len(FORMS[door].form.steps) + 1
    while True:
        page = browser.get(form.action).text
        assert f"<title>Stap {number} van {of}: " in page
        (heading,) = re.findall(r"<h1>(.*?)</h1>", page, re.DOTALL)
        assert f"Stap {number} van {of}" in heading
        assert (f"Terug naar stap {number - 1}" in page) == (number > 1)
        if form.is_last:
            break
        form, number = go_on(browser, form).fill(required(door)), number + 1
    assert number == of
    assert len(forms(page)) == 1


def test_the_confirmation_ends_the_road_also_for_the_back_button(browser: Browser) -> None:
    last = browser.to_the_end(DOORS["pupil"], required("pupil"))
    assert browser.post_form(last).status_code == HTTPStatus.SEE_OTHER
    page = browser.page(last.action)
    assert only_case().reference in page.text
    assert forms(page.text) == []
