"""The forms at the desk."""

import re
import secrets
from collections.abc import Iterable
from datetime import date
from typing import Any

from wtforms import HiddenField
from wtforms.validators import ValidationError

from portal.cases.case import Status
from portal.web import wording
from portal.web.buttons import Button
from portal.web.fields import Choice, Line, Story

_ISO = re.compile(r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})", re.ASCII)
_DUTCH = re.compile(r"(?P<day>\d{1,2})[-/. ](?P<month>\d{1,2})[-/. ](?P<year>\d{4})", re.ASCII)

# A case that ends so is one that somebody may ask about.
_NEEDS_REASON = frozenset({Status.STOPPED, Status.REFERRED})


class Keyed(Button):
    """A form that is to be kept once, however often it is sent."""

    form_key = HiddenField(default=lambda: secrets.token_urlsafe(24))


class Day(Line):
    """A day of the calendar, as a browser sends it or as people write it."""

    longest = 20
    day: date | None = None

    def check(self, text: str) -> None:
        found = _ISO.fullmatch(text) or _DUTCH.fullmatch(text)
        try:
            self.day = date(**{k: int(v) for k, v in found.groupdict().items()}) if found else None
        except ValueError:
            self.day = None
        if self.day is None:
            raise ValidationError("Vul een datum in, bijvoorbeeld 3-12-2026")


class Errand(Line):
    """What is to be done, in one line."""

    longest = 200


class NoteForm(Keyed):
    """Asks for a note."""

    text = Story(
        "De notitie",
        hint="Schrijf op wat nodig is voor deze aanvraag, en niet meer.",
        needed="Schrijf de notitie op",
    )


class TaskForm(Keyed):
    """Asks for a task and by which day it is to be done."""

    text = Errand("Wat moet er gebeuren?", needed="Schrijf op wat er moet gebeuren")
    due_on = Day("Voor welke dag?", needed="Vul een datum in, bijvoorbeeld 3-12-2026")

    def refuse_past(self) -> None:
        """Say that the day is over."""
        self["due_on"].errors = ["Kies vandaag of een latere dag"]


class StepForm(Button):
    """Asks what the next step is; ``seen`` is the status that the page showed."""

    seen = HiddenField()
    status = Choice("Hoe staat het er nu voor?", (), needed="Kies hoe het er nu voor staat")
    reason = Story(
        "Wat is de reden?",
        hint="Dit leest alleen wie hieraan werkt. Gaat het niet door? Dan is een reden nodig.",
    )

    def offer(self, states: Iterable[Status], now: Status) -> None:
        """Let these statuses be chosen from; to choose the present one again is no error."""
        self["status"].offer([(s.value, wording.STEPS[s]) for s in states], now.value)

    def validate(self, extra_validators: Any = None) -> bool:
        """Check each; some ends need a reason."""
        sound = bool(super().validate(extra_validators))
        if self["status"].data in _NEEDS_REASON and not self["reason"].data:
            self["reason"].errors = ["Schrijf op waarom het niet doorgaat"]
            return False
        return sound


class PassOnForm(Button):
    """Asks who is to have a case, and why."""

    region = Choice("Wie neemt het over?", (), needed="Kies wie het overneemt")
    reason = Story(
        "Waarom geeft u het door?",
        hint="Dit leest alleen wie hieraan werkt. De aanvrager ziet het niet.",
        needed="Schrijf op waarom u het doorgeeft",
    )

    def offer(self, regions: Iterable[tuple[str, str]]) -> None:
        """Let these regions be chosen from."""
        self["region"].offer(regions)


class ReopenForm(Button):
    """Asks why an end is taken back."""

    reason = Story(
        "Waarom gaat dit weer open?",
        hint="Dit leest alleen wie hieraan werkt. De aanvrager ziet het niet.",
        needed="Schrijf op waarom dit weer opengaat",
    )
