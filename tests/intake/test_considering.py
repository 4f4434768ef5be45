"""What a writer is asked to look at once more: asked once, kept meanwhile, and never refused."""

import html
import re

import pytest
from werkzeug.test import TestResponse

from portal.cases.question import advise
from portal.web.bystanders import find
from portal.web.fields import Story
from tests.intake.walking import asked_of, drafts, questions, reach, shown
from tests.portal_app import DOORS, Browser, answers, keeps, only_case, required, rows

SAYS_TOO_MUCH = "Bel de buurman op 06-12345678."
YES_OR_NO = "Kan de overlast stoppen?"
FINE = "Hoe kan de overlast stoppen?"


def stories(browser: Browser, door: str) -> list[str]:
    asked = questions(asked_of(browser, door, required(door)))
    return [field.short_name for field in asked if isinstance(field, Story)]


TELLING = [
    ("pupil", "story"),
    ("pupil", "safety"),
    ("learning", "good_at"),
    ("learning", "wants_to_learn"),
    ("learning", "how"),
    ("learning", "safety"),
    ("learning", "coordinator_wishes"),
    ("community", "story"),
    ("community", "question"),
    ("community", "safety"),
    ("community", "coordinator_wishes"),
    ("proposal", "story"),
    ("proposal", "question"),
    ("proposal", "safety"),
]


def test_every_field_that_takes_a_story_is_in_these_tests(browser: Browser) -> None:
    assert sorted(TELLING) == sorted((d, name) for d in DOORS for name in stories(browser, d))
    assert find(SAYS_TOO_MUCH)
    assert not find(FINE)
    assert advise(YES_OR_NO)
    assert advise(FINE) is None


def told(page: TestResponse) -> str:
    """The words of the box that asks to look once more; none where there is no such box."""
    found = re.search(r'<section class="notice asked"[^>]*>(.*?)</section>', page.text, re.DOTALL)
    return html.unescape(found[1]) if found and "nog naar kijken" in found[1] else ""


@pytest.mark.parametrize(("door", "name"), TELLING)
def test_a_story_that_may_say_too_much_is_asked_about_once_and_kept(
    browser: Browser, door: str, name: str
) -> None:
    step = reach(browser, DOORS[door], name, required(door)).fill({name: SAYS_TOO_MUCH})
    asked = browser.post_form(step)
    assert asked.status_code == 200
    assert "<title>Nog één vraag: " in asked.text
    assert "Fout" not in asked.text
    assert "een telefoonnummer" in told(asked)
    assert f'<a href="#{name}">' in told(asked)
    assert f'id="{name}"' in asked.text
    assert keeps(asked.text, {name: SAYS_TOO_MUCH})
    assert keeps(browser.get(step.action).text, {name: SAYS_TOO_MUCH})
    assert rows() == (0, 0, 0, 0)
    assert len(drafts()) == 1
    after = browser.post_form(shown(asked))
    assert after.status_code == 303
    browser.post_form(browser.to_the_end(after.location, {}))
    assert answers(only_case())[name] == (SAYS_TOO_MUCH,)


@pytest.mark.parametrize("door", ["community", "proposal"])
def test_a_question_that_could_be_put_better_is_advised_on_once_and_kept(
    browser: Browser, door: str
) -> None:
    step = reach(browser, DOORS[door], "question", required(door)).fill({"question": YES_OR_NO})
    asked = browser.post_form(step)
    advice = advise(YES_OR_NO)
    assert advice is not None
    assert asked.status_code == 200
    assert advice.reason in told(asked)
    assert advice.instead in told(asked)
    assert '<a href="#question">' in told(asked)
    assert keeps(asked.text, {"question": YES_OR_NO})
    browser.post_form(browser.to_the_end(browser.post_form(shown(asked)).location, {}))
    assert answers(only_case())["question"] == (YES_OR_NO,)


@pytest.mark.parametrize("door", DOORS)
def test_nothing_is_asked_where_nothing_is_found(browser: Browser, door: str) -> None:
    texts = dict.fromkeys(stories(browser, door), FINE)
    page = browser.walk(DOORS[door], required(door, phone="06-12345678", **texts))
    assert page.request.path.endswith("/controleren/")


def test_only_the_question_itself_is_advised_on(browser: Browser) -> None:
    step = reach(browser, DOORS["community"], "story", required("community"))
    assert browser.post_form(step.fill({"story": YES_OR_NO})).status_code == 303


def test_all_that_is_found_on_a_page_is_asked_at_once(browser: Browser) -> None:
    step = reach(browser, DOORS["community"], "story", required("community"))
    both = {"story": SAYS_TOO_MUCH, "question": YES_OR_NO}
    asked = browser.post_form(step.fill(both))
    assert all(f'<a href="#{name}">' in told(asked) for name in both)
    assert browser.post_form(shown(asked)).status_code == 303


def test_a_text_may_say_too_much_and_be_put_better_too(browser: Browser) -> None:
    step = reach(browser, DOORS["community"], "question", required("community"))
    asked = browser.post_form(step.fill({"question": f"Kan hij weg? {SAYS_TOO_MUCH}"}))
    assert "een telefoonnummer" in told(asked)
    assert browser.post_form(shown(asked)).status_code == 303


def test_what_is_put_in_later_is_asked_about_too(browser: Browser) -> None:
    step = reach(browser, DOORS["community"], "story", required("community"))
    asked = browser.post_form(step.fill({"story": SAYS_TOO_MUCH}))
    again = browser.post_form(shown(asked).fill({"question": YES_OR_NO}))
    assert again.status_code == 200
    assert '<a href="#question">' in told(again)
    assert '<a href="#story">' not in told(again)


@pytest.mark.parametrize("button", ["back", "later"])
def test_who_leaves_the_page_is_not_asked(browser: Browser, button: str) -> None:
    step = reach(browser, DOORS["pupil"], "story", required("pupil")).fill({"story": SAYS_TOO_MUCH})
    assert browser.post_form(step.press(button)).status_code == 303
    assert keeps(browser.get(step.action).text, {"story": SAYS_TOO_MUCH})


def test_what_will_not_do_comes_first(browser: Browser) -> None:
    step = reach(browser, DOORS["pupil"], "story", required("pupil"))
    wrong = browser.post_form(step.fill({"story": SAYS_TOO_MUCH, "safety": "x" * 3001}))
    assert wrong.status_code == 422
    assert not told(wrong)
    assert told(browser.post_form(shown(wrong).fill({"safety": ""})))


def test_a_change_that_was_asked_about_leads_back_to_the_last_page(browser: Browser) -> None:
    last = browser.to_the_end(DOORS["pupil"], required("pupil"))
    step = browser.form(last.action.replace("controleren", "3") + "?change=1")
    asked = browser.post_form(step.fill({"story": SAYS_TOO_MUCH}))
    assert told(asked)
    assert browser.post_form(shown(asked)).location == last.action


def test_a_form_that_was_asked_about_and_left_can_still_be_sent(browser: Browser) -> None:
    """Never refused: the last page does not ask again."""
    last = browser.to_the_end(DOORS["pupil"], required("pupil"))
    step = browser.form(last.action.replace("controleren", "3"))
    assert told(browser.post_form(step.fill({"story": SAYS_TOO_MUCH})))
    assert browser.post_form(browser.form(last.action)).status_code == 303
    assert answers(only_case())["story"] == (SAYS_TOO_MUCH,)


def test_nothing_typed_is_markup_in_what_is_advised(browser: Browser) -> None:
    step = reach(browser, DOORS["community"], "question", required("community"))
    asked = browser.post_form(step.fill({"question": "Kan <script>alert(1)</script> stoppen?"}))
    assert "<script>alert" not in asked.text


def test_a_pupil_is_asked_as_je(browser: Browser) -> None:
    step = reach(browser, DOORS["pupil"], "story", required("pupil"))
    asked = browser.post_form(step.fill({"story": SAYS_TOO_MUCH}))
    assert "Wil je hier nog naar kijken?" in told(asked)
