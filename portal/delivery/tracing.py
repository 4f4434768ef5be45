"""What became of the letters about a case; sending one once more, or setting it aside."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from peewee import fn

from portal.database import connection, holding, transaction
from portal.delivery.outbox import Letter, State
from portal.sealing import SealBroken

# A letter on its way needs no push, and one that arrived must not arrive twice.
_HELD_UP = (State.STUCK, State.DEFERRED, State.SET_ASIDE, State.HELD)


@dataclass(frozen=True, repr=False)  # addresses must not end up in a log
class Trace:
    """How far a letter came. ``due_at`` is its next try, ``answer`` the mail server's last words.

    ``recipient`` and ``answer`` are None where there is none, or where it cannot be read any more;
    ``copied`` tells whether a copy of it went, or is going, to whoever stands in.
    """

    id: str
    name: str
    recipient: str | None
    state: State
    attempts: int
    created_at: datetime
    due_at: datetime
    sent_at: datetime | None
    set_aside_at: datetime | None
    set_aside_by: str | None
    answer: str | None
    copied: bool

    @property
    def held_up(self) -> bool:
        """Whether it can be sent once more by hand."""
        return self.state in _HELD_UP

    @property
    def came_back(self) -> bool:
        """Whether it did not reach whom it was for, whatever was decided about it."""
        return self.state in {State.STUCK, State.SET_ASIDE}


def letters_about(reference: str) -> list[Trace]:
    """Every letter about the case with this reference, the newest first."""
    with connection():
        mine = Letter.case_reference == reference
        found = list(Letter.select().where(mine).order_by(Letter.created_at.desc()))
    copied = {letter.forwarded_from for letter in found}
    return [_trace(letter, copied=letter.id in copied) for letter in found]


def stuck_besides(is_case: Callable[[str], bool], most: int) -> list[Trace]:
    """The stuck letters that are about no case, such as a link to sign in, the oldest first.

    ``is_case`` tells whether what a letter is about is a case.
    """
    with connection():
        stuck = Letter.select().where(Letter.state == State.STUCK).order_by(Letter.created_at)
        others = (letter for letter in stuck if not is_case(letter.case_reference))
        return [_trace(letter, copied=False) for letter in islice(others, most)]


def about(letter_id: str) -> str | None:
    """What a letter is about: a reference or another word; None where there is no such letter."""
    with connection():
        letter = Letter.get_or_none(Letter.id == letter_id)
        return letter.case_reference if letter else None


def arrived_at(reference: str, names: Collection[str], since: datetime) -> datetime | None:
    """When the first of these letters about a case, written since then, reached a mail server."""
    wanted = Letter.case_reference == reference, Letter.name.in_(list(names))
    with connection():
        first = Letter.select(fn.MIN(Letter.sent_at)).where(*wanted, Letter.created_at >= since)
        moment: datetime | None = first.scalar()
        return moment


def was_written(reference: str, name: str, since: datetime) -> bool:
    """Whether such a letter about a case was put in the outbox at or after this moment."""
    mine = (Letter.case_reference == reference) & (Letter.name == name)
    with connection():
        return bool(Letter.select().where(mine & (Letter.created_at >= since)).exists())


def resend(
    reference: str, letter_id: str, now: datetime, addresses: Mapping[str, str]
) -> bool | None:
    """Try a letter that is held up once more, now, with all its tries before it again.

    A letter whose name is in ``addresses`` goes there, whatever its envelope said at first.
    False where it is not held up (any more), None where this case has no such letter.
    """
    with transaction():
        letter = _letter(reference, letter_id)
        if letter is None:
            return None
        if letter.state not in _HELD_UP:
            return False
        letter.state, letter.attempts, letter.due_at = State.QUEUED, 0, now
        letter.set_aside_at = letter.set_aside_by = None
        if letter.name in addresses:
            letter.recipient = addresses[letter.name]
        letter.save()
        return True


def set_aside(reference: str, letter_id: str, by: str, now: datetime) -> bool | None:
    """Note that nobody needs a stuck letter any more: it holds nothing up, and stays in sight.

    ``by`` is by what name people know who decided so. False where it is not stuck (any more), None
    where this case has no such letter.
    """
    with transaction():
        letter = _letter(reference, letter_id)
        if letter is None:
            return None
        if letter.state is not State.STUCK:
            return False
        letter.state, letter.set_aside_at, letter.set_aside_by = State.SET_ASIDE, now, by
        letter.save()
        return True


def _letter(reference: str, letter_id: str) -> Letter | None:
    mine = (Letter.id == letter_id) & (Letter.case_reference == reference)
    found: Letter | None = holding(Letter.select().where(mine)).first()
    return found


def _trace(letter: Letter, *, copied: bool) -> Trace:
    return Trace(
        id=letter.id,
        name=letter.name,
        recipient=_opened(letter, "recipient"),
        state=State(letter.state),
        attempts=letter.attempts,
        created_at=letter.created_at,
        due_at=letter.due_at,
        sent_at=letter.sent_at,
        set_aside_at=letter.set_aside_at,
        set_aside_by=letter.set_aside_by,
        answer=_opened(letter, "last_answer"),
        copied=copied,
    )


def _opened(letter: Letter, column: str) -> str | None:
    try:
        value: str | None = getattr(letter, column)
    except SealBroken:
        return None
    return value
