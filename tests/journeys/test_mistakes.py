"""What goes wrong at a form costs a visitor nothing: not the text, not the way, not the courage."""

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import House, OpenTab

FORMS = [
    "/aanvragen/leervraag/?role=pupil",
    "/aanvragen/leervraag/",
    "/aanvragen/groep-wijk-buurt/",
    "/voorstellen/",
]
TEXT = "Eerste regel <b>&amp;\n\n  tweede “regel”"


def send(tab: Page) -> None:
    tab.get_by_role("button", name="Verstuur").last.click()


def send_as_pupil(tab: Page, name: str = "Noor", postcode: str = "3511") -> None:
    tab.fill("[name=name]", name)
    tab.fill("[name=email]", "noor@example.org")
    tab.fill("[name=postcode]", postcode)
    send(tab)


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
@pytest.mark.parametrize("form", FORMS)
def test_an_empty_form_comes_back_with_links_to_what_is_missing_and_all_that_was_typed(
    open_tab: OpenTab, form: str, script: bool
) -> None:
    tab = open_tab(java_script_enabled=script)
    tab.goto(form)
    tab.fill("[name=story], [name=good_at]", TEXT)
    tab.fill("[name=phone]", "geen nummer")
    with tab.expect_navigation() as sent:
        send(tab)
    answer = sent.value
    assert answer
    assert answer.status == 422
    assert tab.title().startswith("Fout: ")
    assert tab.title().endswith(" – Eigen Kracht")
    summary = tab.locator(".error-summary")
    if script:
        expect(summary).to_be_focused()
    links = summary.locator("a").all()
    assert len(links) >= 3
    for link in links:
        target = tab.locator(str(link.get_attribute("href")))
        group = target.locator("xpath=ancestor-or-self::*[contains(@class, 'question')][1]")
        expect(group.locator(".error")).to_contain_text(link.inner_text())
    links[0].click()
    assert tab.url.endswith(str(links[0].get_attribute("href")))
    assert tab.input_value("[name=story], [name=good_at]") == TEXT
    assert tab.input_value("[name=phone]") == "geen nummer"


def test_the_errors_stand_in_the_order_of_the_questions(open_tab: OpenTab) -> None:
    tab = open_tab()
    tab.goto("/voorstellen/")
    send(tab)
    named = [str(link.get_attribute("href")) for link in tab.locator(".error-summary a").all()]
    assert named == ["#role-1", "#name", "#email", "#postcode"]


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_a_postcode_in_two_regions_asks_for_the_municipality(
    open_tab: OpenTab, house: House, script: bool
) -> None:
    tab = open_tab(java_script_enabled=script)
    tab.goto(FORMS[0])
    send_as_pupil(tab, postcode="2451")
    expect(tab.locator("#plaats")).to_be_visible()
    tab.select_option("#municipality-choice", index=0)
    chosen = tab.locator("#municipality-choice option").first.inner_text()
    tab.get_by_role("button", name="Verstuur met deze gemeente").click()
    tab.wait_for_url("**/ontvangen/**")
    letter = house.intake_letter(tab.locator("h1 + p strong").inner_text())
    assert f"Gemeente: {chosen}" in letter.get_content()
    assert letter["To"] != "landelijk@example.org"


def test_a_wrong_door_keeps_what_was_typed(open_tab: OpenTab) -> None:
    tab = open_tab()
    tab.goto("/aanvragen/groep-wijk-buurt/")
    tab.fill("[name=name]", "B. Visser")
    tab.fill("[name=story]", TEXT)
    tab.check("[name=participants][value=police]")
    tab.get_by_role("button", name="Ik sta erbuiten").click()
    expect(tab.locator("h1")).to_have_text("Een conferentie voorstellen aan anderen")
    expect(tab.locator(".error-summary")).to_have_count(0)
    assert tab.input_value("[name=name]") == "B. Visser"
    assert tab.input_value("[name=story]") == TEXT
    expect(tab.locator("[name=participants][value=police]")).to_be_checked()


def send_twice(tab: Page) -> str:
    """Send one form twice, with other words; gives the first reference."""
    tab.goto(FORMS[0])
    key = tab.input_value("[name=form_key]")
    send_as_pupil(tab)
    reference = tab.locator("h1 + p strong").inner_text()
    tab.goto(FORMS[0])
    # What a second tab, or a browser that kept the page, sends.
    tab.eval_on_selector("[name=form_key]", "(field, key) => { field.value = key; }", key)
    send_as_pupil(tab, name="Nora")
    return reference


def test_the_same_form_with_other_words_may_be_added_to_the_first(
    open_tab: OpenTab, house: House
) -> None:
    tab = open_tab()
    reference = send_twice(tab)
    expect(tab.locator("main")).to_contain_text(reference)
    tab.get_by_role("button", name=f"Verstuur als aanvulling op {reference}").click()
    tab.wait_for_url("**/ontvangen/**")
    assert tab.locator("h1 + p strong").inner_text() == reference


def test_the_same_form_with_other_words_may_be_a_request_of_its_own(
    open_tab: OpenTab, house: House
) -> None:
    tab = open_tab()
    reference = send_twice(tab)
    tab.get_by_role("button", name="Verstuur als een nieuwe aanvraag").click()
    tab.wait_for_url("**/ontvangen/**")
    second = tab.locator("h1 + p strong").inner_text()
    assert second != reference
    assert "Nora" in house.intake_letter(second).get_content()


def test_a_text_counts_down_as_the_server_counts(open_tab: OpenTab) -> None:
    tab = open_tab()
    tab.goto(FORMS[0])
    tab.fill("[name=story]", " a\n😀 ")
    expect(tab.locator("#story-rest")).to_have_text("Er passen nog 2997 tekens in.")
    tab.fill("[name=story]", "a" * 3001)
    expect(tab.locator("#story-rest")).to_have_text("Tekens te veel: 1.")
    assert len(tab.input_value("[name=story]")) == 3001
