"""The letters on the road to a conference: who coordinates, and when and where it is."""

from datetime import datetime, timedelta

from portal.cases import conference
from portal.cases.case import Role
from portal.cases.conference import Conference
from portal.cases.register import Case
from portal.config import Config
from portal.delivery.letters import Envelope, Text, compose, to_one_reader
from portal.delivery.outbox import post
from portal.organisation import organisation
from portal.routing.regions import Destination, destination_of
from portal.web import quota, times
from portal.web.tokens import Purpose, issue

INTRODUCTION = "introduction"

# More to one address is no road to a conference but a mailbox being filled by somebody who must
# not be at the desk.
LETTERS_A_DAY, _LETTERS_A_WEEK = 20, 60

# After its begin a date stays to be looked up in the coordinator's calendar.
_KEPT = timedelta(days=7)


class TooManyLetters(Exception):
    """One address would get more letters than anybody needs; nothing is to be kept."""


def introduce(case: Case, now: datetime, config: Config) -> None:
    """Tell the requester who coordinates, in the caller's transaction; they have an address.

    The letter holds what a manager wrote down for it, and nothing of the matter itself.
    """
    road = conference.of(case)
    text = compose(
        INTRODUCTION,
        reference=case.reference,
        pupil=case.role is Role.PUPIL,
        name=road.coordinator_name,
        email=road.coordinator_email,
        phone=road.coordinator_phone,
        organisation=organisation(),
    )
    # Nobody else may read who asked for what.
    envelope = to_one_reader(case.email, case.reference)
    _post(INTRODUCTION, text, envelope, now, config)


def tell_coordinator(case: Case, now: datetime, config: Config) -> None:
    """Tell the coordinator when and where it is, in the caller's transaction, with a calendar link.

    Of those involved the letter holds nothing; what there is to know the manager tells by phone.
    """
    road = conference.of(case)
    if not (road.coordinator_email and road.starts_at and road.minutes):
        return
    until = max(road.starts_at, now) + _KEPT - now
    # Good for as long as the letter's reader is the coordinator: an address can be mistyped.
    subject = f"{case.reference} {road.coordinator_email}"
    secret = issue(Purpose.CALENDAR, subject, now, until)
    destination = destination_of(case.region)
    text = compose(
        "coordinator",
        reference=case.reference,
        name=road.coordinator_name,
        road=road,
        when=times.appointment(road.starts_at),
        takes=times.lasting(road.minutes),
        again=road.sequence > 1,
        destination=destination,
        link=f"{config.base_url}/agenda/{secret}/",
    )
    envelope = _to_coordinator(road, destination, case)
    _post("coordinator", text, envelope, now, config)


def tell_coordinator_it_is_off(
    case: Case, before: Conference, now: datetime, config: Config
) -> None:
    """Tell the coordinator that the date no longer holds, in the caller's transaction."""
    _take_back("called_off", case, before, now, config)


def relieve_coordinator(case: Case, before: Conference, now: datetime, config: Config) -> None:
    """Tell who coordinated until now that somebody else will be there, as above."""
    _take_back("relieved", case, before, now, config)


def _take_back(letter: str, case: Case, before: Conference, now: datetime, config: Config) -> None:
    """Nothing to somebody who has no address, or was never told a date."""
    if not (before.coordinator_email and before.starts_at):
        return
    destination = destination_of(case.region)
    text = compose(
        letter,
        reference=case.reference,
        name=before.coordinator_name,
        when=times.appointment(before.starts_at),
        destination=destination,
    )
    _post(letter, text, _to_coordinator(before, destination, case), now, config)


def _post(letter: str, text: Text, envelope: Envelope, now: datetime, config: Config) -> None:
    """Post it, in the caller's transaction; raises ``TooManyLetters``."""
    use, to = quota.Purpose.ROAD, envelope.recipient
    if not quota.take(use, to, now, a_day=LETTERS_A_DAY, a_week=_LETTERS_A_WEEK):
        raise TooManyLetters
    post(letter, text, envelope, now, config.mail_sender)


def _to_coordinator(road: Conference, manager: Destination, case: Case) -> Envelope:
    """What does not arrive goes to the manager, who can call."""
    return Envelope(road.coordinator_email, manager.email, organisation().email, case.reference)
