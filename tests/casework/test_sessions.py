"""Sessions: their own cookie, a row that can be deleted, and an end that comes on time."""

from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from http.cookies import SimpleCookie
from pathlib import Path

import pyotp
import pytest
import time_machine
from flask import Flask
from peewee import OperationalError
from werkzeug.test import TestResponse
from werkzeug.wrappers import Response

from portal.casework import authenticator, cookie, employ, sessions, sign_in
from portal.casework.sessions import IDLE, LONGEST, DeskSession
from portal.database import connection, transaction
from portal.sweep import sweep
from tests.casework.staff_house import (
    ACCOUNT,
    House,
    bring,
    codes_on,
    give_code,
    is_in,
    key_on,
    press,
    secret_of,
)
from tests.portal_app import Browser, build, form_on, forms, new_database

SECOND = timedelta(seconds=1)
OUT = "/beheer/uitloggen/"
EVERYWHERE = "/beheer/account/overal-uitloggen/"
RENEW = "/beheer/account/authenticator/"


def copy_of(house: House, browser: Browser) -> Browser:
    """A browser with the same cookie, as a thief would have it."""
    other = house.stranger()
    bring(other, secret_of(browser))
    return other


def press_button(browser: Browser, path: str) -> TestResponse:
    """Press the button on the account page that leads there."""
    page = browser.get(ACCOUNT).text
    (form,) = [form for form in forms(page) if form.get("action") == path]
    token = next(node.get("value") for node in form.iter("input"))
    return browser.post(path, data={"csrf_token": token})


def test_signing_in_makes_a_secret_of_256_bits_of_which_a_hash_is_kept(
    house: House, stranger: Browser
) -> None:
    house.come_in("a", stranger)
    secret = secret_of(stranger)
    assert len(secret) == 64
    assert int(secret, 16)
    assert DeskSession.get().digest != secret


def test_signing_in_takes_no_secret_that_was_there_before(house: House, stranger: Browser) -> None:
    bring(stranger, "0" * 64)
    house.come_in("a", stranger)
    assert secret_of(stranger) != "0" * 64
    planted = house.stranger()
    bring(planted, "0" * 64)
    assert not is_in(planted)


def test_signing_in_again_ends_the_session_before(house: House, stranger: Browser) -> None:
    house.come_in("a", stranger)
    before = copy_of(house, stranger)
    press(stranger, house.mailed_link("b", house.stranger()))
    give_code(stranger, house.code("b"))
    assert is_in(stranger)
    assert not is_in(before)


def test_signing_out_kills_every_copy_of_the_cookie(house: House) -> None:
    browser, elsewhere = house.signed_in("a"), house.signed_in("a")
    thief = copy_of(house, browser)
    assert is_in(thief)
    answer = press_button(browser, OUT)
    assert answer.status_code == HTTPStatus.SEE_OTHER
    assert answer.headers["Clear-Site-Data"] == '"cache"'
    assert secret_of(browser) == ""
    assert not is_in(thief)
    assert is_in(elsewhere)


def test_signing_out_everywhere_leaves_nobody_in_but_others(house: House) -> None:
    browser, elsewhere, other = house.signed_in("a"), house.signed_in("a"), house.signed_in("b")
    answer = press_button(browser, EVERYWHERE)
    assert answer.headers["Clear-Site-Data"] == '"cache"'
    assert [is_in(one) for one in (browser, elsewhere, other)] == [False, False, True]


@pytest.mark.parametrize("path", [OUT, EVERYWHERE])
def test_another_site_cannot_sign_anybody_out(house: House, path: str) -> None:
    browser = house.signed_in("a")
    assert browser.post(path).status_code == HTTPStatus.SEE_OTHER
    elsewhere = {"Sec-Fetch-Site": "cross-site"}
    assert browser.post(path, headers=elsewhere).status_code == HTTPStatus.FORBIDDEN
    browser.get(path)
    assert is_in(browser)


def test_disabling_an_account_ends_its_sessions(house: House, now: datetime) -> None:
    browser, other = house.signed_in("a"), house.signed_in("b")
    employ.disable(house.staff["a"], now)
    assert [is_in(browser), is_in(other)] == [False, True]
    assert not DeskSession.select().where(DeskSession.staff == house.staff["a"]).exists()


def test_an_account_that_is_not_at_work_is_not_in_whatever_sessions_it_has(house: House) -> None:
    browser = house.signed_in("a")
    gone = house.staff["a"]
    gone.active = False
    gone.save()
    assert not is_in(browser)


def test_a_new_invitation_ends_sessions_codes_and_app(house: House, now: datetime) -> None:
    browser, pending = house.signed_in("a"), house.stranger()
    house.up_to_code("a", pending)
    form = pending.form("/beheer/inloggen/code/").fill({"code": house.code("a")})
    employ.invite_again(house.staff["a"], now, house.app.config["PORTAL"])
    pending.post_form(form)
    give_code(pending, house.recovery["a"][0], "herstelcode")
    assert [is_in(browser), is_in(pending)] == [False, False]
    with connection():
        assert authenticator.recovery_codes_left(house.staff["a"]) == 0


def test_a_new_authenticator_ends_all_but_this_session(
    house: House, clock: time_machine.Traveller
) -> None:
    browser, elsewhere = house.signed_in("a"), house.signed_in("a")
    thief, old = copy_of(house, browser), house.staff["a"].authenticator
    answer = browser.post_form(browser.form(RENEW).fill({"code": house.code("a")}))
    assert answer.location == f"{RENEW}instellen/"
    key = key_on(browser.get(answer.location).text)
    form = browser.form(answer.location).fill({"code": pyotp.TOTP(key).now()})
    page = browser.post_form(form)
    assert len(codes_on(page.text)) == 10
    assert [is_in(one) for one in (browser, thief, elsewhere)] == [True, False, False]
    clock.shift(timedelta(minutes=1))
    for code, way in ((pyotp.TOTP(old).now(), "code"), (house.recovery["a"][0], "herstelcode")):
        other = house.stranger()
        house.up_to_code("a", other)
        give_code(other, code, way)
        assert not is_in(other)
    house.come_in("a", other)
    assert is_in(other)


def test_an_authenticator_is_put_into_use_once(house: House, now: datetime) -> None:
    a = house.staff["a"]
    pending = sign_in.begin_renewal(a, house.code("a"), now) or ""
    found = sign_in.setting_up(pending, a.id, now)
    assert found
    code = pyotp.TOTP(found.secret).at(now)
    assert sign_in.finish_set_up(pending, code, a.id, "", now)
    assert sign_in.finish_set_up(pending, code, a.id, "", now) is None


@pytest.mark.parametrize("path", [RENEW, "/beheer/account/herstelcodes/"])
def test_without_a_code_a_session_changes_no_proof(house: House, path: str) -> None:
    browser, before = house.signed_in("a"), house.staff["a"].authenticator
    for code in ("", "000000", house.code("b"), house.recovery["b"][0]):
        answer = browser.post_form(browser.form(path).fill({"code": code}))
        assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert browser.get(f"{RENEW}instellen/").location == RENEW
    assert house.staff["a"].get_by_id(house.staff["a"].id).authenticator == before
    other = house.stranger()
    house.come_in("a", other)
    assert is_in(other)


def test_an_authenticator_that_was_begun_dies_with_the_session(house: House) -> None:
    browser = house.signed_in("a")
    answer = browser.post_form(browser.form(RENEW).fill({"code": house.code("a")}))
    page = browser.get(answer.location).text
    form = form_on(page, answer.location).fill({"code": pyotp.TOTP(key_on(page)).now()})
    sessions.end_all(house.staff["a"])
    assert browser.post_form(form).status_code == HTTPStatus.FORBIDDEN
    assert browser.get("/beheer/instellen/").status_code == HTTPStatus.NOT_FOUND
    house.come_in("b", browser)
    assert browser.get(answer.location).location == RENEW
    assert browser.post_form(form).location == RENEW


def test_new_recovery_codes_replace_the_old_and_end_no_session(house: House) -> None:
    browser, elsewhere = house.signed_in("a"), house.signed_in("a")
    path = "/beheer/account/herstelcodes/"
    page = browser.post_form(browser.form(path).fill({"code": house.recovery["a"][0]}))
    fresh = codes_on(page.text)
    assert len(fresh) == 10
    assert is_in(elsewhere)
    for code, is_right in ((house.recovery["a"][1], False), (fresh[0], True)):
        other = house.stranger()
        house.up_to_code("a", other)
        give_code(other, code, "herstelcode")
        assert is_in(other) == is_right


def test_a_session_that_is_not_used_ends(house: House, clock: time_machine.Traveller) -> None:
    browser, idle = house.signed_in("a"), house.signed_in("a")
    clock.shift(IDLE - SECOND)
    assert is_in(browser)
    clock.shift(SECOND)
    assert [is_in(browser), is_in(idle)] == [True, False]


def test_a_session_ends_however_busy_it_is(house: House, clock: time_machine.Traveller) -> None:
    browser = house.signed_in("a")
    for _ in range(LONGEST // timedelta(minutes=30) - 1):
        clock.shift(timedelta(minutes=30))
        assert is_in(browser)
    clock.shift(timedelta(minutes=30) - SECOND)
    assert is_in(browser)
    clock.shift(SECOND)
    assert not is_in(browser)


def test_not_every_look_is_a_write(house: House, clock: time_machine.Traveller) -> None:
    browser, (begun,) = house.signed_in("a"), DeskSession.select()
    clock.shift(timedelta(seconds=59))
    assert is_in(browser)
    assert DeskSession.get().seen_at == begun.seen_at
    clock.shift(SECOND)
    assert is_in(browser)
    assert DeskSession.get().seen_at == datetime.now(UTC)


def test_where_nothing_can_be_written_reading_goes_on(
    house: House, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OperationalError("database or disk is full")

    browser = house.signed_in("a")
    clock.shift(timedelta(minutes=5))
    monkeypatch.setattr(sessions, "touch", full)
    assert is_in(browser)


def test_what_has_ended_is_forgotten(house: House, now: datetime) -> None:
    house.signed_in("a")
    assert sweep(now + IDLE - SECOND)["sessions of staff"] == 0
    assert sweep(now + IDLE + SECOND)["sessions of staff"] == 1


# The cookie


def set_by(answer: Response) -> SimpleCookie:
    jar = SimpleCookie()
    for line in answer.headers.getlist("Set-Cookie"):
        jar.load(line)
    return jar


def test_the_cookie_is_for_this_host_and_no_script(house: House, stranger: Browser) -> None:
    held = set_by(house.come_in("a", stranger))["desk"]
    assert held["httponly"]
    assert held["samesite"] == "Lax"
    assert (held["path"], held["domain"], held["max-age"], held["expires"]) == ("/", "", "", "")


@pytest.fixture
def https(tmp_path: Path) -> Flask:
    return build(
        new_database(tmp_path), PORTAL_MODE="production", PORTAL_BASE_URL="https://desk.example.org"
    )


def test_over_https_the_cookie_is_secure_and_no_other_host_can_set_it(
    https: Flask, clock: time_machine.Traveller
) -> None:
    house = House(https)
    house.take_on("a")
    with transaction():
        secret = sessions.begin(house.staff["a"], "", datetime.now(UTC))
    where = {"base_url": "https://desk.example.org"}
    for name, status in (("desk", HTTPStatus.SEE_OTHER), ("__Host-desk", HTTPStatus.OK)):
        browser = house.stranger()
        browser.set_cookie(name, secret, domain="desk.example.org")
        assert browser.get(ACCOUNT, **where).status_code == status
    with https.test_request_context(**where):
        answer = https.response_class()
        cookie.put(answer, secret)
    held = set_by(answer)["__Host-desk"]
    assert held["secure"]
    assert (held["path"], held["domain"]) == ("/", "")


def test_no_page_of_the_desk_is_kept_by_a_cache(house: House) -> None:
    browser = house.signed_in("admin")
    pages = [
        str(rule)
        for rule in house.app.url_map.iter_rules()
        if str(rule).startswith("/beheer/") and not rule.arguments and "GET" in (rule.methods or ())
    ]
    assert len(pages) > 8
    for path in pages:
        assert browser.get(path).headers["Cache-Control"] == "no-store", path
