"""The audit trail: who did what at the desk or was refused, without a word about a requester."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from peewee import CharField

from portal.database import Moment, Rows, Table, Word, connection, database

KEPT = timedelta(days=366)  # twelve months, the longest there are


class Action(StrEnum):
    """What somebody did, or was not allowed to do."""

    LOOKED = "looked"
    CHANGED = "changed"
    EXPORTED = "exported"
    REFUSED = "refused"
    SIGNED_IN = "signed in"
    SIGNED_OUT = "signed out"


class AuditLine(Table):
    """One line; triggers in the database refuse to change it, and to delete it before its time."""

    at = Moment()
    actor = CharField(max_length=80)
    action = Word(Action)
    subject = CharField(max_length=80)

    class Meta:
        indexes = ((("at", "id"), False), (("subject", "at"), False))


@dataclass(frozen=True)
class Page:
    """Some lines, the newest first, and the id of the last if there are older ones."""

    lines: tuple[AuditLine, ...]
    older: str | None


def record(actor: str, action: Action, subject: str, now: datetime) -> None:
    """Write one line, in a transaction of its own.

    ``actor`` is the key of a person, ``subject`` a reference or the name of a page: nothing
    personal. Raises ``RuntimeError`` within a transaction, which could take the line back.
    """
    with connection():
        if database.in_transaction():
            raise RuntimeError("a line of the trail is written after the transaction it is about")
        AuditLine.create(at=now, actor=actor, action=action, subject=subject)


def lines(subject: str = "", after: str = "", count: int = 50) -> Page:
    """The newest lines, or those older than the line with the id ``after``.

    With a ``subject`` those about it alone. An id that is not there begins at the newest again.
    """
    with connection():
        wanted = AuditLine.select().order_by(AuditLine.at.desc(), AuditLine.id.desc())
        if subject:
            wanted = wanted.where(AuditLine.subject == subject)
        last = AuditLine.get_or_none(AuditLine.id == after)
        if last:
            older = (AuditLine.at == last.at) & (AuditLine.id < last.id)
            wanted = wanted.where((AuditLine.at < last.at) | older)
        found = tuple(wanted.limit(count + 1))
    return Page(found[:count], found[count - 1].id if len(found) > count else None)


def past(before: datetime) -> Rows:
    """The lines from before this moment that are past their time.

    The database's own clock counts as well, as in its trigger: a moment that is wrong by years
    deletes nothing that is to be kept.
    """
    with connection():
        return Rows(AuditLine, AuditLine.at < min(before, _database_clock() - KEPT))


def _database_clock() -> datetime:
    told = database.execute_sql("SELECT CURRENT_TIMESTAMP").fetchone()[0]
    return datetime.fromisoformat(str(told)).replace(tzinfo=UTC)
