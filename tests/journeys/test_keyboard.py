"""Each path is walked with the keys alone, and at every stop it is seen where one is."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import House, OpenTab
from tests.journeys.own_states import an_address, came_in, mailed_link
from tests.journeys.paths import PATHS
from tests.journeys.walking import DOORS, press, reference, to_step, walk
from tests.own_door import DOOR
from tests.portal_app import required

MOST_STOPS = 80

# Where the focus is, and what keeps the eye from finding it there.
STOP = """() => {
    const at = document.activeElement, style = getComputedStyle(at);
    const faults = [];
    if (style.outlineStyle !== 'solid' || parseFloat(style.outlineWidth) < 2)
        faults.push('no outline');
    const box = [...at.getClientRects()].find(one => one.width) ?? at.getBoundingClientRect();
    const left = Math.max(box.left, 0), right = Math.min(box.right, innerWidth);
    const top = Math.max(box.top, 0), bottom = Math.min(box.bottom, innerHeight);
    const over = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
    if (left >= right || top >= bottom) faults.push('out of sight');
    else if (!at.contains(over)) faults.push('covered by ' + over?.outerHTML);
    const words = at.labels?.[0]?.innerText ?? at.innerText;
    return {tag: at.tagName, type: at.type ?? '', name: at.name ?? '', value: at.value ?? '',
            words: words?.trim() ?? '', faults};
}"""

# A group of radio buttons is one stop.
STOPS = """() => {
    const all = [...document.querySelectorAll('a, button, select, textarea, input')];
    const met = all.filter(one => one.type !== 'hidden' && one.checkVisibility());
    return new Set(met.map(one => one.type === 'radio' ? one.name : one)).size;
}"""


@dataclass(frozen=True)
class Stop:
    """What has the focus."""

    tag: str
    type: str
    name: str
    value: str
    words: str


class Keys:
    """A tab in the hands of somebody without a mouse."""

    def __init__(self, tab: Page) -> None:
        self._tab = tab

    def press(self, key: str) -> Stop:
        self._tab.keyboard.press(key)
        return self.here()

    def here(self) -> Stop:
        found = self._tab.evaluate(STOP)
        faults = found.pop("faults")
        assert faults == [], found
        return Stop(**found)

    def to(self, wanted: Callable[[Stop], bool]) -> Stop:
        """Go on, stop by stop, until this one."""
        for _ in range(MOST_STOPS):
            stop = self.press("Tab")
            if wanted(stop):
                return stop
        raise AssertionError(f"{self._tab.url}: the keyboard does not reach it")

    def to_content(self) -> None:
        """Past the header, by the link that stands before it."""
        assert self.press("Tab").words == "Ga naar de inhoud"
        self._tab.keyboard.press("Enter")

    def type_into(self, name: str, text: str) -> None:
        """Go to the box by this name and type."""
        self.to(lambda stop: stop.name == name)
        self._tab.keyboard.insert_text(text)

    def choose(self, name: str, value: str, stop: Stop) -> None:
        """Choose out of a few, standing at the first of them."""
        if stop.value == value:
            self.press("Space")
        while stop.value != value:
            stop = self.press("ArrowDown")
        assert self._tab.is_checked(f'main [name={name}][value="{value}"]')

    def leave_by(self, words: str) -> None:
        """Go to the button or link with these words and press Enter."""
        self.to(lambda stop: stop.words.startswith(words) and stop.tag in {"BUTTON", "A"})
        with self._tab.expect_navigation():
            self._tab.keyboard.press("Enter")

    def fill(self, answers: dict[str, str]) -> None:
        """Answer those questions of this page that come by, and go on."""
        done: set[str] = set()
        for _ in range(MOST_STOPS):
            stop = self.press("Tab")
            if stop.words == "Ga verder":
                break
            self._answer(stop, answers.get(stop.name, ""), done)
        with self._tab.expect_navigation():
            self._tab.keyboard.press("Enter")

    def _answer(self, stop: Stop, answer: str, done: set[str]) -> None:
        if not answer:
            return
        if stop.type == "checkbox":
            if stop.value in answer.split("|"):
                self.press("Space")
        elif stop.type == "radio" and stop.name not in done:
            self.choose(stop.name, answer, stop)
        elif stop.type != "radio":
            self._tab.keyboard.insert_text(answer)
        done.add(stop.name)


@pytest.mark.parametrize("who", PATHS)
def test_a_path_is_walked_from_the_home_page_with_the_keys_alone(
    open_tab: OpenTab, house: House, who: str
) -> None:
    path, width = PATHS[who], 320 if who in {"pupil", "resident", "outsider"} else 1280
    tab = open_tab(width)
    keys = Keys(tab)
    tab.goto("/")
    keys.leave_by("Aanvragen")
    keys.to_content()
    keys.fill({"kind": _value(tab, path.kind), "role": _value(tab, path.role)})
    while "/controleren/" not in tab.url:
        keys.to_content()
        keys.fill(path.answers)
    keys.to_content()
    keys.leave_by("Verstuur")
    letter = house.intake_letter(reference(tab), path.intent)
    assert letter["To"] == path.manager
    for words in path.told:
        assert words in letter.get_content()


def _value(tab: Page, label: str) -> str:
    value: str = tab.get_by_label(label, exact=True).evaluate("box => box.value")
    return value


def test_every_stop_on_a_page_is_seen_and_none_holds_the_focus(open_tab: OpenTab) -> None:
    tab = open_tab(320)
    tab.goto(DOORS["proposal"])
    for answer in walk(tab, required("proposal")):
        _go_round(tab)
        assert answer.ok
    _go_round(tab)
    press(tab, "Verstuur")
    _go_round(tab)
    to_step(tab, "proposal", 2, required("proposal"))
    press(tab, "Later verder")
    _go_round(tab)


def _go_round(tab: Page) -> None:
    """From the first stop to the last, where the browser's own begin."""
    expected: int = tab.evaluate(STOPS)
    keys = Keys(tab)
    for _ in range(expected):
        keys.press("Tab")
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement === document.body"), tab.url


def test_enter_in_a_line_of_text_goes_on_and_never_back_or_away(open_tab: OpenTab) -> None:
    tab = open_tab()
    tab.goto("/aanvragen/leervraag/leerling/")
    tab.fill("[name=name]", "Noor")
    tab.fill("[name=email]", "noor@example.org")
    tab.press("[name=email]", "Enter")
    expect(tab.locator("h1")).to_contain_text("Stap 2 van 4")
    tab.fill("[name=postcode]", "3511")
    tab.press("[name=postcode]", "Enter")
    expect(tab.locator("h1")).to_contain_text("Stap 3 van 4")


def test_after_an_error_the_keys_lead_from_the_summary_to_the_field(open_tab: OpenTab) -> None:
    tab = open_tab(320)
    keys = Keys(tab)
    tab.goto("/aanvragen/leervraag/")
    tab.get_by_role("button", name="Ga verder").click()
    expect(tab.locator(".error-summary")).to_be_focused()
    keys.here()
    assert keys.press("Tab").words.startswith("Kies wie u bent")
    links = tab.locator(".error-summary a").all()
    assert len(links) == 3
    for link, name in zip(links, ("role", "name", "email"), strict=True):
        link.focus()
        tab.keyboard.press("Enter")
        assert keys.here().name == name


def test_what_is_asked_once_more_takes_the_focus(open_tab: OpenTab) -> None:
    tab = open_tab(320)
    keys = Keys(tab)
    to_step(tab, "pupil", 2, required("pupil", postcode="2451"))
    tab.fill("[name=postcode]", "2451")
    tab.press("[name=postcode]", "Enter")
    expect(tab.locator("#municipality-choice")).to_be_focused()
    keys.here()
    keys.leave_by("Ga verder")
    tab.fill("[name=story]", "Bel mijn broer: 06 12345678.")
    tab.focus("[name=story]")
    keys.leave_by("Ga verder")
    expect(tab.locator(".asked")).to_be_focused()
    keys.here()
    keys.to(lambda stop: stop.tag == "A")
    tab.keyboard.press("Enter")
    assert keys.here().name == "story"


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_the_guide_is_walked_to_a_form_with_the_keys_alone(open_tab: OpenTab, script: bool) -> None:
    tab = open_tab(320 if script else 1280, java_script_enabled=script)
    keys = Keys(tab)
    tab.goto("/keuzehulp/")
    _go_round(tab)
    keys.fill({})
    assert tab.title().startswith("Fout: ")
    if script:
        expect(tab.locator(".error-summary")).to_be_focused()
    tab.goto("/keuzehulp/")
    for answer in ({"danger": "no"}, {"about": "community"}, {"who": "resident"}, {"plan": "own"}):
        keys.to_content()
        keys.fill(answer)
    _go_round(tab)
    keys.to_content()
    keys.leave_by("Vraag een conferentie aan")
    expect(tab.locator("h1")).to_contain_text("Stap 1 van 5")


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_the_own_door_is_gone_through_with_the_keys_alone(
    open_tab: OpenTab, house: House, script: bool
) -> None:
    address = an_address()
    came_in(house, email=address)
    tab = open_tab(320 if script else 1280, java_script_enabled=script)
    keys = Keys(tab)
    tab.goto(DOOR)
    _go_round(tab)
    keys.to_content()
    keys.type_into("email", address)
    keys.leave_by("Verstuur de link")
    expect(tab.locator("h1")).to_have_text("Kijk in de mail")
    tab.goto(mailed_link(house, address))
    keys.to_content()
    keys.leave_by("Bekijk de aanvraag")
    _go_round(tab)
    for link, box, text, button in (
        ("Iets toevoegen", "text", "Na vieren bellen.", "Verstuur de aanvulling"),
        ("Contactgegevens wijzigen", "phone", "030 - 234 56 99", "Verstuur de nieuwe gegevens"),
    ):
        keys.to_content()
        keys.leave_by(link)
        _go_round(tab)
        keys.to_content()
        keys.type_into(box, text)
        keys.leave_by(button)
        expect(tab.get_by_role("status")).to_be_visible()
    keys.to_content()
    keys.leave_by("De aanvraag intrekken")
    keys.to_content()
    keys.leave_by("Trek de aanvraag in")
    expect(tab.locator("h1")).to_have_text("Deze aanvraag is ingetrokken")
    keys.to_content()
    keys.leave_by("Uitloggen")
    expect(tab.locator("h1")).to_have_text("Uitgelogd")
