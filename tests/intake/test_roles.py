"""Who asks: each role its own words, and a wrong choice leads on to the right form."""

import html
import re
from http import HTTPStatus

import pytest

from portal.intake.doors import DOORS as FORMS
from portal.intake.forms import Variant
from portal.web.fields import in_words
from tests.intake.test_steps import answered, holds
from tests.intake.walking import ASKERS, OWN, ROLES, asked_of, go_on, questions, stored, whole
from tests.portal_app import (
    DOORS,
    PHONE,
    Browser,
    answers,
    cases,
    form_on,
    keeps,
    letters,
    only_case,
    required,
    rows,
)

# Where an answer to "who are you" leads that belongs at another door.
LEADS = {
    ("learning", "pupil"): "pupil",
    ("community", "outsider"): "proposal",
    ("proposal", "involved"): "community",
}
WHO = {"name": "Noor", "email": "geen adres", "phone": "06", "call_when": "na vieren"}


def test_every_role_that_a_form_knows_has_its_place_in_these_tests(browser: Browser) -> None:
    for key, door in FORMS.items():
        known = asked_of(browser, key, {}).roles()
        assert known == (set(ROLES[key]) | door.leads.keys()) - {""}
    led = {(key, role): to for key, door in FORMS.items() for role, to in door.leads.items() if to}
    assert led == LEADS


@pytest.mark.parametrize(("door", "role"), LEADS)
def test_a_role_that_belongs_elsewhere_leads_there_with_all_that_was_typed(
    browser: Browser, door: str, role: str
) -> None:
    """Also what would not do at the first door: that is no error on the way to another."""
    first = browser.form(DOORS[door]).fill(WHO | {"role": role})
    answer = browser.post_form(first)
    assert answer.status_code == 303
    page = browser.page(answer.location)
    assert page.request.path.startswith(FORMS[LEADS[door, role]].path)
    assert page.status_code == 200
    assert "Fout" not in page.text
    assert "Wat al was ingevuld, is bewaard." in page.text
    assert keeps(page.text, WHO)
    assert rows() == (0, 0, 0, 0)


@pytest.mark.parametrize(("door", "role"), LEADS)
def test_a_role_that_is_changed_at_the_end_takes_every_answer_along(
    browser: Browser, door: str, role: str
) -> None:
    typed = whole(browser, door, ROLES[door][0])
    last = browser.to_the_end(DOORS[door], typed)
    first = browser.form(last.action.replace("controleren", "1") + "?change=1")
    led = browser.post_form(first.fill({"role": role})).location
    to = LEADS[door, role]
    assert browser.send(led, {"role": ROLES[to][0]}).status_code == 303
    assert only_case().kind == FORMS[to].form.kind
    assert only_case().intent == FORMS[to].form.intent
    assert answers(only_case()) == {n: (text,) for n, text in typed.items() if n not in OWN}


def test_an_outsider_who_thinks_of_a_pupil_gets_advice_and_loses_nothing(browser: Browser) -> None:
    first = browser.form(DOORS["learning"]).fill(WHO | {"role": "outsider"})
    answer = browser.page(browser.post_form(first).location)
    assert answer.status_code == 200
    assert "Fout" not in answer.text
    assert "Dan kan de leerling zelf aanvragen" in answer.text
    assert PHONE in answer.text
    assert holds(browser, first.action, WHO)
    assert rows() == (0, 0, 0, 0)


@pytest.mark.parametrize(("door", "role"), [*LEADS, ("learning", "outsider")])
def test_nothing_is_sent_in_a_role_that_belongs_elsewhere(
    browser: Browser, door: str, role: str
) -> None:
    """The pages of the first form are still in the browser's memory, its last one too."""
    last = browser.to_the_end(DOORS[door], required(door))
    first = browser.form(last.action.replace("controleren", "1"))
    browser.post_form(first.fill({"role": role}))
    before = stored()
    for answer in (browser.get(last.action), browser.post_form(last)):
        assert (answer.status_code, answer.location) == (303, first.action)
    assert stored() == before
    page = browser.get(first.action)
    assert page.status_code == 200
    assert keeps(page.text, {"role": role})


def test_who_turns_out_not_to_be_the_pupil_is_not_led_back_by_the_first_choice(
    browser: Browser,
) -> None:
    first = browser.form(DOORS["learning"]).fill(required("learning", role="pupil"))
    pupil = browser.form(browser.post_form(first).location)
    back = browser.form(browser.post_form(pupil.press("switch", "learning")).location)
    assert "role" not in back.data
    after = browser.post_form(back.fill({"role": "relative"}))
    assert after.location == f"{back.action.removesuffix('1/')}2/"


@pytest.mark.parametrize("door", ["pupil", "learning"])
def test_another_age_is_no_error_and_is_told_so_kindly(browser: Browser, door: str) -> None:
    page = browser.walk(DOORS[door], required(door, age_band="other"))
    assert page.status_code == 200
    assert "Een andere leeftijd mag ook." in page.text
    assert "Fout" not in page.text
    browser.post_form(form_on(page.text, page.request.path))
    assert answers(only_case())["age_band"] == ("other",)


def test_an_age_within_the_usual_is_not_remarked_on(browser: Browser) -> None:
    page = browser.walk(DOORS["pupil"], required("pupil", age_band="12-15"))
    assert "andere leeftijd" not in page.text


CHOSEN_BEFORE = [(door, role) for door, role in ASKERS if role]


@pytest.mark.parametrize(("door", "role"), CHOSEN_BEFORE)
def test_a_role_that_was_chosen_before_is_not_asked_again_but_can_be_changed(
    browser: Browser, door: str, role: str
) -> None:
    first = browser.page(f"{DOORS[door]}?role={role}")
    assert not re.search(r'name="role" type="radio"', first.text)
    typed = required(door)
    del typed["role"]
    last = browser.walk(f"{DOORS[door]}?role={role}", typed)
    chosen = asked_of(browser, door, {"role": role})["role"]
    assert answered(last.text)["Wie bent u?"] == in_words(chosen)
    again = browser.form(last.request.path.replace("controleren", "1") + "?change=1")
    assert again.data["role"] == [role]
    other = ROLES[door][ROLES[door].index(role) - 1]
    assert browser.post_form(again.fill({"role": other})).location == last.request.path
    browser.post_form(browser.form(last.request.path))
    assert only_case().role == other


@pytest.mark.parametrize("door", ["learning", "community", "proposal"])
@pytest.mark.parametrize("role", ["", "verzonnen", "outsider", "involved", "pupil", "x" * 2000])
def test_a_role_in_the_address_that_fits_nobody_here_is_asked(
    browser: Browser, door: str, role: str
) -> None:
    if (door, role) == ("learning", "pupil"):
        return
    first = browser.page(f"{DOORS[door]}?role={role}")
    assert first.status_code == 200
    assert re.search(r'name="role" type="radio"', first.text)


def test_a_role_that_was_chosen_on_the_page_is_asked_still_when_something_else_is_wrong(
    browser: Browser,
) -> None:
    first = browser.form(f"{DOORS['community']}?role=verzonnen")
    page = browser.post_form(first.fill(required("community", name="")))
    assert page.status_code == 422
    assert re.search(r'name="role" type="radio"', page.text)
    assert keeps(page.text, {"role": "resident"})


def words_of(variant: Variant) -> list[str]:
    return [words for pair in variant.words.values() for words in pair if words]


VARIANTS = [(door, role) for door in FORMS for role in FORMS[door].form.variants]


@pytest.mark.parametrize(("door", "role"), VARIANTS)
def test_each_role_is_asked_in_its_own_words(browser: Browser, door: str, role: str) -> None:
    typed = required(door, role=role)
    form, seen = browser.form(DOORS[door]).fill(typed), ""
    while not form.is_last:
        seen += html.unescape(browser.get(form.action).text)
        form = go_on(browser, form).fill(typed)
    last = html.unescape(browser.get(form.action).text)
    variant = FORMS[door].form.variants[role]
    assert all(words in seen for words in words_of(variant))
    assert all(label in last for label, _ in variant.words.values())
    for name in variant.without:
        assert f'name="{name}"' not in seen
    for name, values in variant.unasked.items():
        assert re.search(f'name="{name}"', seen)
        assert not [value for value in values if f'value="{value}"' in seen]


def test_only_a_school_is_asked_for_how_many_pupils(browser: Browser) -> None:
    asked = {
        role: "pupils"
        in [q.short_name for q in questions(asked_of(browser, "learning", {"role": role}))]
        for role in ROLES["learning"]
    }
    assert asked == {"relative": False, "school": True, "unknown": True}


def test_what_a_school_filled_in_stays_in_sight_when_it_turns_out_a_relative(
    browser: Browser,
) -> None:
    """Nothing is dropped in silence, and nothing is sent unseen."""
    typed = required("learning", role="school", pupils="ongeveer 20")
    typed |= {"reasons": ["network", "class"]}  # type: ignore[dict-item]
    last = browser.to_the_end(DOORS["learning"], typed)
    first = browser.form(last.action.replace("controleren", "1") + "?change=1")
    page = browser.page(browser.post_form(first.fill({"role": "relative"})).location)
    assert "ongeveer 20" in page.text
    assert "hun netwerk meer betrekken" in page.text
    third = browser.form(last.action.replace("controleren", "3"))
    browser.post_form(browser.to_the_end(third.action, {}))
    assert only_case().role == "relative"
    assert answers(only_case()) == {"pupils": ("ongeveer 20",), "reasons": ("class", "network")}


def test_what_was_filled_in_at_another_door_is_on_the_last_page_and_can_be_taken_away(
    browser: Browser,
) -> None:
    typed = required("community", coordinator_wishes="spreekt Turks", follow_up="yes")
    last = browser.to_the_end(DOORS["community"], typed)
    first = browser.form(last.action.replace("controleren", "1"))
    led = browser.post_form(first.press("switch", "proposal")).location
    page = browser.walk(led, {"role": "neighbour"})
    told = answered(page.text)
    assert told["Wensen over de coördinator"] == ["spreekt Turks"]
    assert told["Contact na drie maanden mag"] == ["Ja"]
    (link,) = re.findall(r'href="([^"#]+)#coordinator_wishes">Wijzig', page.text)
    step = browser.form(html.unescape(link))
    assert step.data["coordinator_wishes"] == ["spreekt Turks"]
    back = browser.post_form(step.fill({"coordinator_wishes": ""}))
    assert back.location == page.request.path
    assert "Turks" not in browser.get(back.location).text
    browser.post_form(browser.form(back.location))
    assert only_case().intent == "proposal"
    assert answers(only_case()) == {"follow_up": ("yes",)}
    assert "Turks" not in letters("intake")[0].body


def test_the_place_as_it_was_first_typed_is_on_the_last_page(browser: Browser) -> None:
    typed = required("pupil", postcode="10115 Berlin", municipality="Kreuzberg")
    asked = browser.walk(DOORS["pupil"], typed)
    choice = form_on(asked.text, asked.request.path).fill({"municipality": "Weet ik niet"})
    page = browser.walk(browser.post_form(choice).location, {})
    assert "10115 Berlin Kreuzberg" in page.text
    assert cases() == []


@pytest.mark.parametrize(("door", "role"), ASKERS)
def test_all_that_a_manager_will_read_was_on_the_last_page(
    browser: Browser, door: str, role: str
) -> None:
    typed = whole(browser, door, role)
    page = browser.walk(DOORS[door], typed)
    browser.post_form(form_on(page.text, page.request.path))
    told = html.unescape(page.text)
    assert all(text in told for (text,) in answers(only_case()).values() if " " in text)


# The pupil's own form.

SIX = [
    {"name"},
    {"email", "phone", "call_when"},
    {"postcode", "municipality"},
    {"age_band"},
    {"story"},
    {"safety"},
]
UNTYPED = {"csrf_token", "age_band", "back", "later", "switch"}
UNTYPED = {"csrf_token", "age_band", "back", "later", "switch"}
FORMAL = re.compile(r"\b(u|uw|uzelf)\b", re.IGNORECASE)


def pages_of_a_pupil(browser: Browser) -> list[str]:
    pages, form = [], browser.form(DOORS["pupil"]).fill(required("pupil"))
    while not form.is_last:
        pages += [main(browser.get(form.action).text)]
        wrong = browser.post_form(form.fill(dict.fromkeys(form.names - UNTYPED, "x" * 4000)))
        assert wrong.status_code == 422
        pages += [main(wrong.text)]
        form = go_on(browser, form).fill(required("pupil"))
    pages += [main(browser.get(form.action).text)]
    pages += [main(browser.page(browser.post_form(form).location).text)]
    return pages


def main(page: str) -> str:
    return page.partition("<main")[2].partition("</main>")[0]


def test_a_pupil_is_asked_six_questions(browser: Browser) -> None:
    asked = [q.short_name for q in questions(asked_of(browser, "pupil", {}))]
    assert sorted(asked) == sorted(name for group in SIX for name in group)
    assert all(set(asked[asked.index(min(g, key=asked.index)) :][: len(g)]) == g for g in SIX)


def test_a_pupil_is_spoken_to_as_je_on_every_page(browser: Browser) -> None:
    for page in pages_of_a_pupil(browser):
        words = html.unescape(re.sub(r"<[^>]+>", " ", page))
        assert not FORMAL.search(words), words
        assert re.search(r"\bje\b", words, re.IGNORECASE)


def test_a_pupil_is_told_who_reads_it_and_that_nobody_is_forced(browser: Browser) -> None:
    first = browser.page(DOORS["pupil"]).text
    for words in ("De regiomanager leest", "zit nergens aan vast", "er gebeurt niets zonder jou"):
        assert words in first


def test_a_pupils_story_is_helped_by_the_three_questions(browser: Browser) -> None:
    hint = asked_of(browser, "pupil", {})["story"].hint
    for words in ("waar ben je goed in?", "Wat wil je leren?", "Hoe kan dat"):
        assert words in hint


# The proposal.


def test_a_proposal_warns_not_to_name_people_and_approaches_nobody(browser: Browser) -> None:
    first = browser.page(DOORS["proposal"]).text
    assert "Noem geen namen van anderen. Via dit formulier benaderen we niemand." in first
    asked = {q.short_name: q for q in questions(asked_of(browser, "proposal", {}))}
    assert "roles" not in asked
    assert asked["participants"].hint == "Kies rollen. Noem geen namen. Meer dan één antwoord mag."
    assert "Wie komt, moet dat zelf willen" in asked["they_know"].hint
    assert "Denkt u aan één leerling?" in first
    assert PHONE in first


@pytest.mark.parametrize("door", ["learning", "community", "proposal"])
def test_an_adult_is_spoken_to_as_u_on_every_page(browser: Browser, door: str) -> None:
    form = browser.form(DOORS[door]).fill(required(door))
    while True:
        words = re.sub(r"<[^>]+>", " ", main(browser.get(form.action).text))
        assert not re.search(r"\b(je|jij|jouw)\b", words, re.IGNORECASE)
        if form.is_last:
            break
        form = go_on(browser, form).fill(required(door))
    answer = browser.post_form(form)
    assert answer.status_code == HTTPStatus.SEE_OTHER
    words = re.sub(r"<[^>]+>", " ", main(browser.get(answer.location).text))
    assert not re.search(r"\b(je|jij|jouw)\b", words, re.IGNORECASE)
