"""Staff: who sees what, who takes whom on, and how somebody leaves."""

from datetime import datetime, timedelta
from http import HTTPStatus

import pytest

from portal.audit.trail import Action, AuditLine
from portal.casework import employ, staff
from portal.casework.people import Person, StaffRole
from portal.casework.staff import KEPT_AFTER_LEAVING, Staff
from portal.database import connection
from portal.routing.tables import ManagerRow
from portal.sweep import sweep
from portal.web.fields import SHORT
from tests.casework.staff_house import House, address, is_in, link_in
from tests.portal_app import Browser, Form, form_on, keeps, letters

STAFF = "/beheer/medewerkers/"
INVITE = f"{STAFF}uitnodigen/"
SECOND = timedelta(seconds=1)
COLLEAGUE = {
    "name": "Kim <b>Vos</b>",
    "email": "kim@example.org",
    "role": "manager",
    "manager": "limburg",
}


def person(house: House, name: str) -> Person:
    with connection():
        return staff.person(staff.get(house.staff[name].id))


def invited(browser: Browser, **other: str) -> Form:
    return browser.form(INVITE).fill(COLLEAGUE | other)


# Who sees what


def test_a_manager_sees_their_own_regions_and_no_others(house: House) -> None:
    seen = person(house, "a")
    assert seen.regions == frozenset({"utrecht"})
    assert seen.sees("utrecht")
    assert not seen.sees("zeeland")
    assert not seen.sees("landelijk")


def test_a_manager_sees_where_they_stand_in_as_long_as_they_do(house: House) -> None:
    a = house.staff["a"]
    a.manager = ManagerRow.get_by_id("zeeland").deputy
    a.save()
    for active in (True, False, True):
        ManagerRow.update(active=active).where(ManagerRow.key == "zeeland").execute()
        assert person(house, "a").sees("zeeland") == (not active)


def test_the_national_desk_sees_every_region_and_an_administrator_none(house: House) -> None:
    for region in ("utrecht", "landelijk", "of a map to come"):
        assert person(house, "desk").sees(region)
        assert not person(house, "admin").sees(region)


def test_a_manager_who_is_not_in_the_map_any_more_sees_nothing(house: House) -> None:
    a = house.staff["a"]
    a.manager = "of an older map"
    a.save()
    assert person(house, "a").regions == frozenset()


# Taking on


def test_an_administrator_invites_a_colleague(house: House) -> None:
    browser = house.signed_in("admin")
    answer = browser.post_form(invited(browser))
    assert answer.location == STAFF
    found = staff.find_by_email("kim@example.org")
    assert found
    assert (found.name, found.role, found.manager) == (
        "Kim <b>Vos</b>",
        StaffRole.MANAGER,
        "limburg",
    )
    letter = letters("invitation")[-1]
    assert (letter.recipient, letter.fallback) == ("kim@example.org", None)
    assert "Kim" not in letter.subject + letter.body
    assert house.stranger().get(link_in(letter.body)).status_code == HTTPStatus.OK
    page = browser.get(STAFF).text
    assert "De uitnodiging is onderweg." in page
    assert "Kim &lt;b&gt;Vos&lt;/b&gt;" in page
    assert (house.staff["admin"].id, Action.CHANGED, found.id) in {
        (line.actor, line.action, line.subject) for line in AuditLine.select()
    }


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "x" * (SHORT + 1)},
        {"email": "kim"},
        {"email": "A@EXAMPLE.org"},
        {"role": ""},
        {"role": "owner"},
        {"manager": ""},
        {"manager": "atlantis"},
    ],
    ids=str,
)
def test_an_invitation_that_will_not_do_comes_back_as_it_was_typed(
    house: House, wrong: dict[str, str]
) -> None:
    browser, before = house.signed_in("admin"), Staff.select().count()
    form = invited(browser, **wrong)
    answer = browser.post_form(form)
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "<title>Fout: " in answer.text
    assert keeps(answer.text, {name: (COLLEAGUE | wrong)[name] for name in ("name", "email")})
    assert Staff.select().count() == before


@pytest.mark.parametrize("role", ["administrator", "national desk"])
def test_who_is_no_manager_belongs_to_none_in_the_map(house: House, role: str) -> None:
    browser = house.signed_in("admin")
    browser.post_form(invited(browser, role=role))
    found = staff.find_by_email("kim@example.org")
    assert found
    assert (found.role, found.manager) == (role, None)


def test_no_field_that_was_not_asked_for_is_taken(house: House) -> None:
    browser = house.signed_in("admin")
    form = invited(browser)
    more = {"authenticator": "A" * 32, "active": "0", "id": "kim", "email_hash": "x", "key": "kim"}
    browser.post(form.action, data=form.data | more)
    found = staff.find_by_email("kim@example.org")
    assert found
    assert found.active
    assert found.id != "kim"
    assert found.authenticator is None


def test_a_new_invitation_takes_the_app_away_and_can_be_accepted(house: House) -> None:
    browser, theirs = house.signed_in("admin"), house.signed_in("a")
    browser.post_form(browser.form(f"{STAFF}{house.staff['a'].id}/uitnodigen/"))
    assert not is_in(theirs)
    assert letters("invitation")[-1].recipient == address("a")
    link = link_in(letters("invitation")[-1].body)
    assert house.stranger().get(link).status_code == HTTPStatus.OK


# Leaving


def test_an_administrator_disables_an_account_and_can_open_it_again(house: House) -> None:
    browser, theirs = house.signed_in("admin"), house.signed_in("a")
    key = house.staff["a"].id
    answer = browser.post_form(browser.form(f"{STAFF}{key}/uitzetten/"))
    assert answer.location == STAFF
    assert not is_in(theirs)
    assert "Het account staat uit." in browser.get(STAFF).text
    browser.post_form(invited(browser, email=address("a")))
    again = staff.get(key)
    assert (again.active, again.disabled_at, again.authenticator) == (True, None, None)
    assert again.name == COLLEAGUE["name"]


def test_who_is_still_needed_cannot_be_disabled_and_the_page_says_why(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    why = "Draag eerst <3 aanvragen over."
    monkeypatch.setattr(employ, "may_disable", lambda _: why)
    browser, theirs = house.signed_in("admin"), house.signed_in("a")
    answer = browser.post_form(browser.form(f"{STAFF}{house.staff['a'].id}/uitzetten/"))
    assert answer.status_code == HTTPStatus.CONFLICT
    assert "Draag eerst &lt;3 aanvragen over." in answer.text
    assert "<title>Fout: " in answer.text
    assert is_in(theirs)
    assert form_on(answer.text, answer.request.path).data["csrf_token"]


@pytest.mark.parametrize("what", ["uitzetten", "uitnodigen"])
def test_nobody_shuts_themselves_out(house: House, what: str) -> None:
    browser = house.signed_in("admin")
    for key in (house.staff["admin"].id, house.staff["gone"].id, "0" * 32, "x"):
        path = f"{STAFF}{key}/{what}/"
        assert browser.get(path).status_code == HTTPStatus.NOT_FOUND
        assert browser.post(path).status_code == HTTPStatus.NOT_FOUND
    assert is_in(browser)


def test_disabling_twice_is_disabling_once(house: House, now: datetime) -> None:
    gone = house.staff["gone"]
    employ.disable(gone, now + timedelta(days=300))
    assert staff.get(gone.id).disabled_at == now


def test_who_left_is_forgotten_when_the_trail_has_forgotten_them(
    house: House, now: datetime
) -> None:
    assert sweep(now + KEPT_AFTER_LEAVING - SECOND)["accounts of former staff"] == 0
    assert sweep(now + KEPT_AFTER_LEAVING + SECOND)["accounts of former staff"] == 1
    assert staff.find(house.staff["gone"].id) is None
    assert staff.find(house.staff["a"].id) is not None


# The trail's page


def test_the_trail_is_shown_with_names_and_by_reference(house: House) -> None:
    browser = house.signed_in("desk")
    house.signed_in("a").get(STAFF)
    page = browser.get("/beheer/logboek/").text
    assert f'<bdi>A</bdi> – geweigerd: <span class="trail__what">{STAFF}</span>' in page
    assert "geweigerd" not in browser.get("/beheer/logboek/?kenmerk=ek7k3mq9tx2bhd").text
    assert "EK-7K3M-Q9TX-2BHD" in browser.get("/beheer/logboek/?kenmerk=ek7k3mq9tx2bhd").text


def test_the_trail_leads_on_to_older_lines(house: House) -> None:
    browser = house.signed_in("desk")
    for _ in range(51):
        browser.get("/beheer/logboek/")
    page = browser.get("/beheer/logboek/").text
    assert "Oudere regels" in page
