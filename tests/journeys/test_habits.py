"""What people do with a browser while they fill in a form: back, reload, two tabs, come again."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import House, OpenTab
from tests.journeys.states import FULL
from tests.journeys.walking import DOORS, fill, on, press, reference, send, to_check, to_step
from tests.portal_app import required

SCRIPT = pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
PUPIL = DOORS["pupil"]
ANSWERS = required("pupil", age_band="12-15", story="Ik wil leren lassen.\n\nEcht waar.")


def shows(tab: Page, answers: dict[str, str]) -> bool:
    """Whether the page holds those of these answers that it asks for, and asks for one at least."""
    boxes = tab.locator("main form :is(input, textarea):not([type=hidden])")
    held: list[tuple[str, str, str, bool]] = boxes.evaluate_all(
        "all => all.map(box => [box.name, box.type, box.value, box.checked])"
    )
    given = [
        checked == (value == answers[name]) if kind == "radio" else value == answers[name]
        for name, kind, value, checked in held
        if name in answers
    ]
    return bool(given) and all(given)


@SCRIPT
def test_back_and_forth_in_the_browser_keeps_the_answers(open_tab: OpenTab, script: bool) -> None:
    tab = open_tab(java_script_enabled=script)
    to_step(tab, "pupil", 3, ANSWERS)
    fill(tab, ANSWERS)
    on(tab)
    for number in (3, 2, 1):
        tab.go_back()
        expect(tab.locator("h1")).to_contain_text(f"Stap {number} van 4")
        assert shows(tab, ANSWERS)
    for number in (2, 3, 4):
        tab.go_forward()
        expect(tab.locator("h1")).to_contain_text(f"Stap {number} van 4")
    expect(tab.locator("main")).to_contain_text("Ik wil leren lassen.")


def test_the_forms_own_button_back_keeps_also_what_was_not_yet_sent(open_tab: OpenTab) -> None:
    tab = open_tab(java_script_enabled=False)
    to_step(tab, "pupil", 3, ANSWERS)
    fill(tab, ANSWERS)
    press(tab, "Terug naar stap 2")
    assert shows(tab, ANSWERS)
    press(tab, "Terug naar stap 1")
    assert shows(tab, ANSWERS)
    for _ in range(2):
        on(tab)
    assert shows(tab, ANSWERS)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(True, id="script"),
        pytest.param(
            False,
            id="no-script",
            marks=pytest.mark.xfail(
                strict=True, reason="a step with an error is the answer to a POST"
            ),
        ),
    ],
)
def test_back_after_an_error_or_a_question_finds_the_step_again(
    open_tab: OpenTab, script: bool
) -> None:
    tab = open_tab(java_script_enabled=script)
    tab.goto(PUPIL)
    on(tab)
    fill(tab, ANSWERS)
    on(tab)
    fill(tab, {"postcode": "0000"})
    on(tab)
    on(tab)
    fill(tab, {"story": "Bel mijn broer: 06 12345678."})
    on(tab)
    on(tab)
    expect(tab.locator("h1")).to_contain_text("Kijk alles na")
    for heading in ("Wat wil je", "Wat wil je", "Je school", "Je school", "Wie ben je"):
        tab.go_back()
        expect(tab.locator("h1")).to_contain_text(heading)
    assert tab.input_value("[name=name]") == "Noor"


@SCRIPT
def test_back_from_the_confirmation_shows_the_confirmation_and_never_the_story(
    open_tab: OpenTab, script: bool
) -> None:
    tab = open_tab(java_script_enabled=script)
    to_check(tab, PUPIL, ANSWERS)
    check = tab.url
    press(tab, "Verstuur")
    found = reference(tab)
    for _ in range(4):
        tab.go_back()
        assert reference(tab) == found
        assert "lassen" not in tab.content()
    for page in ("1", "2", "3", "controleren"):
        tab.goto(check.replace("controleren", page))
        assert reference(tab) == found


def test_a_step_can_be_loaded_again_and_shows_what_was_kept(open_tab: OpenTab) -> None:
    tab = open_tab(java_script_enabled=False)
    to_check(tab, PUPIL, ANSWERS)
    check = tab.url
    for number in ("1", "2", "3"):
        tab.goto(check.replace("controleren", number))
        again = tab.reload()
        assert again
        assert again.status == 200
        assert shows(tab, ANSWERS)
    tab.goto(check)
    tab.reload()
    expect(tab.locator("main")).to_contain_text("Ik wil leren lassen.")


def test_a_step_with_an_error_can_be_loaded_again_and_keeps_its_text(
    open_tab: OpenTab,
) -> None:
    tab = open_tab()
    tab.goto(PUPIL)
    fill(tab, {"name": "Noor", "phone": "geen"})
    on(tab)
    tab.reload()
    assert shows(tab, {"name": "Noor", "phone": "geen"})


def test_the_confirmation_can_be_reloaded_and_sends_nothing_again(
    open_tab: OpenTab, house: House
) -> None:
    tab = open_tab()
    found = send(tab, PUPIL, ANSWERS)
    house.intake_letter(found)
    tab.reload()
    assert reference(tab) == found
    subjects = [str(letter["Subject"]) for letter in house.letters()]
    assert len([s for s in subjects if found in s and s.startswith("Nieuw")]) == 1


def test_sending_twice_in_a_hurry_is_sending_once(open_tab: OpenTab, house: House) -> None:
    tab = open_tab()
    to_check(tab, PUPIL, ANSWERS)
    before = house.count("case")
    tab.get_by_role("button", name="Verstuur").dblclick()
    reference(tab)
    assert house.count("case") == before + 1


@pytest.mark.parametrize("door", ["pupil", "community"])
def test_every_link_to_change_leads_to_its_question_and_straight_back(
    open_tab: OpenTab, door: str
) -> None:
    tab = open_tab()
    to_check(tab, DOORS[door], FULL | required(door))
    check, before = tab.url, tab.locator(".answers").all_inner_texts()
    links = tab.locator(".answers a").evaluate_all("all => all.map(link => link.href)")
    assert len(links) == tab.locator(".answers > div").count()
    for link in links:
        tab.goto(link)
        expect(tab.locator(f"#{link.partition('#')[2]}")).to_be_in_viewport()
    on(tab)
    assert tab.url == check
    assert tab.locator(".answers").all_inner_texts() == before


def test_a_changed_answer_is_changed_and_nothing_else(open_tab: OpenTab) -> None:
    tab = open_tab()
    to_check(tab, PUPIL, ANSWERS)
    check = tab.url
    tab.get_by_role("link", name=re.compile("Wijzig.*Hoe oud")).click()
    tab.get_by_label("16 tot en met 19 jaar").check()
    on(tab)
    assert tab.url == check
    expect(tab.locator("main")).to_contain_text("16 tot en met 19 jaar")
    expect(tab.locator("main")).to_contain_text("Ik wil leren lassen.")


def test_a_change_that_goes_wrong_or_raises_a_question_still_leads_straight_back(
    open_tab: OpenTab,
) -> None:
    tab = open_tab()
    to_check(tab, PUPIL, ANSWERS)
    check = tab.url
    tab.get_by_role("link", name=re.compile("Wijzig.*De postcode")).click()
    for code in ("", "0000"):
        fill(tab, {"postcode": code})
        on(tab)
        expect(tab.locator("h1")).to_contain_text("Stap 2 van 4")
    on(tab)
    assert tab.url == check
    tab.get_by_role("link", name=re.compile("Wijzig.*Waarover")).click()
    fill(tab, {"story": "Bel mijn broer: 06 12345678."})
    on(tab)
    expect(tab.locator("h1")).to_contain_text("Stap 3 van 4")
    on(tab)
    assert tab.url == check


def test_a_form_that_is_open_in_two_tabs_keeps_what_is_typed_in_both(open_tab: OpenTab) -> None:
    one = open_tab()
    to_step(one, "pupil", 2, ANSWERS)
    two = one.context.new_page()
    two.goto(one.url.replace("/2/", "/1/"))
    fill(one, {"postcode": "1011"})
    fill(two, {"name": "Nora"})
    on(one)
    on(two)
    assert shows(two, {"postcode": "1011"})
    on(one)
    expect(one.locator("main")).to_contain_text("Nora")
    expect(one.locator("main")).to_contain_text("1011")


def _overtaken(tab: Page) -> str:
    """A page is left open with other words in it while another tab sends the form."""
    to_check(tab, PUPIL, ANSWERS)
    check = tab.url
    tab.goto(check.replace("controleren", "3"))
    other = tab.context.new_page()
    other.goto(check)
    press(other, "Verstuur")
    found = reference(other)
    other.close()
    return found


def test_a_tab_that_comes_in_after_the_other_may_add_its_words(
    open_tab: OpenTab, house: House
) -> None:
    tab = open_tab()
    found = _overtaken(tab)
    fill(tab, {"story": "Ik wil ook leren koken."})
    on(tab)
    expect(tab.locator("main")).to_contain_text(found)
    press(tab, f"Verstuur als aanvulling op {found}")
    assert reference(tab) == found
    assert "koken" in house.letter(f"Aanvulling bij {found}").get_content()


def test_a_tab_that_comes_in_after_the_other_may_begin_a_new_form_with_its_words(
    open_tab: OpenTab, house: House
) -> None:
    tab = open_tab()
    found = _overtaken(tab)
    fill(tab, {"story": "Ik wil ook leren koken."})
    on(tab)
    press(tab, "Begin er een nieuw formulier mee")
    fill(tab, required("pupil", name="Nora"))
    on(tab)
    fill(tab, required("pupil"))
    on(tab)
    assert shows(tab, {"story": "Ik wil ook leren koken."})
    on(tab)
    press(tab, "Verstuur")
    second = reference(tab)
    assert second != found
    assert "koken" in house.intake_letter(second).get_content()


def test_a_tab_that_comes_in_after_the_other_with_the_same_words_shows_the_confirmation(
    open_tab: OpenTab,
) -> None:
    tab = open_tab()
    found = _overtaken(tab)
    on(tab)
    assert reference(tab) == found
