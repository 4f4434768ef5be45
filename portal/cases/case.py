"""What a case is: the words it is described in, and what somebody sends in to begin one."""

import json
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What the conference is about: one pupil's learning, or a group, district or neighbourhood."""

    LEARNING = "learning"
    COMMUNITY = "community"


class Intent(StrEnum):
    """Whether those involved ask for themselves, or an outsider proposes it."""

    REQUEST = "request"
    PROPOSAL = "proposal"


class Role(StrEnum):
    """Who is asking, towards the pupil or the group."""

    PUPIL = "pupil"
    RELATIVE = "relative"
    SCHOOL = "school"
    RESIDENT = "resident"
    MEMBER = "member"
    COMPANY = "company"
    AUTHORITY = "authority"
    NEIGHBOUR = "neighbour"
    PROFESSIONAL = "professional"
    OTHER = "other"
    UNKNOWN = "unknown"


class Status(StrEnum):
    """How far a case has come; which leads to which stands in ``life``."""

    RECEIVED = "received"
    ACKNOWLEDGED = "acknowledged"
    IN_CONVERSATION = "in conversation"
    COORDINATOR_SOUGHT = "coordinator sought"
    PLANNED = "planned"
    HELD = "held"
    CLOSED = "closed"
    WAITING = "waiting for those involved"
    STOPPED = "stopped"
    REFERRED = "referred elsewhere"
    WITHDRAWN = "withdrawn"


class Stage(StrEnum):
    """Whose turn it is.

    The national desk's to see whether a person sent it, somebody's to pick the case up, its
    manager's to go on, or nobody's.
    """

    QUARANTINED = "in quarantine"
    AWAITING = "awaiting a sign of life"
    UNDER_WAY = "under way"
    ENDED = "ended"


class Happening(StrEnum):
    """What can befall a case; it is withdrawn by its requester, and by nobody else."""

    RECEIVED = "received"
    ADDED_TO = "added to"
    CORRECTED = "corrected"
    WITHDRAWN = "withdrawn"
    ACKNOWLEDGED = "acknowledged"
    MOVED = "moved"
    PASSED_ON = "passed on"
    REOPENED = "reopened"
    AGREED = "agreed"
    COORDINATOR_FOUND = "coordinator found"
    APPOINTED = "appointed"
    CALLED_OFF = "called off"
    LOOKED_BACK = "looked back"
    MAY_ASK = "may ask"
    MAY_NOT_ASK = "may not ask"
    LET_THROUGH = "let through"


class Doubt(StrEnum):
    """What made it doubtful that a person sent a form."""

    TRAP = "a field that nobody sees"
    LINK = "a link for a name"
    FAST = "faster than a person"
    MANY = "many from one address"


Answers = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, repr=False)  # what it says must not end up in a log
class Submission:
    """What was sent in, as typed but trimmed; nothing is looked up or decided yet.

    ``form_key`` is the form's own, the same however often it is sent. ``answers`` holds the
    optional fields that were filled in, by name, in the order of the form. Texts may be empty;
    ``email`` or ``phone`` is not.
    """

    form_key: str
    kind: Kind
    intent: Intent
    role: Role
    postcode: str
    municipality: str
    name: str
    email: str
    phone: str
    answers: Answers

    def canonical(self) -> str:
        """All that was sent but the form's key, in one form: equal for equal bodies."""
        said = [self.kind, self.intent, self.role, self.postcode, self.municipality]
        return json.dumps([*said, self.name, self.email, self.phone, self.answers])


@dataclass(frozen=True, repr=False)  # as above
class Contact:
    """What to correct of the contact data of a case; an empty text leaves it as it is."""

    name: str
    email: str
    phone: str
