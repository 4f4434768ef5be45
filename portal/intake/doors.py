"""The doors of the intake: which form is whose, and which one two answers lead to."""

from dataclasses import dataclass

from portal.cases.case import Role
from portal.intake.forms import CommunityRequest, Intake, LearningRequest, Proposal, PupilRequest


@dataclass(frozen=True)
class Door:
    """A form, where it is, and what it is called; ``others`` are the doors one may have meant."""

    key: str
    endpoint: str
    role: str | None
    form: type[Intake]
    title: str
    others: tuple[str, ...]


@dataclass(frozen=True)
class Target:
    """Where the first two questions lead; ``role`` is filled in on the form."""

    endpoint: str
    role: str | None


DOORS = {
    "pupil": Door(
        "pupil",
        "intake.learning",
        "pupil",
        PupilRequest,
        "Vraag een conferentie aan",
        ("learning",),
    ),
    "learning": Door(
        "learning",
        "intake.learning",
        None,
        LearningRequest,
        "Een conferentie voor een leerling aanvragen",
        ("pupil", "community"),
    ),
    "community": Door(
        "community",
        "intake.community",
        None,
        CommunityRequest,
        "Een conferentie voor een groep, wijk of buurt aanvragen",
        ("proposal", "learning"),
    ),
    "proposal": Door(
        "proposal",
        "intake.propose",
        None,
        Proposal,
        "Een conferentie voorstellen aan anderen",
        ("community",),
    ),
}

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
    ("resident", "Bewoner of lid van de groep"),
    ("authority", "Iemand van een gemeente, bedrijf of instelling"),
    ("outsider", "Een buitenstaander: het gaat om anderen"),
    ("unknown", "Weet ik niet"),
)

_LEARNERS = frozenset({Role.RELATIVE, Role.SCHOOL, Role.UNKNOWN})
_COMMUNITY_ROLES = {
    "resident": Role.RESIDENT,
    "school": Role.SCHOOL,
    "authority": Role.AUTHORITY,
    "unknown": Role.UNKNOWN,
}


def where_to(kind: str, role: str) -> Target | None:
    """Where the two answers lead; None where words help more than a form."""
    if kind in {"learning", "unknown"} and role == "pupil":
        return Target("intake.learning", "pupil")
    if kind == "learning" and role in _LEARNERS:
        return Target("intake.learning", role)
    if kind == "community" and role == "outsider":
        return Target("intake.propose", None)
    if kind == "community":
        return Target("intake.community", _COMMUNITY_ROLES.get(role, Role.OTHER))
    return None
