"""A case that was forgotten is, to whoever asks, as one that never was."""

from datetime import UTC, datetime, timedelta

import pytest

from portal.cases import register
from portal.cases.register import Case
from portal.config import Config
from portal.database import connection, transaction
from portal.delivery.outbox import Letter, State
from portal.intake.views import _signer
from portal.retention.cases import Cases
from tests.own_door import ask, enter, enter_by_phone, newest_link, own
from tests.portal_app import Browser, letters

NEVER_WAS = "EK-0000-0000-0000"


def forget(case: Case) -> None:
    """What the sweep does when the time of a case is over; links and visits are still good."""
    later = datetime.now(UTC) + timedelta(weeks=4, days=1)
    with connection():
        with transaction():
            register.withdraw(case, datetime.now(UTC))
            Letter.update(state=State.SENT, sent_at=later).execute()
        assert Cases(later).forget() == 1


@pytest.mark.parametrize("page", ["", "aanvullen/", "gegevens/", "intrekken/"])
def test_an_open_visit_finds_it_as_little_as_one_that_never_was(
    browser: Browser, case: Case, config: Config, page: str
) -> None:
    enter(browser)
    assert browser.get(own(case, page)).status_code == 200
    forget(case)
    gone = browser.get(own(case, page))
    unknown = browser.get(own(case, page).replace(case.reference, NEVER_WAS))
    assert (gone.status_code, gone.text) == (unknown.status_code, unknown.text)
    assert gone.status_code == 404
    assert browser.get("/mijn-aanvraag/overzicht/").location == "/mijn-aanvraag/"
    assert browser.get("/mijn-aanvraag/").status_code == 200


def test_its_address_brings_no_letter_and_its_number_opens_nothing(
    browser: Browser, case: Case
) -> None:
    forget(case)
    ask(browser)
    assert letters("link") == []
    gone, unknown = (enter_by_phone(browser, ref) for ref in (case.reference, NEVER_WAS))
    assert (gone.status_code, unknown.status_code) == (422, 422)
    assert gone.text.replace(case.reference, "") == unknown.text.replace(NEVER_WAS, "")


def test_a_link_that_was_still_good_is_dead(browser: Browser, case: Case) -> None:
    ask(browser)
    link = newest_link()
    form = browser.unfilled(link)
    forget(case)
    dead, unknown = browser.post(link, data=form), browser.post(link[:-9] + "00000000/", data=form)
    assert (dead.status_code, dead.text) == (unknown.status_code, unknown.text)
    assert dead.status_code == 404


def test_its_confirmation_is_gone_as_one_that_nobody_signed(browser: Browser, case: Case) -> None:
    with browser.application.app_context():
        address = f"/ontvangen/{_signer().dumps(case.reference)}"
    assert browser.get(address).status_code == 200
    forget(case)
    gone, never = browser.get(address), browser.get("/ontvangen/nonsense")
    assert (gone.status_code, gone.text) == (never.status_code, never.text)
    assert gone.status_code == 404
