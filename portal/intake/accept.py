"""Accepting: the case, its first event and its letters are committed together or not at all."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from portal.address import plain_address
from portal.cases import register
from portal.cases.case import Answers, Doubt, Kind, Role, Submission
from portal.cases.register import Case
from portal.config import Config, IntakeMail
from portal.database import transaction
from portal.delivery.letters import Envelope, compose, to_one_reader
from portal.delivery.outbox import post
from portal.failpoints import failpoint
from portal.organisation import organisation
from portal.routing.places import normalise_postcode
from portal.routing.regions import Destination, destination_of
from portal.web import times, wording
from portal.web.quota import Purpose, take
from portal.workdays import HERE, add_workdays, last_day


def accept(
    submission: Submission,
    destination: Destination,
    now: datetime,
    config: Config,
    doubts: Iterable[Doubt] = (),
) -> Case:
    """Take a submission in; the same form twice gives the same reference and writes nothing.

    With ``doubts`` the case waits in quarantine, and nobody is written to until ``announce``.
    When this returns the commit has reached the disk. Raises ``register.AlreadyReceived`` where
    the form came in before with another body, and ``peewee.PeeweeException`` where the
    database cannot take it; nothing is written then.
    """
    try:
        with transaction():
            case = register.receive(
                submission,
                region=destination.region_key,
                postcode=normalise_postcode(submission.postcode) or "",
                municipality=destination.municipality or submission.municipality,
                now=now,
                doubts=doubts,
            )
            if not case.doubts:
                _write(case, submission, destination, now, config, unseen=False)
    except register.AlreadyReceived as earlier:
        # Another body under the same key must be asked about: a reference is a promise to keep it.
        if not register.holds(earlier.case, submission):
            raise
        case = earlier.case
    return case


def announce(case: Case, now: datetime, config: Config, *, unseen: bool) -> None:
    """Write all letters about a case that was let out of quarantine, in the caller's transaction.

    They are those that it would have caused without, additions included. ``unseen`` tells its
    manager that nobody looked whether a person sent it.
    """
    said, destination = submission_of(case, register.answers_of(case)), _answering(case, now)
    _write(case, said, destination, now, config, unseen=unseen)
    for added in register.additions(case):
        said = replace(
            submission_of(case, added.answers),
            name=added.name,
            email=added.email,
            phone=added.phone,
        )
        write_to_manager("addition", case, now, config, **_as_sent(said))
    failpoint("quarantine: announced")


def add(case: Case, submission: Submission, now: datetime, config: Config) -> Case:
    """Add a further submission to a case and tell its manager; the same one twice adds it once."""
    try:
        with transaction():
            register.add(case, submission, now)
            write_to_manager("addition", case, now, config, **_as_sent(submission))
    except register.AlreadyReceived:
        pass
    return case


def write_to_manager(
    letter: str, case: Case, now: datetime, config: Config, **said: object
) -> None:
    """Post a letter to whoever answers for the case's region today, in the caller's transaction.

    ``said`` is what the letter's templates need besides the case and how much may be shown. About
    a case in quarantine nothing is posted: its manager does not know of it.
    """
    if not register.is_doubted(case):
        _post_to_manager(letter, case, _answering(case, now), now, config, **said)


def _answering(case: Case, now: datetime) -> Destination:
    return destination_of(case.region, now.astimezone(HERE).date())


def _post_to_manager(
    letter: str,
    case: Case,
    destination: Destination,
    now: datetime,
    config: Config,
    **said: object,
) -> None:
    text = compose(
        letter,
        case=case,
        destination=destination,
        until=times.weekday(last_day(add_workdays(case.idle_since, config.remind_after))),
        link=f"{config.base_url}/beheer/zaak/{case.reference}/",
        words=wording,
        shows_contact=config.intake_mail is not IntakeMail.NOTICE,
        shows_story=config.intake_mail is IntakeMail.FULL,
        **said,
    )
    envelope = Envelope(
        recipient=destination.email,
        fallback=destination.fallback_email,
        reply_to=organisation().email,
        case_reference=case.reference,
    )
    post(letter, text, envelope, now, config.mail_sender)


def _write(
    case: Case,
    submission: Submission,
    destination: Destination,
    now: datetime,
    config: Config,
    *,
    unseen: bool,
) -> None:
    said = _as_sent(submission)
    _post_to_manager("intake", case, destination, now, config, unseen=unseen, **said)
    failpoint("accept: manager written to")
    _write_to_requester(case, submission, now, config)


def submission_of(case: Case, answers: Answers) -> Submission:
    """These answers, as if they were sent in by the requester of a case as that is now."""
    return Submission(
        form_key=case.form_key,
        kind=case.kind,
        intent=case.intent,
        role=case.role,
        postcode=case.postcode,
        municipality=case.municipality,
        name=case.name,
        email=case.email,
        phone=case.phone,
        answers=answers,
    )


def _as_sent(submission: Submission) -> dict[str, object]:
    # Of a child a letter tells no more than how to reach it, unless it may tell everything. Who
    # asks for themselves is not asked whether they know.
    return {"said": submission, "pupil": submission.role is Role.PUPIL}


def _write_to_requester(case: Case, submission: Submission, now: datetime, config: Config) -> None:
    """Confirm by mail, within the quota, in words that hold nothing the requester typed."""
    address = submission.email
    if not address:
        return
    # Counted as it will be written on the envelope: one mailbox has many spellings.
    if not take(Purpose.CONFIRMATION, plain_address(address), now, a_day=1, a_week=3):
        return
    failpoint("accept: confirmation counted")
    text = compose(
        "confirmation",
        reference=case.reference,
        pupil=submission.role is Role.PUPIL,
        community=submission.kind is Kind.COMMUNITY,
        own_door=f"{config.base_url}/mijn-aanvraag/",
        organisation=organisation(),
    )
    # Nobody else may read who asked for what.
    envelope = to_one_reader(address, case.reference)
    post("confirmation", text, envelope, now, config.mail_sender)
    failpoint("accept: requester written to")
