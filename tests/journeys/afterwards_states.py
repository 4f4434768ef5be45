"""Every page of three months after in every state, each reached as a requester reaches it."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

from playwright.sync_api import Page

from portal.aftercare.asking import follow_up
from portal.cases import conference, progress
from portal.cases.case import Kind, Role, Status
from portal.cases.conference import Appointment
from portal.cases.register import By, Case, find
from portal.config import Config
from portal.database import connection, open_database, transaction
from portal.development.settings import read_settings
from portal.sealing import Keyring
from portal.workdays import HERE, is_workday
from tests.journeys.conftest import House
from tests.journeys.own_states import an_address, came_in
from tests.journeys.walking import Met, Walk, fill, forge_token, go, on, press
from tests.own_door import BY_PHONE, DOOR, NUMBER

SOMEBODY = By("somebody", "Regiomanager")
DAY = timedelta(days=1)
ROAD = (Status.IN_CONVERSATION, Status.COORDINATOR_SOUGHT, Status.PLANNED, Status.HELD)


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
    with connection():
        follow_up(asking, config)


def link_in(house: House, reference: str) -> str:
    """The link in the letter that asks."""
    text: str = house.letter(f"Hoe gaat het nu? {reference}").get_content()
    return next(line for line in text.splitlines() if "/na-drie-maanden/" in line)


def _street(house: House, consent: str, email: str = "") -> Case:
    said = (("follow_up", (consent,)),)
    return came_in(house, kind=Kind.COMMUNITY, role=Role.RESIDENT, answers=said, email=email)


def _asked(house: House) -> tuple[Case, str]:
    case = _street(house, "yes", an_address())
    let_three_months_pass(house, case.reference)
    return case, link_in(house, case.reference)


def answered(tab: Page, house: House) -> Iterator[Met]:
    """The form in every state, to its thanks, and the link once more."""
    _, link = _asked(house)
    yield "afterwards", go(tab, link)
    yield "afterwards, empty", on(tab)
    fill(tab, {"going": "partly", "helped": "Bel mijn broer: 06 12345678"})
    yield "afterwards, thoughts", on(tab)
    forge_token(tab)
    yield "afterwards, expired", on(tab)
    with house.refusing("reply"):
        yield "afterwards, unavailable", on(tab)
    yield "afterwards thanked", on(tab)
    yield "afterwards answered", go(tab, link)


def stopped(tab: Page, house: House) -> Iterator[Met]:
    """No more contact; a link of which nothing is awaited, and one that is dead."""
    case, link = _asked(house)
    yield "afterwards stop", go(tab, f"{link}stop/")
    forge_token(tab)
    yield "afterwards stop, expired", on(tab)
    with connection():
        Case.update(status=Status.PLANNED).where(Case.id == case.id).execute()
    yield "afterwards not now", go(tab, link)
    go(tab, f"{link}stop/")
    yield "afterwards declined", press(tab, "Ik wil geen contact meer")
    yield "afterwards gone", go(tab, "/na-drie-maanden/x/")


def decided(tab: Page, house: House) -> Iterator[Met]:
    """Whether there may be contact, at the own door."""
    case = _street(house, "yes")
    go(tab, BY_PHONE)
    fill(tab, {"phone": NUMBER, "reference": case.reference})
    yield "requester own, may be asked", on(tab)
    page = f"{DOOR}{case.reference}/na-drie-maanden/"
    yield "requester own contact", go(tab, page)
    forge_token(tab)
    yield "requester own contact, expired", on(tab)
    fill(tab, {"follow_up": "no"})
    yield "requester own, may not be asked", on(tab)
    now = datetime.now(UTC)
    with connection(), transaction():
        progress.acknowledge(case, SOMEBODY, now)
        progress.reach(case, Status.PLANNED, SOMEBODY, now)
        conference.set_date(case, Appointment(now + 9 * DAY, 120, ""), SOMEBODY, now)
    yield "requester own, of which the day is known", go(tab, f"{DOOR}{case.reference}/")


WALKS: tuple[Walk, ...] = (answered, stopped, decided)
