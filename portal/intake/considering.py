"""What a writer is asked to look at once more before going on: never refused, asked once."""

from collections.abc import Iterable
from dataclasses import dataclass

from wtforms import Field

from portal.cases.question import advise
from portal.web.bystanders import Trace, find
from portal.web.fields import Story

_TRACES = {
    Trace.CITIZEN_NUMBER: "een burgerservicenummer",
    Trace.PHONE: "een telefoonnummer",
    Trace.ADDRESS: "een adres",
    Trace.EMAIL: "een e-mailadres",
}


@dataclass(frozen=True)
class Thought:
    """One thing to look at: in which question, what it is, and what could stand there instead."""

    question: Field
    what: str
    instead: str = ""


def thoughts(questions: Iterable[Field]) -> list[Thought]:
    """What to look at in these answers, in the order of the questions."""
    written = [q for q in questions if isinstance(q, Story) and q.data]
    return [thought for question in written for thought in _about(question)]


def _about(question: Field) -> Iterable[Thought]:
    traces = find(question.data)
    if traces:
        named = [words for trace, words in _TRACES.items() if trace in traces]
        yield Thought(question, _WHOSE.format(" en ".join(named)))
    advice = advise(question.data) if question.short_name == "question" else None
    if advice:
        yield Thought(question, advice.reason, advice.instead)


_WHOSE = (
    "Hier lijkt {} te staan. Is dat de naam, het nummer of het adres van iemand anders? "
    "Haal het dan liever weg."
)
