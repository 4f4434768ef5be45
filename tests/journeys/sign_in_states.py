"""Every page of signing in and of the accounts in every state, each reached as staff reach it."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pyotp
from playwright.sync_api import Page

from portal.casework.staff import RecoveryCode
from portal.database import connection, database
from tests.casework.staff_house import ACCOUNT, SIGN_IN, House, address, link_in, secret_of
from tests.journeys.walking import Met, fill, forge_token, go, on, press
from tests.portal_app import letters

NOTHING = "0" * 64

Way = Callable[[Page, House], Iterator[Met]]


def _forms(tab: Page, name: str, wrong: str = "") -> Iterator[Met]:
    """A page with one form, as it comes back: empty, with what will not do, and too old."""
    yield f"wrong: {name}, empty", on(tab)
    if wrong:
        fill(tab, {"code": wrong, "email": wrong})
        yield f"wrong: {name}", on(tab)
    forge_token(tab)
    yield f"wrong: {name}, expired", on(tab)


def coming_in(tab: Page, house: House) -> Iterator[Met]:
    """By a link and a code; and by a link and a recovery code."""
    yield "signing in", go(tab, SIGN_IN)
    yield from _forms(tab, "signing in", "niets")
    fill(tab, {"email": address("b")})
    yield "signing in, asked", on(tab)
    link = link_in(letters("sign_in")[-1].body)
    yield "signing in, link", go(tab, link)
    forge_token(tab)
    yield "wrong: signing in, link, expired", on(tab)
    yield "signing in, code", on(tab)
    yield from _forms(tab, "signing in, code", "000000")
    yield "signing in, recovery code", go(tab, f"{SIGN_IN}herstelcode/")
    yield from _forms(tab, "signing in, recovery code", "x")
    fill(tab, {"code": house.recovery["b"][0]})
    on(tab)
    press(tab, "Uitloggen")
    yield "signing in, used link", go(tab, link)


def new(tab: Page, house: House) -> Iterator[Met]:
    """Somebody is invited and sets up their app."""
    yield "dead invitation", go(tab, f"/beheer/uitnodiging/{NOTHING}/")
    _come_in(tab, house, "admin")
    yield "invite", go(tab, "/beheer/medewerkers/uitnodigen/")
    yield from _forms(tab, "invite", "niets")
    newcomer = {"name": "Nieuw", "email": "nieuw@example.org", "role": "national desk"}
    fill(tab, newcomer)
    yield "staff, invited", on(tab)
    link = link_in(letters("invitation")[-1].body)
    tab.context.clear_cookies()
    yield "invitation", go(tab, link)
    forge_token(tab)
    yield "wrong: invitation, expired", on(tab)
    yield "set up", on(tab)
    yield from _forms(tab, "set up", "000000")
    fill(tab, {"code": _code_on(tab)})
    yield "codes", on(tab)
    yield "account of the new", go(tab, ACCOUNT)
    yield "signed out everywhere", press(tab, "Log overal uit")
    tab.context.clear_cookies()


def account(tab: Page, house: House) -> Iterator[Met]:
    """What somebody changes about their own account."""
    _come_in(tab, house, "gone")
    yield "account", go(tab, ACCOUNT)
    yield "renewal", go(tab, f"{ACCOUNT}authenticator/")
    yield from _forms(tab, "renewal", "000000")
    yield "new codes", go(tab, f"{ACCOUNT}herstelcodes/")
    yield from _forms(tab, "new codes", "000000")
    fill(tab, {"code": house.recovery["gone"][0]})
    yield "codes, anew", on(tab)
    with connection():
        RecoveryCode.delete().execute()  # type: ignore[misc]  # the stubs' fault
    yield "account with no codes left", go(tab, ACCOUNT)
    yield "nothing there", go(tab, "/beheer/zaak/EK-0000-0000-0000/")
    go(tab, f"{ACCOUNT}herstelcodes/")
    fill(tab, {"code": "twee woorden"})
    tab.context.clear_cookies()
    yield "wrong: not signed in any more", on(tab)


def staff(tab: Page, house: House) -> Iterator[Met]:
    """What an administrator does with the accounts of others."""
    _come_in(tab, house, "admin")
    yield "staff", go(tab, "/beheer/medewerkers/")
    other = f"/beheer/medewerkers/{house.staff['b'].id}/"
    yield "invite again", go(tab, f"{other}uitnodigen/")
    forge_token(tab)
    yield "wrong: invite again, expired", on(tab)
    yield "disable", go(tab, f"{other}uitzetten/")
    forge_token(tab)
    yield "wrong: disable, expired", on(tab)
    yield "staff, disabled", on(tab)
    tab.context.clear_cookies()
    _come_in(tab, house, "desk")
    yield "trail", go(tab, "/beheer/logboek/")
    yield "trail of nothing", go(tab, "/beheer/logboek/?kenmerk=EK-7K3M-Q9TX-2BHD")


def out_of_reach(tab: Page, house: House) -> Iterator[Met]:
    """The database takes nothing while something was typed."""
    _come_in(tab, house, "a")
    go(tab, f"/beheer/zaak/{house.case.reference}/notitie/")
    fill(tab, {"text": "Gebeld, niet thuis."})
    with connection():
        database.execute_sql('ALTER TABLE "case" RENAME TO "case_away"')
        try:
            yield "wrong: kept", on(tab)
            yield "wrong: nothing to be read", go(tab, "/beheer/")
        finally:
            database.execute_sql('ALTER TABLE "case_away" RENAME TO "case"')


WAYS: tuple[Way, ...] = (coming_in, new, account, out_of_reach, staff)


def _come_in(tab: Page, house: House, name: str) -> None:
    secret = secret_of(house.signed_in(name))
    whole = {"domain": "127.0.0.1", "path": "/"}
    tab.context.add_cookies([{"name": "desk", "value": secret, **whole}])  # type: ignore[typeddict-item]


def _code_on(tab: Page) -> str:
    """What an app shows that was given the key on this page."""
    key = re.sub(r"\s", "", tab.locator(".typed-over").inner_text())
    return pyotp.TOTP(key).at(datetime.now(UTC))
