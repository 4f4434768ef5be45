"""Every page of the portal in every state, each with the steps that lead to it."""

from collections.abc import Callable

from playwright.sync_api import Page, Response

PUPIL = "/aanvragen/leervraag/?role=pupil"
LEARNING = "/aanvragen/leervraag/"
COMMUNITY = "/aanvragen/groep-wijk-buurt/"
PROPOSAL = "/voorstellen/"

Steps = Callable[[Page], Response]


def _click(tab: Page, selector: str) -> Response:
    with tab.expect_navigation() as moved:
        tab.locator(selector).last.click()
    response = moved.value
    assert response
    return response


def _go(tab: Page, address: str) -> Response:
    response = tab.goto(address)
    assert response
    return response


def _at(address: str) -> Steps:
    return lambda tab: _go(tab, address)


def _sent_empty(address: str) -> Steps:
    def steps(tab: Page) -> Response:
        _go(tab, address)
        return _click(tab, "button:has-text('Verstuur')")

    return steps


def _sent_wrong(address: str) -> Steps:
    """Every field of one line holds what will not do, and every story is too long."""

    def steps(tab: Page) -> Response:
        _go(tab, address)
        for box in tab.locator("main input[type=email], main input[type=tel]").all():
            box.fill("niets")
        for box in tab.locator("main input[type=text], main textarea").all():
            box.fill("x" * 3001)
        return _click(tab, "button:has-text('Verstuur')")

    return steps


def _sent(address: str, role: str = "", postcode: str = "3511", key: str = "") -> Steps:
    def steps(tab: Page) -> Response:
        _go(tab, address)
        if role:
            tab.check(f"[name=role][value={role}]")
        if key:
            tab.eval_on_selector("[name=form_key]", "(box, key) => { box.value = key; }", key)
        tab.fill("[name=name]", "Noor")
        tab.fill("[name=phone]", "0612345678")
        tab.fill("[name=postcode]", postcode)
        return _click(tab, "button:has-text('Verstuur')")

    return steps


def _sent_with_other_words(address: str, role: str = "") -> Steps:
    key = "a-key-that-was-sent-before-" + ("u" if role else "je")

    def steps(tab: Page) -> Response:
        _sent(address, role, key=key)(tab)
        return _sent(address, role, "1011", key)(tab)

    return steps


def _expired(tab: Page) -> Response:
    _go(tab, COMMUNITY)
    tab.context.clear_cookies()
    return _click(tab, "button:has-text('Verstuur')")


def _letter(tab: Page) -> Response:
    _go(tab, "/postvak/")
    return _click(tab, "td a")


STATES: dict[str, Steps] = {
    "begin": _at("/aanvragen/"),
    "begin, nothing chosen": _at("/aanvragen/?next=1"),
    "advice": _at("/aanvragen/?kind=unknown&role=unknown"),
    "advice on a pupil": _at("/aanvragen/?kind=learning&role=outsider"),
    "pupil": _at(PUPIL),
    "pupil, empty": _sent_empty(PUPIL),
    "pupil, wrong": _sent_wrong(PUPIL),
    "pupil, which place": _sent(PUPIL, postcode="2451"),
    "pupil, unknown place": _sent(PUPIL, postcode="0000"),
    "pupil, confirmed": _sent(PUPIL),
    "pupil, sent again": _sent_with_other_words(PUPIL),
    "learning": _at(LEARNING),
    "learning, empty": _sent_empty(LEARNING),
    "learning, wrong": _sent_wrong(LEARNING),
    "community": _at(COMMUNITY),
    "community, empty": _sent_empty(COMMUNITY),
    "community, confirmed": _sent(COMMUNITY, "resident"),
    "community, expired": _expired,
    "proposal": _at(PROPOSAL),
    "proposal, empty": _sent_empty(PROPOSAL),
    "proposal, confirmed": _sent(PROPOSAL, "other"),
    "proposal, sent again": _sent_with_other_words(PROPOSAL, "other"),
    "not found": _at("/bestaat-niet/"),
    "mailbox": _at("/postvak/"),
    "letter": _letter,
}
