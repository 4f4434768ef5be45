"""How every page of every form is made, read as a browser reads it, for every role."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import html5lib
import pytest
from flask import Flask
from werkzeug.test import TestResponse
from wtforms import Field

from portal.database import open_database
from portal.sealing import Keyring
from portal.web.fields import LONG, Choice, Choices, Story
from tests.conftest import DATA_KEY
from tests.intake.walking import ASKERS, asked_of, go_on, questions, reach
from tests.portal_app import DOORS, Browser, new_database, required

Asker = tuple[str, str]

# One of each of these pairs is enough, and the words above them say so.
PAIRS = {"email", "phone", "postcode", "municipality"}
TOO_LONG = "t" * (LONG + 1)

# How each line of text is asked: type, autocomplete, inputmode.
LINES = {
    "name": ("text", "name", None),
    "email": ("email", "email", "email"),
    "phone": ("tel", "tel", "tel"),
    "call_when": ("text", "off", None),
    "postcode": ("text", "off", None),
    "municipality": ("text", "off", None),
    "pupils": ("text", "off", None),
}
TYPED_IN = {"input", "textarea", "select"}


class Page:
    """What stands within <main>, in order."""

    def __init__(self, answer: TestResponse) -> None:
        self.answer = answer
        _, start, rest = answer.text.partition("<main")
        tree = html5lib.parse(start + rest.partition("</main>")[0], namespaceHTMLElements=False)
        self.nodes: list[Any] = [node for node in tree.iter() if isinstance(node.tag, str)]
        self.ids = [node.get("id") for node in self.nodes if node.get("id")]

    def all(self, *tags: str) -> list[Any]:
        return [node for node in self.nodes if node.tag in tags]

    def named(self, name: str) -> list[Any]:
        return [node for node in self.all(*TYPED_IN) if node.get("name") == name]

    def by_id(self, name: str) -> Any:
        (node,) = [node for node in self.nodes if node.get("id") == name]
        return node

    def of_class(self, name: str) -> list[Any]:
        return [node for node in self.nodes if name in (node.get("class") or "").split()]

    def place(self, node: Any) -> int:
        return self.nodes.index(node)


def words(node: Any) -> str:
    return " ".join("".join(node.itertext()).split())


@dataclass(frozen=True)
class Step:
    """A step as it is put to one role: as it is opened, as it is refused, and its questions."""

    page: Page
    refused: Page
    asked: list[Any]


@pytest.fixture(scope="module")
def walked(one_app: Flask, tmp_path_factory: pytest.TempPathFactory) -> dict[Asker, list[Step]]:
    """Every step of every form for every role, gone through once and only read after."""
    open_database(new_database(tmp_path_factory.mktemp("walked")), Keyring([DATA_KEY]))
    browser = one_app.test_client()
    assert isinstance(browser, Browser)
    return {asker: list(_steps(browser, *asker)) for asker in ASKERS}


def _steps(browser: Browser, door: str, role: str) -> Iterator[Step]:
    form, whole = browser.form(DOORS[door]), asked_of(browser, door, {"role": role})
    for step in whole.steps:
        asked = whole.questions(step)
        bad = {f.short_name: "verzonnen" if hasattr(f, "choices") else TOO_LONG for f in asked}
        opened = browser.get(form.action)
        yield Step(Page(opened), Page(browser.post_form(form.fill(bad))), asked)
        form = go_on(browser, form.fill(required(door, role=role)))


Walked = dict[Asker, list[Step]]


def label_of(page: Page, field: Field) -> Any:
    """What stands above a question: its label, or its legend."""
    if isinstance(field, Choice | Choices):
        return next(page.by_id(field.id).iter("legend"))
    (label,) = [node for node in page.all("label") if node.get("for") == field.id]
    return label


def control_of(page: Page, field: Field) -> Any:
    """What carries a question's state: its field, or its group of choices."""
    return page.by_id(field.id)


@pytest.mark.parametrize("asker", ASKERS)
def test_every_question_has_a_label_above_it_and_each_choice_one_of_its_own(
    walked: Walked, asker: Asker
) -> None:
    for step in walked[asker]:
        page, asked = step.page, step.asked
        for field in asked:
            label, control = label_of(page, field), control_of(page, field)
            assert words(label).startswith(field.label.text)
            assert "*" not in words(label)
            if isinstance(field, Choice | Choices):
                assert control.tag == "fieldset"
                for choice in page.named(field.short_name):
                    (own,) = [n for n in page.all("label") if n.get("for") == choice.get("id")]
                    assert words(own)
            else:
                assert page.place(label) < page.place(control)
        labelled = {node.get("for") for node in page.all("label")}
        assert labelled <= set(page.ids)
        shown = [n for n in page.all(*TYPED_IN) if n.get("type") != "hidden"]
        assert {node.get("id") for node in shown} == labelled
        assert len(page.ids) == len(set(page.ids))


@pytest.mark.parametrize("asker", ASKERS)
def test_what_may_be_left_empty_says_so_and_what_may_not_is_said_to_machines(
    walked: Walked, asker: Asker
) -> None:
    for step in walked[asker]:
        page, asked = step.page, step.asked
        for field in asked:
            optional = not field.needed and field.short_name not in PAIRS
            assert words(label_of(page, field)).endswith("(niet verplicht)") == optional
            assert (control_of(page, field).get("aria-required") == "true") == bool(field.needed)
        needed = [field for field in asked if field.needed or field.short_name in PAIRS]
        told = "Vul alle vragen in" if needed else "overslaan. "
        (above,) = [n for n in page.all("p") if told in f"{words(n)} "]
        assert page.place(above) < page.place(control_of(page, asked[0]))


@pytest.mark.parametrize("asker", ASKERS)
def test_a_page_checks_nothing_itself_and_stands_in_nobodys_way(
    walked: Walked, asker: Asker
) -> None:
    for page in [step.page for step in walked[asker]]:
        (form,) = page.all("form")
        assert form.get("novalidate") is not None
        assert form.get("method") == "post"
        forbidden = {"placeholder", "required", "maxlength", "minlength", "pattern", "title"}
        forbidden |= {"disabled", "readonly", "autofocus", "tabindex", "style", "accesskey"}
        for node in page.nodes:
            assert not forbidden & node.attrib.keys()
            assert not [name for name in node.attrib if name.startswith("on")]
        assert not [n for n in page.all("input") if n.get("type") in {"number", "date", "password"}]
        assert "http-equiv" not in page.answer.text
        (first, *_) = page.all("button")
        assert (words(first), first.get("type")) == ("Ga verder", "submit")
        assert first.get("name") is None


@pytest.mark.parametrize("asker", ASKERS)
def test_each_line_is_of_the_kind_that_a_browser_can_help_with(
    walked: Walked, asker: Asker
) -> None:
    for step in walked[asker]:
        page, asked = step.page, step.asked
        for field in asked:
            control = control_of(page, field)
            if control.tag == "input":
                kind, complete, mode = LINES[field.short_name]
                if asker[0] == "pupil" and field.short_name == "name":
                    complete = "given-name"
                assert control.get("type") == kind
                assert control.get("autocomplete") == complete
                assert control.get("inputmode") == mode
                assert control.get("spellcheck") == "false"
            if isinstance(field, Story):
                assert control.tag == "textarea"
                assert control.get("spellcheck") is None
                assert control.get("data-longest") == str(LONG)
                rest = page.by_id(f"{field.id}-rest")
                assert words(rest) == f"Er passen {LONG} tekens in."
                assert rest.get("id") in control.get("aria-describedby").split()


@pytest.mark.parametrize("asker", ASKERS)
def test_hints_are_few_in_sight_beside_their_question_and_hold_no_link(
    walked: Walked, asker: Asker
) -> None:
    for step in walked[asker]:
        page, asked = step.page, step.asked
        hints = page.of_class("hint")
        assert len(hints) <= 3
        assert [words(hint) for hint in hints] == [field.hint for field in asked if field.hint]
        for field in asked:
            described = (control_of(page, field).get("aria-describedby") or "").split()
            assert set(described) <= set(page.ids)
            assert (f"{field.id}-hint" in described) == bool(field.hint)
        for hint in hints:
            assert not list(hint.iter("a"))
            assert hint.get("class") == "hint"
            assert hint.get("hidden") is None


@pytest.mark.parametrize("asker", ASKERS)
def test_not_to_know_is_an_answer(walked: Walked, asker: Asker) -> None:
    for field in [field for step in walked[asker] for field in step.asked]:
        if field.type == "Choice":
            offered = {choice.value: choice.label for choice in field.choices}
            assert offered.get("unknown") == "Weet ik niet" or offered.keys() == {"yes", "no"}


@pytest.mark.parametrize("asker", ASKERS)
def test_every_page_that_asks_for_a_story_names_help_in_danger(
    walked: Walked, asker: Asker
) -> None:
    for step in walked[asker]:
        page, asked = step.page, step.asked
        first = "/1/" in page.answer.request.path
        if first or any(isinstance(field, Story) for field in asked):
            numbers = {node.get("href") for node in page.all("a")}
            assert {"tel:112", "tel:08002000"} <= numbers


@pytest.mark.parametrize("asker", ASKERS)
def test_each_error_says_what_to_do_between_label_and_field_and_again_on_top(
    walked: Walked, asker: Asker
) -> None:
    for step in walked[asker]:
        page, asked = step.refused, step.asked
        assert page.answer.status_code == 422
        assert re.search("<title>Fout: Stap ", page.answer.text)
        (summary,) = page.of_class("error-summary")
        assert summary.get("role") == "alert"
        assert summary.get("tabindex") == "-1"
        assert page.place(summary) < page.place(page.all("h1")[0])
        assert words(page.by_id(summary.get("aria-labelledby")))
        links = list(summary.iter("a"))
        assert len(links) == len(asked)
        for link, field in zip(links, asked, strict=True):
            error = page.by_id(f"{field.id}-fout")
            assert words(error) == f"Fout: {words(link)}."
            told = page.by_id(link.get("href").removeprefix("#"))
            assert told.get("name") == field.short_name
            control = control_of(page, field)
            described = (control.get("aria-describedby") or "").split()
            assert error.get("id") in described
            assert described.index(error.get("id")) == (1 if field.hint else 0)
            if not isinstance(field, Choices):
                assert control.get("aria-invalid") == "true"
            assert page.place(label_of(page, field)) < page.place(error) < page.place(told)


@pytest.mark.parametrize("asker", ASKERS)
def test_nothing_is_wrong_or_invalid_before_it_is_sent(walked: Walked, asker: Asker) -> None:
    for page in [step.page for step in walked[asker]]:
        assert page.answer.status_code == 200
        assert "Fout" not in page.answer.text
        assert not [node for node in page.nodes if node.get("aria-invalid")]


def test_no_page_of_a_form_ends_sooner_than_a_day(browser: Browser) -> None:
    assert browser.application.config["WTF_CSRF_TIME_LIMIT"] >= 24 * 3600


@pytest.mark.parametrize("door", DOORS)
def test_an_address_and_a_number_are_each_asked_once_and_either_is_enough(
    browser: Browser, door: str
) -> None:
    asked = [field.type for field in questions(asked_of(browser, door, required(door)))]
    assert asked.count("Email") == asked.count("Phone") == 1
    for way in ({"email": "", "phone": "06 12 34 56 78"}, {"phone": ""}):
        page = browser.walk(DOORS[door], required(door, **way))
        assert page.request.path.endswith("/controleren/")


@pytest.mark.parametrize("door", DOORS)
def test_nothing_is_asked_twice(browser: Browser, door: str) -> None:
    for role in {role for known, role in ASKERS if known == door}:
        asked = questions(asked_of(browser, door, {"role": role}))
        labels = [field.label.text for field in asked]
        assert len(labels) == len(set(labels))
        assert len(asked) == len({field.short_name for field in asked})


@pytest.mark.parametrize("door", DOORS)
def test_the_last_page_has_one_button_that_sends_and_says_who_will_read_it(
    browser: Browser, door: str
) -> None:
    page = Page(browser.walk(DOORS[door], required(door)))
    (form,) = page.all("form")
    assert form.get("novalidate") is not None
    (button,) = page.all("button")
    assert words(button).startswith("Verstuur")
    # The last is the trap for robots, in a paragraph that is not drawn.
    assert [node.get("type") for node in page.all("input")] == ["hidden", "hidden", "text"]
    (privacy,) = [node for node in page.all("a") if node.get("href", "").endswith("/privacy/")]
    assert page.place(privacy) < page.place(button)
    assert len(page.all("h1")) == 1


@pytest.mark.parametrize("door", DOORS)
def test_the_confirmation_says_how_to_keep_it_and_how_to_stop(browser: Browser, door: str) -> None:
    page = Page(browser.page(browser.send(DOORS[door], required(door)).location))
    said = " ".join(words(node) for node in page.all("p", "li"))
    assert "print deze pagina" in said
    assert re.search("(Stoppen mag|Intrekken kan) altijd", said)
    assert "neemt contact" in said
    assert any((node.get("href") or "").startswith("tel:") for node in page.all("a"))


def test_a_question_about_the_place_is_a_labelled_choice_and_no_error(browser: Browser) -> None:
    page = Page(browser.walk(DOORS["pupil"], required("pupil", postcode="3500")))
    (choice,) = page.all("select")
    (label,) = [node for node in page.all("label") if node.get("for") == choice.get("id")]
    assert words(label).endswith("?")
    assert choice.get("name") == "municipality"
    assert len(page.named("municipality")) == 1
    assert not page.of_class("error")


def test_a_page_that_came_too_late_says_what_to_do_on_top(browser: Browser) -> None:
    form = reach(browser, DOORS["pupil"], "story", required("pupil")).fill({"csrf_token": "x"})
    page = Page(browser.post_form(form))
    (summary,) = page.of_class("error-summary")
    assert "<title>Fout: " in page.answer.text
    assert "‘Ga verder’" in words(summary)
    assert summary.get("role") == "alert"
