"""Coming in: two proofs, each good once, and no word to a stranger about who has an account."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
import time_machine

from portal.audit.trail import Action, AuditLine
from portal.casework import employ, sessions, staff
from portal.casework.authenticator import accept_code
from portal.casework.people import StaffRole
from portal.casework.staff import RecoveryCode, Staff
from portal.database import database, transaction
from tests.casework.staff_house import (
    ACCOUNT,
    SIGN_IN,
    House,
    address,
    ask,
    codes_on,
    everything,
    give_code,
    is_in,
    key_on,
    link_in,
    press,
    secret_of,
)
from tests.databases import on_disk, url_in
from tests.portal_app import Browser, form_on, letters

MINUTE = timedelta(minutes=1)
ELSEWHERE = {"Origin": "https://elders.example.org", "Sec-Fetch-Site": "cross-site"}


def invite(house: House, name: str = "nieuw") -> str:
    """Invite somebody new; gives the path of the link in the letter."""
    newcomer = employ.Newcomer("Nieuw", address(name), StaffRole.MANAGER, "utrecht")
    employ.invite(newcomer, datetime.now(UTC), house.app.config["PORTAL"])
    return link_in(letters("invitation")[-1].body)


def shown_key(browser: Browser, invitation: str) -> str:
    """Accept an invitation as far as the page with the key."""
    assert press(browser, invitation).location == "/beheer/instellen/"
    return key_on(browser.get("/beheer/instellen/").text)


def confirm(browser: Browser, code: str, path: str = "/beheer/instellen/") -> int:
    return browser.post_form(browser.form(path).fill({"code": code})).status_code


# Invitation


def test_who_is_invited_sets_up_an_app_and_is_in(house: House, stranger: Browser) -> None:
    key = shown_key(stranger, invite(house))
    form = stranger.form("/beheer/instellen/").fill({"code": pyotp.TOTP(key).now()})
    page = stranger.post_form(form)
    assert page.status_code == HTTPStatus.OK
    assert len(set(codes_on(page.text))) == 10
    assert is_in(stranger)


def test_the_picture_names_us_its_owner_and_the_key_that_is_shown(
    house: House, stranger: Browser
) -> None:
    key = shown_key(stranger, invite(house))
    page = stranger.get("/beheer/instellen/").text
    uri = re.search(r'href="(otpauth://[^"]+)"', page)
    assert uri
    told = urlsplit(uri[1].replace("&amp;", "&"))
    assert (told.netloc, told.path) == ("totp", "/Eigen%20Kracht:nieuw%40example.org")
    assert parse_qs(told.query) == {"secret": [key], "issuer": ["Eigen Kracht"]}
    drawn = re.search(r"<svg.*?</svg>", page, re.DOTALL)
    assert drawn
    assert "style" not in drawn[0]
    assert len(key) == 32  # 160 bits in base 32


def test_an_invitation_that_is_looked_at_changes_nothing(house: House, stranger: Browser) -> None:
    link = invite(house)
    before = everything()
    for _ in range(5):
        assert stranger.head(link).status_code == HTTPStatus.OK
        assert stranger.get(link).status_code == HTTPStatus.OK
    assert everything() == before


def test_an_invitation_makes_one_account_work_once(house: House, stranger: Browser) -> None:
    link = invite(house)
    other = house.stranger()
    second = shown_key(other, link)
    assert confirm(stranger, pyotp.TOTP(shown_key(stranger, link)).now()) == HTTPStatus.OK
    for browser in (stranger, other, house.stranger()):
        assert browser.get(link).status_code == HTTPStatus.NOT_FOUND
    late = other.get("/beheer/instellen/")
    assert late.status_code == HTTPStatus.NOT_FOUND
    assert second not in late.text


def test_a_program_that_lost_its_cookies_does_not_cost_somebody_the_invitation(
    house: House, stranger: Browser
) -> None:
    link = invite(house)
    shown_key(house.stranger(), link)
    assert confirm(stranger, pyotp.TOTP(shown_key(stranger, link)).now()) == HTTPStatus.OK


def test_an_invitation_holds_for_three_days(
    house: House, stranger: Browser, clock: time_machine.Traveller
) -> None:
    link = invite(house)
    clock.shift(timedelta(days=3, seconds=-1))
    assert stranger.get(link).status_code == HTTPStatus.OK
    clock.shift(timedelta(seconds=1))
    assert stranger.get(link).status_code == HTTPStatus.NOT_FOUND


def test_a_later_invitation_ends_the_one_before(
    house: House, stranger: Browser, clock: time_machine.Traveller
) -> None:
    first = invite(house)
    shown_key(stranger, first)
    clock.shift(MINUTE)
    found = staff.find_by_email(address("nieuw"))
    assert found
    employ.invite_again(found, datetime.now(UTC), house.app.config["PORTAL"])
    second = link_in(letters("invitation")[-1].body)
    assert second != first
    assert house.stranger().get(first).status_code == HTTPStatus.NOT_FOUND
    assert stranger.get("/beheer/instellen/").status_code == HTTPStatus.NOT_FOUND
    assert house.stranger().get(second).status_code == HTTPStatus.OK


def test_who_was_disabled_before_accepting_cannot_come_in(house: House, stranger: Browser) -> None:
    link = invite(house)
    shown_key(stranger, link)
    found = staff.find_by_email(address("nieuw"))
    assert found
    employ.disable(found, datetime.now(UTC))
    assert stranger.get("/beheer/instellen/").status_code == HTTPStatus.NOT_FOUND
    assert house.stranger().get(link).status_code == HTTPStatus.NOT_FOUND


def test_a_wrong_code_puts_no_authenticator_into_use(house: House, stranger: Browser) -> None:
    key = shown_key(stranger, invite(house))
    wrong = f"{(int(pyotp.TOTP(key).now()) + 1) % 1_000_000:06}"
    assert confirm(stranger, wrong) == HTTPStatus.UNPROCESSABLE_ENTITY
    found = staff.find_by_email(address("nieuw"))
    assert found
    assert found.authenticator is None
    assert not is_in(stranger)


# The link


def test_a_link_and_a_code_let_their_owner_in(house: House, stranger: Browser) -> None:
    answer = house.come_in("a", stranger)
    assert answer.status_code == HTTPStatus.SEE_OTHER
    assert is_in(stranger)
    assert "A</bdi>" in stranger.get(ACCOUNT).text


def test_a_link_alone_lets_nobody_in(house: House, stranger: Browser) -> None:
    house.up_to_code("a", stranger)
    assert not is_in(stranger)


def test_looking_at_a_link_changes_nothing(house: House, stranger: Browser) -> None:
    link = house.mailed_link("a", stranger)
    before = everything()
    for _ in range(5):
        stranger.head(link)
        assert stranger.get(link).status_code == HTTPStatus.OK
    assert everything() == before


def test_a_link_is_good_once(house: House, stranger: Browser) -> None:
    link = house.mailed_link("a", stranger)
    open_in_two_tabs = [stranger.form(link), stranger.form(link)]
    answers = [stranger.post_form(form).status_code for form in open_in_two_tabs]
    assert answers == [HTTPStatus.SEE_OTHER, HTTPStatus.NOT_FOUND]
    assert house.stranger().get(link).status_code == HTTPStatus.NOT_FOUND


def test_a_link_and_the_wait_for_a_code_hold_for_ten_minutes(
    house: House, stranger: Browser, clock: time_machine.Traveller
) -> None:
    link = house.mailed_link("a", stranger)
    clock.shift(10 * MINUTE - timedelta(seconds=1))
    assert press(stranger, link).status_code == HTTPStatus.SEE_OTHER
    clock.shift(10 * MINUTE - timedelta(seconds=1))
    assert stranger.get("/beheer/inloggen/code/").status_code == HTTPStatus.OK
    clock.shift(timedelta(seconds=1))
    assert stranger.get("/beheer/inloggen/code/").status_code == HTTPStatus.NOT_FOUND
    other = house.mailed_link("b", stranger)
    clock.shift(10 * MINUTE)
    assert stranger.get(other).status_code == HTTPStatus.NOT_FOUND


def test_who_is_in_goes_on_from_a_page_for_coming_in(house: House) -> None:
    browser = house.signed_in("admin")
    used = house.mailed_link("a", house.stranger())
    press(house.stranger(), used)
    for path in (SIGN_IN, used, "/beheer/inloggen/code/"):
        assert browser.get(path).location == "/beheer/medewerkers/"


# One link at a time, so that nobody's mailbox is filled and nobody is shut out


def test_while_a_link_is_under_way_no_other_is_mailed(
    house: House, stranger: Browser, clock: time_machine.Traveller
) -> None:
    first = house.mailed_link("a", stranger)
    clock.shift(5 * MINUTE - timedelta(seconds=1))
    for spelling in ("a@example.org", "A@EXAMPLE.ORG", "a@\uff45xample.org"):
        ask(house.stranger(), spelling)
    assert len(letters("sign_in")) == 1
    assert stranger.get(first).status_code == HTTPStatus.OK
    clock.shift(timedelta(seconds=1))
    ask(stranger, address("a"))
    assert len(letters("sign_in")) == 2


def test_a_link_that_was_used_is_not_under_way_any_more(house: House, stranger: Browser) -> None:
    press(stranger, house.mailed_link("a", stranger))
    assert house.mailed_link("a", stranger)


def test_a_stranger_who_asks_all_day_keeps_nobody_out(
    house: House, stranger: Browser, clock: time_machine.Traveller
) -> None:
    for _ in range(5):
        for _ in range(6):
            ask(house.stranger(), address("a"))
            clock.shift(MINUTE)
        # The owner asks too, and finds a link in the mailbox that holds.
        ask(stranger, address("a"))
        assert stranger.get(link_in(letters("sign_in")[-1].body)).status_code == HTTPStatus.OK
    assert len(letters("sign_in")) <= 7
    press(stranger, link_in(letters("sign_in")[-1].body))
    give_code(stranger, house.code("a"))
    assert is_in(stranger)


# The code


@pytest.mark.parametrize(
    ("steps", "is_right"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_a_code_may_be_half_a_minute_early_or_late(
    house: House, stranger: Browser, steps: int, is_right: bool
) -> None:
    house.up_to_code("a", stranger)
    give_code(stranger, house.code("a", steps))
    assert is_in(stranger) == is_right


@pytest.mark.parametrize("spelling", ["{0}{1}{2} {3}{4}{5}", " {0}{1}{2}-{3}{4}{5} "])
def test_a_code_may_be_typed_as_the_app_shows_it(
    house: House, stranger: Browser, spelling: str
) -> None:
    house.up_to_code("a", stranger)
    give_code(stranger, spelling.format(*house.code("a")))
    assert is_in(stranger)


def test_a_code_or_an_older_one_is_never_good_again(house: House) -> None:
    used, older = house.code("a"), house.code("a", -1)
    for code, is_right in ((used, True), (used, False), (older, False)):
        browser = house.stranger()
        house.up_to_code("a", browser)
        give_code(browser, code)
        assert is_in(browser) == is_right


def test_the_code_that_set_up_the_app_is_used_up_too(house: House, stranger: Browser) -> None:
    key = shown_key(stranger, invite(house))
    code = pyotp.TOTP(key).now()
    confirm(stranger, code)
    other = house.stranger()
    ask(other, address("nieuw"))
    press(other, link_in(letters("sign_in")[-1].body))
    give_code(other, code)
    assert not is_in(other)


def test_of_many_who_give_one_code_at_once_one_is_let_in(house: House) -> None:
    code, now = house.code("a"), datetime.now(UTC)

    def give(_: int) -> bool:
        with transaction():
            return accept_code(house.staff["a"], code, now)

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(give, range(8))) == 1


def test_who_is_in_has_used_up_the_wait_for_a_code(
    house: House, stranger: Browser, clock: time_machine.Traveller
) -> None:
    house.up_to_code("a", stranger)
    copied = house.stranger()
    held = stranger.get_cookie("portaal", domain="127.0.0.1")
    assert held
    copied.set_cookie("portaal", held.value, domain="127.0.0.1")
    assert copied.get("/beheer/inloggen/code/").status_code == HTTPStatus.OK
    give_code(stranger, house.code("a"))
    clock.shift(MINUTE)
    assert copied.get("/beheer/inloggen/code/").status_code == HTTPStatus.NOT_FOUND


def test_a_right_code_does_not_let_in_who_is_no_longer_at_work(
    house: House, stranger: Browser
) -> None:
    house.up_to_code("a", stranger)
    Staff.update(active=False).where(Staff.id == house.staff["a"].id).execute()
    give_code(stranger, house.code("a"))
    assert not sessions.DeskSession.select().exists()


def test_another_ones_code_is_wrong(house: House, stranger: Browser) -> None:
    house.up_to_code("a", stranger)
    give_code(stranger, house.code("b"))
    assert not is_in(stranger)


def test_a_few_wrong_codes_kill_the_link_and_nothing_else(house: House, stranger: Browser) -> None:
    house.up_to_code("a", stranger)
    wrong = house.code("b")
    answers = [give_code(stranger, wrong).status_code for _ in range(4)]
    assert answers == [HTTPStatus.UNPROCESSABLE_ENTITY] * 4
    assert give_code(stranger, wrong).status_code == HTTPStatus.NOT_FOUND
    assert stranger.get("/beheer/inloggen/code/").status_code == HTTPStatus.NOT_FOUND
    house.come_in("a", stranger)
    assert is_in(stranger)


def test_a_right_code_after_the_last_wrong_one_comes_too_late(
    house: House, stranger: Browser
) -> None:
    house.up_to_code("a", stranger)
    late = stranger.form("/beheer/inloggen/code/").fill({"code": house.code("a")})
    for way in ("code", "herstelcode", "code", "herstelcode", "code"):
        give_code(stranger, "000000", way)
    assert stranger.post_form(late).status_code == HTTPStatus.NOT_FOUND
    assert not is_in(stranger)


def test_who_reads_the_mail_cannot_try_codes_all_day_and_its_owner_still_gets_in(
    house: House, stranger: Browser, clock: time_machine.Traveller
) -> None:
    wrong = house.code("b")
    for _ in range(6):
        house.up_to_code("a", stranger)
        for _ in range(5):
            give_code(stranger, wrong)
    house.come_in("a", stranger)
    assert not is_in(stranger)
    house.up_to_code("a", stranger)
    give_code(stranger, house.recovery["a"][0], "herstelcode")
    assert is_in(stranger)
    clock.shift(timedelta(days=1))
    house.come_in("a", stranger)
    assert is_in(stranger)


# Recovery codes


def test_a_recovery_code_lets_its_owner_in_once(house: House) -> None:
    code = house.recovery["a"][3]
    for is_right in (True, False):
        browser = house.stranger()
        house.up_to_code("a", browser)
        give_code(browser, code, "herstelcode")
        assert is_in(browser) == is_right
    assert RecoveryCode.select().where(RecoveryCode.staff == house.staff["a"]).count() == 9


def test_a_recovery_code_is_read_as_people_write_it(house: House, stranger: Browser) -> None:
    code = house.recovery["a"][0].replace("-", " ").replace("0", "o").replace("1", "l").lower()
    house.up_to_code("a", stranger)
    give_code(stranger, f" {code} ", "herstelcode")
    assert is_in(stranger)


def test_another_ones_recovery_code_is_wrong_and_stays_good(
    house: House, stranger: Browser
) -> None:
    code = house.recovery["b"][0]
    house.up_to_code("a", stranger)
    give_code(stranger, code, "herstelcode")
    assert not is_in(stranger)
    other = house.stranger()
    house.up_to_code("b", other)
    give_code(other, code, "herstelcode")
    assert is_in(other)


# A stranger learns nothing


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The SQL that is run, without what it is run with."""
    run: list[str] = []
    execute = database.obj.execute_sql

    def watched(sql: str, *values: object) -> object:
        # The names of savepoints are random.
        run.append(re.sub(r"\b(ROLLBACK TO|RELEASE) SAVEPOINT\b.*|s[0-9a-f]{32}", "savepoint", sql))
        return execute(sql, *values)

    monkeypatch.setattr(database.obj, "execute_sql", watched)
    return run


@pytest.mark.parametrize("other", ["nobody", "gone", "nieuw", "under way"])
def test_an_unknown_address_and_a_known_one_get_the_same_answer_for_the_same_work(
    house: House, statements: list[str], other: str
) -> None:
    invite(house)
    known, unknown = house.stranger(), house.stranger()
    if other == "under way":
        ask(unknown, address("b"))
    forms = [
        (known, known.form(SIGN_IN).fill({"email": address("a")})),
        (unknown, unknown.form(SIGN_IN).fill({"email": address("b" if "way" in other else other)})),
    ]
    before = len(letters("sign_in"))
    seen = []
    for browser, form in forms:
        statements.clear()
        answer = browser.post_form(form)
        work = list(statements)
        page = browser.get(answer.location)
        headers = [(name, len(value)) for name, value in answer.headers if name != "Date"]
        seen.append((answer.status_code, answer.location, headers, page.text, work))
    assert seen[0] == seen[1]
    assert any(statement.startswith('INSERT INTO "letter"') for statement in seen[0][4])
    assert len(letters("sign_in")) == before + 1


def test_the_page_that_asks_for_a_code_is_the_same_for_everybody(house: House) -> None:
    pages = []
    for name in ("a", "desk"):
        browser = house.stranger()
        house.up_to_code(name, browser)
        text = browser.get("/beheer/inloggen/code/").text
        pages.append(re.sub(r'name="csrf_token" type="hidden" value="[^"]+"', "", text))
    assert pages[0] == pages[1]


def test_no_secret_can_be_read_from_the_files(
    house: House, stranger: Browser, tmp_path: Path
) -> None:
    link = house.mailed_link("a", stranger)
    press(stranger, link)
    give_code(stranger, house.code("a"))
    secrets = [
        link.split("/")[-2],
        secret_of(stranger),
        house.staff["a"].authenticator,
        *house.recovery["a"],
        *(code.replace("-", "") for code in house.recovery["a"]),
        address("admin"),
    ]
    kept = on_disk(url_in(tmp_path))
    assert sessions.DeskSession.get().digest.encode() in kept
    assert [secret for secret in secrets if secret.encode() in kept] == []


# Tricks


@pytest.mark.parametrize("trick", [{}, ELSEWHERE], ids=["no token", "elsewhere"])
def test_a_form_that_is_not_ours_does_nothing(
    house: House, stranger: Browser, trick: dict[str, str]
) -> None:
    link = house.mailed_link("a", stranger)
    house.up_to_code("b", stranger)
    invitation = invite(house)
    pages = (SIGN_IN, link, "/beheer/inloggen/code/", "/beheer/inloggen/herstelcode/", invitation)
    before = everything()
    for path in pages:
        data = dict(stranger.form(path).fill({"email": address("desk"), "code": "1" * 6}).data)
        if not trick:
            data.pop("csrf_token")
        answer = stranger.post(path, data=data, headers=trick)
        assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
        assert form_on(answer.text, path).data["csrf_token"]
    assert everything() == before


def test_what_was_typed_stays_when_a_form_comes_back(stranger: Browser) -> None:
    answer = stranger.post(SIGN_IN, data={"email": "wie@example.org"})
    assert form_on(answer.text, SIGN_IN).data["email"] == ["wie@example.org"]


def test_another_host_gets_no_link(house: House, stranger: Browser) -> None:
    form = stranger.form(SIGN_IN).fill({"email": address("a")})
    answer = stranger.post_form(form, headers={"Host": "elders.example.org"})
    assert answer.status_code == HTTPStatus.BAD_REQUEST
    localhost = "http://localhost:8000"
    form = form_on(stranger.get(SIGN_IN, base_url=localhost).text, SIGN_IN)
    stranger.post_form(form.fill({"email": address("a")}), base_url=localhost)
    assert "http://127.0.0.1:8000/beheer/inloggen/link/" in letters("sign_in")[-1].body


WAYS_BACK: list[tuple[str, str, str]] = [
    ("desk", "/beheer/logboek/", "/beheer/logboek/"),
    ("desk", "/beheer/logboek/?na=https://elders.example.org/", "/beheer/logboek/"),
    ("a", "/beheer/logboek/", ACCOUNT),
    ("a", "/beheer/account/?next=//elders.example.org", ACCOUNT),
    ("admin", "/beheer/uitloggen/", "/beheer/medewerkers/"),
    ("admin", "/beheer/bestaat-niet/", "/beheer/medewerkers/"),
    ("admin", "/beheer//elders.example.org/", "/beheer/medewerkers/"),
    ("admin", "/beheer/inloggen/?next=https://elders.example.org/", "/beheer/medewerkers/"),
]


@pytest.mark.parametrize(("name", "asked", "goal"), WAYS_BACK)
def test_after_signing_in_one_comes_to_a_known_page_and_nowhere_else(
    house: House, stranger: Browser, name: str, asked: str, goal: str
) -> None:
    stranger.get(asked)
    location = house.come_in(name, stranger).location
    # The first page of who sees cases is the desk, once there is one.
    first = house.app.url_map.bind("").build
    if goal == ACCOUNT and "desk.overview" in house.app.view_functions:
        assert location in {ACCOUNT, first("desk.overview")}
    else:
        assert location == goal


def test_signing_in_and_failing_to_is_in_the_trail(house: House, stranger: Browser) -> None:
    house.up_to_code("a", stranger)
    give_code(stranger, house.code("b"))
    give_code(stranger, house.code("a"))
    lines = [(line.actor, line.action) for line in AuditLine.select().order_by(AuditLine.at)]
    key = house.staff["a"].id
    assert sorted(lines) == [(key, Action.REFUSED), (key, Action.SIGNED_IN)]
