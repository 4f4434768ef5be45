"""What goes wrong at a form costs a visitor nothing: not the text, not the way, not the courage."""

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import House, OpenTab
from tests.journeys.states import LONG
from tests.journeys.walking import DOORS, fill, on, press, reference, to_check, to_step
from tests.portal_app import required

SCRIPT = pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
TEXT = "Eerste regel <b>&amp;\n\n  tweede “regel”"


@pytest.mark.parametrize(("door", "script"), [("pupil", False), *((door, True) for door in DOORS)])
def test_a_step_sent_empty_comes_back_with_links_to_what_is_missing_and_all_that_was_typed(
    open_tab: OpenTab, door: str, script: bool
) -> None:
    tab = open_tab(java_script_enabled=script)
    tab.goto(DOORS[door])
    fill(tab, {"phone": "geen nummer", "call_when": TEXT.replace("\n", " ")})
    answer = on(tab)
    assert answer.status == 422
    assert tab.title().startswith("Fout: Stap 1 van")
    summary = tab.locator(".error-summary")
    if script:
        expect(summary).to_be_focused()
    links = summary.locator("a").all()
    assert len(links) == (2 if door == "pupil" else 3)
    for link in links:
        address = str(link.get_attribute("href"))
        target = tab.locator(address)
        group = target.locator("xpath=ancestor-or-self::*[contains(@class, 'question')][1]")
        expect(group.locator(".error")).to_contain_text(link.inner_text())
        link.click()
        assert tab.url.endswith(address)
        expect(target).to_be_focused()
    assert tab.input_value("[name=phone]") == "geen nummer"
    assert tab.input_value("[name=call_when]") == TEXT.replace("\n", " ").strip()


def test_the_errors_stand_in_the_order_of_the_questions(open_tab: OpenTab) -> None:
    tab = open_tab()
    tab.goto(DOORS["proposal"])
    on(tab)
    named = [str(link.get_attribute("href")) for link in tab.locator(".error-summary a").all()]
    assert named == ["#role-1", "#name", "#email"]


@SCRIPT
def test_a_postcode_in_two_regions_asks_for_the_municipality(
    open_tab: OpenTab, house: House, script: bool
) -> None:
    tab = open_tab(java_script_enabled=script)
    to_step(tab, "pupil", 2, required("pupil"))
    fill(tab, {"postcode": "2451"})
    assert on(tab).status == 200
    if script:
        expect(tab.locator("#municipality-choice")).to_be_focused()
    chosen = tab.locator("#municipality-choice option").first.inner_text()
    tab.select_option("#municipality-choice", chosen)
    on(tab)
    on(tab)
    expect(tab.locator("main")).to_contain_text(chosen)
    press(tab, "Verstuur")
    letter = house.intake_letter(reference(tab))
    assert f"Gemeente: {chosen}" in letter.get_content()
    assert letter["To"] != "landelijk@example.org"


def test_a_text_that_may_say_too_much_is_asked_about_once_and_taken_as_it_is(
    open_tab: OpenTab, house: House
) -> None:
    told = {"story": "Bel mijn broer: 06 12345678.", "question": "Kan de gemeente opruimen?"}
    tab = open_tab(java_script_enabled=False)
    to_step(tab, "community", 3, required("community"))
    fill(tab, told)
    assert on(tab).status == 200
    assert tab.title().startswith("Nog één vraag: ")
    for link in tab.locator(".asked a").all():
        link.click()
        expect(tab.locator(str(link.get_attribute("href")))).to_be_focused()
    assert tab.input_value("[name=story]") == told["story"]
    on(tab)
    on(tab)
    press(tab, "Verstuur")
    body = house.intake_letter(reference(tab)).get_content()
    assert told["story"] in body
    assert told["question"] in body


def _switch(button: str) -> str:
    return f"button[name=switch]:has-text('{button}')"


@pytest.mark.parametrize(
    ("door", "way", "other"),
    [
        ("pupil", _switch("familie of van de school"), "learning"),
        ("learning", _switch("Ik ben zelf de leerling"), "pupil"),
        ("learning", _switch("Ik hoor zelf bij de groep"), "community"),
        ("learning", "[name=role][value=pupil]", "pupil"),
        ("community", _switch("Ik sta erbuiten"), "proposal"),
        ("community", _switch("Het gaat om één leerling"), "learning"),
        ("community", "[name=role][value=outsider]", "proposal"),
        ("proposal", _switch("Ik hoor zelf bij de groep"), "community"),
        ("proposal", "[name=role][value=involved]", "community"),
    ],
)
def test_a_wrong_door_keeps_what_was_typed(
    open_tab: OpenTab, door: str, way: str, other: str
) -> None:
    typed = {"name": "B. Visser", "email": "visser@example.org", "call_when": "Na vieren"}
    tab = open_tab(java_script_enabled=False)
    tab.goto(DOORS[door])
    fill(tab, typed)
    if way.startswith("button"):
        with tab.expect_navigation():
            tab.click(way)
    else:
        tab.check(way)
        on(tab)
    assert DOORS[other] in tab.url
    expect(tab.locator(".error-summary")).to_have_count(0)
    expect(tab.locator(".notice[role=status]")).to_contain_text("Dit formulier past beter")
    assert {name: tab.input_value(f"[name={name}]") for name in typed} == typed


def test_a_story_goes_along_through_the_wrong_door_and_back(open_tab: OpenTab) -> None:
    tab = open_tab()
    to_step(tab, "community", 3, required("community"))
    fill(tab, {"story": TEXT})
    press(tab, "Terug naar stap 2")
    press(tab, "Terug naar stap 1")
    press(tab, "Ik sta erbuiten")
    for _ in range(3):
        fill(tab, required("proposal"))
        on(tab)
    assert tab.input_value("[name=story]") == TEXT


def test_an_outsider_who_thinks_of_one_pupil_is_told_who_can_ask(open_tab: OpenTab) -> None:
    tab = open_tab()
    tab.goto(DOORS["learning"])
    fill(tab, required("learning", role="outsider"))
    on(tab)
    expect(tab.locator("h1")).to_have_text("Welk formulier past?")
    expect(tab.locator("main")).to_contain_text("Dan kan de leerling zelf aanvragen")
    tab.go_back()
    assert tab.input_value("[name=name]") == "Noor"


@pytest.mark.parametrize("number", [1, 3])
def test_a_page_whose_cookie_is_gone_comes_back_with_its_text(
    open_tab: OpenTab, number: int
) -> None:
    tab = open_tab(java_script_enabled=False)
    answers = required("pupil", story=TEXT)
    to_step(tab, "pupil", number, answers)
    fill(tab, answers)
    tab.context.clear_cookies()
    assert on(tab).status == 422
    kept = "name" if number == 1 else "story"
    assert tab.input_value(f"[name={kept}]") == answers[kept]
    on(tab)
    # Of the steps before nothing is left to be seen by a browser without the cookie.
    while "/3/" not in tab.url:
        fill(tab, required("pupil"))
        on(tab)
    if number == 3:
        assert tab.input_value("[name=story]") == TEXT


def test_a_page_whose_token_is_too_old_comes_back_with_its_text_and_the_next_try_goes_on(
    open_tab: OpenTab,
) -> None:
    tab = open_tab(java_script_enabled=False)
    to_step(tab, "community", 3, required("community"))
    fill(tab, {"story": TEXT})
    _spoil(tab)
    assert on(tab).status == 422
    assert tab.input_value("[name=story]") == TEXT
    on(tab)
    on(tab)
    expect(tab.locator("main")).to_contain_text("tweede “regel”")
    _spoil(tab)
    assert press(tab, "Verstuur").status == 422
    expect(tab.locator("main")).to_contain_text("tweede “regel”")
    press(tab, "Verstuur")
    assert reference(tab)


def _spoil(tab: Page) -> None:
    tab.locator("main [name=csrf_token]").evaluate_all("all => all.forEach(a => a.value += 'x')")


def test_a_database_that_takes_nothing_costs_no_text_and_the_next_try_goes_on(
    open_tab: OpenTab, house: House
) -> None:
    tab = open_tab(java_script_enabled=False)
    to_step(tab, "pupil", 3, required("pupil"))
    fill(tab, {"story": TEXT})
    with house.refusing("draft"):
        assert on(tab).status == 503
    assert tab.input_value("[name=story]") == TEXT
    on(tab)
    with house.refusing("case"):
        assert press(tab, "Verstuur").status == 503
    expect(tab.locator("main")).to_contain_text("tweede “regel”")
    press(tab, "Verstuur")
    assert reference(tab)


def test_a_text_far_too_long_is_still_there_after_going_back(open_tab: OpenTab) -> None:
    tab = open_tab()
    to_step(tab, "pupil", 3, required("pupil"))
    fill(tab, {"story": "x" * 600_000})
    assert on(tab).status == 413
    tab.go_back()
    assert len(tab.input_value("[name=story]")) == 600_000


def test_a_text_counts_down_as_the_server_counts_and_is_never_cut(open_tab: OpenTab) -> None:
    tab = open_tab()
    to_step(tab, "pupil", 3, required("pupil"))
    rest = tab.locator("#story-rest")
    expect(rest).to_have_text("Er passen nog 3000 tekens in.")
    tab.fill("[name=story]", " a\n😀 ")
    expect(rest).to_have_text("Er passen nog 2997 tekens in.")
    tab.fill("[name=story]", LONG)
    expect(rest).to_have_text("Tekens te veel: 1.")
    assert on(tab).status == 422
    expect(tab.locator("#story-fout")).to_contain_text("Er zijn 1 tekens te veel")
    assert tab.input_value("[name=story]") == LONG
    tab.fill("[name=story]", LONG[:-1])
    on(tab)
    expect(tab.locator("h1")).to_contain_text("Kijk alles na")


def test_another_age_is_welcome_and_said_so_before_sending(open_tab: OpenTab) -> None:
    tab = open_tab()
    to_check(tab, DOORS["pupil"], required("pupil", age_band="other"))
    expect(tab.locator(".notice")).to_contain_text("Een andere leeftijd mag ook")
