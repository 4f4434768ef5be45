"""How a visitor goes through a form: fill in what a page asks, and press what leads on."""

from collections.abc import Callable, Iterator, Mapping

from playwright.sync_api import Locator, Page, Response

from tests.journeys.conftest import House

DOORS = {
    "pupil": "/aanvragen/leervraag/leerling/",
    "learning": "/aanvragen/leervraag/",
    "community": "/aanvragen/groep-wijk-buurt/",
    "proposal": "/voorstellen/",
}
NAMED = """boxes => boxes.filter(box => box.type !== 'hidden')
    .map(box => [box.name, box.type, box.value])"""

Answers = Mapping[str, str]
# A page in one state: its name there, and the page as the server sent it.
Met = tuple[str, Response]
Walk = Callable[[Page, House], Iterator[Met]]


def go(tab: Page, address: str) -> Response:
    """Open an address; gives the page as the server sent it."""
    answer = tab.goto(address)
    assert answer
    return answer


def press(tab: Page, button: str) -> Response:
    """Press a button of the page's own part; gives the page it leads to in the end."""
    return follow(tab, tab.locator("main").get_by_role("button", name=button))


def on(tab: Page) -> Response:
    """Press the first button of the last form: that which leads on."""
    return follow(tab, tab.locator("main form").last.locator("button").first)


def follow(tab: Page, what: Locator) -> Response:
    """Click, and give the page it leads to in the end."""
    with tab.expect_navigation() as moved:
        what.click()
    answer = moved.value
    assert answer
    return answer


def fill(tab: Page, answers: Answers) -> None:
    """Fill in those answers that this page asks for; bars stand between choices of one question."""
    for name, kind, value in tab.locator("main form [name]").evaluate_all(NAMED):
        answer = answers.get(name)
        if answer is None or kind in {"submit", "select-one"}:
            continue
        if kind not in {"radio", "checkbox"}:
            tab.fill(f"main form [name={name}]", answer)
        elif value in answer.split("|"):
            tab.check(f'main form [name={name}][value="{value}"]')


def forge_token(tab: Page) -> None:
    """Make every form of this page as one that has stood open for too long."""
    tab.locator("[name=csrf_token]").evaluate_all("all => all.forEach(box => box.value += 'x')")


def walk(tab: Page, answers: Answers) -> Iterator[Response]:
    """From the first step to the page with all answers; gives each page that is met."""
    while "/controleren/" not in tab.url:
        fill(tab, answers)
        yield on(tab)


def to_check(tab: Page, address: str, answers: Answers) -> None:
    """Fill in every step, up to the page with all answers."""
    tab.goto(address)
    for answer in walk(tab, answers):
        assert answer.status == 200, tab.title()


def to_step(tab: Page, door: str, number: int, answers: Answers) -> None:
    """Fill in the steps before this one."""
    tab.goto(DOORS[door])
    for _ in range(number - 1):
        fill(tab, answers)
        on(tab)
    assert f"/{number}/" in tab.url


def send(tab: Page, address: str, answers: Answers) -> str:
    """Fill in every step and send the whole; gives the reference."""
    to_check(tab, address, answers)
    press(tab, "Verstuur")
    return reference(tab)


def reference(tab: Page) -> str:
    """The reference on the confirmation."""
    tab.wait_for_url("**/ontvangen/**")
    return tab.locator(".panel strong").inner_text()
