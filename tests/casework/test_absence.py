"""Managers say themselves when they are away; the national desk says it for who cannot."""

from datetime import date, timedelta
from http import HTTPStatus

import html5lib
import pytest
import time_machine
from werkzeug.test import TestResponse

from portal.audit.trail import AuditLine
from portal.casework.absence_forms import USUAL
from portal.database import connection
from portal.routing import absences
from portal.routing.absences import Absence, add
from portal.routing.regions import destination_of
from tests.casework.desk_app import press
from tests.casework.staff_house import House
from tests.conftest import NOON
from tests.language import NORMAL, prose
from tests.portal_app import Browser, forms, sent_by

PAGE = "/beheer/afwezig/"
TODAY = NOON.date()  # a Monday
DAY = timedelta(days=1)
FRIDAY = TODAY + 4 * DAY


@pytest.fixture
def a(house: House) -> Browser:
    """The manager of Utrecht, whose usual deputy is that of Gelderland."""
    return house.signed_in("a")


def planned() -> list[tuple[str, date, date, str | None]]:
    with connection():
        rows = Absence.select().order_by(Absence.first_day)
        return [(row.manager, row.first_day, row.last_day, row.deputy) for row in rows]


def ask(browser: Browser, first: object, last: object, **other: str) -> TestResponse:
    said = {"first_day": str(first), "last_day": str(last), **other}
    return browser.post_form(browser.form(PAGE).fill(said))


def error(page: str) -> str:
    start = page.partition('role="alert"')[2].partition("<li>")[2]
    return start.partition("</a>")[0].rpartition(">")[2]


def test_a_manager_says_when_they_are_away_and_the_usual_deputy_answers(a: Browser) -> None:
    assert ask(a, TODAY, FRIDAY).status_code == HTTPStatus.SEE_OTHER
    assert planned() == [("utrecht", TODAY, FRIDAY, None)]
    page = a.page(PAGE).text
    assert "De afwezigheid is bewaard." in page
    assert "Maandag 23 november tot en met vrijdag 27 november" in page
    found = destination_of("utrecht", TODAY)
    assert found.manager != "utrecht"
    assert f"Neemt waar: {found.function}" in page
    assert f"Mijn vaste vervanger: {found.function}" in page


@pytest.mark.parametrize("typed", ["2026-12-03", "3-12-2026", "03/12/2026", " 3.12.2026 "])
def test_a_day_is_understood_as_people_write_it(a: Browser, typed: str) -> None:
    ask(a, typed, typed)
    assert planned() == [("utrecht", date(2026, 12, 3), date(2026, 12, 3), None)]
    assert "Donderdag 3 december</h3>" in a.page(PAGE).text


def test_another_than_the_usual_deputy_can_be_named(a: Browser) -> None:
    ask(a, TODAY, FRIDAY, deputy="zeeland")
    assert planned() == [("utrecht", TODAY, FRIDAY, "zeeland")]
    assert "Neemt waar: Regiomanager Zeeland (voorbeeld)" in a.page(PAGE).text
    assert destination_of("utrecht", TODAY).manager == "zeeland"


def test_the_deputy_is_told_on_the_page_and_sees_the_cases(house: House, a: Browser) -> None:
    ask(a, TODAY, FRIDAY, deputy="zeeland")
    b = house.signed_in("b")
    assert "U neemt vandaag waar voor: Utrecht." in b.page(PAGE).text
    assert b.get(f"/beheer/zaak/{house.case.reference}/").status_code == HTTPStatus.OK


def test_a_deputy_sees_nothing_before_and_after(
    house: House, a: Browser, clock: time_machine.Traveller
) -> None:
    ask(a, TODAY + DAY, TODAY + DAY, deputy="zeeland")
    path, seen = f"/beheer/zaak/{house.case.reference}/", []
    for day in range(3):
        clock.move_to(NOON + day * DAY)
        seen.append(house.signed_in("b").get(path).status_code)
    assert seen == [404, 200, 404]


def test_the_same_sent_twice_is_noted_once(a: Browser) -> None:
    form = a.form(PAGE).fill({"first_day": str(TODAY), "last_day": str(FRIDAY)})
    assert [a.post_form(form).status_code for _ in range(2)] == [303, 303]
    assert len(planned()) == 1


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        (FRIDAY, TODAY, "die niet voor de eerste dag ligt"),
        (TODAY - 3 * DAY, TODAY - DAY, "die nog niet voorbij is"),
        (TODAY, TODAY + 367 * DAY, "binnen een jaar"),
        ("", FRIDAY, "Vul de eerste dag in"),
        (TODAY, "", "Vul de laatste dag in"),
        ("morgen", FRIDAY, "Vul een datum in"),
        ("31-2-2027", FRIDAY, "Vul een datum in"),
    ],
)
def test_days_that_do_not_go_together_come_back_and_nothing_is_noted(
    a: Browser, first: object, last: object, words: str
) -> None:
    answer = ask(a, first, last, deputy="zeeland")
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert words in error(answer.text)
    assert "<title>Fout: " in answer.text
    kept = sent_by(answer.text)
    assert (kept["first_day"], kept["last_day"]) == (str(first), str(last))
    assert kept["deputy"] == "zeeland"
    assert planned() == []


def test_who_fell_ill_yesterday_can_say_so_today(a: Browser) -> None:
    assert ask(a, TODAY - DAY, TODAY).status_code == HTTPStatus.SEE_OTHER


def test_days_that_are_noted_already_are_named(a: Browser) -> None:
    ask(a, TODAY, FRIDAY)
    answer = ask(a, FRIDAY, FRIDAY + DAY)
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Van maandag 23 november tot en met vrijdag 27 november" in error(answer.text)
    assert len(planned()) == 1


@pytest.mark.parametrize("deputy", ["utrecht", "atlantis", ""])
def test_nobody_stands_in_who_cannot(a: Browser, deputy: str) -> None:
    form = a.form(PAGE).fill({"first_day": str(TODAY), "last_day": str(FRIDAY)})
    answer = a.post(PAGE, data=form.data | {"deputy": [deputy]})
    if deputy:
        assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
        assert planned() == []
    else:
        # A form that says nothing of it means what stood there first.
        assert planned() == [("utrecht", TODAY, FRIDAY, None)]


def test_a_manager_cannot_say_it_for_another(a: Browser) -> None:
    form = a.form(PAGE).fill({"first_day": str(TODAY), "last_day": str(FRIDAY)})
    assert "manager" not in form.names
    a.post(PAGE, data=form.data | {"manager": ["zeeland"]})
    assert [manager for manager, *_ in planned()] == ["utrecht"]


def test_the_national_desk_says_it_for_who_cannot(desk: Browser) -> None:
    assert ask(desk, TODAY, FRIDAY, manager="drenthe").status_code == HTTPStatus.SEE_OTHER
    assert planned() == [("drenthe", TODAY, FRIDAY, None)]
    page = desk.page(PAGE).text
    assert "Regiomanager Drenthe (voorbeeld)<br>Maandag 23 november" in page
    assert "Neemt waar: Regiomanager Groningen (voorbeeld)" in page


@pytest.mark.parametrize(
    ("manager", "deputy", "words"),
    [("", USUAL, "Kies wie er niet is"), ("drenthe", "drenthe", "Kies een ander")],
)
def test_the_national_desk_has_to_say_who_and_names_somebody_else(
    desk: Browser, manager: str, deputy: str, words: str
) -> None:
    answer = ask(desk, TODAY, FRIDAY, manager=manager, deputy=deputy)
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert words in error(answer.text)
    assert planned() == []


def test_a_deputy_who_is_away_too_is_warned_of(a: Browser) -> None:
    add("zeeland", FRIDAY, FRIDAY + 9 * DAY, None)
    ask(a, TODAY, FRIDAY, deputy="zeeland")
    page = a.page(PAGE).text
    assert "Die is dan zelf ook een of meer dagen weg." in page
    assert "landelijk bureau" in page


def test_without_a_deputy_it_says_that_the_national_desk_answers(a: Browser) -> None:
    add("utrecht", TODAY, FRIDAY, "atlantis")
    assert "Neemt waar: Landelijk bureau (voorbeeld)" in a.page(PAGE).text


# Back again


def test_who_is_back_early_answers_from_that_day_on(
    a: Browser, clock: time_machine.Traveller, house: House
) -> None:
    ask(a, TODAY, FRIDAY)
    clock.move_to(NOON + 2 * DAY)
    a = house.signed_in("a")
    assert press(a, PAGE, "Vandaag weer aan het werk").status_code == HTTPStatus.SEE_OTHER
    assert planned() == [("utrecht", TODAY, TODAY + DAY, None)]
    page = a.page(PAGE).text
    assert "De afwezigheid is weg." in page
    assert "U staat nergens als afwezig." in page
    assert destination_of("utrecht", TODAY + 2 * DAY).manager == "utrecht"


def test_an_absence_that_has_not_begun_is_taken_away(a: Browser) -> None:
    ask(a, TODAY + DAY, FRIDAY)
    assert press(a, PAGE, "Haal weg").status_code == HTTPStatus.SEE_OTHER
    assert planned() == []


def test_anothers_absence_is_not_there_and_that_it_was_tried_is_known(
    house: House, a: Browser
) -> None:
    other = add("zeeland", TODAY, FRIDAY, None)
    assert "U staat nergens als afwezig." in a.page(PAGE).text
    token = a.form(PAGE).data
    for key in (other.id, "0" * 32):
        answer = a.post(f"{PAGE}{key}/einde/", data=token)
        assert answer.status_code == HTTPStatus.NOT_FOUND
    assert len(planned()) == 1
    with connection():
        lines = [(line.actor, line.action, line.subject) for line in AuditLine.select()]
    assert lines == [(house.staff["a"].id, "refused", "absence.end")] * 2


def test_the_national_desk_can_end_anybodys(desk: Browser) -> None:
    add("zeeland", TODAY, FRIDAY, None)
    press(desk, PAGE, "Haal weg")
    assert planned() == []


def test_what_is_changed_stands_in_the_trail_by_its_key(house: House, a: Browser) -> None:
    ask(a, TODAY + DAY, FRIDAY)
    (noted,) = absences.from_now_on(TODAY)
    press(a, PAGE, "Haal weg")
    with connection():
        lines = [(line.actor, line.action, line.subject) for line in AuditLine.select()]
    assert lines == [(house.staff["a"].id, "changed", noted.id)] * 2


def test_a_form_without_our_token_changes_nothing(a: Browser) -> None:
    noted = add("utrecht", TODAY, FRIDAY, None)
    sent = {"first_day": "2027-01-04", "last_day": "2027-01-04", "deputy": USUAL}
    answer = a.post(PAGE, data=sent)
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert sent_by(answer.text)["first_day"] == "2027-01-04"
    assert a.post(f"{PAGE}{noted.id}/einde/").status_code == HTTPStatus.SEE_OTHER
    assert planned() == [("utrecht", TODAY, FRIDAY, None)]


def test_the_page_is_valid_and_reads_easily_in_each_state(a: Browser, desk: Browser) -> None:
    pages = [a.page(PAGE).text, desk.page(PAGE).text]
    add("zeeland", TODAY - DAY, FRIDAY, "utrecht")
    ask(a, FRIDAY, FRIDAY + DAY, deputy="zeeland")
    pages += [a.page(PAGE).text, a.page(PAGE).text, desk.page(PAGE).text]
    pages += [ask(a, "", "").text, ask(desk, TODAY, TODAY).text]
    for page in pages:
        tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page)
        assert len(tree.findall(".//h1")) == 1
        ids = [e.get("id") for e in tree.iter() if isinstance(e.tag, str) and e.get("id")]
        assert len(ids) == len(set(ids))
        assert NORMAL.faults(prose(page)) == []
        assert forms(page)[-1].find(".//button").text == "Bewaar de afwezigheid"
