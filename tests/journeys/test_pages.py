"""Every page of the portal, in every state, is accessible, valid, fits and reads easily."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email.message import EmailMessage

import html5lib
import pytest
from playwright.sync_api import Browser, Page, Response
from wtforms.fields.core import UnboundField

from portal.config import IntakeMail
from portal.delivery.letters import compose
from portal.intake.doors import DOORS
from tests.conftest import Tell
from tests.journeys import afterwards_states, own_states, states
from tests.journeys.conftest import House
from tests.journeys.looking import Eye
from tests.journeys.speech import TEMPLATES, in_one_line, plain, spoken
from tests.journeys.states import ASKING, FAILING, FOR_ALL
from tests.journeys.walking import Walk
from tests.language import EXEMPT_BELOW, NORMAL, PUPIL, Gate, measure, prose

REFERENCE = re.compile(r"EK(?:-[0-9A-Z]{4}){3}")
WALKS = (*states.WALKS, *own_states.WALKS, *afterwards_states.WALKS)
TOLD = "() => [document.title, document.querySelector('main').innerText]"
JE = re.compile(r"\b(je|jij|jou|jouw|jezelf|jullie)\b", re.IGNORECASE)
U = re.compile(r"\b(u|uw|uzelf)\b", re.IGNORECASE)
# Read where they are shown: the mailbox is a developer's, and the desk and its letters are staff's.
ELSEWHERE = {"development", "desk", "desk_takes_over", "digest", "invitation", "moved_to_you"}
ELSEWHERE |= {"passed_on", "reminder", "sign_in", "stand_in"}
# Letters that the tests of their own room send and gate.
ELSEWHERE |= {"address_changed", "called_off", "coordinator", "follow_up_reminder", "introduction"}
ELSEWHERE |= {"proof", "relieved"}
# For a reader at the desk, where a form says nothing but who sends it.
ELSEWHERE_SAID = "Er is verder niets ingevuld."
NEVER = re.compile(r"!|\b(?:helaas|alstublieft|alsjeblieft|please)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Seen:
    """One state as the server sent it and as the browser found it."""

    name: str
    html: str
    title: str
    text: str
    faults: list[str]

    @property
    def for_pupils(self) -> bool:
        return self.name.startswith("pupil")

    @property
    def gate(self) -> Gate:
        return PUPIL if self.for_pupils else NORMAL


@dataclass(frozen=True)
class Letter:
    """One letter, in the words that are its own and not its subject's."""

    subject: str
    text: str
    own: str

    @property
    def for_pupils(self) -> bool:
        return bool(JE.search(self.subject))

    @property
    def gate(self) -> Gate:
        return PUPIL if self.for_pupils else NORMAL


@pytest.fixture(scope="module")
def complaints() -> list[str]:
    """What the browser said of any state."""
    return []


class Walker:
    """One tab that goes each way once, and remembers what it met there."""

    def __init__(self, tab: Page, house: House) -> None:
        self._tab, self._house, self._eye = tab, house, Eye(tab)
        self._met: dict[Walk, list[Seen]] = {}

    def met(self, walk: Walk) -> list[Seen]:
        if walk not in self._met:
            self._met[walk] = [self._see(*met) for met in walk(self._tab, self._house)]
        return self._met[walk]

    def _see(self, name: str, met: Response) -> Seen:
        title, text = self._tab.evaluate(TOLD)
        return Seen(name, met.text(), title, text, self._eye.faults())


@pytest.fixture(scope="module")
def walker(browser: Browser, house: House, complaints: list[str]) -> Iterator[Walker]:
    context = browser.new_context(base_url=house.url, reduced_motion="reduce")
    tab = context.new_page()
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.on("console", lambda message: complaints.append(message.text))
    yield Walker(tab, house)
    context.close()


@pytest.fixture(scope="module")
def seen(walker: Walker) -> list[Seen]:
    return [state for walk in WALKS for state in walker.met(walk)]


@pytest.fixture(scope="module")
def letters(seen: list[Seen], house: House) -> list[Letter]:
    """One of each kind of letter; what comes back undelivered is written here."""
    for amount in (IntakeMail.CONTACT, IntakeMail.NOTICE):
        own_states.write_of_all(house, amount)
    written = [(str(letter["Subject"]), _body(letter)) for letter in house.letters()]
    for body in (None, ""):
        returned = compose("returned", case_reference="EK-0000-0000-0000", body=body)
        written.append((returned.subject, returned.body))
    kinds = {(_unnumbered(subject), _own_words(text)): text for subject, text in written}
    return [Letter(subject, text, own) for (subject, own), text in kinds.items()]


def _unnumbered(text: str) -> str:
    """References differ; what is said with them is the same."""
    return REFERENCE.sub("het nummer", text)


def _body(letter: EmailMessage) -> str:
    text: str = letter.get_content()
    return text.replace("\r\n", "\n")


def _own_words(text: str) -> str:
    """Without what is told of a case, the rows and sections with somebody else's words."""
    before_sections = re.split(r"\n[^\n]+\n-{3,}\n", _unnumbered(text))[0]
    rows = [line for line in before_sections.splitlines() if not re.match(r"[A-Z][^.?]*:", line)]
    return re.sub(r"(?<!\n)\n(?!\n)", " ", "\n".join(rows))


# Each way is a test of its own, so that none has to be walked within the time of one.
@pytest.mark.parametrize("walk", WALKS, ids=lambda walk: walk.__name__)
def test_axe_finds_nothing_and_nothing_overflows_or_overlaps(walker: Walker, walk: Walk) -> None:
    found = [f"{state.name}: {fault}" for state in walker.met(walk) for fault in state.faults]
    assert not found, "\n".join(found)


def test_the_browser_complains_of_nothing(seen: list[Seen], complaints: list[str]) -> None:
    # It also reports each answer that is not a success; those are meant.
    assert [text for text in complaints if "the server responded with a status" not in text] == []


def test_every_page_is_valid_html_with_one_heading_and_unique_ids(seen: list[Seen]) -> None:
    for state in seen:
        parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
        root = parser.parse(state.html)
        assert len(root.findall(".//h1")) == 1, state.name
        ids = Counter(e.get("id") for e in root.iter() if isinstance(e.tag, str) and e.get("id"))
        assert [name for name, times in ids.items() if times > 1] == [], state.name
        named = [e.get("aria-describedby", "").split() for e in root.iter()]
        assert {name for names in named for name in names} <= ids.keys(), state.name


def test_every_title_names_its_subject_and_us_and_first_what_is_the_matter(
    seen: list[Seen],
) -> None:
    for state in seen:
        assert re.fullmatch(r"(Fout: |Nog één vraag: )?\S.* – Eigen Kracht", state.title), state
        assert state.title.startswith("Fout: ") == state.name.endswith(FAILING), state.name
        assert state.title.startswith("Nog één") == state.name.endswith(ASKING), state.name


def test_every_step_says_which_one_it_is_of_how_many(seen: list[Seen]) -> None:
    for state in seen:
        found = re.match(rf"({'|'.join(DOORS)}) (\d|check)\b", state.name)
        if found:
            last = DOORS[found[1]].last
            # One who comes without a form begins at the first step.
            number = {"check": "1" if "cookie" in state.name else last}.get(found[2], found[2])
            assert f"Stap {number} van {last}: " in state.title, state.name
            assert f"Stap {number} van {last}" in state.text, state.name


def test_no_form_uses_what_a_plain_form_does_not(seen: list[Seen]) -> None:
    for state in seen:
        root = html5lib.parse(state.html, namespaceHTMLElements=False)
        for form in root.iter("form"):
            assert not [e.tag for e in form.iter() if e.get("placeholder") or e.get("disabled")]
            assert not [e.tag for e in form.iter() if e.get("required") is not None]
        hints = [e for e in root.iter("p") if "hint" in e.get("class", "").split()]
        assert not [e for hint in hints for e in hint.iter("a")], state.name
        assert "*" not in state.text, state.name


def test_a_page_says_je_or_u_and_never_both(seen: list[Seen]) -> None:
    for state in seen:
        if state.name in {"mailbox", "letter"}:
            continue  # these show letters to pupils and to others
        assert (U if state.for_pupils else JE).findall(state.text) == [], state.name
        assert NEVER.findall(state.text) == [], state.name
        if state.name.startswith(FOR_ALL):
            assert U.findall(state.text) == [], state.name


def test_a_letter_says_je_or_u_and_never_both(letters: list[Letter]) -> None:
    for letter in letters:
        assert (U if letter.for_pupils else JE).findall(letter.text) == [], letter.subject
        assert NEVER.findall(letter.text) == [], letter.subject


def test_every_page_and_letter_reads_easily(
    seen: list[Seen], letters: list[Letter], tell: Tell
) -> None:
    # A shown letter is measured as a letter.
    shown = [(_unnumbered(prose(state.html)), state) for state in seen if state.name != "letter"]
    first = dict(reversed(shown))
    read = [(state.name, state.gate, text) for text, state in reversed(first.items())]
    read += [(f"letter: {letter.subject}", letter.gate, letter.own) for letter in letters]
    tell("how the portal reads", _table(read))
    faults = [f"{name}: {fault}" for name, gate, text in read for fault in gate.faults(text)]
    assert not faults, "\n".join(faults)


def _table(read: Iterable[tuple[str, Gate, str]]) -> Iterator[str]:
    yield f"{'page or letter':<42}{'words':>6}{'ease':>7}{'a sentence':>12}{'longest':>9}  gate"
    for name, gate, text in read:
        score = measure(text)
        met = "no" if gate.faults(text) else "exempt" if score.words < EXEMPT_BELOW else "yes"
        yield (
            f"{name[:41]:<42}{score.words:>6}{score.reading_ease:>7.1f}"
            f"{score.words_per_sentence:>12.1f}{score.longest:>9}"
            f"  {gate.reading_ease}/{gate.words_per_sentence} {met}"
        )


def test_no_sentence_of_a_template_or_a_form_was_left_unread(
    seen: list[Seen], letters: list[Letter]
) -> None:
    read = [plain(state.html) for state in seen]
    read += [in_one_line(f"{letter.subject}\n{letter.text}") for letter in letters]
    everything = "\n".join(read)
    ours = {file for file in TEMPLATES.rglob("*.*") if ELSEWHERE.isdisjoint(file.parts)}
    said = spoken(ours)
    said |= {f"{key}: {words}": words for key in DOORS for words in _asked(key)}
    left = [where for where, words in said.items() if words not in everything]
    assert [where for where in left if not where.endswith(ELSEWHERE_SAID)] == []


def _asked(key: str) -> Iterator[str]:
    """What a form asks, in the words of every role."""
    form = DOORS[key].form
    for name in (name for step in form.steps for name in step.names):
        field = getattr(form, name)
        if isinstance(field, UnboundField) and field.args:
            yield from (field.args[0], *(field.kwargs.get(n, "") for n in ("hint", "needed")))
            yield from (label for choices in field.args[1:] for _, label in choices)
    for variant in form.variants.values():
        yield from (words for pair in variant.words.values() for words in pair)
