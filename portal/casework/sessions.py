"""Sessions of staff: kept here, so that they end when they are told to."""

import secrets
from datetime import datetime, timedelta

from peewee import CharField, ForeignKeyField

from portal.casework.staff import Staff
from portal.database import Moment, Rows, Table, connection, keyring, transaction

# An hour: what a manager sits through in a school or on the phone without touching the desk, and
# the most that NIST SP 800-63B-4 section 2.2.3 allows at this level. A phone has a lock of its own.
IDLE = timedelta(hours=1)
# A working day. Who goes on after it proves again who they are.
LONGEST = timedelta(hours=12)

_UNTOUCHED = timedelta(minutes=1)  # so that not every look is a write


class DeskSession(Table):
    """What is kept of a session: never the secret itself."""

    staff = ForeignKeyField(Staff, backref="sessions", on_delete="CASCADE")
    digest = CharField(max_length=64, unique=True)
    began_at = Moment()
    seen_at = Moment(index=True)


def begin(staff: Staff, earlier: str, now: datetime) -> str:
    """Begin a session in place of the browser's ``earlier`` one; gives its secret, 256 bits."""
    end(earlier)
    secret = secrets.token_hex(32)
    DeskSession.create(staff=staff, digest=_digest(secret), began_at=now, seen_at=now)
    return secret


def find(secret: str, now: datetime) -> DeskSession | None:
    """The session with this secret, if it still holds and its owner is still at work."""
    with connection():
        session = (
            DeskSession.select(DeskSession, Staff)
            .join(Staff)
            .where((DeskSession.digest == _digest(secret)) & Staff.active)
            .get_or_none()
        )
    return session if session and _holds(session, now) else None


def is_worth_a_touch(session: DeskSession, now: datetime) -> bool:
    """Whether it is time to write down that the session is in use."""
    return bool(now >= session.seen_at + _UNTOUCHED)


def touch(session: DeskSession, now: datetime) -> None:
    """Write down that the session is in use."""
    with transaction():
        DeskSession.update(seen_at=now).where(DeskSession.id == session.id).execute()


def end(secret: str) -> None:
    """End one session, wherever its secret has got to."""
    with transaction():
        DeskSession.delete().where(DeskSession.digest == _digest(secret)).execute()  # type: ignore[misc]


def end_all(staff: Staff) -> None:
    """End every session of one member of staff."""
    with transaction():
        DeskSession.delete().where(DeskSession.staff == staff).execute()  # type: ignore[misc]


def past(before: datetime) -> Rows:
    """The sessions that were last used before this moment."""
    return Rows(DeskSession, DeskSession.seen_at < before)


def _holds(session: DeskSession, now: datetime) -> bool:
    return bool(now < session.seen_at + IDLE and now < session.began_at + LONGEST)


def _digest(secret: str) -> str:
    return keyring().digest(secret, "desk session")
