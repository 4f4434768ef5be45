"""Accepting: the case, its first event and its letters are committed together or not at all."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from portal.address import plain_address
from portal.cases import register
from portal.cases.case import Answers, Doubt, Kind, Role, Submission
from portal.cases.register import Case
from portal.config import Config, IntakeMail
from portal.database import transaction
from portal.delivery.letters import Envelope, compose, to_one_reader
from portal.delivery.outbox import Letter, draw_up, put
from portal.failpoints import failpoint
from portal.organisation import organisation
from portal.routing.places import normalise_postcode
from portal.routing.regions import Destination, destination_of
from portal.web import times, wording
from portal.web.quota import Purpose, take
from portal.workdays import HERE, add_workdays, last_day


@dataclass(frozen=True, repr=False)  # what it says must not end up in a log
class Letters:
    """What is written about a case at first; to its requester there may be nothing to write."""

    to_manager: Letter
    to_requester: Letter | None


@dataclass(frozen=True, repr=False)
class Ready:
    """A request that only has to be written down: while that is done nobody else can write."""

    submission: Submission
    case: Case
    letters: Letters


def prepare(
    submission: Submission, destination: Destination, now: datetime, config: Config
) -> Ready:
    """Make a case of a submission, and its letters; nothing is kept of it yet."""
    case = register.new_case(
        submission,
        region=destination.region_key,
        postcode=normalise_postcode(submission.postcode) or "",
        municipality=destination.municipality or submission.municipality,
        now=now,
    )
    letters = _letters(case, submission, destination, now, config, unseen=False)
    return Ready(submission, case, letters)


def accept(ready: Ready, doubts: Iterable[Doubt] = ()) -> Case:
    """Take a request in; the same form twice gives the same reference and writes nothing.

    With ``doubts`` the case waits in quarantine, and nobody is written to until ``announce``.
    When this returns the commit has reached the disk. Raises ``register.AlreadyReceived`` where
    the form came in before with another body, and ``peewee.PeeweeException`` where the
    database cannot take it; nothing is written then.
    """
    case = ready.case
    try:
        with transaction():
            register.receive(case, doubts)
            if not case.doubts:
                _post(ready.letters, ready.submission.email, case.received_at)
    except register.AlreadyReceived as earlier:
        # Another body under the same key must be asked about: a reference is a promise to keep it.
        if not register.holds(earlier.case, ready.submission):
            raise
        case = earlier.case
    return case


def announce(case: Case, now: datetime, config: Config, *, unseen: bool) -> None:
    """Write all letters about a case that was let out of quarantine, in the caller's transaction.

    They are those that it would have caused without, additions included. ``unseen`` tells its
    manager that nobody looked whether a person sent it.
    """
    said, destination = submission_of(case, register.answers_of(case)), _answering(case, now)
    letters = _letters(case, said, destination, now, config, unseen=unseen)
    _post(letters, said.email, now)
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
        put(_to_manager(letter, case, _answering(case, now), now, config, **said))


def _answering(case: Case, now: datetime) -> Destination:
    return destination_of(case.region, now.astimezone(HERE).date())


def _to_manager(
    letter: str,
    case: Case,
    destination: Destination,
    now: datetime,
    config: Config,
    **said: object,
) -> Letter:
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
    return draw_up(letter, text, envelope, now, config.mail_sender)


def _letters(
    case: Case,
    submission: Submission,
    destination: Destination,
    now: datetime,
    config: Config,
    *,
    unseen: bool,
) -> Letters:
    said = _as_sent(submission)
    return Letters(
        _to_manager("intake", case, destination, now, config, unseen=unseen, **said),
        _to_requester(case, submission, now, config) if submission.email else None,
    )


def _post(letters: Letters, address: str, now: datetime) -> None:
    """Put them in the outbox; to the requester's address within its quota."""
    put(letters.to_manager)
    failpoint("accept: manager written to")
    # Counted as it will be written on the envelope: one mailbox has many spellings.
    if letters.to_requester and take(
        Purpose.CONFIRMATION, plain_address(address), now, a_day=1, a_week=3
    ):
        failpoint("accept: confirmation counted")
        put(letters.to_requester)
        failpoint("accept: requester written to")


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


def _to_requester(case: Case, submission: Submission, now: datetime, config: Config) -> Letter:
    """Confirm by mail, in words that hold nothing the requester typed."""
    text = compose(
        "confirmation",
        reference=case.reference,
        pupil=submission.role is Role.PUPIL,
        community=submission.kind is Kind.COMMUNITY,
        own_door=f"{config.base_url}/mijn-aanvraag/",
        organisation=organisation(),
    )
    # Nobody else may read who asked for what.
    envelope = to_one_reader(submission.email, case.reference)
    return draw_up("confirmation", text, envelope, now, config.mail_sender)
