"""The letters that an action at the desk causes: what they say, and to whom they go."""

from datetime import datetime

from portal.cases.case import Intent, Role
from portal.cases.register import Case
from portal.config import Config
from portal.database import reading_on
from portal.delivery.letters import Envelope, compose, to_one_reader
from portal.delivery.outbox import post
from portal.organisation import organisation
from portal.routing.regions import destination_of
from portal.web import times
from portal.workdays import add_workdays

# Those that are for the requester, wherever they are reached; not the one to an old address.
TO_REQUESTER = (
    *("confirmation", "passed_on", "introduction"),
    *("follow_up", "follow_up_reminder"),
)


def case_address(config: Config, reference: str) -> str:
    """Where a case stands at the desk, for a letter."""
    return f"{config.base_url}/beheer/zaak/{reference}/"


def address_of(case: Case) -> str:
    """Where its requester can be mailed; empty where that cannot be, or cannot be read."""
    with reading_on(""):
        address: str = case.email
    return address


def tell_who_has_it_now(case: Case, now: datetime, config: Config) -> None:
    """Tell whoever answers for the case's region that it is theirs, in the caller's transaction.

    The letter holds a reference and a link, and not a word of the matter itself.
    """
    destination = destination_of(case.region)
    text = compose(
        "moved_to_you",
        reference=case.reference,
        proposal=case.intent is Intent.PROPOSAL,
        destination=destination,
        before=times.before(add_workdays(now, config.remind_after)),
        link=case_address(config, case.reference),
    )
    envelope = Envelope(
        recipient=destination.email,
        fallback=destination.fallback_email,
        reply_to=organisation().email,
        case_reference=case.reference,
    )
    post("moved_to_you", text, envelope, now, config.mail_sender)


def tell_requester_who_has_it(case: Case, now: datetime, config: Config) -> None:
    """Tell the requester who has the case now, if by mail they can be told; no quota holds it up.

    The letter holds nothing that anybody typed.
    """
    address = address_of(case)
    if not address:
        return
    text = compose(
        "passed_on",
        reference=case.reference,
        pupil=case.role is Role.PUPIL,
        proposal=case.intent is Intent.PROPOSAL,
        destination=destination_of(case.region),
        organisation=organisation(),
    )
    # Nobody else may read who asked for what.
    envelope = to_one_reader(address, case.reference)
    post("passed_on", text, envelope, now, config.mail_sender)
