"""The questions before a form: few, plain, and ending at the right door or an honest word."""

import html
import itertools
import re

import pytest

from portal.intake.fitting import ABOUT, DANGER, Outcome, Question, next_after
from tests.portal_app import PHONE, Browser, rows


def paths() -> list[tuple[dict[str, str], Outcome]]:
    """Every way through the questions, with where it ends."""
    ended, open_ways = [], [dict[str, str]()]
    while open_ways:
        given = open_ways.pop()
        found = next_after(given)
        if isinstance(found, Outcome):
            ended.append((given, found))
        else:
            open_ways += [{**given, found.name: value} for value, _ in found.answers]
    return ended


def test_every_way_ends_after_four_questions_at_most() -> None:
    assert max(len(given) for given, _ in paths()) == 4
    assert len(paths()) == 2 + 3 * (4 + 6)


def test_danger_comes_before_everything() -> None:
    assert next_after({}) is DANGER
    others = {"about": "learning", "who": "pupil", "plan": "own"}
    assert next_after({**others, "danger": "yes"}) == Outcome("danger")


@pytest.mark.parametrize(("given", "outcome"), paths(), ids=str)
def test_every_end_is_a_page_with_a_phone_number_or_a_door_that_opens(
    browser: Browser, given: dict[str, str], outcome: Outcome
) -> None:
    page = browser.get("/keuzehulp/", query_string=given)
    assert page.status_code == 200
    assert PHONE in page.text
    if outcome.door:
        role = f"?role={outcome.role}" if outcome.role else ""
        form = browser.form(dict_of_doors()[outcome.door] + role)
        assert f'href="{dict_of_doors()[outcome.door]}{role}"' in page.text
        assert outcome.role in {None, "pupil", *form.data.get("role", [])}
    assert rows() == (0, 0, 0, 0)


def dict_of_doors() -> dict[str, str]:
    return {
        "learning": "/aanvragen/leervraag/",
        "community": "/aanvragen/groep-wijk-buurt/",
        "proposal": "/voorstellen/",
    }


def test_a_question_passed_over_is_asked_again_and_says_so(browser: Browser) -> None:
    page = browser.get("/keuzehulp/?danger=no&asked=about")
    assert page.status_code == 422
    assert "<title>Fout: " in page.text


def test_each_question_has_a_title_of_its_own_and_a_way_back_to_the_one_before(
    browser: Browser,
) -> None:
    titles = set()
    for given, _ in paths():
        asked = [dict(list(given.items())[:n]) for n in range(len(given) + 1)]
        pages = [browser.get("/keuzehulp/", query_string=answers).text for answers in asked]
        for before, page in itertools.pairwise(pages):
            titles |= set(re.findall("<title>(.*?)</title>", before))
            back = html.unescape(re.findall(r'<a href="([^"]*)">Terug naar', page)[0])
            assert browser.get(back).text == before
    # Who fills it in is asked in two ways, under one title.
    assert len(titles) == 4


def test_answers_go_along_from_question_to_question(browser: Browser) -> None:
    form = browser.form("/keuzehulp/?danger=no&asked=danger")
    assert form.data == {"danger": ["no"]}
    assert ABOUT.name in form.names


@pytest.mark.parametrize("nonsense", ["danger=maybe", "danger=no&about=<b>", "who=pupil", "x=1"])
def test_an_answer_that_is_none_of_ours_is_as_if_not_given(browser: Browser, nonsense: str) -> None:
    page = browser.get(f"/keuzehulp/?{nonsense}")
    assert page.status_code == 200
    assert "<b>" not in page.text


def test_no_question_is_asked_twice() -> None:
    for given, _ in paths():
        seen = [next_after(dict(itertools.islice(given.items(), n))) for n in range(len(given))]
        names = [question.name for question in seen if isinstance(question, Question)]
        assert names == list(given)
