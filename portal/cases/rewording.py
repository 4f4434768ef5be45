"""An open question in place of one that is not, in the asker's own words as far as that goes."""

import re

from portal.cases.faults import fault_of

# "Kan het weer rustig worden?" only needs a "Hoe" before it.
_NEEDS_HOE = re.compile(
    r"(?:kan|kunnen|wordt|worden) (?:het|dit|er|we|wij|(?:de|deze|onze) "
    r"(?:sfeer|overlast|herrie|rommel|onrust|ruzie|straat|buurt|wijk|klas|groep|afdeling)) "
    r"(?!.{0,150}\b(?:niet|geen|nooit|of|u|jullie|iemand)\b).{0,150}\b(?:stoppen|ophouden|beter"
    r"|rustig|veilig|minder|gezellig|samen|opgelost|oplossen|goed|schoon|prettig|fijn|elkaar)\b",
    re.IGNORECASE,
)

# Of these the last word is looked for.
_NUISANCES = (
    *("de geluidsoverlast", "de overlast", "de herrie", "het lawaai", "de rommel", "het pesten"),
    *("het geweld", "de ruzie"),
)
_PLACES = (
    *("op het schoolplein", "in de klas", "op school", "op de afdeling", "in de winkel"),
    *("in het portiek", "in het trappenhuis", "in de flat", "op het plein", "in het park"),
    *("in de straat", "in de buurt", "in de wijk", "in het dorp", "op het werk", "bij de club"),
)

# What it is about, and an open question about that; the first of which a word is found.
_THEMES = (
    (
        "leerling leerlingen bijles huiswerk huiswerkbegeleiding cijfers diploma zoon dochter",
        "Wat wil deze leerling leren, en wat is daarvoor nodig?",
    ),
    (
        "plek hangplek jongerencentrum jeugdhonk clubhuis buurthuis speeltuin welkom",
        "Hoe vinden we als groep een plek in de buurt?",
    ),
    (
        "sfeer conflict collega team baas afdeling winkel werk klas juf meester leraar",
        "Hoe krijgen we de sfeer{place} weer goed?",
    ),
    (
        "buren bovenburen onderburen overburen buurman bovenbuurman onderbuurman buurvrouw",
        "Hoe kunnen we{place} weer prettig naast elkaar wonen?",
    ),
    (
        "hek camera drempel drempels verbod boetes jongens jongeren jeugd hangjongeren",
        "Hoe wordt het{place} weer rustig en veilig?",
    ),
)
_ANOTHER_SCHOOL = re.compile(r"\b(?:andere|speciale) (?:school|klas|mentor)\b", re.IGNORECASE)
_PUPIL = _THEMES[0][1]
_PLAN = "Hoe komen we samen tot een plan dat werkt?"


def reworded(question: str, text: str) -> str:
    """An open question in place of ``question``, which is one sentence of ``text``.

    It has no fault itself.
    """
    return _in_own_words(question) or _about(question) or _about(text) or _PLAN


def _in_own_words(question: str) -> str:
    """The question with "Hoe" before it, where that makes it a good one; else empty."""
    if not _NEEDS_HOE.match(question):
        return ""
    rest = question.lower() if question.isupper() else question[0].lower() + question[1:]
    opened = f"Hoe {rest.rstrip(' ?!.')}?"
    return "" if fault_of(opened) else opened


def _about(text: str) -> str:
    """An open question on what a text is about; empty where that is not plain."""
    words = frozenset(re.split(r"\W", text.lower()))
    nuisance, place = _phrase(_NUISANCES, words), _phrase(_PLACES, words)
    if nuisance:
        return f"Hoe kan{nuisance}{place} stoppen?"
    if _ANOTHER_SCHOOL.search(text):
        return _PUPIL
    for theme, question in _THEMES:
        if words.intersection(theme.split()):
            return question.format(place=place)
    return f"Hoe wordt het{place} weer prettig voor iedereen?" if place else ""


def _phrase(phrases: tuple[str, ...], words: frozenset[str]) -> str:
    """The first phrase of which the last word is found, with a space before it; or nothing."""
    return next((f" {phrase}" for phrase in phrases if phrase.split()[-1] in words), "")
