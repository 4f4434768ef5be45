"""A desk to try: people who can sign in from the start, and cases for them to handle.

Only where everybody can read every letter anyhow; each way in asks for that first.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

import pyotp

from portal.cases.case import Submission
from portal.casework import authenticator, staff
from portal.casework.chase import chase
from portal.casework.people import Person, StaffRole
from portal.casework.staff import Staff, person
from portal.config import Config, Mode
from portal.database import connection, transaction
from portal.delivery.outbox import Claim, Letter, Outcome, Result, State, record
from portal.development.examples import EXAMPLES, Example, Scene
from portal.intake import accept
from portal.routing.regions import Destination, route
from portal.routing.rules import Choice
from portal.workdays import HERE, day_of, is_workday, workdays_since

MANAGER = "demo-manager@example.org"
_PEOPLE = (
    (MANAGER, "Mara (voorbeeld)", StaffRole.MANAGER),
    ("demo-bureau@example.org", "Bas (voorbeeld)", StaffRole.NATIONAL_DESK),
    ("demo-beheerder@example.org", "Bea (voorbeeld)", StaffRole.ADMINISTRATOR),
)
# Where the forms' own examples are, so that what a visitor tries arrives with the same manager.
_POSTCODE = "3511"
_OPENS = 8  # o'clock

_TAKEN = "250 2.0.0 Ok"
_ON_ITS_WAY = timedelta(seconds=20)


@dataclass(frozen=True, repr=False)  # who holds the key can make the codes
class Demonstrator:
    """Somebody to sign in as: what they are, the key of their codes, and the code of now."""

    email: str
    role: StaffRole
    key: str
    code: str


def furnish(now: datetime, config: Config) -> None:
    """Take on the people and make the cases, once for each database; no letter goes anywhere.

    Raises ``RuntimeError`` outside development.
    """
    _refuse_production(config)
    to = route(_POSTCODE, "")
    if isinstance(to, Choice) or to.manager is None:
        return  # A map of one's own in which nobody can be shown there.
    with transaction():
        if staff.find_by_email(MANAGER):
            return
        manager = _take_on(to.manager, now)
        played = [(_play(e, to, manager, now, config), e.refused) for e in EXAMPLES]
        chase(now, config)
        for reference, refused in played:
            _deliver(reference, refused)


def demonstrators(now: datetime, config: Config) -> list[Demonstrator]:
    """Whoever of them can sign in now, as they are in the database; raises as ``furnish`` does."""
    _refuse_production(config)
    with connection():
        found = [staff.find_by_email(email) for email, _, _ in _PEOPLE]
    return [_demonstrator(one, now) for one in found if one and one.active and one.authenticator]


def _refuse_production(config: Config) -> None:
    if config.mode is not Mode.DEVELOPMENT:
        raise RuntimeError("there is a desk to try in development only")


def _demonstrator(one: Staff, now: datetime) -> Demonstrator:
    code = pyotp.TOTP(one.authenticator).at(now)
    return Demonstrator(one.email, StaffRole(one.role), one.authenticator, code)


def _take_on(manager: str, now: datetime) -> Person:
    """Open the accounts; one key for all, so that one line tells it. Gives the manager."""
    key = authenticator.new_secret()
    made = [
        Staff.create(
            name=name,
            email=email,
            email_hash=staff.email_hash(email),
            role=role,
            manager=manager if role is StaffRole.MANAGER else None,
            invited_at=now,
            authenticator=key,
        )
        for email, name, role in _PEOPLE
    ]
    return person(made[0])


def _play(example: Example, to: Destination, manager: Person, now: datetime, config: Config) -> str:
    """Let a case come in and be handled; gives its reference."""
    ready = accept.prepare(_said(example), to, _came(example, now, config), config)
    case = accept.accept(ready)
    for then in example.then:
        at = _at(then.days_ago, then.hour, now)
        then.act(Scene(case.reference, manager, at, day_of(now), config))
    return str(case.reference)


def _said(example: Example) -> Submission:
    return Submission(
        form_key=f"example {EXAMPLES.index(example)}",
        kind=example.kind,
        intent=example.intent,
        role=example.role,
        postcode=_POSTCODE,
        municipality="",
        name=example.name,
        email=example.email,
        phone=example.phone,
        answers=example.answers,
    )


def _came(example: Example, now: datetime, config: Config) -> datetime:
    if example.late:
        days = range(1, 100)
        moments = (_at(ago, _OPENS, now) for ago in days)
        return next(at for at in moments if workdays_since(at, now) >= config.remind_after)
    return _at(example.days_ago, _OPENS, now) if example.days_ago else now - timedelta(hours=2)


def _at(days_ago: int, hour: int, now: datetime) -> datetime:
    """An hour of the last working day that is at least so many days ago."""
    day = day_of(now) - timedelta(days=days_ago)
    while not is_workday(day):
        day -= timedelta(days=1)
    return datetime.combine(day, time(hour), HERE)


def _deliver(reference: str, refused: str) -> None:
    """Have every letter about a case arrive soon after it was written, or be refused."""
    about = Letter.case_reference == reference
    if refused:
        letter = Letter.get(about & (Letter.name == "intake"))
        _hand_over(letter, Outcome(Result.REFUSED, refused))
    for letter in Letter.select().where(about & (Letter.state == State.QUEUED)):
        _hand_over(letter, Outcome(Result.SENT, _TAKEN))


def _hand_over(letter: Letter, outcome: Outcome) -> None:
    letter.state, letter.attempts = State.SENDING, 1
    letter.save()
    record(Claim(letter, 1, letter.due_at), outcome, letter.created_at + _ON_ITS_WAY)
