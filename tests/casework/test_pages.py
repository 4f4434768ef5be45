"""Every page of signing in and of the accounts is whole, and reads easily."""

import re
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus

import html5lib
import pytest
import time_machine
from werkzeug.test import TestResponse

from tests.casework.staff_house import ACCOUNT, SIGN_IN, House, address, ask, give_code, press
from tests.language import NORMAL, prose
from tests.markup import faults
from tests.portal_app import Browser, letters

JE = re.compile(r"\b(je|jij|jou|jouw|jezelf|jullie)\b", re.IGNORECASE)
NEVER = re.compile(r"!|\b(?:helaas|alstublieft|alsjeblieft|please)\b", re.IGNORECASE)
NOTHING = "0" * 64

Steps = Callable[[House], TestResponse]


def invited(house: House) -> Browser:
    """A browser that is setting up the authenticator of somebody who is invited."""
    browser = house.signed_in("admin")
    browser.post_form(browser.form(f"/beheer/medewerkers/{house.staff['b'].id}/uitnodigen/"))
    other = house.stranger()
    press(other, invitation())
    return other


def invitation() -> str:
    found = re.search(r"(/beheer/uitnodiging/\w+/)", letters("invitation")[-1].body)
    assert found
    return found[1]


def awaited(house: House) -> Browser:
    """A browser in which a code is waited for."""
    browser = house.stranger()
    house.up_to_code("a", browser)
    return browser


def open_as(name: str, path: str) -> Steps:
    return lambda house: house.signed_in(name).get(path)


def empty(name: str, path: str) -> Steps:
    def steps(house: House) -> TestResponse:
        browser = house.signed_in(name)
        return browser.post_form(browser.form(path))

    return steps


def renewed(house: House) -> TestResponse:
    browser, path = house.signed_in("a"), "/beheer/account/herstelcodes/"
    return browser.post_form(browser.form(path).fill({"code": house.code("a")}))


def over(house: House) -> TestResponse:
    return house.stranger().post("/beheer/account/herstelcodes/", data={"text": "twee woorden"})


def with_few_codes_left(house: House) -> TestResponse:
    for code in house.recovery["a"][:8]:
        browser = house.stranger()
        house.up_to_code("a", browser)
        give_code(browser, code, "herstelcode")
    return browser.get(ACCOUNT)


def at_key(path: str) -> Steps:
    def steps(house: House) -> TestResponse:
        return house.signed_in("admin").get(path.format(house.staff["a"].id))

    return steps


STATES: dict[str, Steps] = {
    "ask": lambda house: house.stranger().get(SIGN_IN),
    "ask, empty": lambda house: ask(house.stranger(), ""),
    "asked": lambda house: house.stranger().get(f"{SIGN_IN}verstuurd/"),
    "link": lambda house: house.stranger().get(house.mailed_link("a", house.stranger())),
    "dead link": lambda house: house.stranger().get(f"{SIGN_IN}link/{NOTHING}/"),
    "code": lambda house: awaited(house).get(f"{SIGN_IN}code/"),
    "code, wrong": lambda house: give_code(awaited(house), "000000"),
    "recovery code": lambda house: awaited(house).get(f"{SIGN_IN}herstelcode/"),
    "recovery code, wrong": lambda house: give_code(awaited(house), "x", "herstelcode"),
    "invitation": lambda house: invited(house).get(invitation()),
    "dead invitation": lambda house: house.stranger().get(f"/beheer/uitnodiging/{NOTHING}/"),
    "set up": lambda house: invited(house).get("/beheer/instellen/"),
    "codes": renewed,
    "left": lambda house: house.stranger().get("/beheer/uitgelogd/"),
    "over, wrong": over,
    "account": open_as("a", ACCOUNT),
    "account with few codes": with_few_codes_left,
    "renewal": open_as("a", "/beheer/account/authenticator/"),
    "renewal, empty": empty("a", "/beheer/account/authenticator/"),
    "new codes": open_as("a", "/beheer/account/herstelcodes/"),
    "staff": open_as("admin", "/beheer/medewerkers/"),
    "invite": open_as("admin", "/beheer/medewerkers/uitnodigen/"),
    "invite, empty": empty("admin", "/beheer/medewerkers/uitnodigen/"),
    "invite again": at_key("/beheer/medewerkers/{}/uitnodigen/"),
    "disable": at_key("/beheer/medewerkers/{}/uitzetten/"),
    "trail": open_as("desk", "/beheer/logboek/"),
    "trail, of nothing": open_as("desk", "/beheer/logboek/?kenmerk=EK-7K3M-Q9TX-2BHD"),
}


@pytest.mark.parametrize("name", STATES)
def test_a_page_is_whole_and_reads_easily(house: House, name: str) -> None:
    answer = STATES[name](house)
    assert answer.status_code < HTTPStatus.INTERNAL_SERVER_ERROR
    root = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(answer.text)
    assert len(root.findall(".//h1")) == 1
    elements = [element for element in root.iter() if isinstance(element.tag, str)]
    ids = Counter(element.get("id") for element in elements if element.get("id"))
    assert [found for found, times in ids.items() if times > 1] == []
    named = [element.get("aria-describedby", "").split() for element in elements]
    assert {one for names in named for one in names} <= ids.keys()
    assert not [element.tag for element in elements if element.get("style")]
    title = root.findtext(".//title") or ""
    assert re.fullmatch(r"(Fout: )?\S.* – Eigen Kracht", title)
    assert title.startswith("Fout: ") == name.endswith((", wrong", ", empty"))
    text = prose(answer.text)
    assert JE.findall(text) + NEVER.findall(text) + NORMAL.faults(text) == []


def test_the_nu_checker_finds_nothing_on_any_page(
    house: House, clock: time_machine.Traveller
) -> None:
    pages = {}
    for name, steps in STATES.items():
        # One at a time gets a link, and no second one for a while.
        clock.shift(timedelta(hours=13))
        pages[name] = steps(house).text
    assert faults(pages) == []


def test_the_letters_read_easily_and_hold_nothing_about_a_person(house: House) -> None:
    invited(house)
    house.mailed_link("a", house.stranger())
    for letter in letters("invitation") + letters("sign_in"):
        paragraphs = re.sub(r"(?<!\n)\n(?!\n)", " ", letter.body)
        assert JE.findall(paragraphs) + NEVER.findall(paragraphs) + NORMAL.faults(paragraphs) == []
        assert address("a") not in letter.subject + letter.body
        assert max(len(line) for line in letter.body.splitlines() if "http" not in line) <= 72
