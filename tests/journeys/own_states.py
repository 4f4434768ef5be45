"""Every page of the requester's own door in every state, each reached as a requester reaches it."""

import re
import secrets
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from playwright.sync_api import Page

from portal.cases import progress, register
from portal.cases.case import Contact, Intent, Kind, Role, Stage, Status
from portal.cases.life import ENDED
from portal.cases.register import By, Case
from portal.config import Config, IntakeMail
from portal.database import connection, open_database, transaction
from portal.development.settings import read_settings
from portal.intake import accept, own_door
from portal.sealing import Keyring
from portal.web import wording
from tests.journeys.conftest import PROMPTLY, House
from tests.journeys.walking import Met, Walk, fill, forge_token, go, on, press
from tests.own_door import BY_PHONE, DOOR, NUMBER, request_one

ANNA = By("anna", "Regiomanager Utrecht (voorbeeld)")
LONG = "x" * 3001

# What the names of states begin with: whose page it is tells how its reader is addressed.
PUPIL, REQUESTER, PROPOSER = "pupil own", "requester own", "proposer own"
WHO: dict[str, dict[str, object]] = {
    PUPIL: {"role": Role.PUPIL, "kind": Kind.LEARNING},
    REQUESTER: {},
    PROPOSER: {"role": Role.NEIGHBOUR, "intent": Intent.PROPOSAL},
}


def came_in(house: House, **other: object) -> Case:
    """A request in the running house, as a form would have sent it."""
    config = _config(house)
    with connection():
        return request_one(config, **other)


def _config(house: House) -> Config:
    """The settings of the running house, with its database open."""
    config = Config.from_environment(read_settings(house.var))
    open_database(config.database_url, Keyring(config.data_keys))
    return config


def write_of_all(house: House, amount: IntakeMail) -> None:
    """Have managers told of a request and a proposal, and of all that befalls them, this much."""
    config, now = replace(_config(house), intake_mail=amount), datetime.now(UTC)
    for who in WHO.values():
        with connection():
            case = request_one(config, email="", **who)
            # As if it had been doubted, and nobody had looked.
            accept.announce(case, now, config, unseen=True)
            own_door.add(case, "Nog iets.", now, config)
            own_door.correct(case, Contact("Nora", "", ""), now, config)
            own_door.withdraw(case, now, config)
        first = "Nieuw voorstel" if case.intent is Intent.PROPOSAL else "Nieuwe aanvraag"
        for about in (first, "Aanvulling bij", "Nieuwe contactgegevens bij", "Ingetrokken:"):
            house.letter(f"{about} {case.reference}")


def mailed_link(house: House, address: str) -> str:
    """The link in the newest letter that leads to the own door."""
    text: str = house.letter("De gevraagde link", recipient=address).get_content()
    found = re.search(rf"http\S+{DOOR}link/\S+", text)
    assert found
    return found[0]


def an_address() -> str:
    return f"{secrets.token_hex(6)}@example.org"


def by_mail(tab: Page, house: House) -> Iterator[Met]:
    """The way in by a link, and out again."""
    address = an_address()
    case = came_in(house, email=address)
    came_in(house, email=address, intent=Intent.PROPOSAL)
    yield "own ask", go(tab, DOOR)
    yield "own ask, empty", on(tab)
    fill(tab, {"email": "niets"})
    yield "own ask, wrong", on(tab)
    fill(tab, {"email": address})
    forge_token(tab)
    yield "own ask, expired", on(tab)
    with house.refusing("quota_use"):
        yield "own ask, unavailable", on(tab)
    yield "own asked", on(tab)
    link = mailed_link(house, address)
    yield "own link", go(tab, link)
    forge_token(tab)
    yield "own link, expired", on(tab)
    yield "own overview", on(tab)
    yield "own link, used", go(tab, link)
    yield "requester own of several", go(tab, f"{DOOR}{case.reference}/")
    yield "own left", press(tab, "Uitloggen")


def by_phone(tab: Page, house: House) -> Iterator[Met]:
    """The way in for who gave no address."""
    case = came_in(house, email="")
    yield "own phone", go(tab, BY_PHONE)
    yield "own phone, empty", on(tab)
    fill(tab, {"phone": "niets", "reference": "niets"})
    yield "own phone, wrong", on(tab)
    fill(tab, {"phone": NUMBER, "reference": "EK-0000-0000-0000"})
    yield "own phone of nobody, wrong", on(tab)
    fill(tab, {"reference": case.reference})
    forge_token(tab)
    yield "own phone, expired", on(tab)
    with house.refusing("token"):
        yield "own phone, unavailable", on(tab)
    yield "requester own, without an address", on(tab)


def _enter(tab: Page, house: House, who: str) -> Case:
    case = came_in(house, email="", **WHO[who])
    go(tab, BY_PHONE)
    fill(tab, {"phone": NUMBER, "reference": case.reference})
    on(tab)
    assert case.reference in tab.url
    return case


def visit(who: str) -> Walk:
    """All that a requester can do, and all that can come of it."""

    def visited(tab: Page, house: House) -> Iterator[Met]:
        case = _enter(tab, house, who)
        own = f"{DOOR}{case.reference}/"
        _wait_until_delivered(case)
        yield who, go(tab, own)
        yield from _addition(tab, house, who, own)
        yield from _correction(tab, house, who, own)
        yield f"{who} withdrawal", go(tab, f"{own}intrekken/")
        with house.refusing("event"):
            yield f"{who} withdrawal, unavailable", on(tab)
        forge_token(tab)
        yield f"{who} withdrawal, expired", on(tab)
        go(tab, f"{own}aanvullen/")
        with connection():
            register.withdraw(case, datetime.now(UTC))
        fill(tab, {"text": "Nog iets."})
        yield f"{who} addition, closed", on(tab)
        yield f"{who} withdrawn", go(tab, own)

    return visited


def _addition(tab: Page, house: House, who: str, own: str) -> Iterator[Met]:
    yield f"{who} addition", go(tab, f"{own}aanvullen/")
    yield f"{who} addition, empty", on(tab)
    fill(tab, {"text": LONG})
    yield f"{who} addition, wrong", on(tab)
    fill(tab, {"text": "Na vieren bellen."})
    forge_token(tab)
    yield f"{who} addition, expired", on(tab)
    with house.refusing("addition"):
        yield f"{who} addition, unavailable", on(tab)
    yield f"{who} added to", on(tab)


def _correction(tab: Page, house: House, who: str, own: str) -> Iterator[Met]:
    yield f"{who} correction", go(tab, f"{own}gegevens/")
    yield f"{who} correction, empty", on(tab)
    fill(tab, {"name": LONG, "email": "niets", "phone": "niets"})
    yield f"{who} correction, wrong", on(tab)
    fill(tab, {"name": "Nora", "email": "nora@example.org", "phone": ""})
    forge_token(tab)
    yield f"{who} correction, expired", on(tab)
    with house.refusing("event"):
        yield f"{who} correction, unavailable", on(tab)
    yield f"{who} corrected", on(tab)


def _wait_until_delivered(case: Case) -> None:
    deadline = time.monotonic() + PROMPTLY
    with connection():
        while own_door.delivered_at(case, datetime.now(UTC)) is None:
            assert time.monotonic() < deadline, "the letter is not delivered"
            time.sleep(0.05)


def standing(who: str) -> Walk:
    """How far it can be, in the words of each step."""

    def stood(tab: Page, house: House) -> Iterator[Met]:
        case = _enter(tab, house, who)
        with transaction():
            progress.acknowledge(case, ANNA, datetime.now(UTC))
        for status in wording.STANDING:
            stage = Stage.ENDED if Status(status) in ENDED else Stage.UNDER_WAY
            _put(case, status, stage)
            yield f"{who} {status}", go(tab, f"{DOOR}{case.reference}/")
        _put(case, Status.IN_CONVERSATION, Stage.AWAITING)
        yield f"{who} passed on", go(tab, f"{DOOR}{case.reference}/")

    return stood


def _put(case: Case, status: str, stage: Stage) -> None:
    with connection():
        Case.update(status=status, stage=stage).where(Case.id == case.id).execute()


def over(tab: Page, house: House) -> Iterator[Met]:
    """The hour is over while something was typed; and a visit that is over with nothing typed."""
    case = _enter(tab, house, REQUESTER)
    go(tab, f"{DOOR}{case.reference}/aanvullen/")
    fill(tab, {"text": "Na vieren bellen.\n\nEcht waar."})
    tab.context.clear_cookies()
    yield "own addition, too late", on(tab)
    yield "own ask again", go(tab, f"{DOOR}{case.reference}/")


WALKS: tuple[Walk, ...] = (
    by_mail,
    by_phone,
    *(visit(who) for who in WHO),
    *(standing(who) for who in (PUPIL, PROPOSER)),
    over,
)
