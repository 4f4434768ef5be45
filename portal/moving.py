"""Moving: all there is goes to another database, and the old one is closed for good."""

import secrets
from collections.abc import Callable
from datetime import datetime

from portal.database import connected, connection, database
from portal.database.copying import NotCopied, Sums, copy
from portal.database.engines import Engine, engine_at
from portal.database.moved import Mark, Place, close, mark, mark_of, unmark
from portal.delivery.outbox import in_hand


class NotMoved(Exception):
    """Nothing was moved and the old database is in use as before; the message says why."""


class LettersInHand(NotMoved):
    """A worker has letters in hand, and may have sent them; it passes."""


def move(to: str, clock: Callable[[], datetime]) -> Sums:
    """Move the open database to the empty one at ``to``, and close the old one; gives what it held.

    Nobody writes meanwhile. Killed at any moment, either the old one is in use as before, or the
    new one is whole and one more call opens it; never can both be used. Raises ``NotMoved``.
    """
    old, new = database.obj, engine_at(to, create=True)
    with connection(), connected(new):
        left, moved = mark_of(old), Sums()
        if left is None:
            _clear(new)
            left, moved = _carry(old, new, clock)
        _open_new(new, left)
        return moved


def _clear(new: Engine) -> None:
    """See that nothing is there, or only what an earlier move left half-way."""
    found = mark_of(new)
    if new.get_tables() and not (found and found.place is Place.ARRIVING):
        raise NotMoved(f"{new.says_where()} is not empty: give an empty database")
    new.wipe()


def _carry(old: Engine, new: Engine, clock: Callable[[], datetime]) -> tuple[Mark, Sums]:
    this = secrets.token_hex(8)
    with old.closed_to_writers():
        at = clock()
        if in_hand(at):
            raise LettersInHand("letters are being sent just now: stop the worker, then try again")
        with new.atomic():
            moved = _copied(old, new)
            mark(new, Place.ARRIVING, this, old.says_where(), at)
        # Now the new one is whole and cannot be used. When this ends the old one cannot either,
        # and only then is the new one opened.
        left = mark(old, Place.GONE, this, new.says_where(), at)
        close(old)
    return left, moved


def _copied(old: Engine, new: Engine) -> Sums:
    try:
        return copy(old, new)
    except NotCopied as fault:
        raise NotMoved(f"the copy is not what there was: {fault}") from fault


def _open_new(new: Engine, left: Mark) -> None:
    arrived = mark_of(new)
    if arrived is None or arrived.move != left.move:
        raise NotMoved(left.says())
    unmark(new)
