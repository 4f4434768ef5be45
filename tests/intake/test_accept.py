"""What an accepted request sets going: who is written to, what of it they read, and how often."""

import logging
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path

import pytest

from portal.cases.case import Intent, Kind, Role, Submission
from portal.config import Config
from portal.database import database
from portal.intake.accept import accept, add, prepare
from portal.routing import absences
from portal.routing.regions import Destination, route
from portal.workdays import HERE
from tests.databases import allow, refuse, somebody_writing, url_in
from tests.intake.walking import asked_of, go_on, questions, shown, stored
from tests.language import NORMAL
from tests.portal_app import (
    BASE,
    DOORS,
    PHONE,
    Browser,
    build,
    cases,
    keeps,
    letters,
    new_database,
    only_case,
    required,
    rows,
)

DESK = "landelijk@example.org"


def canaries(browser: Browser, door: str) -> dict[str, str]:
    """Every text field of a form filled with a word of its own that stands nowhere else."""
    form = asked_of(browser, door, required(door))
    texts = [field.short_name for field in questions(form) if not hasattr(field, "choices")]
    words = {name: "k" + secrets.token_hex(8) for name in texts}
    del words["phone"]
    words["email"] += "@example.org"
    words["municipality"] = "Utrecht"
    return required(door, **words)


def own(typed: dict[str, str]) -> dict[str, str]:
    return {k: v for k, v in typed.items() if v.startswith("k") or "@" in v}


@pytest.mark.parametrize("door", DOORS)
def test_the_confirmation_letter_holds_nothing_that_was_typed(browser: Browser, door: str) -> None:
    typed = own(canaries(browser, door)) | {"municipality": "Utrecht"}
    browser.send(DOORS[door], required(door, **typed))
    (letter,) = letters("confirmation")
    said = letter.subject + letter.body
    assert only_case().reference in letter.subject
    assert only_case().reference in letter.body
    assert not [name for name, value in typed.items() if value in said]
    assert letter.fallback is None


SHOWN = {
    "full": {"name", "email", "call_when", "story", "safety", "question", "good_at"},
    "contact": {"name", "email", "call_when"},
    "notice": set(),
}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("amount", SHOWN)
def test_the_intake_letter_holds_as_much_as_the_setting_says(
    tmp_path: Path, door: str, amount: str
) -> None:
    browser = build(new_database(tmp_path), PORTAL_INTAKE_MAIL=amount).test_client()
    assert isinstance(browser, Browser)
    typed = own(canaries(browser, door))
    typed.pop("postcode", None)
    assert browser.send(DOORS[door], required(door, **typed)).status_code == 303
    (letter,) = letters("intake")
    shown = {name for name, value in typed.items() if value in letter.body}
    if amount == "full":
        assert shown == set(typed)
    else:
        assert shown == SHOWN[amount] & set(typed)
    assert only_case().reference in letter.body
    assert "Regio: Utrecht" in letter.body
    assert letter.body.endswith(link(only_case().reference))
    assert ("Weten en willen" in letter.body) == (amount == "contact" and door != "pupil") or (
        amount == "full"
    )
    assert not [value for value in typed.values() if value in letter.subject]


def facts(text: str) -> list[str]:
    """The lines of a letter that name something."""
    return [line for line in text.splitlines() if ": " in line]


def link(reference: str) -> str:
    """The line that leads to the case."""
    return f"\n\n{BASE}/beheer/zaak/{reference}/\n"


@pytest.mark.parametrize("door", DOORS)
def test_a_notice_holds_reference_region_and_link_alone(tmp_path: Path, door: str) -> None:
    browser = build(new_database(tmp_path), PORTAL_INTAKE_MAIL="notice").test_client()
    assert isinstance(browser, Browser)
    browser.send(DOORS[door], required(door, story="ruzie"))
    (letter,) = letters("intake")
    assert facts(letter.body) == [f"Kenmerk: {only_case().reference}", "Regio: Utrecht"]
    assert letter.subject.endswith(only_case().reference)
    assert letter.body.endswith(link(only_case().reference))
    assert "uiterlijk" not in letter.body


def test_of_a_pupil_the_letter_holds_a_name_and_how_to_reach_them_and_no_more(
    browser: Browser,
) -> None:
    said = {"story": "Ik word gepest.", "call_when": "Na vier uur", "age_band": "8-11"}
    browser.send(DOORS["pupil"], required("pupil", phone="06 12 34 56 78", **said))
    (letter,) = letters("intake")
    assert facts(letter.body) == [
        f"Kenmerk: {only_case().reference}",
        "Regio: Utrecht",
        "Voor: Regiomanager Utrecht (voorbeeld)",
        "Naam: Noor",
        "Telefoon: 06 12 34 56 78",
        "E-mail: noor@example.org",
        "Beste moment om te bellen: Na vier uur",
    ]
    assert letter.subject == f"Nieuwe aanvraag {only_case().reference}"
    assert not [word for word in ("gepest", "eerling", "leervraag", "3511") if word in letter.body]


def test_what_is_not_set_is_contact_with_the_way_to_the_rest(browser: Browser) -> None:
    said = {"story": "Er is lawaai.", "safety": "Bel niet naar huis."}
    browser.send(DOORS["community"], required("community", **said))
    (letter,) = letters("intake")
    # The number is at hand and what makes calling it safe is not: so that stands first.
    before, _, after = letter.body.partition("Telefoon:")
    assert "Lees eerst de hele aanvraag." in before
    assert "Bel niet naar huis." not in before + after
    assert "Naam: Noor" in letter.body
    assert "Er is lawaai." not in letter.body
    assert letter.body.endswith(link(only_case().reference))


@pytest.mark.parametrize(
    ("received", "until"),
    [
        ("2026-11-23 13:00", "woensdag 25 november"),
        ("2026-11-20 16:30", "dinsdag 24 november"),
        ("2026-11-21 10:00", "dinsdag 24 november"),
        ("2026-04-02 09:00", "dinsdag 7 april"),
        ("2026-12-31 23:30", "dinsdag 5 januari"),
    ],
)
def test_the_letter_names_the_day_by_which_a_sign_of_life_is_expected(
    config: Config, received: str, until: str
) -> None:
    moment = datetime.fromisoformat(received).replace(tzinfo=HERE)
    send(config, "noor@example.org", moment)
    (letter,) = letters("intake")
    assert f"uiterlijk {until} iets horen." in " ".join(letter.body.split())


def test_the_day_by_which_goes_by_the_setting(tmp_path: Path, now: datetime) -> None:
    app = build(new_database(tmp_path), PORTAL_REMIND_AFTER="1")
    send(app.config["PORTAL"], "noor@example.org", now)
    (letter,) = letters("intake")
    assert "uiterlijk dinsdag 24 november" in " ".join(letter.body.split())


def test_in_the_managers_absence_the_letter_goes_to_and_names_who_stands_in(
    config: Config, now: datetime
) -> None:
    absences.add("utrecht", now.date(), now.date(), "zeeland")
    send(config, "noor@example.org", now)
    send(config, "anna@example.org", now + timedelta(days=1))
    first, second = letters("intake")
    assert (first.recipient, second.recipient) == ("zeeland@example.org", "utrecht@example.org")
    assert "Voor: Regiomanager Zeeland (voorbeeld)" in first.body
    assert "Regio: Utrecht" in first.body
    assert first.fallback == DESK


@pytest.mark.parametrize("amount", SHOWN)
@pytest.mark.parametrize("door", DOORS)
def test_a_letter_to_a_manager_reads_easily(tmp_path: Path, door: str, amount: str) -> None:
    app = build(new_database(tmp_path), PORTAL_INTAKE_MAIL=amount)
    browser = app.test_client()
    assert isinstance(browser, Browser)
    browser.send(DOORS[door], required(door, call_when="Overdag"))
    add(only_case(), submission("anna@example.org"), only_case().received_at, app.config["PORTAL"])
    for letter in letters("intake") + letters("addition"):
        text = re.sub(r"(?<!\n)\n(?!\n)", " ", re.sub(r"https?:\S+", "", letter.body))
        assert NORMAL.faults(text) == [], letter.body
        assert not re.search(r"\b(je|jij|jou|jouw)\b|!", letter.body)
        assert "\n\n\n" not in letter.body, letter.body
        assert letter.body.endswith(link(only_case().reference))


HOSTILE = ["\r\n", "\n", "\r", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"]
HOSTILE += ["\x00", "=?utf-8?q?x?="]


@pytest.mark.parametrize("door", DOORS)
def test_no_field_can_write_a_subject_or_an_address(browser: Browser, door: str) -> None:
    """Each field in turn on its own step, and then all that will take it at once."""
    bad = [f"x{sign}Bcc: victim@example.org" for sign in HOSTILE]
    names = {field.short_name for field in questions(asked_of(browser, door, required(door)))}
    form = browser.form(DOORS[door]).fill(required(door))
    while not form.is_last:
        for name, text in product(form.names & names, bad):
            answer = browser.insist(form.fill({name: text}))
            assert answer.status_code in {303, 422}
            if answer.status_code == 303 and name not in required(door):
                form = form.fill({name: text})
        form = go_on(browser, form).fill(required(door))
    browser.post_form(form)
    assert len(letters()) == 2
    for letter in letters():
        assert "Bcc" not in letter.subject
        assert "=?" not in letter.subject
        assert letter.subject.isprintable()
        assert "victim" not in letter.recipient + (letter.fallback or "")
        assert letter.recipient in {"utrecht@example.org", "noor@example.org", DESK}


@pytest.mark.parametrize("door", DOORS)
def test_a_letter_to_a_manager_falls_back_on_the_national_desk(browser: Browser, door: str) -> None:
    browser.send(DOORS[door], required(door))
    (intake,) = letters("intake")
    assert intake.fallback == DESK


# Quotas, on a clock that is moved.


def submission(email: str, **other: str) -> Submission:
    return Submission(
        form_key=secrets.token_urlsafe(24),
        kind=Kind.COMMUNITY,
        intent=Intent.REQUEST,
        role=Role.RESIDENT,
        postcode="3511",
        municipality="",
        name="Noor",
        email=email,
        phone="",
        answers=(),
    )


@pytest.fixture
def config(browser: Browser) -> Config:
    config: Config = browser.application.config["PORTAL"]
    return config


def send(config: Config, email: str, at: datetime) -> None:
    destination = route("3511", "", at.date())
    assert isinstance(destination, Destination)
    accept(prepare(submission(email), destination, at, config))


def confirmations() -> int:
    return len(letters("confirmation"))


def test_one_address_gets_one_confirmation_a_day_and_three_a_week(
    config: Config, now: datetime
) -> None:
    sent = []
    for hour in range(0, 24 * 9, 6):
        send(config, "noor@example.org", now + timedelta(hours=hour))
        sent.append(confirmations())
    # Noon: two requests on the first day, four on each that follows.
    a_day = [sent[1], *sent[5::4]]
    assert a_day == [1, 2, 3, 3, 3, 3, 3, 4, 5]
    assert len(cases()) == len(letters("intake")) == len(sent)


@pytest.mark.parametrize(
    "twin",
    [
        "NOOR.S@example.org",
        "noors@EXAMPLE.org",
        "noor.s+1@example.org",
        "n.o.o.r.s+a+b@example.org",
    ],
)
def test_one_mailbox_is_counted_once_however_it_is_spelled(
    config: Config, now: datetime, twin: str
) -> None:
    send(config, "noor.s@example.org", now)
    send(config, twin, now)
    assert confirmations() == 1
    assert len(cases()) == len(letters("intake")) == 2


def test_another_address_is_not_counted_along(config: Config, now: datetime) -> None:
    for name in ("noor", "anna", "noor2"):
        send(config, f"{name}@example.org", now)
    assert confirmations() == 3


def test_a_hundred_requests_in_one_name_are_kept_and_one_is_confirmed(
    config: Config, now: datetime
) -> None:
    for count in range(100):
        send(config, f"noor+{count}@example.org", now)
    assert confirmations() == 1
    assert len(cases()) == len(letters("intake")) == 100


def test_the_page_does_not_tell_that_no_letter_goes(browser: Browser) -> None:
    pages = []
    for _ in range(2):
        answer = browser.send(DOORS["community"], required("community"))
        page = browser.get(answer.location).text
        newest = cases()[-1].reference
        pages.append(page.replace(newest, ""))
    assert confirmations() == 1
    assert pages[0] == pages[1]


def test_one_addition_taken_in_by_two_at_once_is_added_once(config: Config, now: datetime) -> None:
    send(config, "noor@example.org", now)
    further = submission("anna@example.org")
    added = [add(only_case(), further, now, config) for _ in range(2)]
    assert {one.reference for one in added} == {only_case().reference}
    assert rows() == (1, 1, 2, 3)


# A database that cannot write.


@contextmanager
def locked(tmp_path: Path) -> Iterator[None]:
    """Somebody else writes, and does not stop."""
    with somebody_writing(url_in(tmp_path)):
        yield


@pytest.mark.parametrize("door", DOORS)
def test_a_locked_database_keeps_a_steps_text_names_the_phone_and_writes_nothing(
    browser: Browser, door: str, tmp_path: Path
) -> None:
    typed = required(door, safety="rustig", call_when="na vieren", story="Ruzie.", how="Zo.")
    form = browser.form(DOORS[door]).fill(typed)
    while not form.is_last:
        before = stored()
        with locked(tmp_path):
            answer = browser.post_form(form)
        assert answer.status_code == 503
        assert PHONE in answer.text
        assert "nog niet verstuurd" in answer.text
        assert keeps(answer.text, {k: v for k, v in typed.items() if k in form.names})
        assert legends(answer.text) == legends(browser.get(form.action).text)
        assert stored() == before
        form = go_on(browser, shown(answer)).fill(typed)
    assert browser.post_form(form).status_code == 303


def legends(page: str) -> list[str]:
    """The words of every question on a page."""
    return re.findall(r"<(?:label|legend)[^>]*>([^<]*)", page)


@pytest.mark.parametrize("door", DOORS)
def test_a_locked_database_keeps_the_whole_names_the_phone_and_writes_nothing(
    browser: Browser, door: str, tmp_path: Path
) -> None:
    typed = required(door, safety="rustig", call_when="na vieren")
    last = browser.to_the_end(DOORS[door], typed)
    before = stored()
    with locked(tmp_path):
        answer = browser.post_form(last)
    assert answer.status_code == 503
    assert PHONE in answer.text
    assert "nog niet verstuurd" in answer.text
    assert all(value in answer.text for name, value in typed.items() if name != "role")
    assert stored() == before
    assert browser.post_form(shown(answer)).status_code == 303


@contextmanager
def broken(what: str) -> Iterator[None]:
    """A write that the database refuses."""
    when, _, table = what.replace('"', "").partition(" ON ")
    refuse(table, when)
    database.close()
    try:
        yield
    finally:
        allow(table)
        database.close()


WRITES = ['INSERT ON "letter"', 'INSERT ON "event"', 'INSERT ON "quota_use"', 'INSERT ON "case"']


@pytest.mark.parametrize("lost", [*WRITES, 'UPDATE ON "draft"'])
def test_what_cannot_be_written_whole_is_not_written_at_all(browser: Browser, lost: str) -> None:
    last = browser.to_the_end(DOORS["community"], required("community"))
    before = stored()
    with broken(lost):
        answer = browser.post_form(last)
    assert answer.status_code == 503
    assert "Noor" in answer.text
    assert stored() == before
    assert browser.post_form(last).status_code == 303


def test_a_log_of_a_fault_says_nothing_of_what_was_typed(
    browser: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    typed = canaries(browser, "community")
    with broken('INSERT ON "letter"'):
        assert browser.send(DOORS["community"], typed).status_code == 503
    assert "a request could not be stored" in caplog.text
    with broken('INSERT ON "draft"'):
        assert browser.send(DOORS["community"], typed).status_code == 503
    assert "a step could not be stored" in caplog.text
    assert not [value for value in own(typed).values() if value in caplog.text]
