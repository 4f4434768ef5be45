"""From a conference that was held to the answers three months later, on a phone."""

from datetime import UTC, datetime, time, timedelta

import pytest
from playwright.sync_api import expect

from portal.aftercare.asking import follow_up
from portal.cases import conference, progress
from portal.cases.case import Status
from portal.cases.conference import Appointment
from portal.cases.register import By, find
from portal.config import Config
from portal.database import connection, database, open_database, transaction
from portal.development.settings import read_settings
from portal.sealing import Keyring
from portal.workdays import HERE, is_workday
from tests.journeys.conftest import House, OpenTab
from tests.journeys.looking import Eye
from tests.journeys.test_keyboard import Keys
from tests.journeys.walking import DOORS, on, press, send
from tests.portal_app import required

SOMEBODY = By("somebody", "Regiomanager")
DAY = timedelta(days=1)
ROAD = (Status.IN_CONVERSATION, Status.COORDINATOR_SOUGHT, Status.PLANNED, Status.HELD)
TEXTS = {"helped": "Samen eten, en af en toe bellen.", "differently": "Eerder beginnen."}


def let_three_months_pass(house: House, reference: str) -> None:
    """Tell it as if the conference was held so long ago that today it is time to ask."""
    config = Config.from_environment(read_settings(house.var))
    open_database(config.database_url, Keyring(config.data_keys))
    asking = datetime.combine(datetime.now(HERE).date() - DAY, time(12), HERE)
    while not is_workday(asking.date()):
        asking -= DAY
    evening = asking.astimezone(UTC) - 95 * DAY
    with connection(), transaction():
        case = find(reference)
        assert case
        progress.acknowledge(case, SOMEBODY, evening - DAY)
        for status in ROAD:
            progress.move(case, status, SOMEBODY, "", evening)
        conference.set_date(case, Appointment(evening, 120, ""), SOMEBODY, evening)
    follow_up(asking, config)
    database.close()


def link_in(house: House, reference: str) -> str:
    """The link in the letter that asks."""
    text: str = house.letter(f"Hoe gaat het nu? {reference}").get_content()
    return next(line for line in text.splitlines() if "/na-drie-maanden/" in line)


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_from_the_letter_to_thanks_and_then_no_more_contact(
    open_tab: OpenTab, house: House, script: bool
) -> None:
    asker = open_tab()
    reference = send(asker, DOORS["community"], required("community", follow_up="yes"))
    let_three_months_pass(house, reference)
    link, before = link_in(house, reference), house.count("reply")

    phone = open_tab(360, java_script_enabled=script)
    phone.goto(link)
    assert on(phone).status == 422
    summary = phone.locator(".error-summary")
    if script:
        expect(summary).to_be_focused()
    keys = Keys(phone)
    keys.to(lambda stop: stop.words.startswith("Kies wat het best past"))
    phone.keyboard.press("Enter")
    expect(phone.locator("#going-1")).to_be_focused()
    keys.choose("going", "partly", keys.here())
    for name, text in TEXTS.items():
        assert keys.press("Tab").name == name
        phone.keyboard.insert_text(text)
    keys.leave_by("Verstuur de antwoorden")
    expect(phone.locator("h1")).to_have_text("Dank u wel")
    assert house.count("reply") == before + 1

    phone.goto(link)
    expect(phone.locator("h1")).to_have_text("Uw antwoord is al binnen")
    assert TEXTS["helped"] not in phone.content()
    phone.goto(f"{link}stop/")
    press(phone, "Ik wil geen contact meer")
    expect(phone.locator("h1")).to_have_text("U krijgt geen vragen meer")
    assert house.count("reply") == before + 1


def test_every_page_of_it_is_accessible_and_fits_a_phone(open_tab: OpenTab, house: House) -> None:
    asker = open_tab()
    reference = send(asker, DOORS["community"], required("community", follow_up="yes"))
    let_three_months_pass(house, reference)
    link, tab = link_in(house, reference), open_tab(360, reduced_motion="reduce")
    eye, found = Eye(tab), list[str]()

    def look(name: str) -> None:
        found.extend(f"{name}: {fault}" for fault in eye.faults())

    for path in (link, f"{link}stop/", "/na-drie-maanden/bedankt/", "/na-drie-maanden/x/"):
        tab.goto(path)
        look(path)
    tab.goto(link)
    on(tab)
    look("empty")
    tab.check("#going-1")
    tab.fill("[name=helped]", "Bel mijn broer: 06 12345678")
    on(tab)
    expect(tab.locator(".asked")).to_be_focused()
    look("asked")
    press(tab, "Verstuur de antwoorden")
    expect(tab.locator("h1")).to_have_text("Dank u wel")
    tab.goto(link)
    look("answered")
    assert found == []
