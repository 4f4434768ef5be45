"""What every form of the intake is: questions in steps, and what was answered as one value."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar

from werkzeug.datastructures import MultiDict
from wtforms import Field, HiddenField

from portal.cases.case import Answers, Intent, Kind, Role, Submission
from portal.web import wording
from portal.web.buttons import Button
from portal.web.fields import Choice, Email, Line, Phone, values_of

# What a case keeps beside its answers; the rest of a form's fields are answers.
_OWN = frozenset(
    {"csrf_token", "form_key", "role", "name", "email", "phone", "postcode", "municipality"}
)

REACH = "Geef een e-mailadres of een telefoonnummer. Dan kunnen we contact opnemen"
PLACE = "Vul vier cijfers van de postcode in, bijvoorbeeld 3511. Of vul de gemeente in"


def new_key() -> str:
    """A form's own key, too long to guess."""
    return secrets.token_urlsafe(24)


@dataclass(frozen=True)
class Step:
    """One page of a form: its heading and the names of its questions, in order."""

    title: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class Variant:
    """A form in the words of one role.

    ``words`` holds the label and hint of a question, ``without`` the questions that are not put
    to this role, and ``unasked`` the answers that a question does not offer it.
    """

    words: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    without: frozenset[str] = frozenset()
    unasked: Mapping[str, frozenset[str]] = field(default_factory=dict)


class Postcode(Line):
    """The postcode; that it is not a known one is a question of place, never an error."""

    longest = 20


class Intake(Button):
    """A form; ``name``, ``email``, ``phone``, ``postcode`` and ``municipality`` are always asked.

    ``given`` is everything that was answered so far, on whichever page; what this form does not
    ask is kept all the same.
    """

    kind: ClassVar[Kind]
    intent: ClassVar[Intent]
    fixed_role: ClassVar[Role | None] = None
    voice: ClassVar[str] = "u"
    steps: ClassVar[tuple[Step, ...]]
    variants: ClassVar[Mapping[str, Variant]] = MappingProxyType({})

    form_key = HiddenField()
    place = Line("De plaats, zoals die eerst is getypt")

    def __init__(self, given: MultiDict[str, str], **data: Any) -> None:
        self._given = given
        super().__init__(given, **data)
        self._variant = self.variants.get(self.asker().value, Variant())
        self._reword()

    def _reword(self) -> None:
        for name, (label, hint) in self._variant.words.items():
            self[name].label.text, self[name].hint = label, hint
        for name, unasked in self._variant.unasked.items():
            hidden = unasked.difference(values_of(self[name]))
            self[name].choices = [c for c in self[name].choices if c.value not in hidden]

    def asker(self) -> Role:
        """Who is asking, as far as is known."""
        chosen = self.fixed_role or self.role_chosen()
        return Role(chosen) if chosen in set(Role) else Role.UNKNOWN

    def role_chosen(self) -> str:
        """The answer to "who are you", also where it belongs at another door."""
        return self["role"].data if "role" in self else ""

    def roles(self) -> frozenset[str]:
        """The answers to "who are you" that this form knows."""
        return self["role"].known if "role" in self else frozenset()

    def submission(self) -> Submission:
        """All that was typed, as a value; nothing is looked up, and nothing needs to be valid."""
        return Submission(
            form_key=self.form_key.data or "",
            kind=self.kind,
            intent=self.intent,
            role=self.asker(),
            postcode=self["postcode"].data or "",
            municipality=self["municipality"].data or "",
            name=self["name"].data or "",
            email=self["email"].data or "",
            phone=self["phone"].data or "",
            answers=self._answers(),
        )

    def questions(self, step: Step) -> list[Field]:
        """What a step asks this role; an answer that was given in another role stays in sight."""
        without = self._variant.without
        return [self[name] for name in step.names if name not in without or self[name].data]

    def sound(self, step: Step) -> bool:
        """Check a step's questions; a way to be reached and a place need one of two each."""
        asked = self.questions(step)
        for question in asked:
            question.validate(self)
        names = {question.short_name for question in asked}
        if "email" in names and not (self["email"].data or self["phone"].data):
            self["email"].errors = [REACH]
        if "postcode" in names and not (self["municipality"].data or self._has_four_digits()):
            self["postcode"].errors = [PLACE]
        return not any(question.errors for question in asked)

    def _has_four_digits(self) -> bool:
        return len(re.findall(r"\d", self["postcode"].data or "")) >= 4

    def _answers(self) -> Answers:
        asked = (self[name] for step in self.steps for name in step.names if name not in _OWN)
        filled = ((question.short_name, values_of(question)) for question in asked)
        return (*((name, values) for name, values in filled if values), *self.carried())

    def carried(self) -> Answers:
        """Answers that no step asks: how the place was first typed, and those from another door."""
        names = [name for name in self._given if name in wording.ANSWERS and name not in self]
        others = ((name, tuple(filter(None, self._given.getlist(name)))) for name in names)
        place = ("place", values_of(self["place"]))
        return tuple((name, values) for name, values in (place, *others) if values)


class AdultIntake(Intake):
    """How an adult wants to be reached."""

    name = Line("Uw naam", needed="Vul uw naam in")
    email = Email(
        "Uw e-mailadres",
        hint="Vul een e-mailadres of een telefoonnummer in. Een van de twee is genoeg.",
    )
    phone = Phone("Uw telefoonnummer")
    call_when = Line("Wanneer kunnen we u bellen?")
    voicemail = Choice("Mogen we een bericht inspreken?", wording.YES_NO)


WHO = ("role", "name", "email", "phone", "call_when", "voicemail")
ROLE_NEEDED = "Kies wie u bent. Weet u het niet? Kies dan ‘Weet ik niet’"
KEEP_SAFE = "Schrijf geen namen, adressen of gezondheidsgegevens van anderen op."
