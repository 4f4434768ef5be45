"""The place: whatever is known of it, a request reaches a human and is never refused."""

import re
from pathlib import Path

import pytest

from portal.organisation import organisation
from tests.intake.walking import SUSPECT, go_on, shown
from tests.portal_app import (
    DOORS,
    Browser,
    Form,
    answers,
    build,
    keeps,
    letters,
    new_database,
    only_case,
    required,
    rows,
)

DESK = "landelijk@example.org"
UNSETTLED = {
    "unknown": {"postcode": "0000"},
    "PO box": {"postcode": "3500"},
    "astride": {"postcode": "2451"},
    "no such municipality": {"postcode": "", "municipality": "Verzonnenstad"},
    "two of that name": {"postcode": "", "municipality": "Bergen"},
}


def settle(browser: Browser, door: str, typed: dict[str, str], municipality: str) -> Form:
    """Answer the question about the place; gives the last page's form."""
    asked = shown(browser.walk(DOORS[door], typed))
    after = go_on(browser, asked.fill({"municipality": municipality}))
    rest = {name: text for name, text in typed.items() if name != "municipality"}
    return browser.to_the_end(after.action, rest)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("place", UNSETTLED)
def test_a_place_that_settles_nothing_is_a_question_and_never_an_error(
    browser: Browser, door: str, place: str
) -> None:
    typed = required(door, call_when="na vieren", **UNSETTLED[place])
    asked = browser.walk(DOORS[door], typed)
    assert asked.status_code == 200
    assert "Fout" not in asked.text
    assert "aria-invalid" not in asked.text
    assert "<option" in asked.text
    assert "Weet ik niet" in asked.text
    assert rows() == (0, 0, 0, 0)
    assert keeps(asked.text, {"postcode": typed["postcode"]})
    # Asked again at its own address, and the whole cannot be sent before.
    check = re.sub(r"/\d/$", "/controleren/", asked.request.path)
    back = browser.get(check)
    assert back.status_code == 303
    assert back.location == f"{asked.request.path}?check=1"
    assert "<option" in browser.get(back.location).text
    after = browser.page(asked.request.path.replace("/2/", "/1/"))
    assert keeps(after.text, {"call_when": "na vieren"})


@pytest.mark.parametrize("door", DOORS)
def test_choosing_a_municipality_settles_it(browser: Browser, door: str) -> None:
    last = settle(browser, door, required(door, postcode="3500", call_when="na vieren"), "Assen")
    assert browser.post_form(last).status_code == 303
    assert (only_case().region, only_case().municipality) == ("drenthe", "Assen")
    assert letters("intake")[0].recipient == "drenthe@example.org"
    assert answers(only_case())["call_when"] == ("na vieren",)


@pytest.mark.parametrize(
    ("chosen", "region"), [("Bergen (NH.)", "noord-holland"), ("Bergen (L.)", "limburg")]
)
def test_of_two_places_by_one_name_the_one_chosen_counts(
    browser: Browser, chosen: str, region: str
) -> None:
    typed = required("community", **UNSETTLED["two of that name"])
    browser.post_form(settle(browser, "community", typed, chosen))
    assert only_case().region == region


@pytest.mark.parametrize("door", DOORS)
def test_who_does_not_know_the_place_is_heard_by_the_national_desk(
    browser: Browser, door: str
) -> None:
    last = settle(browser, door, required(door, postcode="3500"), "Weet ik niet")
    assert browser.post_form(last).status_code == 303
    (intake,) = letters("intake")
    assert (intake.recipient, intake.fallback) == (DESK, None)


def test_a_postcode_astride_two_regions_offers_just_these(browser: Browser) -> None:
    answer = browser.walk(DOORS["community"], required("community", postcode="2451"))
    options = re.findall("<option[^>]*>([^<]*)", answer.text)
    assert options == ["Kaag en Braassem", "Uithoorn", "Weet ik niet"]


@pytest.mark.parametrize(
    ("municipality", "region"),
    [("Kaag en Braassem", "zuid-holland"), ("Uithoorn", "noord-holland")],
)
def test_a_postcode_astride_two_regions_goes_where_the_visitor_says(
    browser: Browser, municipality: str, region: str
) -> None:
    typed = required("community", postcode="2451")
    browser.post_form(settle(browser, "community", typed, municipality))
    assert only_case().region == region


def test_the_municipality_alone_is_enough(browser: Browser) -> None:
    place = {"postcode": "", "municipality": "den haag"}
    browser.send(DOORS["pupil"], required("pupil", **place))
    assert only_case().municipality == "'s-Gravenhage"
    assert only_case().region == "zuid-holland"


@pytest.mark.parametrize("door", DOORS)
def test_as_long_as_no_regions_are_loaded_the_organisation_itself_hears(
    tmp_path: Path, door: str
) -> None:
    browser = build(new_database(tmp_path, regions=False)).test_client()
    assert isinstance(browser, Browser)
    for name, value in UNSETTLED.items():
        answer = browser.send(DOORS[door], required(door, **value, call_when=name))
        assert answer.status_code == 303
        assert browser.get(answer.location).status_code == 200
    assert {letter.recipient for letter in letters("intake")} == {organisation().email}
    assert rows()[0] == len(UNSETTLED)


# The place as it was typed, when the answer to the question stands in the place of it.

BERLIN = {"postcode": "10115 Berlin", "municipality": "Kreuzberg"}


def place_step(browser: Browser, door: str) -> Form:
    """The page that asked about Berlin and was told that the municipality is not known."""
    asked = shown(browser.walk(DOORS[door], required(door, **BERLIN)))
    go_on(browser, asked.fill({"municipality": "Weet ik niet"}))
    return browser.form(asked.action)


@pytest.mark.parametrize("door", DOORS)
def test_going_back_over_the_place_keeps_it_as_it_was_typed(browser: Browser, door: str) -> None:
    again = place_step(browser, door)
    after = go_on(browser, again)
    browser.post_form(browser.to_the_end(after.action, {}))
    assert answers(only_case())["place"] == ("10115 Berlin Kreuzberg",)


@pytest.mark.parametrize("door", DOORS)
def test_another_place_stands_for_itself(browser: Browser, door: str) -> None:
    again = place_step(browser, door)
    after = go_on(browser, again.fill({"postcode": "3511", "municipality": ""}))
    browser.post_form(browser.to_the_end(after.action, {}))
    assert only_case().region == "utrecht"
    assert "place" not in answers(only_case())


@pytest.mark.parametrize("way", SUSPECT)
def test_an_answer_about_the_place_that_is_suspect_keeps_what_was_typed_before(
    browser: Browser, way: str
) -> None:
    asked = shown(browser.walk(DOORS["pupil"], required("pupil", **BERLIN)))
    back = SUSPECT[way](browser, asked.fill({"municipality": "Weet ik niet"}))
    assert back.status_code == 422
    assert keeps(back.text, {"place": "10115 Berlin Kreuzberg", "municipality": "Weet ik niet"})


def test_the_place_is_of_one_line_without_signs_that_nobody_sees(browser: Browser) -> None:
    asked = shown(browser.walk(DOORS["pupil"], required("pupil", **BERLIN)))
    sent = asked.fill({"municipality": "Weet ik niet", "place": "a\x00\r\nBcc: x\u2028 b"})
    browser.post_form(browser.to_the_end(go_on(browser, sent).action, {}))
    assert answers(only_case())["place"] == ("a  Bcc: x  b",)
