"""Every page of the desk, in every state: accessible, valid, in plain words, on a phone as well."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import html5lib
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Response, expect

from portal.cases import conference, followup, progress, register, work
from portal.cases.case import Doubt, Intent, Kind, Role, Status, Submission
from portal.cases.conference import Agreed, Appointment, Coordinator, Payer
from portal.cases.followup import Going
from portal.cases.register import Case
from portal.database import connection, database, transaction
from portal.delivery.letters import Envelope, Text, to_one_reader
from portal.delivery.outbox import Letter, State, post
from portal.routing.absences import add
from portal.workdays import HERE
from tests import markup
from tests.casework.desk_app import DESK, SOMEBODY, at
from tests.casework.figures_house import Came, answered, forgotten
from tests.casework.staff_house import POSTS, House, secret_of
from tests.journeys.looking import Eye
from tests.journeys.sign_in_states import WAYS, Way
from tests.language import NORMAL, prose
from tests.portal_app import build, new_database
from tests.real_server import Server, free_port
from tests.seed import one, seed

JE = re.compile(r"\b(je|jij|jou|jouw|jezelf|jullie)\b", re.IGNORECASE)
NEVER = re.compile(r"!|\b(?:helaas|alstublieft|alsjeblieft|please)\b", re.IGNORECASE)
# A card or a line of the trail tells facts and not a story: a word, a day, a place.
CARDS = re.compile(r'<(ul|ol) class="(?:cards|trail)".*?</\1>', re.DOTALL)
TOLD = "() => [document.title, document.querySelector('main').innerText]"
DAY = timedelta(days=1)
WISHES = (("coordinator_wishes", ("Iemand uit een andere plaats, die Turks spreekt.",)),)


@dataclass(frozen=True)
class Desk:
    """A running portal, tabs of those who are signed in, and one case of each sort."""

    url: str
    house: House
    contexts: dict[str, BrowserContext]
    cases: dict[str, Case]

    def tab(self, name: str = "a") -> Page:
        return self.contexts[name].new_page()


def _cases(now: datetime) -> dict[str, Case]:
    story = "Er is veel ruzie over geluid.\n\nOok ’s avonds. Zie p\u0430ypal en \u202egpj.exe"
    said = (
        ("call_when", ("na vijven, liefst op dinsdag",)),
        ("voicemail", ("yes",)),
        ("they_know", ("do not know",)),
        ("participants", ("neighbours", "police")),
        ("story", (story,)),
        ("safety", ("Bel niet naar huis.",)),
    )
    kind, intent = Kind.COMMUNITY, Intent.PROPOSAL
    cases = {
        "proposal": one(now - DAY, kind=kind, intent=intent, role=Role.NEIGHBOUR, answers=said),
        "pupil": one(now - 9 * DAY, role=Role.PUPIL, email="", answers=()),
    }
    cases["doubted"] = one(now - DAY, doubts=tuple(Doubt), answers=said)
    for status in (Status.PLANNED, Status.HELD, Status.STOPPED):
        cases[status.value] = _moved(now, status)
    cases["withdrawn"] = one(now - DAY)
    with transaction():
        register.withdraw(cases["withdrawn"], now)
    _with_everything(cases["planned"], now)
    cases["road"] = _on_the_road(now)
    cases["to be called"] = _three_months_on(now)
    cases["sought"] = _moved(now, Status.COORDINATOR_SOUGHT, email="", answers=WISHES)
    return cases


def _on_the_road(now: datetime) -> Case:
    """A case of which everything is known, and whose day is over."""
    case = _moved(now, Status.PLANNED, kind=Kind.COMMUNITY, role=Role.RESIDENT, answers=WISHES)
    question = "Hoe wordt het weer rustig op het plein, ook op een warme avond?"
    with transaction():
        conference.agree(case, Agreed(question, Payer.OPEN, "De wijkraad denkt mee"), SOMEBODY, now)
        who = Coordinator("Sanne\u202e Visser", "sanne@example.org", "06 11 22 33 44")
        conference.appoint_coordinator(case, who, SOMEBODY, now)
        when = Appointment(now - DAY, 120, "Buurthuis De Kring")
        conference.set_date(case, when, SOMEBODY, now)
    return case


def _three_months_on(now: datetime) -> Case:
    said = (("follow_up", ("yes",)),)
    case = _moved(now, Status.HELD, kind=Kind.COMMUNITY, role=Role.RESIDENT, email="", answers=said)
    then = now - 95 * DAY
    with transaction():
        conference.set_date(case, Appointment(then, 120, ""), SOMEBODY, now)
        followup.note_asked(case, then.date(), now, by_phone=True)
    return case


def _moved(now: datetime, status: Status, **said: Any) -> Case:
    case = one(now - 30 * DAY, **said)
    road = [Status.IN_CONVERSATION, Status.COORDINATOR_SOUGHT, Status.PLANNED, Status.HELD]
    with transaction():
        progress.acknowledge(case, SOMEBODY, now - 20 * DAY)
        for step in road[: road.index(status) + 1] if status in road else [status]:
            progress.move(case, step, SOMEBODY, "In overleg besloten.", now - 10 * DAY)
    return case


def _with_everything(case: Case, now: datetime) -> None:
    later = Submission(
        *("k", case.kind, case.intent, case.role, "", "", "Noor", "", "0687654321"),
        answers=(("addition", ("Er is nog iets. We willen wel praten.",)),),
    )
    with transaction():
        register.add(case, later, now)
    for text, days in (("Bel de school over een lokaal", -1), ("Stuur de brief", 3)):
        wanted = work.Wanted(text, (now + days * DAY).date())
        work.set_task(case, wanted, form_key="k", by=SOMEBODY, now=now)
    work.finish(work.tasks(case)[1], SOMEBODY, now)
    work.write_note(case, "Gebeld, niet thuis.\nMorgen weer.", "k", SOMEBODY, now)
    for state in State:
        to = Envelope("utrecht@example.org", None, "info@example.org", case.reference)
        letter = Letter.get_by_id(post("intake", Text("Nieuw", "x"), to, now, "a@example.org"))
        letter.state, letter.attempts, letter.last_answer = state, 1, "450 4.2.0 Try again later"
        letter.sent_at = now if state is State.SENT else None
        # Nobody delivers here, and nothing is to change while it is looked at.
        letter.due_at = now + 99 * DAY
        letter.save()


def _lost(now: datetime) -> None:
    """A letter about no case that reached nobody."""
    to = to_one_reader("weg@example.org", "own-door")
    letter = Letter.get_by_id(post("link", Text("Link", "x"), to, now, "a@example.org"))
    letter.state, letter.attempts, letter.last_answer = State.STUCK, 1, "550 5.1.1 No such user"
    letter.save()


def _absences(now: datetime) -> None:
    today = now.astimezone(HERE).date()
    add("gelderland", today - DAY, today + DAY, "utrecht")
    add("utrecht", today + 7 * DAY, today + 9 * DAY, "limburg")
    add("limburg", today + 9 * DAY, today + 9 * DAY, None)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Desk]:
    url, now = new_database(tmp_path_factory.mktemp("desk")), datetime.now(UTC)
    house = House(build(url))
    contexts, port = {}, free_port()
    server = Server(url, port)
    base = f"http://127.0.0.1:{port}"
    for name in POSTS:
        house.take_on(name)
        secret = secret_of(house.signed_in(name))
        contexts[name] = browser.new_context(base_url=base, reduced_motion="reduce")
        contexts[name].add_cookies([{"name": "desk", "value": secret, "url": base}])
    with connection():
        cases = _cases(now)
        _counted(now)
        _lost(now)
        seed(30, now - DAY, ("drenthe",))
    _absences(now)
    try:
        yield Desk(base, house, contexts, cases)
    finally:
        for context in contexts.values():
            context.close()
        server.kill()
        if not database.is_closed():
            database.close()


def _counted(now: datetime) -> None:
    """Enough for figures with pictures, and few enough for marks; all in one region and year."""
    for number, (role, going) in enumerate(zip(Role, [*Going, *Going, Going.PARTLY], strict=True)):
        for _ in range(number):
            came = Came(now - DAY, role=role, region="limburg", heard=number)
            forgotten(came, f"{now.astimezone(HERE):%Y-%m}")
        answered(going, f"{now.astimezone(HERE):%Y-%m}", number, "limburg")


Steps = Callable[[Page, dict[str, Case]], Response]


def _go(tab: Page, address: str) -> Response:
    response = tab.goto(address)
    assert response
    return response


def _click(tab: Page, words: str) -> Response:
    with tab.expect_navigation() as moved:
        tab.get_by_role("button", name=words).first.click()
    assert moved.value
    return moved.value


def _at(case: str, page: str = "") -> Steps:
    return lambda tab, cases: _go(tab, at(cases[case], page))


def _desk(asked: str = "") -> Steps:
    return lambda tab, _: _go(tab, f"{DESK}?{asked}")


def _desk_page(page: str) -> Steps:
    return lambda tab, _: _go(tab, f"{DESK}{page}")


def _sent(case: str, page: str, button: str) -> Steps:
    def steps(tab: Page, cases: dict[str, Case]) -> Response:
        _go(tab, at(cases[case], page))
        return _click(tab, button)

    return steps


def _filled(case: str, page: str, name: str, text: str) -> Steps:
    """Fill in one question and keep it."""

    def steps(tab: Page, cases: dict[str, Case]) -> Response:
        _go(tab, at(cases[case], page))
        tab.fill(f"main [name={name}]", text)
        return _click(tab, "Bewaar")

    return steps


def _spoilt(case: str, page: str, name: str, button: str, question: str = "") -> Steps:
    """Send what a page holds, or another ``question``, with another value in a hidden field."""

    def steps(tab: Page, cases: dict[str, Case]) -> Response:
        _go(tab, at(cases[case], page))
        spoil = f"main form:has(button:text-is('{button}')) [name={name}]"
        tab.eval_on_selector(spoil, "box => { box.value = 'x'; }")
        if question:
            tab.fill("main [name=question]", question)
        return _click(tab, button)

    return steps


def _away(button: str = "") -> Steps:
    def steps(tab: Page, _: dict[str, Case]) -> Response:
        page = _go(tab, f"{DESK}afwezig/")
        return _click(tab, button) if button else page

    return steps


# Who looks, and by which steps; a state that begins with "wrong" is one that has gone wrong.
STATES: dict[str, tuple[str, Steps]] = {
    "desk": ("a", _desk()),
    "desk, empty": ("b", _desk()),
    "desk, national": ("desk", _desk()),
    "desk, filtered": ("desk", _desk("state=planned&kind=learning&region=utrecht&age=month")),
    "desk, nothing found": ("desk", _desk("state=closed&region=zeeland")),
    "desk, ended": ("gone", _desk("state=ended")),
    "wrong: no reference": ("a", _desk("reference=iets")),
    "wrong: unknown reference": ("a", _desk("reference=EK-0000-0000-0000")),
    "case, proposal": ("a", _at("proposal")),
    "case, pupil": ("a", _at("pupil")),
    "case, with everything": ("a", _at("planned")),
    "case, held": ("a", _at("held")),
    "case, stopped": ("a", _at("stopped")),
    "case, stopped, national": ("desk", _at("stopped")),
    "case, withdrawn": ("a", _at("withdrawn")),
    "case, in quarantine": ("desk", _at("doubted")),
    "wrong: let through, expired": (
        "desk",
        _spoilt("doubted", "", "csrf_token", "Dit is echt: stuur het door"),
    ),
    "wrong: no request, expired": (
        "desk",
        _spoilt("doubted", "", "csrf_token", "Dit is geen echte aanvraag"),
    ),
    "note": ("a", _at("planned", "notitie/")),
    "wrong: note": ("a", _sent("planned", "notitie/", "Bewaar")),
    "wrong: note, expired": (
        "a",
        _spoilt("planned", "notitie/", "csrf_token", "Bewaar de notitie"),
    ),
    "task": ("a", _at("planned", "taak/")),
    "wrong: task": ("a", _sent("planned", "taak/", "Bewaar")),
    "step": ("a", _at("planned", "stap/")),
    "wrong: step": ("a", _sent("planned", "stap/", "Bewaar")),
    "wrong: step, changed": ("a", _spoilt("planned", "stap/", "seen", "Bewaar de stap")),
    "passing on": ("a", _at("proposal", "overdragen/")),
    "passing on, no address": ("desk", _at("pupil", "overdragen/")),
    "wrong: passing on": ("a", _sent("planned", "overdragen/", "Draag het over")),
    "opening again": ("desk", _at("stopped", "heropenen/")),
    "wrong: opening again": ("desk", _sent("stopped", "heropenen/", "Open dit weer")),
    "case, road": ("a", _at("road")),
    "case, coordinator sought": ("a", _at("sought")),
    "talk": ("a", _at("road", "gesprek/")),
    "talk, empty": ("a", _at("sought", "gesprek/")),
    "talk, asked about": ("a", _filled("sought", "gesprek/", "question", "Mag hij weg?")),
    "wrong: talk, changed": (
        "a",
        _spoilt("road", "gesprek/", "seen", "Bewaar de afspraken", "Hoe dan?"),
    ),
    "coordinator": ("a", _at("road", "coordinator/")),
    "coordinator, no address": ("a", _at("sought", "coordinator/")),
    "wrong: coordinator": ("a", _sent("sought", "coordinator/", "Bewaar")),
    "date": ("a", _at("road", "datum/")),
    "wrong: date": ("a", _sent("sought", "datum/", "Bewaar")),
    "date lapses": ("a", _at("road", "datum/vervalt/")),
    "outcome": ("a", _at("road", "verloop/")),
    "wrong: outcome": ("a", _filled("road", "verloop/", "came_police", "veel")),
    "case, to be called": ("a", _at("to be called")),
    "afterwards": ("a", _at("to be called", "na-drie-maanden/")),
    "wrong: afterwards": ("a", _sent("to be called", "na-drie-maanden/", "Bewaar")),
    "sheet, question": ("a", _at("road", "vragenblad/")),
    "sheet, three questions": ("a", _at("held", "vragenblad/")),
    "sheet, plan": ("a", _at("road", "planblad/")),
    "figures": ("desk", _desk_page("cijfers/")),
    "figures of a region": ("desk", _desk_page("cijfers/?region=limburg")),
    "figures, small": ("desk", _desk_page("cijfers/?region=zeeland")),
    "figures, empty": ("desk", _desk_page("cijfers/?period=2020-1")),
    "away": ("a", _away()),
    "away, nobody": ("b", _away()),
    "away, national": ("desk", _away()),
    "wrong: away": ("a", _away("Bewaar")),
    "wrong: away, national": ("desk", _away("Bewaar")),
    "away, ended": ("desk", _away("Haal weg")),
    "wrong: button, expired": ("a", _spoilt("proposal", "", "csrf_token", "Ik pak dit op")),
}


ALL: tuple[str | Way, ...] = (*STATES, *WAYS)


@dataclass(frozen=True)
class Seen:
    """One state as the server sent it and as the browser found it."""

    name: str
    html: str
    title: str
    text: str
    faults: list[str]


@pytest.fixture(scope="module")
def complaints() -> list[str]:
    """What the browser said of any state."""
    return []


class Walker:
    """Goes to each state once, in the tab of whom it is for, and remembers what it met there."""

    def __init__(self, desk: Desk, stranger: Page, complaints: list[str]) -> None:
        self._desk, self._stranger = desk, stranger
        self._tabs = {who: desk.tab(who) for who in desk.contexts}
        self._eyes = {tab: Eye(tab) for tab in (stranger, *self._tabs.values())}
        for tab in self._eyes:
            tab.on("pageerror", lambda error: complaints.append(str(error)))
            tab.on("console", lambda message: complaints.append(message.text))
        self._met: dict[str | Way, list[Seen]] = {}

    def met(self, what: str | Way) -> list[Seen]:
        if what not in self._met:
            self._met[what] = list(self._go(what))
        return self._met[what]

    def _go(self, what: str | Way) -> Iterator[Seen]:
        if callable(what):
            for name, met in what(self._stranger, self._desk.house):
                yield self._see(name, self._stranger, met)
            self._stranger.context.clear_cookies()
        else:
            who, steps = STATES[what]
            yield self._see(what, self._tabs[who], steps(self._tabs[who], self._desk.cases))

    def _see(self, name: str, tab: Page, met: Response) -> Seen:
        title, text = tab.evaluate(TOLD)
        return Seen(name, met.text(), title, text, self._eyes[tab].faults())


@pytest.fixture(scope="module")
def walker(desk: Desk, browser: Browser, complaints: list[str]) -> Iterator[Walker]:
    context = browser.new_context(base_url=desk.url, reduced_motion="reduce")
    yield Walker(desk, context.new_page(), complaints)
    context.close()


@pytest.fixture(scope="module")
def seen(walker: Walker) -> list[Seen]:
    return [state for what in ALL for state in walker.met(what)]


@pytest.mark.parametrize("what", ALL, ids=lambda what: getattr(what, "__name__", what))
def test_axe_finds_nothing_and_nothing_overflows_or_overlaps(
    walker: Walker, what: str | Way
) -> None:
    found = [f"{state.name}: {fault}" for state in walker.met(what) for fault in state.faults]
    assert not found, "\n".join(found)


def test_the_browser_complains_of_nothing(seen: list[Seen], complaints: list[str]) -> None:
    # It also reports each answer that is not a success, and what it forgets when told to.
    meant = ("the server responded with a status", "Clear-Site-Data")
    assert [said for said in complaints if not any(words in said for words in meant)] == []


def test_every_page_is_valid_html_with_one_heading_and_unique_ids(seen: list[Seen]) -> None:
    for state in seen:
        parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
        root = parser.parse(state.html)
        assert len(root.findall(".//h1")) == 1, state.name
        ids = Counter(e.get("id") for e in root.iter() if isinstance(e.tag, str) and e.get("id"))
        assert [name for name, times in ids.items() if times > 1] == [], state.name
        for attribute in ("aria-describedby", "aria-labelledby"):
            named = {name for e in root.iter() for name in e.get(attribute, "").split()}
            assert named <= ids.keys(), state.name
        assert not [e for e in root.iter() if e.get("style") or e.get("required") is not None]


def test_the_nu_checker_finds_nothing_on_any_page(seen: list[Seen]) -> None:
    assert markup.faults({state.name: state.html for state in seen}) == []


def test_every_title_names_its_subject_and_says_when_something_is_wrong(seen: list[Seen]) -> None:
    for state in seen:
        assert re.fullmatch(r"(Fout: )?\S.* – Eigen Kracht", state.title), state.name
        assert state.title.startswith("Fout: ") == state.name.startswith("wrong"), state.name


def test_every_page_reads_easily_and_addresses_its_reader_as_u(seen: list[Seen]) -> None:
    faults = []
    for state in seen:
        told = CARDS.sub("", state.html)
        faults += [f"{state.name}: {fault}" for fault in NORMAL.faults(prose(told))]
        faults += [f"{state.name}: {word}" for word in JE.findall(state.text)]
        faults += [f"{state.name}: {word}" for word in NEVER.findall(state.text)]
    assert not faults, "\n".join(faults)


# What a manager does


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
@pytest.mark.parametrize("width", [360, 1280])
def test_a_manager_reads_picks_up_notes_and_passes_on_by_keyboard_alone(
    desk: Desk, browser: Browser, width: int, script: bool
) -> None:
    with connection():
        case = one(datetime.now(UTC))
    options: dict[str, Any] = {"base_url": desk.url, "java_script_enabled": script}
    context = browser.new_context(viewport={"width": width, "height": 800}, **options)
    context.add_cookies(desk.contexts["a"].cookies())  # type: ignore[arg-type]
    tab = context.new_page()
    tab.set_default_timeout(10_000)
    tab.goto(DESK)
    _press(tab, "link", case.reference)
    _press(tab, "button", "Ik pak dit op")
    expect(tab.get_by_role("status")).to_contain_text("U hebt dit opgepakt")
    _press(tab, "link", "Een notitie schrijven")
    tab.get_by_label("De notitie").focus()
    tab.keyboard.type("Gebeld en gesproken")
    _press(tab, "button", "Bewaar de notitie")
    expect(tab.get_by_text("Gebeld en gesproken")).to_be_visible()
    _press(tab, "link", "Overdragen aan een ander")
    tab.get_by_label("Zeeland").focus()
    tab.keyboard.press("Space")
    tab.get_by_label("Waarom geeft u het door?").focus()
    tab.keyboard.type("Verhuisd naar Zeeland")
    _press(tab, "button", "Draag het over")
    expect(tab.get_by_role("status")).to_contain_text("overgedragen")
    expect(tab.get_by_role("link", name=case.reference)).to_have_count(0)
    context.close()


def _press(tab: Page, role: Literal["link", "button"], name: str) -> None:
    """Come to it by Tab, see where the focus is, and press Enter."""
    target = tab.get_by_role(role, name=name, exact=False).first
    for _ in range(120):
        tab.keyboard.press("Tab")
        if target.evaluate("node => node === document.activeElement"):
            break
    else:
        raise AssertionError(f"Tab never comes to {name!r}")
    assert target.evaluate("node => getComputedStyle(node).outlineStyle") != "none"
    with tab.expect_navigation():
        tab.keyboard.press("Enter")


def test_what_is_wrong_takes_the_focus_and_leads_to_its_field(desk: Desk) -> None:
    tab = desk.tab()
    tab.goto(at(desk.cases["planned"], "taak/"))
    tab.get_by_role("button", name="Bewaar").click()
    summary = tab.locator(".error-summary")
    expect(summary).to_be_focused()
    summary.get_by_role("link", name="Vul een datum in").click()
    assert tab.url.endswith("#due_on")
    tab.close()


def test_on_paper_stands_the_case_and_not_the_desk(desk: Desk) -> None:
    tab = desk.tab()
    tab.goto(at(desk.cases["planned"]))
    tab.emulate_media(media="print")
    for shown in ("Zo bereikt u de aanvrager", "Wat er is gebeurd", "Vertrouwelijk"):
        expect(tab.get_by_text(shown).first).to_be_visible()
    for hidden in ("main button", "header", "footer", "nav", "#nu"):
        for part in tab.locator(hidden).all():
            expect(part).not_to_be_visible()
    tab.close()
