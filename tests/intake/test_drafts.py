"""A draft: sealed, opened by its own browser only, and forgotten a day after its last change."""

import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from flask.sessions import SecureCookieSessionInterface

from portal.database import connection, settle
from portal.intake import drafts as keeping
from tests.databases import on_disk, url_in
from tests.intake.test_steps import holds
from tests.intake.walking import (
    OWN,
    cookie_of,
    drafts,
    everywhere,
    go_on,
    in_session,
    reach,
    stored,
    stranger_to,
    whole,
)
from tests.portal_app import (
    DOORS,
    Browser,
    Form,
    answers,
    cases,
    only_case,
    required,
    rows,
    sent_by,
)

LOST = "Het begin van dit formulier is er niet meer."


def canary() -> str:
    return "k" + secrets.token_hex(12)


def two_steps(browser: Browser, name: str) -> Form:
    """A draft of which the first step is kept; gives its second."""
    first = browser.form(DOORS["proposal"]).fill(required("proposal", name=name))
    return go_on(browser, first).fill(required("proposal"))


def blank(browser: Browser, first: str) -> bool:
    """Whether this browser sees nothing behind the addresses of a draft."""
    later, last = first.replace("/1/", "/2/"), first.replace("/1/", "/controleren/")
    led = [browser.get(path).location for path in (later, last)]
    shown = sent_by(browser.get(first).text).to_dict()
    return led == [f"{first}?lost=1"] * 2 and not any(shown[n] for n in shown.keys() & {"name"})


@pytest.mark.parametrize("door", DOORS)
def test_a_draft_is_sealed_and_the_cookie_holds_nothing_of_it(
    browser: Browser, door: str, tmp_path: Path
) -> None:
    typed = whole(browser, door, required(door).get("role", ""))
    typed |= {name: canary() for name, text in typed.items() if text.startswith("zo ")}
    typed["email"] = f"{canary()}@example.org"
    browser.walk(DOORS[door], typed)
    assert len(drafts()) == 1
    hidden = [text for text in typed.values() if text.startswith("k")]
    assert len(hidden) > 4
    assert not [text for text in hidden if text.partition("@")[0] in everywhere(tmp_path)]
    cookie = f"{cookie_of(browser)} {in_session(browser)}"
    assert not [text for text in hidden if text in cookie]
    # The search is able to find: this stands there in the open.
    assert drafts()[0].form_key in everywhere(tmp_path)


def test_what_opens_a_draft_is_nowhere_on_disk(browser: Browser, tmp_path: Path) -> None:
    two_steps(browser, "Noor")
    ((handle, secret),) = in_session(browser)["drafts"]
    assert len(secret) >= 43  # 256 bits
    assert secret not in everywhere(tmp_path)
    assert handle not in everywhere(tmp_path)


def test_another_browser_with_the_address_sees_a_blank_form_and_cannot_touch_the_first(
    browser: Browser,
) -> None:
    second = two_steps(browser, "Kanarie")
    first = second.action.replace("/2/", "/1/")
    stranger = stranger_to(browser)
    assert blank(stranger, first)
    before = stored()
    for address in (first, second.action):
        form = stranger.form(address)
        stranger.post_form(form.fill(required("proposal", name="Vreemd", postcode="9355")))
    assert stored()[-1][:1] == before[-1]
    assert len(drafts()) == 2
    assert holds(browser, first, {"name": "Kanarie"})
    assert holds(stranger, first, {"name": "Vreemd"})
    # Its own draft is a case of its own.
    assert stranger.send(first, required("proposal", name="Vreemd")).status_code == 303
    assert browser.send(second.action, required("proposal")).status_code == 303
    assert [case.name for case in cases()] == ["Vreemd", "Kanarie"]


def signed_by_another(browser: Browser) -> str:
    key = browser.application.config["SECRET_KEY"]
    browser.application.config["SECRET_KEY"] = "t" * 40
    signer = SecureCookieSessionInterface().get_signing_serializer(browser.application)
    browser.application.config["SECRET_KEY"] = key
    assert signer is not None
    return str(signer.dumps(in_session(browser)))


FORGED = {
    "changed": lambda browser: "e" + cookie_of(browser)[1:].swapcase(),
    "without its signature": lambda browser: cookie_of(browser).rpartition(".")[0],
    "signed by another": signed_by_another,
}


@pytest.mark.parametrize("way", FORGED)
def test_a_cookie_that_is_not_as_we_made_it_opens_nothing(browser: Browser, way: str) -> None:
    second = two_steps(browser, "Noor")
    stranger = stranger_to(browser)
    stranger.set_cookie("portaal", cookie_of(browser), domain="127.0.0.1")
    assert holds(stranger, second.action.replace("/2/", "/1/"), {"name": "Noor"})
    stranger.set_cookie("portaal", FORGED[way](browser), domain="127.0.0.1")
    assert blank(stranger, second.action.replace("/2/", "/1/"))


@pytest.mark.parametrize("pause", [timedelta(minutes=90), timedelta(hours=23)])
@pytest.mark.parametrize("door", DOORS)
def test_a_pause_between_any_two_steps_loses_nothing(
    browser: Browser, door: str, pause: timedelta
) -> None:
    typed = whole(browser, door, required(door).get("role", ""))
    form, moment = browser.form(DOORS[door]).fill(typed), datetime.now(UTC)
    while not form.is_last:
        moment += pause
        with time_machine.travel(moment, tick=True):
            form = go_on(browser, browser.form(form.action).fill(typed)).fill(typed)
    with time_machine.travel(moment + pause, tick=True):
        assert browser.post_form(browser.form(form.action)).status_code == 303
    assert answers(only_case()) == {n: (text,) for n, text in typed.items() if n not in OWN}


def test_a_draft_is_gone_a_day_after_its_last_change_though_its_row_is_there(
    browser: Browser,
) -> None:
    start = datetime.now(UTC)
    last = browser.to_the_end(DOORS["proposal"], required("proposal", name="Noor"))
    first = last.action.replace("controleren", "1")
    with time_machine.travel(start + timedelta(hours=20), tick=True):
        browser.post_form(browser.form(first))
    with time_machine.travel(start + timedelta(hours=43, minutes=59), tick=True):
        assert holds(browser, first, {"name": "Noor"})
    with time_machine.travel(start + timedelta(hours=44, minutes=1), tick=True):
        assert blank(browser, first)
        assert LOST in browser.page(last.action).text
        assert browser.post_form(last).location == f"{first}?lost=1"
        (row,) = drafts()
        assert row.form_key == last.data["form_key"][0]
        # What is begun at the same address has nothing of it.
        second = go_on(browser, browser.form(first).fill(required("proposal", name="Anna")))
        (new,) = drafts()
        assert new.form_key != row.form_key
        assert "postcode" not in keeping.given(new)
        assert second.data["postcode"] == [""]
    assert rows() == (0, 0, 0, 0)


def test_two_tabs_on_two_forms_do_not_mix(browser: Browser) -> None:
    texts = ("de eerste", "de tweede")
    tabs = [browser.form(DOORS["proposal"]).fill(required("proposal", name=t)) for t in texts]
    while not tabs[0].is_last:
        tabs = [
            go_on(browser, tab).fill(required("proposal", name=text, story=text))
            for tab, text in zip(tabs, texts, strict=True)
        ]
    assert len(drafts()) == 2
    for tab in tabs:
        browser.post_form(tab)
    assert [(case.name, answers(case)["story"]) for case in cases()] == [(t, (t,)) for t in texts]


def test_one_form_in_two_tabs_on_different_steps_keeps_what_is_typed_in_both(
    browser: Browser,
) -> None:
    telling = reach(browser, DOORS["proposal"], "story", required("proposal"))
    first = browser.form(telling.action.replace("/4/", "/1/"))
    go_on(browser, telling.fill({"story": "in de ene"}))
    go_on(browser, first.fill({"call_when": "in de andere"}))
    go_on(browser, telling.fill({"story": "in de ene", "safety": "en nog iets"}))
    browser.post_form(browser.form(telling.action.replace("/4/", "/controleren/")))
    said = {"story": ("in de ene",), "safety": ("en nog iets",), "call_when": ("in de andere",)}
    assert answers(only_case()) == said
    assert len(drafts()) == 1


def test_a_cookie_keeps_eight_forms_and_what_is_typed_in_a_ninth_loses_the_oldest_only(
    browser: Browser,
) -> None:
    begun = [two_steps(browser, f"Noor {n}") for n in range(9)]
    firsts = [form.action.replace("/2/", "/1/") for form in begun]
    assert all(holds(browser, path, {"name": f"Noor {n}"}) for n, path in enumerate(firsts) if n)
    assert blank(browser, firsts[0])
    # What is typed on a page of the oldest that was left open is not lost.
    answer = browser.post_form(begun[0].fill({"postcode": "9355"}))
    assert LOST in browser.page(answer.location).text
    assert browser.send(answer.location, {"role": "other", "name": "N", "email": "n@example.org"})
    assert only_case().region == "groningen"


def test_the_cookie_never_outgrows_what_a_browser_keeps(browser: Browser) -> None:
    for n in range(12):
        two_steps(browser, f"Noor {n}")
    assert 100 < len(cookie_of(browser)) < 2000


def wiped(browser: Browser, form: Form) -> None:
    offer = browser.page(browser.post_form(form.press("later")).location)
    token = sent_by(offer.text)["csrf_token"]
    answer = browser.post(offer.request.path, data={"csrf_token": token, "wipe": "1"})
    assert answer.status_code == 200
    assert "Alles is gewist" in answer.text


def test_wiping_deletes_at_once_and_only_this_form(browser: Browser, tmp_path: Path) -> None:
    kept, gone = two_steps(browser, "Blijft"), two_steps(browser, "Weg")
    sealed = [bytes(row.__data__["content"]) for row in drafts()]
    wiped(browser, gone)
    assert blank(browser, gone.action.replace("/2/", "/1/"))
    assert holds(browser, kept.action.replace("/2/", "/1/"), {"name": "Blijft"})
    (row,) = drafts()
    settle()
    found = on_disk(url_in(tmp_path))
    assert [content in found for content in sealed] == [True, False]
    assert bytes(row.__data__["content"]) == sealed[0]


def test_after_sending_nothing_of_what_was_typed_is_left_in_the_draft(browser: Browser) -> None:
    typed = whole(browser, "community", "resident")
    typed |= {name: canary() for name, text in typed.items() if text.startswith("zo ")}
    browser.send(DOORS["community"], typed)
    (draft,) = drafts()
    assert draft.reference == only_case().reference
    with connection():
        left = draft.content + draft.door + draft.form_key
    assert not [text for text in typed.values() if len(text) > 4 and text in left]
    assert keeping.given(draft) == {}


def test_forgetting_deletes_what_was_not_changed_since(browser: Browser) -> None:
    start = datetime.now(UTC)
    two_steps(browser, "Oud")
    with time_machine.travel(start + timedelta(hours=10), tick=True):
        young = two_steps(browser, "Jong")
        assert keeping.past(start + timedelta(hours=1)).forget() == 1
        assert len(drafts()) == 1
        assert holds(browser, young.action.replace("/2/", "/1/"), {"name": "Jong"})
