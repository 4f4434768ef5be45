"""The open-question helper: what it remarks on, what it leaves alone, and what it proposes."""

import re
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.cases import faults, question, rewording
from portal.cases.faults import Fault
from portal.cases.question import REASONS, advise
from tests.language import LONGEST, measure

CLOSED, CULPRIT, SOLUTION = Fault

PLAN = "Hoe komen we samen tot een plan dat werkt?"
PUPIL = "Wat wil deze leerling leren, en wat is daarvoor nodig?"
LIVE = "Hoe kunnen we weer prettig naast elkaar wonen?"
SAFE = "Hoe wordt het weer rustig en veilig?"
STREET = "Hoe wordt het in de straat weer prettig voor iedereen?"
SAFE_SQUARE = "Hoe wordt het op het plein weer rustig en veilig?"

FAULTY = [
    # Answered with yes or no
    ("Kan de buurman weg?", CLOSED, LIVE),
    ("Moeten we de straat afsluiten?", CLOSED, STREET),
    (
        "Is het goed dat de winkel zondag dicht is?",
        CLOSED,
        "Hoe krijgen we de sfeer in de winkel weer goed?",
    ),
    ("Kan er een hek om het plein komen?", CLOSED, SAFE_SQUARE),
    ("Mag mijn dochter blijven, of is een andere school beter?", CLOSED, PUPIL),
    (
        "Kan het weer rustig worden in de straat?",
        CLOSED,
        "Hoe kan het weer rustig worden in de straat?",
    ),
    ("KAN HET WEER RUSTIG WORDEN?", CLOSED, "Hoe kan het weer rustig worden?"),
    ("Kunnen we weer samen door één deur", CLOSED, "Hoe kunnen we weer samen door één deur?"),
    ("Wordt onze buurt ooit weer veilig?", CLOSED, "Hoe wordt onze buurt ooit weer veilig?"),
    ("Kunnen we niet gewoon normaal samen praten?", CLOSED, PLAN),
    ("Kan er eens wat aan de herrie gedaan worden?", CLOSED, "Hoe kan de herrie stoppen?"),
    ("Wij willen weten of de overlast kan stoppen", CLOSED, "Hoe kan de overlast stoppen?"),
    (
        "Ik vraag me af of de jongeren wel op het plein mogen.",
        CLOSED,
        SAFE_SQUARE,
    ),
    ("Onze vraag is: mag dit zomaar", CLOSED, PLAN),
    (
        "Er is al jaren ruzie op het werk. Kan iemand dat oplossen?",
        CLOSED,
        "Hoe kan de ruzie op het werk stoppen?",
    ),
    ("De buurman moet weg, toch?", CLOSED, LIVE),
    ("Het is hier niet veilig, of wel?", CLOSED, PLAN),
    ("Ken die muziek niet effe zachter?", CLOSED, PLAN),
    ("“Kan de muziek zachter?”", CLOSED, PLAN),
    (
        "- Zijn er vrijwilligers voor de club?",
        CLOSED,
        "Hoe wordt het bij de club weer prettig voor iedereen?",
    ),
    (
        "Hallo, en kan de jeugd een plek krijgen?",
        CLOSED,
        "Hoe vinden we als groep een plek in de buurt?",
    ),
    ("kan de buurman een keer weg", CLOSED, LIVE),
    ("\uff2b\uff41\uff4e de buurman weg\uff1f", CLOSED, LIVE),
    ("Kan\u00a0de\tbuur\u00adman weg\u200b?", CLOSED, LIVE),
    (
        "Kan Zoë 🙂 weer meedoen in de klas?",
        CLOSED,
        "Hoe krijgen we de sfeer in de klas weer goed?",
    ),
    (f"{'Het is hier niet fijn. ' * 120}Kan de buurman weg?", CLOSED, LIVE),
    ("Er is al jaren ruzie. Kan de buurman weg?", CLOSED, LIVE),
    ("Het heet: “wij zijn er voor elkaar.” Kan de buurman weg?", CLOSED, LIVE),
    ("Het gaat niet goed. Kan de buurman weg? 🙁", CLOSED, LIVE),
    ("Wij  willen\u00a0 weten of de buurman weg kan", CLOSED, LIVE),
    ("KAN DE BUURMAN WEG?", CLOSED, LIVE),
    ("Moeten mijn collega’s praten?", CLOSED, "Hoe krijgen we de sfeer weer goed?"),
    ("Kunnen we zorgen dat de buurman stopt, zodat het rustig wordt?", CLOSED, LIVE),
    # Names a culprit
    ("Waarom doet de buurman altijd zo moeilijk?", CULPRIT, LIVE),
    ("waarom doed de buurman altijd zo", CULPRIT, LIVE),
    ("WAAROM LUISTERT DE GEMEENTE NOOIT?", CULPRIT, PLAN),
    ("Hoe zorgen we dat Piet ophoudt?", CULPRIT, PLAN),
    ("Hoe zorgen we ervoor dat die vervelende jongens weg gaan?", CULPRIT, SAFE),
    ("Hoe kan het dat de politie nooit iets doet?", CULPRIT, PLAN),
    ("Hoe komt het toch dat die mensen altijd schreeuwen?", CULPRIT, PLAN),
    ("Kunt u zeggen waarom hij steeds zo boos is?", CULPRIT, PLAN),
    ("Wij willen graag weten wie de schuld heeft: wie heeft de schuld?", CULPRIT, PLAN),
    ("Wiens schuld is de ruzie?", CULPRIT, "Hoe kan de ruzie stoppen?"),
    ("Is alles de schuld van Piet? Hoe is het zijn schuld geworden?", CULPRIT, PLAN),
    ("Waarom pest Fatima steeds de anderen?", CULPRIT, PLAN),
    ("Hoe komt de troep hier door die jongens?", CULPRIT, SAFE),
    (
        "Hoe kan de overlast van de jongeren op het plein stoppen?",
        CULPRIT,
        "Hoe kan de overlast op het plein stoppen?",
    ),
    (
        "Wat doen we aan de geluidsoverlast van de buren?",
        CULPRIT,
        "Hoe kan de geluidsoverlast stoppen?",
    ),
    (
        "Hoe krijgen we de buurman de straat uit?",
        CULPRIT,
        "Hoe kunnen we in de straat weer prettig naast elkaar wonen?",
    ),
    ("Hoe zorgen we dat de jongens ’s avonds ophouden?", CULPRIT, SAFE),
    ("Hoe pakken we die hangjongeren aan?", CULPRIT, SAFE),
    ("Hoe kunnen we die jongens stoppen?", CULPRIT, SAFE),
    ("Hoe durft hij het?", CULPRIT, PLAN),
    # Holds the solution
    (
        "Hoe krijgen we een hek om het plein?",
        SOLUTION,
        SAFE_SQUARE,
    ),
    ("Wanneer komt er een camera?", SOLUTION, SAFE),
    ("wanneer komt er nou es een camera", SOLUTION, SAFE),
    ("Wanneer worden die camera’s opgehangen?", SOLUTION, SAFE),
    ("Hoe zorgen we dat hij naar een andere school gaat?", SOLUTION, PUPIL),
    ("Hoe krijgen we Fatima op een andere school?", SOLUTION, PUPIL),
    ("Wanneer mag mijn zoon naar een andere klas?", SOLUTION, PUPIL),
    ("Hoe krijgt mijn zoon bijles?", SOLUTION, PUPIL),
    (
        "Waarom komt er geen drempel in onze straat?",
        SOLUTION,
        "Hoe wordt het in de straat weer rustig en veilig?",
    ),
    ("Hoe komen we aan een jeugdhonk?", SOLUTION, "Hoe vinden we als groep een plek in de buurt?"),
    (
        "Hoe regelen we strengere handhaving in de wijk?",
        SOLUTION,
        "Hoe wordt het in de wijk weer prettig voor iedereen?",
    ),
    ("Wie betaalt een slagboom?", SOLUTION, PLAN),
    ("Kunt u zeggen hoe wij een hek krijgen?", SOLUTION, SAFE),
]

FINE = [
    # The three kinds of example, and what a pupil may ask
    "Hoe kan de overlast stoppen?",
    "Hoe krijgen wij de sfeer op de afdeling weer goed?",
    "Hoe vinden wij als groep een plek in de buurt?",
    "Wat kan ik goed, wat wil ik leren en hoe kan dat?",
    # Open already
    "Wat kunnen wij doen zodat de sfeer beter wordt?",
    "hoe kan de ovrlast stoppen",
    "HOE KAN DE OVERLAST STOPPEN?",
    "Hoe zorgen we dat de overlast ophoudt?",
    "Hoe zorgen we dat het pesten stopt?",
    "Wij willen weten hoe de overlast kan stoppen.",
    "Wij willen weten of en hoe de overlast kan stoppen.",
    "Kunt u vertellen hoe we de sfeer verbeteren?",
    "Weet iemand hoe dit verder moet?",
    "Er is al jaren ruzie. Kan de buurman weg? Hoe kunnen we verder?",
    "Hoe kan het dat er altijd rommel ligt?",
    "Hoe kan het dat jongeren nergens een plek hebben?",
    "Waarom voelen de buren zich altijd onveilig?",
    "Waarom is er altijd ruzie tussen de buren?",
    "Waarom krijgen wij altijd boetes?",
    "Hoe lossen we de ruzie met de buurman op?",
    "Hoe kunnen buren en jongeren samen de overlast stoppen?",
    "Hoe kunnen we jongeren helpen stoppen met roken?",
    "Hoe zorgen we dat hij niet stopt met school?",
    "Hoe zorgen we dat hij zijn weg vindt?",
    "Hoe zorgen we dat hij kan stoppen met blowen?",
    "Hoe zorgen we dat Fatima met plezier naar school gaat?",
    "Hoe kan Piet weer meedoen?",
    "Wat doen we met Piet?",
    "Hoe betalen we onze schulden?",
    "Hoe praten we erover zonder dat het iemands schuld is, ook niet zijn schuld?",
    "Hoe houden we de speeltuin schoon?",
    "Hoe krijgen we de speeltuin weer schoon?",
    "Hoe komt er bij de speeltuin weer rust?",
    "Zijn gedrag, waar komt dat vandaan?",
    "Hoe gaan we om met de camera's op het plein?",
    "Wat doen we als er een hek komt?",
    "Hoe komt er rust zonder een hek?",
    "Hoe gaat het goed als zij straks naar een andere school gaat?",
    "Hoe zorgen we dat de overstap naar een andere school goed gaat?",
    "Hoe krijgen we meer groen in de straat?",
    "Wanneer stopt de overlast?",
    "Hoe maken we van het plein weer een fijne plek, toch?",
    "Kn de muziek zachter?",
    "En de jongens dan?",
    # Not a question
    "",
    " \n\t",
    "?",
    "?!?…",
    "Overlast in de straat",
    "Er is al jaren ruzie in de straat. Niemand slaapt meer. De buurman schreeuwt elke nacht.",
    "Wij willen graag een conferentie over de overlast.",
    "Wij willen dat er een hek komt.",
    "Waarom hij altijd zo doet, weet ik niet.",
    "Wat de buurman altijd doet, is niet normaal.",
    "Wanneer er een hek komt, is het opgelost.",
    "Kan de herrie niet meer aan",
    "Kan de school bellen, zegt mijn man. Of de politie.",
    "Zijn de buren thuis, dan is er lawaai.",
    "Onze vraag kan niet wachten.",
    "Onze straat is onrustig. Kent u dat? Is dat normaal? Wij willen rust.",
    "Een hek komt er nooit van die jongens.",
    "\ud800 \x00 \u202e",
    "😀😀😀",
    "a\u0315\u0300\u0316" * 750,
    "x" * 3000,
    "Er is overlast. " * 187,
]

_ADDRESSES = re.compile(r"\b(?:u|uw|je|jij|jouw|jullie|helaas)\b|!", re.IGNORECASE)


@pytest.mark.parametrize(("asked", "fault", "instead"), FAULTY)
def test_a_question_without_room_gets_its_reason_and_another_way_to_put_it(
    asked: str, fault: Fault, instead: str
) -> None:
    advice = advise(asked)
    assert advice
    assert (advice.fault, advice.instead) == (fault, instead)


@pytest.mark.parametrize("asked", FINE)
def test_an_open_question_and_what_is_no_question_get_no_advice(asked: str) -> None:
    assert advise(asked) is None


@pytest.mark.parametrize("asked", [asked for asked, _, _ in FAULTY])
def test_a_question_keeps_its_fault_after_a_story(asked: str) -> None:
    alone, after = advise(asked), advise(f"Het gaat al lang niet goed.\n{asked}")
    assert alone
    assert after
    assert alone.fault == after.fault


def test_a_question_may_come_first_but_amid_a_story_it_is_part_of_it() -> None:
    first = "Kan de buurman weg? Hij maakt altijd lawaai. Dat is niet goed."
    assert advise(first)
    assert advise(f"Het gaat al lang niet goed. {first}") is None


@pytest.mark.parametrize("asked", [asked for asked, _, _ in FAULTY])
def test_one_open_question_beside_it_is_enough(asked: str) -> None:
    assert advise(f"{asked}\nHoe kunnen we verder?") is None
    assert advise(f"Hoe kunnen we verder?\n{asked}") is None


def test_whatever_is_proposed_would_itself_get_no_advice() -> None:
    about = [f" {phrase}" for phrase in ("", *rewording._NUISANCES)]
    where = [f" {phrase}" for phrase in ("", *rewording._PLACES)]
    themes = ["", *chain.from_iterable(words.split() for words, _ in rewording._THEMES)]
    texts = {f"{theme}{a}{b}" for theme in themes for a in about for b in where}
    proposed = {rewording.reworded("", text) for text in texts}
    assert len(proposed) > 100
    assert [one for one in proposed if advise(one) or _ADDRESSES.search(one)] == []


_WORDS = sorted({word for asked, _, _ in FAULTY if len(asked) < 200 for word in asked.split()})
_SENTENCES = st.lists(st.sampled_from([*_WORDS, "Kan", "Kan het", "samen", "\n", "?"]), max_size=15)


@given(st.one_of(st.text(), _SENTENCES.map(" ".join)))
def test_any_text_has_an_answer_and_no_proposal_needs_another(text: str) -> None:
    advice = advise(text)
    assert advice is None or advise(advice.instead) is None


@given(st.one_of(st.text(), _SENTENCES.map(" ".join)))
def test_a_proposal_in_the_askers_own_words_needs_no_advice_either(text: str) -> None:
    advice = advise(f"Kan het {text} beter?")
    assert advice is None or advise(advice.instead) is None


def test_what_was_asked_does_not_show_when_advice_is_printed() -> None:
    advice = advise("Kan het in Assen weer rustig worden?")
    assert advice
    assert "Assen" in advice.instead
    assert "Assen" not in f"{advice!r} {advice}"


@pytest.mark.parametrize("fault", Fault)
def test_every_reason_is_one_plain_sentence_that_addresses_nobody(fault: Fault) -> None:
    reason = REASONS[fault]
    assert reason.endswith(".")
    assert not _ADDRESSES.search(reason)
    assert measure(reason).longest <= LONGEST
    assert measure(reason).reading_ease >= 65


def patterns() -> list[re.Pattern[str]]:
    kept = chain(vars(question).values(), vars(rewording).values())
    ruled = chain.from_iterable((*holds, lacks) for _, holds, lacks in faults.RULES)
    return [one for one in chain(kept, ruled) if isinstance(one, re.Pattern)]


@pytest.mark.parametrize("pattern", patterns(), ids=lambda pattern: pattern.pattern[:40])
def test_no_pattern_can_take_more_than_its_share_of_time(pattern: re.Pattern[str]) -> None:
    # Bounded repeats alone: work per place in the text has a limit, however long the text.
    assert not re.search(r"(?<!\\)[*+]|,\}", pattern.pattern)
