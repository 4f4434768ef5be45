"""Going on later: a link to one mailbox, that tells nothing, and that only a person can use."""

import re
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path

import pytest
import time_machine
from werkzeug.test import TestResponse

from portal.organisation import organisation
from tests.intake.test_accept import locked
from tests.intake.test_drafts import blank, canary
from tests.intake.test_steps import holds
from tests.intake.walking import (
    SUSPECT,
    cookie_of,
    drafts,
    everywhere,
    go_on,
    in_session,
    reach,
    shown,
    stored,
    stranger_to,
    whole,
)
from tests.portal_app import (
    DOORS,
    PHONE,
    Browser,
    Form,
    controls,
    forms,
    keeps,
    letters,
    only_case,
    required,
    rows,
)

GONE = "Dit formulier is er niet meer"
ASKS = "story"


def offered(browser: Browser, step: Form) -> TestResponse:
    """The page that offers to mail a link, from this step."""
    answer = browser.post_form(step.press("later"))
    assert answer.status_code == 303
    return browser.page(answer.location)


def mail_form(page: TestResponse) -> Form:
    return shown(page)


def wipe_form(page: TestResponse) -> Form:
    node = forms(page.text)[0]
    data = controls(node).to_dict(flat=False) | {"wipe": ["1"]}
    return Form(page.request.path, data, frozenset(data), is_last=False)


def begun(browser: Browser, door: str = "proposal", **typed: str) -> Form:
    """A form that was begun, on the page that asks for the story, with that filled in."""
    return reach(browser, DOORS[door], ASKS, required(door, **typed)).fill({ASKS: "Er is ruzie."})


def mailed(browser: Browser, step: Form, address: str = "noor@example.org") -> str:
    """Have the link mailed; gives where it leads."""
    answer = browser.post_form(mail_form(offered(browser, step)).fill({"email": address}))
    assert answer.status_code == 200
    return link_in(letters("resume")[-1].body)


def link_in(body: str) -> str:
    (link,) = re.findall(r"http://127\.0\.0\.1:8000(/verder/\S+/)", body)
    return str(link)


@pytest.mark.parametrize("door", DOORS)
def test_the_link_goes_to_the_address_that_was_given_and_to_nobody_else(
    browser: Browser, door: str
) -> None:
    asks = "safety" if door == "learning" else ASKS
    step = reach(browser, DOORS[door], asks, required(door, email="noor@example.org"))
    page = offered(browser, step)
    assert keeps(page.text, {"email": "noor@example.org"})
    mailed(browser, step, "thuis@example.org")
    (letter,) = letters()
    assert (letter.name, letter.recipient) == ("resume", "thuis@example.org")
    assert letter.fallback is None


@pytest.mark.parametrize("door", DOORS)
def test_the_letter_holds_nothing_that_was_typed(browser: Browser, door: str) -> None:
    typed = whole(browser, door, required(door).get("role", ""))
    typed |= {name: canary() for name, text in typed.items() if text.startswith("zo ")}
    asks = "safety" if door == "learning" else ASKS
    mailed(browser, reach(browser, DOORS[door], asks, typed))
    (letter,) = letters()
    said = letter.subject + letter.body
    assert not [text for name, text in typed.items() if len(text) > 5 and text in said]
    assert organisation().email in said
    assert ("Je bent begonnen" in said) == (door == "pupil")
    assert letter.subject.isprintable()


def test_one_mailbox_gets_three_links_a_day_and_the_page_tells_no_difference(
    browser: Browser,
) -> None:
    step = begun(browser)
    spellings = [
        "noor.s@example.org",
        "NOOR.S@example.org",
        "noors+1@example.org",
        "noors@EXAMPLE.org",
        "n.o.o.r.s+a+b@example.org",
        "noors@\uff45xample.org",
        "noors@example\u3002org",
    ]
    pages = []
    for address in spellings:
        page = offered(browser, step)
        pages.append(browser.post_form(mail_form(page).fill({"email": address})).text)
    assert len(letters("resume")) == 3
    assert len(set(pages)) == 1
    mailed(browser, step, "anna@example.org")
    assert len(letters("resume")) == 4


def test_the_next_day_there_is_room_for_three_again(browser: Browser) -> None:
    start = datetime.now(UTC).replace(hour=12)
    for day in range(2):
        with time_machine.travel(start + timedelta(days=day), tick=True):
            step = begun(browser)
            for _ in range(4):
                mailed(browser, step)
    assert len(letters("resume")) == 6


def test_a_link_and_a_confirmation_are_counted_apart(browser: Browser) -> None:
    step = begun(browser)
    for _ in range(3):
        mailed(browser, step)
    browser.send(step.action, required("proposal"))
    assert len(letters("confirmation")) == 1


def test_following_the_link_changes_nothing_however_often(browser: Browser) -> None:
    """A program that looks at mail before its reader does follows every link."""
    link = mailed(browser, begun(browser))
    before = stored()
    scanner = stranger_to(browser)
    for _ in range(5):
        assert scanner.get(link).status_code == 200
        assert scanner.head(link).status_code == 200
    assert stored() == before
    assert "drafts" not in in_session(scanner)
    answer = scanner.get(link)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert "ruzie" not in answer.text


@pytest.mark.parametrize("door", DOORS)
def test_the_button_behind_the_link_opens_the_form_in_any_browser_where_it_was_left(
    browser: Browser, door: str
) -> None:
    asks = "safety" if door == "learning" else ASKS
    step = reach(browser, DOORS[door], asks, required(door, name="Noor")).fill({asks: "Rustig."})
    link = mailed(browser, step)
    number = step.action[-2]
    elsewhere = [stranger_to(browser) for _ in range(3)]
    for other in elsewhere:
        answer = other.post_form(other.form(link))
        assert answer.status_code == 303
        assert answer.location.endswith(f"/{number}/")
        assert answer.location != step.action
        assert holds(other, answer.location, {asks: "Rustig."})
        assert holds(other, answer.location.replace(f"/{number}/", "/1/"), {"name": "Noor"})
    assert len(drafts()) == 1
    last = other.to_the_end(answer.location, {})
    sent = other.post_form(last)
    assert sent.status_code == 303
    # In the first browser it is sent too.
    assert browser.get(step.action).location == sent.location
    assert only_case().name == "Noor"


def test_a_link_works_until_a_day_after_the_last_answer(browser: Browser) -> None:
    start = datetime.now(UTC)
    step = begun(browser)
    link = mailed(browser, step)
    with time_machine.travel(start + timedelta(hours=23), tick=True):
        go_on(browser, browser.form(step.action))
    with time_machine.travel(start + timedelta(hours=46), tick=True):
        assert stranger_to(browser).get(link).status_code == 200
    with time_machine.travel(start + timedelta(hours=48), tick=True):
        is_gone(browser, link)


def is_gone(browser: Browser, link: str) -> None:
    """A link that opens nothing: kindly said, whether it is looked at or used."""
    before = stored()
    stranger = stranger_to(browser)
    token = stranger.form(DOORS["pupil"]).data["csrf_token"]
    for answer in (
        stranger.get(link),
        stranger.head(link),
        stranger.post(link),
        stranger.post(link, data={"csrf_token": token}),
    ):
        assert answer.status_code == HTTPStatus.NOT_FOUND
        assert "Set-Cookie" not in answer.headers
    page = stranger.get(link).text
    assert GONE in page
    assert PHONE in page
    assert 'href="/aanvragen/"' in page
    assert 'href="/mijn-aanvraag/"' in page
    assert stored() == before


@pytest.mark.parametrize("secret", ["x", "A" * 43, "%00" * 43, "A" * 3000, "<script>"])
def test_a_link_that_never_was_is_kindly_no_page(browser: Browser, secret: str) -> None:
    begun(browser)
    is_gone(browser, f"/verder/{secret}/")


def test_a_link_to_a_form_that_was_sent_is_dead(browser: Browser) -> None:
    step = begun(browser)
    link = mailed(browser, step)
    browser.send(step.action, required("proposal"))
    is_gone(browser, link)


def test_a_link_to_a_form_that_was_wiped_is_dead(browser: Browser) -> None:
    step = begun(browser)
    link = mailed(browser, step)
    other = stranger_to(browser)
    resumed = other.post_form(other.form(link)).location
    assert browser.post_form(wipe_form(offered(browser, step))).status_code == 200
    assert drafts() == []
    is_gone(browser, link)
    assert blank(other, re.sub(r"/\d/$", "/1/", resumed))


def test_what_opens_a_draft_is_kept_as_a_digest_alone(browser: Browser, tmp_path: Path) -> None:
    link = mailed(browser, begun(browser))
    secret = link.split("/")[2]
    assert len(secret) >= 43  # 256 bits
    assert secret not in everywhere(tmp_path)
    # Its digest is there, so the search would have found it.
    assert drafts()[0].digest in everywhere(tmp_path)
    assert drafts()[0].digest != secret


@pytest.mark.parametrize("way", SUSPECT)
@pytest.mark.parametrize("what", ["mail", "wipe"])
def test_a_wish_that_is_not_surely_ours_changes_nothing(
    browser: Browser, way: str, what: str
) -> None:
    page = offered(browser, begun(browser))
    form = mail_form(page).fill({"email": "v@example.org"}) if what == "mail" else wipe_form(page)
    before = stored()
    answer = SUSPECT[way](browser, form)
    assert stored() == before
    assert "Alles is gewist" not in answer.text
    # Without the cookie, or a day later, there is no draft to speak of.
    lost = way in {"no cookie", "25 hours old"}
    assert answer.status_code == (404 if lost else 422)
    if what == "mail" and not lost:
        assert keeps(answer.text, {"email": "v@example.org"})
        assert browser.post_form(shown(answer)).status_code == 200
        assert len(letters("resume")) == 1


@pytest.mark.parametrize("way", [way for way in SUSPECT if way != "25 hours old"])
def test_going_on_that_is_not_surely_ours_opens_nothing(browser: Browser, way: str) -> None:
    link = mailed(browser, begun(browser))
    other = stranger_to(browser)
    form = other.form(link)
    before = stored()
    answer = SUSPECT[way](other, form)
    assert (answer.status_code, answer.location) == (303, link)
    assert "drafts" not in in_session(other)
    assert stored() == before
    assert other.post_form(other.form(link)).location.endswith("/4/")


@pytest.mark.parametrize(
    "address",
    ["", "noor", "a@b@example.org", "v@example.org, w@example.org", "v@example.org\nBcc: w"],
)
def test_an_address_that_will_not_do_is_asked_for_again(browser: Browser, address: str) -> None:
    step = begun(browser)
    page = offered(browser, step)
    before = stored()
    answer = browser.post_form(mail_form(page).fill({"email": address}))
    assert answer.status_code == 422
    assert "<title>Fout: " in answer.text
    assert 'href="#email"' in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert stored() == before
    assert keeps(answer.text, {"email": " ".join(address.split("\n"))})


def test_a_locked_database_mails_nothing_and_says_so(browser: Browser, tmp_path: Path) -> None:
    step = begun(browser)
    page = offered(browser, step)
    with locked(tmp_path):
        answer = browser.post_form(mail_form(page).fill({"email": "v@example.org"}))
        wiping = browser.post_form(wipe_form(page))
    assert (answer.status_code, wiping.status_code) == (503, 503)
    assert "bewaard" in answer.text
    assert keeps(answer.text, {"email": "v@example.org"})
    assert holds(browser, step.action, {ASKS: "Er is ruzie."})
    assert letters() == []
    assert browser.post_form(shown(answer)).status_code == 200


@pytest.mark.parametrize("method", ["get", "post"])
def test_without_a_draft_there_is_nothing_to_go_on_with(browser: Browser, method: str) -> None:
    answer = getattr(browser, method)("/later-verder/abcdefghijkl/")
    assert answer.status_code == 404
    assert GONE in answer.text


def test_the_offer_leads_back_to_where_one_was_and_tells_how_long_it_is_kept(
    browser: Browser,
) -> None:
    step = begun(browser)
    page = offered(browser, step)
    assert f'href="{step.action}">Toch nu verder<' in page.text
    assert "24 uur" in page.text
    assert holds(browser, step.action, {ASKS: "Er is ruzie."})
    assert rows() == (0, 0, 0, 0)


def test_an_address_given_for_the_link_is_not_an_answer(browser: Browser) -> None:
    step = begun(browser)
    mailed(browser, step, "thuis@example.org")
    browser.send(step.action, required("proposal"))
    assert only_case().email == "noor@example.org"
    assert "thuis@example.org" not in cookie_of(browser)
