"""What a requester sees of their own case, and what they can do to it."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from threading import Barrier

import pytest
import time_machine

from portal.cases import register
from portal.cases.case import Contact, Happening, Role, Status
from portal.cases.register import Addition, Case
from portal.config import Config
from portal.database import connection
from portal.delivery.outbox import Letter, State
from portal.intake import own_door
from tests.language import NORMAL, PUPIL
from tests.own_door import (
    DOOR,
    PAGES,
    added,
    ask,
    counts,
    enter,
    enter_by_phone,
    newest_link,
    own,
    page_of,
    request_one,
    stranger,
)
from tests.portal_app import (
    PHONE,
    Browser,
    build,
    error_of,
    happenings,
    letters,
    new_database,
    only_case,
    sent_by,
)

# What is shown.


def test_a_case_is_told_in_words_and_without_what_a_finder_of_its_reference_must_not_read(
    browser: Browser, config: Config
) -> None:
    with time_machine.travel(datetime(2026, 3, 1, 23, 30, tzinfo=UTC), tick=False):
        case = request_one(config, name="Kanarie", email="kanarie@example.org")
    enter(browser, "kanarie@example.org")
    page = page_of(browser, case).text
    for told in (case.reference, "2 maart 2026", "Utrecht", "Regiomanager Utrecht (voorbeeld)"):
        assert told in page
    for told in ("groep, wijk of buurt", "binnengekomen", "K…", "k…@example.org", "… 78"):
        assert told in page
    for hidden in ("anarie", "lawaai", "34 56"):
        assert hidden not in page
        assert hidden not in page_of(browser, case, "gegevens/").text


def test_what_is_not_there_is_said_not_to_be(browser: Browser, config: Config) -> None:
    case = request_one(config, email="")
    enter_by_phone(browser, case.reference)
    assert "Niet ingevuld" in page_of(browser, case).text


# Adding.


def test_what_is_added_is_kept_told_and_its_manager_written_to_once(
    browser: Browser, case: Case
) -> None:
    enter(browser)
    answers = [browser.submit(own(case, "aanvullen/"), {"text": "Bel mij\nna vieren."})] * 1
    answers += [browser.submit(own(case, "aanvullen/"), {"text": " Bel mij\r\nna vieren. "})]
    assert {answer.location for answer in answers} == {own(case)}
    assert "aanvulling is verstuurd" in page_of(browser, case).text
    assert "aanvulling is verstuurd" not in page_of(browser, case).text
    with connection():
        (kept,) = Addition.select()
        assert "na vieren." in kept.content
    assert happenings() == [Happening.RECEIVED, Happening.ADDED_TO]
    (letter,) = letters("addition")
    assert letter.recipient == "utrecht@example.org"
    assert letter.fallback == "landelijk@example.org"
    assert letter.case_reference == case.reference
    # What it says is read at the desk.
    assert f"/beheer/zaak/{case.reference}/" in letter.body
    assert "na vieren" not in letter.body
    assert "aangevuld" in page_of(browser, case).text


def test_what_is_added_stands_in_the_letter_where_that_may_hold_all(tmp_path: Path) -> None:
    app = build(new_database(tmp_path), PORTAL_INTAKE_MAIL="full")
    browser: Browser = app.test_client()  # type: ignore[assignment]
    case = request_one(app.config["PORTAL"])
    enter(browser)
    browser.submit(own(case, "aanvullen/"), {"text": "Bel mij\nna vieren."})
    (letter,) = letters("addition")
    assert "De aanvulling:\nBel mij\nna vieren." in letter.body
    assert letter.body.endswith(f"/beheer/zaak/{case.reference}/\n")


@pytest.mark.parametrize("text", ["", "  ", "\u200b", "x" * 3001, "a\x00b"], ids=ascii)
def test_a_text_that_will_not_do_comes_back_as_it_was(
    browser: Browser, case: Case, text: str
) -> None:
    enter(browser)
    before = counts()
    answer = browser.submit(own(case, "aanvullen/"), {"text": text})
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "<title>Fout: " in answer.text
    assert answer.text.count(error_of(answer.text, "text").rstrip(".")) == 2
    assert sent_by(answer.text)["text"].strip() == text.replace("\x00", " ").strip()
    assert counts() == before


@pytest.mark.parametrize("role", [Role.PUPIL, Role.RELATIVE])
def test_a_manager_is_told_to_read_before_calling_and_of_a_pupil_no_more_than_how_to_reach_it(
    browser: Browser, config: Config, role: Role
) -> None:
    case = request_one(config, role=role)
    enter(browser)
    browser.submit(own(case, "aanvullen/"), {"text": "Bel niet thuis."})
    browser.submit(own(case, "gegevens/"), {"phone": "0302345699"})
    addition, corrected = (
        " ".join(letters(name)[0].body.split()) for name in ("addition", "corrected")
    )
    first = addition.index("Lees het voordat u weer contact opneemt")
    assert first < addition.index("Telefoon:")
    first = corrected.index("Lees eerst wat nodig is voor veilig contact")
    assert first < corrected.index("Telefoon:")
    assert ("Van:" in addition) is (role is not Role.PUPIL)


# Correcting.


def test_corrected_data_are_kept_shown_masked_and_told_to_the_manager(
    browser: Browser, case: Case
) -> None:
    enter(browser)
    typed = {"email": "nora@example.com", "phone": "030-2345699"}
    answer = browser.submit(own(case, "gegevens/"), typed)
    assert answer.location == own(case)
    page = page_of(browser, case).text
    assert "n…@example.com" in page
    assert "… 99" in page
    stored = only_case()
    assert (stored.name, stored.email, stored.phone) == ("Noor", *typed.values())
    (letter,) = letters("corrected")
    assert letter.recipient == "utrecht@example.org"
    assert letter.fallback == "landelijk@example.org"
    assert case.reference in letter.subject
    for told in ("Naam: Noor", "Telefoon: 030-2345699", "E-mail: nora@example.com"):
        assert told in letter.body
    assert happenings() == [Happening.RECEIVED, Happening.CORRECTED]


def test_after_a_correction_the_new_address_is_the_way_in_and_the_old_is_not(
    browser: Browser, case: Case
) -> None:
    ask(browser)
    old = newest_link()
    enter_by_phone(browser, case.reference)
    browser.submit(own(case, "gegevens/"), {"email": "nora@example.com", "phone": "0302345699"})
    assert browser.submit(old, {}).status_code == HTTPStatus.NOT_FOUND
    visitor = stranger(browser)
    ask(visitor)
    assert len(letters("link")) == 1
    enter_by_phone(visitor, case.reference)
    assert page_of(visitor, case).location == DOOR
    enter(visitor, "nora@example.com")
    assert page_of(visitor, case).status_code == HTTPStatus.OK


def test_who_corrects_an_address_comes_no_nearer_to_the_cases_that_it_has(
    browser: Browser, config: Config, case: Case
) -> None:
    another = request_one(config, email="anna@example.org")
    enter(browser)
    browser.submit(own(case, "gegevens/"), {"email": "anna@example.org"})
    assert page_of(browser, case).status_code == HTTPStatus.OK
    assert page_of(browser, another).status_code == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize(("role", "words"), [("pupil", "je aanvraag"), ("relative", "uw aanvraag")])
def test_an_address_that_is_replaced_hears_of_it_and_of_nothing_else(
    browser: Browser, config: Config, role: str, words: str
) -> None:
    case = request_one(config, role=Role(role))
    enter(browser)
    typed = {"name": "Nora", "email": "nora@example.com", "phone": "030-2345699"}
    browser.submit(own(case, "gegevens/"), typed)
    (letter,) = letters("address_changed")
    assert (letter.recipient, letter.fallback) == ("noor@example.org", None)
    assert case.reference in letter.subject
    assert words in letter.body
    assert PHONE.replace(" ", "\u00a0") in letter.body
    whole = letter.subject + letter.body
    assert not [text for text in (*typed.values(), "Noor", "Utrecht", "http") if text in whole]
    text = re.sub(r"(?<!\n)\n(?!\n)", " ", letter.body)
    assert (PUPIL if role == "pupil" else NORMAL).faults(text) == []


def test_going_to_and_fro_between_addresses_fills_no_mailbox(browser: Browser, case: Case) -> None:
    enter(browser)
    for turn in range(6):
        typed = {"email": "ander@example.org" if turn % 2 else "noor@example.org"}
        browser.submit(own(case, "gegevens/"), typed)
    told = [letter.recipient for letter in letters("address_changed")]
    assert sorted(told) == ["ander@example.org", "noor@example.org"]


@pytest.mark.parametrize(
    "typed", [{"name": "Nora"}, {"phone": "0302345699"}, {"email": "NOOR@EXAMPLE.ORG"}]
)
def test_an_address_that_stays_hears_of_no_other(
    browser: Browser, case: Case, typed: dict[str, str]
) -> None:
    enter(browser)
    browser.submit(own(case, "gegevens/"), typed)
    assert not letters("address_changed")


def test_an_address_that_took_no_letter_is_written_to_no_more(browser: Browser, case: Case) -> None:
    enter(browser)
    with connection():
        for letter in Letter.select().where(Letter.name == "confirmation"):
            letter.state = State.STUCK
            letter.save()
    browser.submit(own(case, "gegevens/"), {"email": "nora@example.com"})
    assert not letters("address_changed")


def test_the_same_correction_twice_is_told_once(browser: Browser, case: Case) -> None:
    enter(browser)
    for _ in range(2):
        browser.submit(own(case, "gegevens/"), {"name": "Nora"})
    assert len(letters("corrected")) == 1
    assert happenings() == [Happening.RECEIVED, Happening.CORRECTED]


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ({}, "name"),
        ({"name": " "}, "name"),
        ({"email": "nora"}, "email"),
        ({"name": "Nora", "phone": "12"}, "phone"),
        ({"name": "n" * 101}, "name"),
    ],
)
def test_data_that_will_not_do_come_back_and_nothing_is_changed(
    browser: Browser, case: Case, typed: dict[str, str], wrong: str
) -> None:
    enter(browser)
    before = counts()
    answer = browser.submit(own(case, "gegevens/"), typed)
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert error_of(answer.text, wrong)
    kept = sent_by(answer.text)
    assert all(kept[name] == value.strip() for name, value in typed.items())
    assert counts() == before
    assert only_case().name == "Noor"


@pytest.mark.parametrize(
    ("amount", "shows"), [("full", True), ("contact", True), ("notice", False)]
)
def test_the_letter_about_new_data_holds_as_much_as_the_setting_says(
    tmp_path: Path, amount: str, *, shows: bool
) -> None:
    app = build(new_database(tmp_path), PORTAL_INTAKE_MAIL=amount)
    browser: Browser = app.test_client()  # type: ignore[assignment]
    case = request_one(app.config["PORTAL"])
    enter(browser)
    browser.submit(own(case, "gegevens/"), {"email": "nora@example.com"})
    (letter,) = letters("corrected")
    assert ("nora@example.com" in letter.body) == shows
    assert letter.body.endswith(f"/beheer/zaak/{case.reference}/\n")
    assert ("staan niet in dit bericht" in letter.body) != shows
    assert "nora" not in letter.subject


# Withdrawing.


def test_a_withdrawn_case_says_so_is_told_once_and_offers_nothing_more(
    browser: Browser, case: Case
) -> None:
    enter(browser)
    asked = page_of(browser, case, "intrekken/").text
    assert "Vier weken na het laatste contact" in asked
    form = sent_by(asked)
    answers = [browser.post(own(case, "intrekken/"), data=form) for _ in range(2)]
    assert {answer.location for answer in answers} == {own(case)}
    assert only_case().status is Status.WITHDRAWN
    assert happenings() == [Happening.RECEIVED, Happening.WITHDRAWN]
    (letter,) = letters("withdrawn")
    assert letter.recipient == "utrecht@example.org"
    assert letter.fallback == "landelijk@example.org"
    assert case.reference in letter.subject
    page = page_of(browser, case).text
    assert "Deze aanvraag is ingetrokken" in page
    for page_that_writes in PAGES[1:]:
        assert own(case, page_that_writes) not in page
        assert page_of(browser, case, page_that_writes).location == own(case)
    # What was told is kept for as long as retention says.
    assert register.answers_of(only_case()) == (("story", ("Er is lawaai.",)),)


def _withdraw(case: Case, config: Config) -> None:
    own_door.withdraw(case, datetime.now(UTC), config)


def _add(case: Case, config: Config) -> None:
    own_door.add(case, "Bel mij.", datetime.now(UTC), config)


def _correct(case: Case, config: Config) -> None:
    own_door.correct(case, Contact("Nora", "", ""), datetime.now(UTC), config)


@pytest.mark.parametrize("deed", [_withdraw, _add, _correct])
def test_what_many_do_at_once_is_done_and_told_once(
    case: Case, config: Config, deed: Callable[[Case, Config], None]
) -> None:
    crowd = 6
    start = Barrier(crowd)

    def do(_who: int) -> None:
        with connection():
            start.wait()
            deed(case, config)

    before = counts()
    with ThreadPoolExecutor(crowd) as threads:
        list(threads.map(do, range(crowd)))
    cases, additions, *events_and_letters = added(before)[:4]
    assert (cases, additions) == (0, int(deed is _add))
    assert events_and_letters == [1, 1]


@pytest.mark.parametrize(
    ("page", "typed"), [("aanvullen/", {"text": "Toch nog iets."}), ("gegevens/", {"name": "Nora"})]
)
def test_another_tab_can_change_nothing_after_withdrawing_and_keeps_its_text(
    browser: Browser, case: Case, page: str, typed: dict[str, str]
) -> None:
    enter(browser)
    form = sent_by(page_of(browser, case, page).text)
    browser.submit(own(case, "intrekken/"), {})
    before = counts()
    answer = browser.post(own(case, page), data=form.to_dict() | typed)
    assert answer.status_code == HTTPStatus.CONFLICT
    assert "<title>Fout: " in answer.text
    assert PHONE in answer.text
    assert typed.items() <= sent_by(answer.text).to_dict().items()
    assert counts() == before
