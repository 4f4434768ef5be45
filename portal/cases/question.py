"""Advice on a conference's own question: what is the matter with it, and how else to put it."""

import re
import unicodedata
from dataclasses import dataclass

from portal.cases.faults import Fault, fault_of
from portal.cases.rewording import reworded

REASONS = {
    Fault.CLOSED: "Op deze vraag past een kort antwoord, zoals ja of nee.",
    Fault.CULPRIT: "Deze vraag wijst iemand aan, en dan is samen een plan maken moeilijk.",
    Fault.SOLUTION: "In deze vraag zit al een oplossing, en dan is er minder ruimte voor een plan.",
}


@dataclass(frozen=True, repr=False)  # it may hold the visitor's words, which no log may show
class Advice:
    """What is the matter with a question, and a question to consider in its place."""

    fault: Fault
    instead: str

    @property
    def reason(self) -> str:
        """The fault in one Dutch sentence that addresses nobody."""
        return REASONS[self.fault]


# Nothing here repeats without a bound: the time grows with the text and no faster.
_SENTENCE_END = re.compile(r"\n|(?<=[.!?…]) |(?<=[.!?…][\"'”)]) ")
_OPENING = re.compile(
    r"[\W\d_]{0,9}"
    r"(?:(?:hallo|hoi|goedendag|beste \w{1,20}|en|maar|dus|nou|ja|eigenlijk|misschien)[,:]? ){0,3}"
    r"(?P<roundabout>(?:"
    r"(?:wij|we|ik) (?:wil|willen|zou|zouden) (?:heel )?(?:graag )?(?:willen )?weten"
    r"|(?:wij|we) vragen ons af|ik vraag (?:me|mij) af|(?:wij|we) zijn benieuwd|ik ben benieuwd"
    r"|(?:(?:de|onze|mijn) )?vraag(?: is| luidt)?(?=[:,]| (?:of|hoe|wat|wie|wa[an]\w{2,7})\b))"
    r"[,:]? ?)?",
    re.IGNORECASE,
)
# A question without its mark. "Waarom hij dat doet, weet ik niet" is none, nor is "Kan de herrie
# niet meer aan".
_UNMARKED = re.compile(
    r"(?:hoe|waarom|wie|wiens|wat|waar|wanneer)"
    r" (?!(?:hij|zij|ze|de|het|er|een|die|dat|dit|deze|we|wij|ik|mijn|onze|je|u)\b)"
    r"|(?:kan|kunnen|mag|mogen|moet|moeten) (?:de|het|er|we|wij|hij|die|iemand)\b"
    r"(?!.{0,300}niet meer)[^,.!]{0,300}$"
    r"|is het (?:goed|mogelijk|een idee)\b",
    re.IGNORECASE,
)


def advise(question: str) -> Advice | None:
    """Advice on what somebody wrote as the question of a conference; None where it will do.

    A text of more sentences will do as soon as one question in it is open; also when its question
    stands neither at its begin nor at its end, for then it is a story. Any text may be given.
    """
    text = _fold(question)
    asked = _asked(text)
    fault = fault_of(asked)
    return Advice(fault, reworded(asked, text)) if fault else None


def _fold(text: str) -> str:
    """One line for each line, with single spaces, straight apostrophes, nothing invisible."""
    # Sign by sign: as a whole, a long run of combining marks would take quadratic time.
    folded = (unicodedata.normalize("NFKC", sign) for sign in text.replace("’", "'"))
    plain = "".join(sign for sign in folded if unicodedata.category(sign[0]) != "Cf")
    return "\n".join(" ".join(line.split()) for line in plain.splitlines())


def _asked(text: str) -> str:
    """The question of a text, without its opening words; empty if it has none or an open one."""
    sentences = [part for part in _SENTENCE_END.split(text) if any(map(str.isalpha, part))]
    questions = [part for part in sentences if "?" in part] or list(filter(_asks, sentences))
    at_an_end = [part for part in sentences[-1:] + sentences[:1] if part in questions]
    if not at_an_end or not all(fault_of(_bare(part)) for part in questions):
        return ""
    return _bare(at_an_end[0])


def _asks(sentence: str) -> bool:
    opening = _OPENING.match(sentence)
    return bool(opening and opening["roundabout"]) or bool(_UNMARKED.match(_bare(sentence)))


def _bare(sentence: str) -> str:
    return _OPENING.sub("", sentence, count=1)
