"""What a writer is asked to look at once more before going on: never refused, asked once."""

from collections.abc import Iterable
from dataclasses import dataclass

from wtforms import Field

from portal.cases.question import advise
from portal.web.bystanders import whose
from portal.web.fields import Story


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
    asked = whose(question.data)
    if asked:
        yield Thought(question, asked)
    advice = advise(question.data) if question.short_name == "question" else None
    if advice:
        yield Thought(question, advice.reason, advice.instead)
