"""No door without a guard: every route there is, and everybody who may come by."""

import re
from collections import Counter
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from pathlib import Path

import pytest
from flask import Flask, abort
from peewee import OperationalError

from portal.audit import trail
from portal.audit.trail import Action, AuditLine
from portal.casework import employ, guard
from portal.casework.people import StaffRole
from portal.casework.staff import Staff
from portal.database import transaction
from tests.casework.doors import ANYONE, DISABLED, PARTS, PERSONAS, doors
from tests.casework.staff_house import ACCOUNT, SIGN_IN, House, everything
from tests.databases import url_in
from tests.portal_app import Browser, build

ELSEWHERE = {"Origin": "https://elders.example.org", "Sec-Fetch-Site": "cross-site"}
NOTE = "Een lange notitie\nover twee regels."


@pytest.fixture
def house(house: House, tmp_path: Path) -> House:
    """With an application of its own: some of these tests add pages to it."""
    return replace(house, app=build(url_in(tmp_path)))


@pytest.fixture
def browsers(house: House, now: datetime) -> dict[str, Browser]:
    """A browser for everybody who may come by."""
    found = {ANYONE: house.stranger()}
    found |= {name: house.signed_in(name) for name in PERSONAS if name in house.staff}
    found[DISABLED] = _disabled(house, now)
    return found


def _disabled(house: House, now: datetime) -> Browser:
    """Somebody who was in when their account was disabled."""
    config = house.app.config["PORTAL"]
    newcomer = employ.Newcomer("Weg", "weg@example.org", StaffRole.NATIONAL_DESK, None)
    house.staff["weg"] = employ.invite(newcomer, now, config)
    browser = house.signed_in("weg")
    # Even if its sessions had been left behind.
    Staff.update(active=False, disabled_at=now).where(Staff.id == house.staff["weg"].id).execute()
    return browser


def refusals() -> list[tuple[str, str]]:
    found = AuditLine.select().where(AuditLine.action == Action.REFUSED)
    return [(line.actor, line.subject) for line in found]


# The table


def test_every_route_opens_to_whom_the_rules_say_and_to_nobody_else(
    house: House, browsers: dict[str, Browser]
) -> None:
    wrong = []
    for door in doors(house.app):
        for persona, browser in browsers.items():
            if door.is_open_to(persona) and door.endpoint.startswith("account.sign_out"):
                continue  # does what it says, and has tests of its own
            status = browser.open(door.path(house), method=door.method).status_code
            if status not in door.expected(persona):
                wrong.append(f"{door} for {persona}: {status}, not {door.expected(persona)}")
    assert not wrong, "\n".join(wrong)


def test_whoever_tries_another_regions_case_at_any_address_stands_in_the_trail(
    house: House, browsers: dict[str, Browser]
) -> None:
    reading = {"GET", "POST"}
    tried = [door for door in doors(house.app) if door.is_hidden_from("b")]
    tried = [door for door in tried if door.method in reading and door.is_open_to("b")]
    assert tried
    for door in tried:
        browsers["b"].open(door.path(house), method=door.method)
    b, reference = house.staff["b"].id, house.case.reference
    assert refusals() == [(b, reference)] * len(tried)


def test_every_route_has_a_rule_and_every_rule_a_route(house: House) -> None:
    known = {door.endpoint for door in doors(house.app)}
    listed = guard.RULES.keys() | guard.BEFORE_SIGN_IN
    assert known - listed == set(), "a page without a rule: nobody can open it"
    assert guard.BEFORE_SIGN_IN - known == set(), "a rule without a page"
    assert not guard.RULES.keys() & guard.BEFORE_SIGN_IN
    parts = {part for door in doors(house.app) for part in door.parts}
    assert parts <= PARTS.keys(), "say in tests/casework/doors.py what fits there"


def test_the_rules_are_these(house: House) -> None:
    mine = {e: roles for e, roles in guard.RULES.items() if e.split(".")[0] in {"staff", "trail"}}
    admin, desk = StaffRole.ADMINISTRATOR, StaffRole.NATIONAL_DESK
    assert mine == {
        "staff.overview": {admin},
        "staff.invite": {admin},
        "staff.invite_again": {admin},
        "staff.disable": {admin},
        "trail.show": {admin, desk},
    }


def test_no_form_without_our_token_changes_anything(
    house: House, browsers: dict[str, Browser]
) -> None:
    """Save for the trail of it: whoever forgets to look at the token is found here."""
    paths = [door.path(house) for door in doors(house.app) if door.method == "POST"]
    before = [line for line in everything() if '"audit_line"' not in line]
    for path in paths:
        for browser in browsers.values():
            browser.post(path, data={"code": "000000", "name": "x", "text": "x y"})
            browser.post(path, headers=ELSEWHERE)
    assert [line for line in everything() if '"audit_line"' not in line] == before


def test_no_address_is_opened_by_another_method(house: House) -> None:
    browser = house.signed_in("admin")
    for door in doors(house.app):
        for method in ("PUT", "PATCH", "DELETE", "TRACE"):
            status = browser.open(door.path(house), method=method).status_code
            assert status == HTTPStatus.METHOD_NOT_ALLOWED, door


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-Original-URL", "X-Rewrite-URL"])
def test_no_header_leads_past_the_guard(house: House, stranger: Browser, header: str) -> None:
    for value in ("POST", "/beheer/medewerkers/", "/aanvragen/"):
        answer = stranger.get("/beheer/medewerkers/", headers={header: value})
        assert answer.location == SIGN_IN


@pytest.mark.parametrize(
    "path",
    [
        "/beheer/medewerkers",
        "//beheer/medewerkers/",
        "/beheer//medewerkers/",
        "/./beheer/medewerkers/",
        "/%62eheer/medewerkers/",
        "/BEHEER/medewerkers/",
        "/beheer/medewerkers/%2e%2e/medewerkers/",
        "/beheer/medewerkers/;x",
        "/beheer/inloggen/../medewerkers/",
        "/beheer/x",
        "/beheer/",
    ],
)
def test_no_spelling_of_an_address_leads_past_the_guard(stranger: Browser, path: str) -> None:
    answer = stranger.get(path, follow_redirects=True)
    assert answer.status_code in {HTTPStatus.OK, HTTPStatus.NOT_FOUND}
    if answer.status_code == HTTPStatus.OK:
        assert answer.request.path == SIGN_IN


# A page that nobody listed


@pytest.fixture
def forgotten(house: House) -> Flask:
    house.app.add_url_rule("/beheer/vergeten/", "forgotten", lambda: "geheim")
    return house.app


@pytest.mark.parametrize("name", [None, "a", "desk", "admin"])
def test_a_page_without_a_rule_is_not_there(
    house: House, forgotten: Flask, name: str | None
) -> None:
    browser = house.signed_in(name) if name else house.stranger()
    answer = browser.get("/beheer/vergeten/")
    assert answer.status_code == HTTPStatus.NOT_FOUND
    assert "geheim" not in answer.text
    assert refusals() == ([(house.staff[name].id, "forgotten")] if name else [])


def test_a_page_without_a_rule_fails_the_test_of_routes(house: House, forgotten: Flask) -> None:
    with pytest.raises(AssertionError, match="a page without a rule"):
        test_every_route_has_a_rule_and_every_rule_a_route(house)


# What becomes of who is refused


def test_a_page_of_another_role_is_not_there_and_that_it_was_tried_is_known(house: House) -> None:
    page = house.signed_in("a").get("/beheer/medewerkers/")
    nothing = house.signed_in("a").get("/beheer/bestaat-niet/")
    assert page.status_code == HTTPStatus.NOT_FOUND
    assert page.text == nothing.text
    assert refusals()[0] == (house.staff["a"].id, "staff.overview")


def test_what_was_typed_when_the_session_had_ended_is_shown(
    house: House, stranger: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(guard.TYPED, "note", "De notitie")
    sent = {"note": "Gebeld", "text": NOTE, "state": "planned", "csrf_token": "eengeheim"}
    before = everything()
    answer = stranger.post("/beheer/account/herstelcodes/", data=sent)
    assert answer.status_code == HTTPStatus.FORBIDDEN
    assert everything() == before
    assert "De notitie</label>" in answer.text
    assert ">\nGebeld</textarea>" in answer.text
    assert f">\n{NOTE}</textarea>" in answer.text
    assert "planned" not in answer.text
    assert "eengeheim" not in answer.text


def test_what_another_site_sent_is_neither_done_nor_shown(house: House) -> None:
    for browser in (house.stranger(), house.signed_in("admin")):
        path = "/beheer/medewerkers/uitnodigen/"
        form = browser.form(path) if browser.get(path).status_code == HTTPStatus.OK else None
        data = {**(form.data if form else {}), "name": "van <b>elders</b> gestuurd"}
        answer = browser.post(path, data=data, headers=ELSEWHERE)
        assert answer.status_code == HTTPStatus.FORBIDDEN
        assert "elders" not in answer.text
    assert refusals() == [(house.staff["admin"].id, "staff.invite")]


def test_the_page_asked_for_is_remembered_after_a_form_too(house: House, stranger: Browser) -> None:
    stranger.post("/beheer/account/herstelcodes/", data={"text": NOTE})
    assert house.come_in("a", stranger).location == "/beheer/account/herstelcodes/"


# The trail of a request


@pytest.fixture
def pages(house: House, monkeypatch: pytest.MonkeyPatch) -> House:
    """Pages that tell what they do, and then come to grief in various ways."""

    def fine() -> str:
        guard.tell(Action.LOOKED, "EK-0000-0000-0000")
        return "goed"

    def rolled_back() -> str:
        try:
            with transaction():
                guard.tell(Action.CHANGED, "EK-0000-0000-0000")
                Staff.update(manager="elders").execute()
                raise OperationalError
        except OperationalError:
            return "mislukt"

    def broken() -> str:
        with transaction():
            guard.tell(Action.EXPORTED, "EK-0000-0000-0000")
            Staff.update(manager="elders").execute()
            raise ZeroDivisionError

    def refused() -> str:
        guard.tell(Action.REFUSED, "EK-0000-0000-0000")
        abort(HTTPStatus.NOT_FOUND)

    for view in (fine, rolled_back, broken, refused):
        house.app.add_url_rule(f"/beheer/{view.__name__}/", view.__name__, view)
        monkeypatch.setitem(guard.RULES, view.__name__, guard.CASES)
    house.app.config["PROPAGATE_EXCEPTIONS"] = False
    return house


@pytest.mark.parametrize(
    ("page", "status", "action"),
    [
        ("fine", 200, Action.LOOKED),
        ("rolled_back", 200, Action.CHANGED),
        ("broken", 500, Action.EXPORTED),
        ("refused", 404, Action.REFUSED),
    ],
)
def test_a_line_is_written_whatever_becomes_of_the_request(
    pages: House, now: datetime, page: str, status: int, action: Action
) -> None:
    browser = pages.signed_in("a")
    assert browser.get(f"/beheer/{page}/").status_code == status
    (line,) = AuditLine.select()
    assert (line.actor, line.action) == (pages.staff["a"].id, action)
    assert (line.subject, line.at) == ("EK-0000-0000-0000", now)
    assert not Staff.select().where(Staff.manager == "elders").exists()


def test_a_line_that_cannot_be_written_stands_in_the_log_and_holds_up_nobody(
    pages: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> None:
        raise OperationalError("database or disk is full")

    monkeypatch.setattr(guard, "record", full)
    assert pages.signed_in("a").get("/beheer/fine/").text == "goed"
    assert f"{pages.staff['a'].id} looked EK-0000-0000-0000" in caplog.text


def test_the_lines_of_one_request_are_not_told_of_the_next(pages: House) -> None:
    browser = pages.signed_in("a")
    browser.get("/beheer/fine/")
    browser.get(ACCOUNT)
    assert AuditLine.select().count() == 1


def test_nobody_reads_the_trail_unseen(house: House) -> None:
    for name in ("desk", "admin"):
        house.signed_in(name).get("/beheer/logboek/")
    looked = [(line.actor, line.subject) for line in trail.lines().lines]
    assert Counter(looked) == Counter(
        {(house.staff["desk"].id, "trail.show"): 1, (house.staff["admin"].id, "trail.show"): 1}
    )


def test_every_page_of_the_desk_has_the_way_out(house: House) -> None:
    seen = 0
    for name in ("a", "desk", "admin"):
        browser = house.signed_in(name)
        for door in doors(house.app):
            if door.method != "GET" or door.endpoint in guard.BEFORE_SIGN_IN:
                continue
            answer = browser.get(door.path(house))
            if answer.status_code == HTTPStatus.OK and answer.mimetype == "text/html":
                assert 'action="/beheer/uitloggen/"' in answer.text, door
                seen += 1
    assert seen > 25


def test_a_nul_in_any_place_is_answered_alike(house: House) -> None:
    names = ("after", "dossier", "jaar", "kind", "kwartaal", "list", "q", "regio", "region", "role")
    query = dict.fromkeys((*names, "state", "age", "subject", "zoek"), "a\x00b")
    asked = 0
    for post in ("a", "desk", "admin"):
        browser = house.signed_in(post)
        for rule in house.app.url_map.iter_rules():
            if "GET" not in (rule.methods or ()):
                continue
            path = re.sub("<[^>]*>", "a%00bcdefghijk", re.sub("<int[^>]*>", "1", rule.rule))
            answer = browser.get(path, query_string=query)
            answer.close()
            assert answer.status_code < 500 or path == "/gezondheid", path
            asked += 1
    assert asked > 150
