"""The outbox: every letter from the moment it is written until a mail server has taken it."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from peewee import CharField, Expression, IntegerField, fn

from portal.database import (
    Moment,
    Sealed,
    Table,
    Word,
    beside,
    connection,
    locking,
    transaction,
)
from portal.delivery.letters import Envelope, Text, compose
from portal.failpoints import failpoint
from portal.sealing import SealBroken

# After the first try, the second, and so on; the last of them is repeated.
WAITS = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=4),
    timedelta(hours=12),
)
PATIENCE = timedelta(days=7)


class State(StrEnum):
    """Where a letter is: queued → sending → sent, deferred (and sending again) or stuck.

    A letter goes from sending back to queued or deferred, as if it had not been tried, when the
    mail server itself could not be talked with. A stuck letter stays in sight, and is set aside
    only by a person who decides that nobody needs it any more. Held is what was not sent when a
    backup was made that was put back: it may have been sent since, and waits for a person.
    """

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DEFERRED = "deferred"
    STUCK = "stuck"
    SET_ASIDE = "set aside"
    HELD = "held"


UNSENT = (State.QUEUED, State.SENDING, State.DEFERRED)
# Nothing more has to become of a letter: it went, or a person decided that it need not.
OVER = (State.SENT, State.SET_ASIDE)


class Result(StrEnum):
    """What came of one try: of this letter's, but for UNAVAILABLE, which is the server's."""

    SENT = "sent"
    DEFERRED = "deferred"
    REFUSED = "refused"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True)
class Outcome:
    """The result of one try and the mail server's answer, word for word."""

    result: Result
    answer: str


@dataclass(frozen=True, repr=False)
class Outgoing:
    """A letter as it is handed to the mail server; ``message_id`` has its angle brackets."""

    message_id: str
    recipient: str
    reply_to: str
    text: Text


Send = Callable[[Outgoing], Outcome]


class Letter(Table):
    """One letter to one reader; ``due_at`` is when it is tried, or tried again if a try dies."""

    message_id = CharField(max_length=320, unique=True)
    name = CharField(max_length=80)
    case_reference = CharField(max_length=80, index=True)
    recipient = Sealed()
    fallback = Sealed(null=True)
    reply_to = Sealed()
    subject = Sealed()
    body = Sealed()
    last_answer = Sealed(null=True)
    state = Word(State)
    attempts = IntegerField()
    created_at = Moment()
    due_at = Moment()
    sent_at = Moment(null=True)
    forwarded_from = CharField(max_length=32, null=True)
    set_aside_at = Moment(null=True)
    set_aside_by = CharField(max_length=200, null=True)  # by what name people know what they are

    class Meta:
        indexes = ((("state", "due_at"), False), (("state", "sent_at"), False))


@dataclass(frozen=True)
class Claim:
    """A letter in the hands of one worker, for one numbered attempt."""

    letter: Letter
    attempt: int
    was_due: datetime

    def outgoing(self) -> Outgoing:
        """Open the letter; raises ``SealBroken`` or ``ValueError`` where that cannot be."""
        letter = self.letter
        text = Text(letter.subject, letter.body)
        return Outgoing(letter.message_id, letter.recipient, letter.reply_to, text)


def post(name: str, text: Text, envelope: Envelope, now: datetime, sender: str) -> str:
    """Draw up a letter and put it in the outbox."""
    return put(draw_up(name, text, envelope, now, sender))


def draw_up(name: str, text: Text, envelope: Envelope, now: datetime, sender: str) -> Letter:
    """Make a letter, sealed, for ``put``: that takes a while, and the outbox need not wait for it.

    ``sender`` is the portal's own address, whose domain the Message-ID carries.
    """
    domain = sender.rpartition("@")[2].encode("idna").decode("ascii")
    return _letter(name, text, envelope, now, domain=domain, forwarded_from=None)


def put(letter: Letter) -> str:
    """Put a letter in the outbox as part of the caller's transaction, and give its id."""
    letter.save(force_insert=True)
    return str(letter.id)


def claim(due_by: datetime, until: datetime) -> Claim | None:
    """Take the letter that has been due longest, or None when none was due by ``due_by``.

    From ``until`` on another may take it: by then its worker is taken for dead.
    """
    with beside():
        return _claim(due_by, until)


def _claim(due_by: datetime, until: datetime) -> Claim | None:
    letter = _longest_due(due_by)
    if letter is None:
        return None
    claimed = Claim(letter, letter.attempts + 1, letter.due_at)
    letter.state, letter.attempts, letter.due_at = State.SENDING, claimed.attempt, until
    letter.save()
    failpoint("claim: written")
    return claimed


def _longest_due(due_by: datetime) -> Letter | None:
    """The first in the index of each state that is unsent, and of those the first.

    Asked for in one go they would all be read and sorted: some 80 ms with ten thousand due, in
    which nobody else can write.
    """
    due = f'"state" = ? AND "due_at" <= ? ORDER BY "due_at" LIMIT 1 {locking(passing=True)}'
    by = Letter.due_at.db_value(due_by)
    firsts = (letter for state in UNSENT for letter in Letter.where(due, state.value, by))
    return min(firsts, key=lambda letter: letter.due_at, default=None)


def record(claimed: Claim, outcome: Outcome, now: datetime) -> State:
    """Write down what came of an attempt, and give the state the letter is in after it.

    Sent counts whoever reports it. Anything else counts only while the letter is still that
    attempt's: a worker that comes back after its time must not undo what the next one did.
    """
    with beside():
        return _record(claimed, outcome, now)


def record_and_claim(
    claimed: Claim, outcome: Outcome, now: datetime, due_by: datetime, until: datetime
) -> tuple[State, Claim | None]:
    """Do as ``record`` and then as ``claim``, both or neither: one wait for the disk, not two."""
    with beside():
        return _record(claimed, outcome, now), _claim(due_by, until)


def _record(claimed: Claim, outcome: Outcome, now: datetime) -> State:
    mine = f'"id" = ? {locking()}'
    (letter,) = Letter.where(mine, claimed.letter.id)
    if outcome.result is Result.SENT:
        _sent(letter, outcome, now)
    elif letter.state is State.SENDING and letter.attempts == claimed.attempt:
        letter.last_answer = outcome.answer
        _unsent(letter, claimed, outcome.result, now)
    failpoint("record: written")
    return State(letter.state)


def waiting_since() -> datetime | None:
    """When the oldest letter that is still to go was written; None when all are gone or stuck."""
    with connection():
        oldest = Letter.select(fn.MIN(Letter.created_at)).where(Letter.state.in_(UNSENT))
        moment: datetime | None = oldest.scalar()
        return moment


def in_hand(now: datetime) -> int:
    """How many letters a worker is sending, or died over less than a lease ago."""
    with connection():
        mine = (Letter.state == State.SENDING) & (Letter.due_at > now)
        return int(Letter.select().where(mine).count())


def stuck() -> int:
    """How many stuck letters reach nobody: no copy of them went, or is going, to a fallback."""
    with connection():
        return int(Letter.select().where(_lost()).count())


def stuck_about(most: int) -> list[str]:
    """What those letters are about, each once, the oldest first: references, or another word."""
    with connection():
        found = Letter.select(Letter.case_reference).where(_lost()).group_by(Letter.case_reference)
        oldest = found.order_by(fn.MIN(Letter.created_at), Letter.case_reference)
        return [letter.case_reference for letter in oldest.limit(most)]


@dataclass(frozen=True)
class Held:
    """How many letters are held since a restore, and when the oldest of them was written."""

    number: int
    oldest: datetime | None


def held() -> Held:
    """What is held since a restore."""
    mine = Letter.state == State.HELD
    with connection():
        oldest: datetime | None = Letter.select(fn.MIN(Letter.created_at)).where(mine).scalar()
        return Held(int(Letter.select().where(mine).count()), oldest)


def release(now: datetime) -> int:
    """Let everything that is held go from ``now`` on; gives how many letters."""
    with transaction():
        held = Letter.update(state=State.QUEUED, due_at=now).where(Letter.state == State.HELD)
        return int(held.execute())


def _lost() -> Expression:
    copy = Letter.alias()
    # A copy is about the same, and that has an index: one stuck letter must not have all read.
    mine = (copy.case_reference == Letter.case_reference) & (copy.forwarded_from == Letter.id)
    lost: Expression = (Letter.state == State.STUCK) & ~fn.EXISTS(copy.select(copy.id).where(mine))
    return lost


def _sent(letter: Letter, outcome: Outcome, now: datetime) -> None:
    if letter.state is State.SENT:
        return
    letter.state, letter.sent_at, letter.last_answer = State.SENT, now, outcome.answer
    letter.save()


def _unsent(letter: Letter, claimed: Claim, result: Result, now: datetime) -> None:
    if result is Result.UNAVAILABLE:
        _put_back(letter, claimed)
    elif result is Result.REFUSED or _out_of_patience(letter, now):
        letter.state = State.STUCK
        _forward(letter, now)
    else:
        letter.state, letter.due_at = State.DEFERRED, _next_try(letter, now)
    letter.save()


def _put_back(letter: Letter, claimed: Claim) -> None:
    letter.attempts -= 1
    letter.state = State.DEFERRED if letter.attempts else State.QUEUED
    letter.due_at = claimed.was_due


def _out_of_patience(letter: Letter, now: datetime) -> bool:
    # The number of tries counts too: after a week without a mail server a letter that has
    # hardly been tried must not be given up at the first greylisting.
    return now >= letter.created_at + PATIENCE and letter.attempts > len(WAITS)


def _next_try(letter: Letter, now: datetime) -> datetime:
    due = now + WAITS[min(letter.attempts, len(WAITS)) - 1]
    last = letter.created_at + PATIENCE
    return min(due, last) if now < last else due


def _forward(letter: Letter, now: datetime) -> None:
    """Send what could not be delivered on to the fallback address, as a letter of its own."""
    fallback = _opened(letter, "fallback")
    if not fallback or fallback.casefold() == (_opened(letter, "recipient") or "").casefold():
        return
    reference = letter.case_reference
    text = compose("returned", case_reference=reference, body=_opened(letter, "body"))
    envelope = Envelope(fallback, None, _opened(letter, "reply_to") or fallback, reference)
    domain = letter.message_id.rstrip(">").rpartition("@")[2]
    put(_letter("returned", text, envelope, now, domain=domain, forwarded_from=letter.id))


def _opened(letter: Letter, column: str) -> str | None:
    try:
        value: str | None = getattr(letter, column)
    except SealBroken:
        return None
    return value


def _letter(
    name: str,
    text: Text,
    envelope: Envelope,
    now: datetime,
    *,
    domain: str,
    forwarded_from: str | None,
) -> Letter:
    return Letter(
        message_id=f"<{secrets.token_hex(16)}@{domain}>",
        name=name,
        case_reference=envelope.case_reference,
        recipient=envelope.recipient,
        fallback=envelope.fallback,
        reply_to=envelope.reply_to,
        subject=text.subject,
        body=text.body,
        state=State.QUEUED,
        attempts=0,
        created_at=now,
        due_at=now,
        forwarded_from=forwarded_from,
    )
