"""Whatever happens at the own door: nothing is lost, nothing leaks, and every page is whole."""

import logging
import re
import secrets
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path

import html5lib
import pytest
import time_machine
from werkzeug.test import TestResponse

from portal.cases.case import Intent, Kind, Role, Status
from portal.cases.register import Case
from portal.config import Config
from portal.database import database
from tests.databases import allow, refuse, somebody_writing, url_in
from tests.language import NORMAL, PUPIL, prose
from tests.own_door import (
    BY_PHONE,
    DOOR,
    JE,
    NOOR,
    NUMBER,
    PAGES,
    U,
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
from tests.portal_app import BASE, PHONE, Browser, forms, letters, only_case, sent_by

# Not surely ours (attack 1), and a database that cannot write (fault 13).


def _late(browser: Browser, path: str, sent: dict[str, str]) -> TestResponse:
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=25), tick=True):
        return browser.post(path, data=sent)


def _without_token(browser: Browser, path: str, sent: dict[str, str]) -> TestResponse:
    return browser.post(path, data={k: v for k, v in sent.items() if k != "csrf_token"})


def _foreign_token(browser: Browser, path: str, sent: dict[str, str]) -> TestResponse:
    token = stranger(browser).unfilled(DOOR)["csrf_token"]
    return browser.post(path, data=sent | {"csrf_token": token})


def _with(**headers: str) -> Callable[[Browser, str, dict[str, str]], TestResponse]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda browser, path, sent: browser.post(path, data=sent, headers=named)


SUSPECT = {
    "no token": _without_token,
    "another visitor's token": _foreign_token,
    "origin evil": _with(Origin="https://evil.example"),
    "origin null": _with(Origin="null"),
    "cross-site": _with(Sec_Fetch_Site="cross-site"),
}
FORMS: dict[str, dict[str, str]] = {
    DOOR: {"email": NOOR},
    BY_PHONE: {"phone": NUMBER},
    "aanvullen/": {"text": "Nog iets."},
    "gegevens/": {"name": "Nora", "phone": "030-2345699"},
    "intrekken/": {},
}


def path_of(form: str, case: Case) -> str:
    return form if form.startswith("/") else own(case, form)


def opened(browser: Browser, form: str, case: Case) -> tuple[str, dict[str, str]]:
    """Where a form is, and all that it sends when it is filled in."""
    if form.startswith("/"):
        browser.get(form)
    else:
        enter(browser)
    path = path_of(form, case)
    typed = FORMS[form] | ({"reference": case.reference} if form == BY_PHONE else {})
    return path, browser.unfilled(path).to_dict() | typed


@pytest.mark.parametrize("way", SUSPECT)
@pytest.mark.parametrize("form", FORMS)
def test_a_form_that_is_not_surely_ours_writes_nothing_and_comes_back_with_its_text(
    browser: Browser, case: Case, form: str, way: str
) -> None:
    path, sent = opened(browser, form, case)
    before = counts()
    answer = SUSPECT[way](browser, path, sent)
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert counts() == before
    assert "<title>Fout: " in answer.text
    assert "evil" not in answer.text
    back = sent_by(answer.text).to_dict()
    del sent["csrf_token"]
    assert sent.items() <= back.items()
    assert browser.post(path, data=back).status_code == HTTPStatus.SEE_OTHER


def test_a_form_a_day_old_comes_back_with_its_text(browser: Browser, case: Case) -> None:
    path, sent = opened(browser, DOOR, case)
    answer = _late(browser, path, sent)
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert sent_by(answer.text)["email"] == NOOR
    assert letters("link") == []


@pytest.mark.parametrize("way", SUSPECT)
def test_another_site_cannot_use_a_link_up_or_sign_anybody_out(
    browser: Browser, case: Case, way: str
) -> None:
    enter(browser)
    token = sent_by(page_of(browser, case).text)["csrf_token"]
    SUSPECT[way](browser, f"{DOOR}uitloggen/", {"csrf_token": token})
    assert page_of(browser, case).status_code == HTTPStatus.OK
    ask(stranger(browser))
    answer = SUSPECT[way](browser, newest_link(), {"csrf_token": token})
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert browser.submit(newest_link(), {}).status_code == HTTPStatus.SEE_OTHER


@pytest.mark.parametrize("form", FORMS)
def test_a_locked_database_keeps_the_text_names_the_phone_and_writes_nothing(
    browser: Browser, case: Case, form: str, tmp_path: Path
) -> None:
    path, sent = opened(browser, form, case)
    before = counts()
    with somebody_writing(url_in(tmp_path)):
        answer = browser.post(path, data=sent)
    assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert PHONE in answer.text
    del sent["csrf_token"]
    back = sent_by(answer.text).to_dict()
    assert sent.items() <= back.items()
    assert counts() == before
    assert browser.post(path, data=back).status_code == HTTPStatus.SEE_OTHER


def test_a_link_is_good_still_when_its_visit_could_not_be_written(
    browser: Browser, case: Case
) -> None:
    ask(browser)
    link = newest_link()
    form = browser.unfilled(link)
    refuse("token")
    database.close()
    answer = browser.post(link, data=form)
    assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    allow("token")
    database.close()
    assert browser.post(link, data=form).status_code == HTTPStatus.SEE_OTHER


@pytest.mark.parametrize("lost", ["letter", "event"])
@pytest.mark.parametrize("form", ["aanvullen/", "gegevens/", "intrekken/"])
def test_no_change_is_kept_that_its_manager_is_not_told_of(
    browser: Browser, case: Case, form: str, lost: str
) -> None:
    path, sent = opened(browser, form, case)
    before = counts()
    refuse(lost)
    database.close()
    assert browser.post(path, data=sent).status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert counts() == before
    assert (only_case().name, only_case().status) == ("Noor", Status.RECEIVED)
    allow(lost)
    database.close()


# Nothing personal leaks (P6), and every page is whole.


def test_what_is_typed_at_the_own_door_is_in_no_file_no_log_no_address_and_no_cookie(
    browser: Browser, case: Case, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    canary = [f"k{secrets.token_hex(8)}" for _ in range(4)]
    enter(browser)
    answers = [browser.submit(own(case, "aanvullen/"), {"text": canary[0]})]
    typed = {"name": canary[1], "email": f"{canary[2]}@example.org"}
    answers.append(browser.submit(own(case, "gegevens/"), typed))
    answers.append(ask(stranger(browser), f"{canary[3]}@example.org"))
    pages = "".join(page_of(browser, case, page).text for page in PAGES)
    with browser.session_transaction(base_url=BASE) as session:
        pages += str(dict(session))
    # Statements are logged for the statements' own tests alone.
    said = "".join(r.getMessage() for r in caplog.records if r.name != "peewee")
    files = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for word in canary:
        assert word.encode() not in files
        assert word not in said + pages + "".join(str(answer.headers) for answer in answers)
    assert NOOR.encode() not in files
    secret = newest_link().split("/")[-2]
    assert secret.encode() not in files
    assert secret not in said


def every_page(browser: Browser, config: Config) -> Iterator[tuple[str, str, str]]:
    """Each page's name, whom it addresses (je, u or nobody), and its HTML."""
    yield "ask", "", browser.get(DOOR).text
    yield "ask, empty", "", browser.submit(DOOR, {"email": ""}).text
    yield "ask, expired", "", browser.post(DOOR, data={"email": NOOR}).text
    yield "asked", "", browser.get(f"{DOOR}verstuurd/").text
    yield "phone", "", browser.get(BY_PHONE).text
    yield "phone, wrong", "", enter_by_phone(browser, "EK-0000-0000-0000").text
    yield "phone, empty", "", enter_by_phone(browser, "", "").text
    yield "dead", "", browser.get(f"{DOOR}link/0/").text
    yield "left", "", browser.get(f"{DOOR}uitgelogd/").text
    pupil = {"role": Role.PUPIL, "kind": Kind.LEARNING}
    proposal = {"role": Role.NEIGHBOUR, "intent": Intent.PROPOSAL}
    known = [request_one(config, **other) for other in (pupil, {}, proposal)]
    yield "over", "", browser.post(own(known[0], "aanvullen/"), data={"text": "Hoi"}).text
    ask(browser)
    yield "link", "", browser.get(newest_link()).text
    browser.submit(newest_link(), {})
    yield "overview", "", browser.get(f"{DOOR}overzicht/").text
    for case in known:
        voice = "je" if case.role is Role.PUPIL else "u"
        for page in PAGES:
            yield f"{case.role} {page}", voice, page_of(browser, case, page).text
        yield "add, wrong", voice, browser.submit(own(case, "aanvullen/"), {"text": ""}).text
        yield "correct, wrong", voice, browser.submit(own(case, "gegevens/"), {"email": "x"}).text
        browser.submit(own(case, "aanvullen/"), {"text": "Hoi"})
        yield f"{case.role}, added", voice, page_of(browser, case).text
        form = sent_by(page_of(browser, case, "aanvullen/").text)
        browser.submit(own(case, "intrekken/"), {})
        yield f"{case.role}, withdrawn", voice, page_of(browser, case).text
        closed = browser.post(own(case, "aanvullen/"), data=form.to_dict() | {"text": "Hoi!"})
        yield "closed", voice, closed.text


def test_every_page_is_valid_reads_easily_and_addresses_its_reader_one_way(
    browser: Browser, config: Config
) -> None:
    faults = []
    for name, voice, page in every_page(browser, config):
        tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page)
        assert len(tree.findall(".//h1")) == 1, name
        ids = Counter(e.get("id") for e in tree.iter() if isinstance(e.tag, str) and e.get("id"))
        assert [one for one, times in ids.items() if times > 1] == [], name
        text = prose(page)
        shown = " ".join("".join(tree.find(".//main").itertext()).split())
        gate = NORMAL if voice == "u" else PUPIL
        faults += [f"{name}: {fault}" for fault in gate.faults(text)]
        assert voice == "u" or not U.findall(shown), f"{name}: {shown}"
        assert voice == "je" or not JE.findall(shown), f"{name}: {shown}"
        if voice:
            assert (U if voice == "u" else JE).search(shown) or "gegevens" in name, name
        assert re.search(r"<title>(Fout: )?\S.* – Eigen Kracht</title>", page), name
        wrong = any(word in name for word in ("wrong", "empty", "expired", "closed", "over"))
        assert ("<title>Fout: " in page) == (wrong and name != "overview"), name
    assert not faults, "\n".join(faults)


def test_the_form_of_a_page_is_the_last_in_it_and_its_button_says_what_it_does(
    browser: Browser, case: Case
) -> None:
    buttons = {}
    for path in (DOOR, BY_PHONE):
        buttons[path] = _button(browser.get(path).text)
    enter(browser)
    for page in PAGES:
        buttons[page] = _button(page_of(browser, case, page).text)
    assert buttons == {
        DOOR: "Verstuur de link",
        BY_PHONE: "Bekijk de aanvraag",
        "": "Uitloggen",
        "aanvullen/": "Verstuur de aanvulling",
        "gegevens/": "Verstuur de nieuwe gegevens",
        "intrekken/": "Trek de aanvraag in",
    }


def _button(page: str) -> str:
    return "".join(forms(page)[-1].find(".//button").itertext())


def test_the_letters_to_a_manager_read_easily(browser: Browser, case: Case) -> None:
    enter(browser)
    browser.submit(own(case, "gegevens/"), {"name": "Nora"})
    browser.submit(own(case, "intrekken/"), {})
    for letter in (*letters("corrected"), *letters("withdrawn")):
        text = re.sub(r"(?<!\n)\n(?!\n)", " ", letter.body)
        assert NORMAL.faults(text) == []
        assert JE.findall(text) == []
        assert letter.subject.endswith(case.reference)
