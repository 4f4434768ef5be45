"""The form of three months after: the same for who answers it and for who reads it out."""

from portal.web import wording
from portal.web.buttons import Button
from portal.web.fields import Choice, Story

_NO_NAMES = "Schrijf geen namen, adressen of gezondheidsgegevens op."


class Afterwards(Button):
    """How it is going with the plan, and what can be learned from it."""

    going = Choice(
        "Hoe gaat het met het plan?",
        wording.GOING,
        needed="Kies wat het best past bij hoe het nu gaat",
    )
    helped = Story("Wat hielp?", hint=_NO_NAMES)
    differently = Story("Wat zou u een volgende keer anders doen?", hint=_NO_NAMES)

    def texts(self) -> tuple[Story, ...]:
        """The questions that are answered in words of one's own."""
        return self["helped"], self["differently"]
