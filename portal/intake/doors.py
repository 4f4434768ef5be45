"""The doors of the intake: which form is whose, and which one an answer leads to."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from portal.cases.case import Role
from portal.intake.community import CommunityRequest, Proposal
from portal.intake.forms import Intake, Step
from portal.intake.learning import LearningRequest, PupilRequest


@dataclass(frozen=True)
class Door:
    """A form, its address, and what it is called.

    ``others`` are the doors one may have meant; ``leads`` says which answers to "who are you"
    belong at another door, or, where that is empty, at the advice.
    """

    key: str
    path: str
    form: type[Intake]
    title: str
    others: tuple[str, ...]
    leads: Mapping[str, str] = field(default_factory=dict)

    @property
    def last(self) -> int:
        """The number of the page on which all answers are checked; the steps come before it."""
        return len(self.form.steps) + 1

    def step(self, number: int) -> Step:
        """The step with this number, from 1; raises ``IndexError`` beyond the last."""
        return self.form.steps[number - 1]


@dataclass(frozen=True)
class Target:
    """Where the first two questions lead; ``role`` is filled in on the form."""

    door: str
    role: str | None


DOORS = {
    door.key: door
    for door in (
        Door(
            "pupil",
            "/aanvragen/leervraag/leerling/",
            PupilRequest,
            "Vraag een conferentie aan",
            ("learning",),
        ),
        Door(
            "learning",
            "/aanvragen/leervraag/",
            LearningRequest,
            "Een conferentie voor een leerling aanvragen",
            ("pupil", "community"),
            {"pupil": "pupil", "outsider": ""},
        ),
        Door(
            "community",
            "/aanvragen/groep-wijk-buurt/",
            CommunityRequest,
            "Een conferentie voor een groep, wijk of buurt aanvragen",
            ("proposal", "learning"),
            {"outsider": "proposal"},
        ),
        Door(
            "proposal",
            "/voorstellen/",
            Proposal,
            "Een conferentie voorstellen aan anderen",
            ("community",),
            {"involved": "community"},
        ),
    )
}


def where_asked(name: str, first: Door) -> tuple[Door, int]:
    """The door, this one if it can be, and the number of its step that asks this question."""
    for door in (first, *DOORS.values()):
        for number, step in enumerate(door.form.steps, 1):
            if name in step.names:
                return door, number
    raise LookupError(name)


# What each door is called on the button that leads to it from another.
SWITCHES = {
    "pupil": "Ik ben zelf de leerling",
    "learning": "Het gaat om één leerling, en ik ben familie of van de school",
    "community": "Ik hoor zelf bij de groep, wijk of buurt",
    "proposal": "Ik sta erbuiten en wil het aan anderen voorstellen",
}

KINDS = (
    ("learning", "Over leren: het gaat om een leerling"),
    ("community", "Over een groep, wijk of buurt"),
    ("unknown", "Weet ik niet"),
)
ROLES = (
    ("pupil", "De leerling"),
    ("relative", "Ouder of familie"),
    ("school", "Iemand van een school"),
    ("resident", "Bewoner van een straat, buurt of wijk"),
    ("member", "Lid van een groep"),
    ("company", "Iemand van een bedrijf of instelling"),
    ("authority", "Iemand van een gemeente of andere overheid"),
    ("outsider", "Een buitenstaander: het gaat om anderen"),
    ("unknown", "Weet ik niet"),
)

_LEARNERS = frozenset({Role.RELATIVE, Role.SCHOOL, Role.UNKNOWN})
_INVOLVED = frozenset(
    {Role.RESIDENT, Role.MEMBER, Role.SCHOOL, Role.COMPANY, Role.AUTHORITY, Role.UNKNOWN}
)


def where_to(kind: str, role: str) -> Target | None:
    """Where the two answers lead; None where words help more than a form."""
    if kind in {"learning", "unknown"} and role == "pupil":
        return Target("learning", "pupil")
    if kind == "learning" and role in _LEARNERS:
        return Target("learning", role)
    if kind == "community" and role == "outsider":
        return Target("proposal", None)
    if kind == "community":
        return Target("community", role if role in _INVOLVED else Role.OTHER)
    return None
