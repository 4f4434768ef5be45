"""The place: whatever is known of it, a request reaches a human and is never refused."""

import re
from pathlib import Path

import pytest

from portal.organisation import organisation
from tests.portal_app import (
    DOORS,
    Browser,
    build,
    keeps,
    letters,
    new_database,
    only_case,
    required,
    rows,
    sent_by,
)

DESK = "landelijk@example.org"
UNSETTLED = {
    "unknown": {"postcode": "0000"},
    "PO box": {"postcode": "3500"},
    "astride": {"postcode": "2451"},
    "no such municipality": {"postcode": "", "municipality": "Verzonnenstad"},
    "two of that name": {"postcode": "", "municipality": "Bergen"},
}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("place", UNSETTLED)
def test_a_place_that_settles_nothing_is_a_question_and_never_an_error(
    browser: Browser, door: str, place: str
) -> None:
    typed = required(door, call_when="na vieren", **UNSETTLED[place])
    asked = browser.send(DOORS[door], typed)
    assert asked.status_code == 200
    assert "Fout" not in asked.text
    assert "aria-invalid" not in asked.text
    assert "<option" in asked.text
    assert "Weet ik niet" in asked.text
    assert rows() == (0, 0, 0, 0)
    assert keeps(asked.text, {k: v for k, v in typed.items() if k != "municipality"})


@pytest.mark.parametrize("door", DOORS)
def test_choosing_a_municipality_settles_it(browser: Browser, door: str) -> None:
    asked = browser.send(DOORS[door], required(door, postcode="3500"))
    chosen = sent_by(asked.text)
    chosen["municipality"] = "Assen"
    assert browser.post(DOORS[door], data=chosen).status_code == 303
    assert (only_case().region, only_case().municipality) == ("drenthe", "Assen")
    assert letters("intake")[0].recipient == "drenthe@example.org"


@pytest.mark.parametrize(
    ("chosen", "region"), [("Bergen (NH.)", "noord-holland"), ("Bergen (L.)", "limburg")]
)
def test_of_two_places_by_one_name_the_one_chosen_counts(
    browser: Browser, chosen: str, region: str
) -> None:
    asked = browser.send(DOORS["community"], required("community", **UNSETTLED["two of that name"]))
    again = sent_by(asked.text)
    again["municipality"] = chosen
    browser.post(DOORS["community"], data=again)
    assert only_case().region == region


@pytest.mark.parametrize("door", DOORS)
def test_who_does_not_know_the_place_is_heard_by_the_national_desk(
    browser: Browser, door: str
) -> None:
    asked = browser.send(DOORS[door], required(door, postcode="3500"))
    chosen = sent_by(asked.text)
    chosen["municipality"] = "Weet ik niet"
    assert browser.post(DOORS[door], data=chosen).status_code == 303
    (intake,) = letters("intake")
    assert (intake.recipient, intake.fallback) == (DESK, None)


def test_a_postcode_astride_two_regions_offers_just_these(browser: Browser) -> None:
    answer = browser.send(DOORS["community"], required("community", postcode="2451"))
    options = re.findall("<option[^>]*>([^<]*)", answer.text)
    assert options == ["Kaag en Braassem", "Uithoorn", "Weet ik niet"]


@pytest.mark.parametrize(
    ("municipality", "region"),
    [("Kaag en Braassem", "zuid-holland"), ("Uithoorn", "noord-holland")],
)
def test_a_postcode_astride_two_regions_goes_where_the_visitor_says(
    browser: Browser, municipality: str, region: str
) -> None:
    asked = browser.send(DOORS["community"], required("community", postcode="2451"))
    chosen = sent_by(asked.text)
    chosen["municipality"] = municipality
    browser.post(DOORS["community"], data=chosen)
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
