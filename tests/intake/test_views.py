"""The public's door: what is sent is taken in, told of, and acknowledged once."""

import html
import re
from urllib.parse import urlsplit

import pytest

from portal.cases.case import Intent, Kind, Role
from portal.intake.doors import DOORS as FORMS
from tests.intake.walking import ASKERS, OWN, whole
from tests.portal_app import (
    DOORS,
    PHONE,
    PLACES,
    Browser,
    answers,
    cases,
    happenings,
    keeps,
    letters,
    only_case,
    required,
    rows,
)

KINDS = {
    "pupil": (Kind.LEARNING, Intent.REQUEST, Role.PUPIL),
    "learning": (Kind.LEARNING, Intent.REQUEST, Role.RELATIVE),
    "community": (Kind.COMMUNITY, Intent.REQUEST, Role.RESIDENT),
    "proposal": (Kind.COMMUNITY, Intent.PROPOSAL, Role.NEIGHBOUR),
}


@pytest.mark.parametrize("door", DOORS)
def test_the_required_answers_alone_are_taken_in_and_confirmed(browser: Browser, door: str) -> None:
    answer = browser.send(DOORS[door], required(door))

    assert answer.status_code == 303
    assert re.fullmatch(r"/ontvangen/[\w.-]+", answer.location)
    case = only_case()
    assert (case.kind, case.intent, case.role) == KINDS[door]
    assert (case.name, case.email, case.phone) == ("Noor", "noor@example.org", "")
    assert (case.region, case.postcode, case.municipality) == ("utrecht", "3511", "Utrecht")
    assert happenings() == ["received"]
    page = html.unescape(browser.get(answer.location).text)
    for told in (case.reference, "Utrecht", "Regiomanager Utrecht (voorbeeld)", PHONE):
        assert told in page


@pytest.mark.parametrize("door", DOORS)
def test_the_confirmation_page_shows_nothing_personal_and_changes_nothing(
    browser: Browser, door: str
) -> None:
    typed = required(door, name="Kanarie", email="kanarie@example.org", call_when="kwart kanarie")
    address = browser.send(DOORS[door], typed).location
    before = rows()
    pages = {re.sub(r"\s+", " ", browser.get(address).text) for _ in range(3)}
    assert len(pages) == 1
    assert "kanarie" not in pages.pop().casefold()
    assert rows() == before


@pytest.mark.parametrize(("postcode", "region"), PLACES.items())
def test_each_place_has_its_own_manager(browser: Browser, postcode: str, region: str) -> None:
    browser.send(DOORS["community"], required("community", postcode=postcode))
    (intake,) = letters("intake")
    assert intake.recipient == f"{region}@example.org"
    assert only_case().region == region


@pytest.mark.parametrize("door", DOORS)
def test_who_gives_an_address_gets_one_confirmation(browser: Browser, door: str) -> None:
    browser.send(DOORS[door], required(door))
    reference = only_case().reference
    sent = [(letter.name, letter.recipient, letter.case_reference) for letter in letters()]
    assert sorted(sent) == [
        ("confirmation", "noor@example.org", reference),
        ("intake", "utrecht@example.org", reference),
    ]


@pytest.mark.parametrize("door", DOORS)
def test_who_gives_only_a_phone_number_gets_no_letter_and_is_told_to_call(
    browser: Browser, door: str
) -> None:
    answer = browser.send(DOORS[door], required(door, email="", phone="06 12 34 56 78"))
    assert [letter.name for letter in letters()] == ["intake"]
    assert "alleen een telefoonnummer" in browser.get(answer.location).text


@pytest.mark.parametrize(("door", "role"), ASKERS)
def test_every_answer_is_kept_under_the_name_it_was_asked_by(
    browser: Browser, door: str, role: str
) -> None:
    given = whole(browser, door, role)
    assert browser.send(DOORS[door], given).status_code == 303
    case = only_case()
    assert answers(case) == {n: (text,) for n, text in given.items() if n not in OWN}
    assert (case.name, case.email, case.phone) == (given["name"], given["email"], given["phone"])
    assert (case.postcode, case.municipality) == ("3511", "Utrecht")
    assert case.role == (role or "pupil")


def test_a_reference_by_itself_opens_no_page(browser: Browser) -> None:
    answer = browser.send(DOORS["proposal"], required("proposal"))
    reference = only_case().reference
    assert browser.get(f"/ontvangen/{reference}").status_code == 404
    assert browser.get(answer.location[:-1] + "!").status_code == 404


def test_the_address_of_a_confirmation_holds_nothing_personal(browser: Browser) -> None:
    answer = browser.send(DOORS["pupil"], required("pupil", name="Kanarie"))
    assert not urlsplit(answer.location).query
    assert "anarie" not in answer.location


@pytest.mark.parametrize(
    ("asked", "leads_to", "opens"),
    [
        (
            "kind=learning&role=pupil",
            "/aanvragen/leervraag/?role=pupil",
            "/aanvragen/leervraag/leerling/",
        ),
        (
            "kind=learning&role=relative",
            "/aanvragen/leervraag/?role=relative",
            "/aanvragen/leervraag/",
        ),
        ("kind=learning&role=school", "/aanvragen/leervraag/?role=school", "/aanvragen/leervraag/"),
        (
            "kind=learning&role=unknown",
            "/aanvragen/leervraag/?role=unknown",
            "/aanvragen/leervraag/",
        ),
        (
            "kind=community&role=resident",
            "/aanvragen/groep-wijk-buurt/?role=resident",
            "/aanvragen/groep-wijk-buurt/",
        ),
        (
            "kind=community&role=pupil",
            "/aanvragen/groep-wijk-buurt/?role=other",
            "/aanvragen/groep-wijk-buurt/",
        ),
        (
            "kind=community&role=unknown",
            "/aanvragen/groep-wijk-buurt/?role=unknown",
            "/aanvragen/groep-wijk-buurt/",
        ),
        ("kind=community&role=outsider", "/voorstellen/", "/voorstellen/"),
    ],
)
def test_two_answers_lead_to_the_right_form(
    browser: Browser, asked: str, leads_to: str, opens: str
) -> None:
    answer = browser.get(f"/aanvragen/?{asked}")
    assert (answer.status_code, answer.location) == (303, leads_to)
    first = browser.page(leads_to)
    assert first.status_code == 200
    assert first.request.path.startswith(opens)
    assert first.request.path.endswith("/1/")
    assert browser.get(first.request.url).status_code == 200


@pytest.mark.parametrize("asked", ["kind=learning&role=outsider", "kind=unknown&role=unknown"])
def test_where_no_form_fits_there_are_words_and_a_phone_number(
    browser: Browser, asked: str
) -> None:
    answer = browser.get(f"/aanvragen/?{asked}")
    assert answer.status_code == 200
    assert PHONE in answer.text


@pytest.mark.parametrize("asked", ["next=1", "kind=learning", "role=pupil&kind="])
def test_a_question_passed_over_is_asked_again(browser: Browser, asked: str) -> None:
    answer = browser.get(f"/aanvragen/?{asked}")
    assert answer.status_code == 422
    assert "<title>Fout: " in answer.text


SWITCHES = [(start, switch) for start, door in FORMS.items() for switch in door.others]


@pytest.mark.parametrize(("start", "switch"), SWITCHES)
def test_the_wrong_door_costs_nothing(browser: Browser, start: str, switch: str) -> None:
    typed = {"name": "N", "email": "geen adres", "phone": "0612345678", "call_when": "na vieren"}
    first = browser.form(DOORS[start]).fill(typed)
    page = browser.page(browser.post_form(first.press("switch", switch)).location)
    assert page.status_code == 200
    assert page.request.path.startswith(FORMS[switch].path)
    assert keeps(page.text, typed)
    assert cases() == []


@pytest.mark.parametrize(("start", "switch"), SWITCHES)
def test_all_that_was_answered_at_one_door_is_in_the_case_from_another(
    browser: Browser, start: str, switch: str
) -> None:
    given = whole(browser, start, required(start).get("role", ""))
    first = browser.form(DOORS[start])
    browser.to_the_end(first.action, given)
    led = browser.post_form(browser.form(first.action).press("switch", switch)).location
    role = {"role": required(switch).get("role", "")}
    assert browser.send(led, role).status_code == 303
    case = only_case()
    assert (case.kind, case.intent) == KINDS[switch][:2]
    assert (case.name, case.email, case.postcode) == (given["name"], given["email"], "3511")
    assert answers(case) == {n: (text,) for n, text in given.items() if n not in OWN}
