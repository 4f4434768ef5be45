"""The morning's overview: who gets it, when, and that nobody gets it twice."""

import logging
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta

from peewee import CharField, DateField, OperationalError

from portal.casework.overview import Morning, Reader, text
from portal.config import Config
from portal.database import Table, connection, transaction
from portal.delivery.letters import Envelope
from portal.delivery.outbox import post
from portal.organisation import organisation
from portal.routing.regions import Destination, national_desk, who_answers
from portal.routing.rules import NATIONAL
from portal.workdays import HERE, is_workday

log = logging.getLogger(__name__)

# What an overview stands under, because it is about no case.
_NO_CASE = "overzicht"


class Digest(Table):
    """One overview that was sent: ``reader`` is the key of a manager, or the national desk's."""

    reader = CharField(max_length=40)
    day = DateField()

    class Meta:
        indexes = ((("reader", "day"), True),)


def digest(now: datetime, config: Config) -> int:
    """Send every reader the overview of the day if it is time; gives how many went.

    On working days only, as nothing comes due on others, and nobody should have to look. One for
    which the machine was off goes later that day; those of days gone by do not go. A portal that
    begins after the hour begins with the next day's.
    """
    local = now.astimezone(HERE)
    due = is_workday(local.date()) and local.hour >= config.digest_hour
    if _begins(local.date(), already=due) or not due or _is_sent(NATIONAL, local.date()):
        return 0
    with connection():
        answers = who_answers(local.date())
        names = {key: to.region_name for key, to in answers.items()}
        morning = Morning(now, config, {**names, NATIONAL: national_desk().function})
        return sum(_send_surely(reader, morning) for reader in _readers(answers))


def _begins(today: date, *, already: bool) -> bool:
    """Whether nothing was sent ever; it is then noted on which day the first is still to go."""
    with connection():
        if Digest.select().exists():
            return False
    with transaction():
        last = today if already else today - timedelta(days=1)
        if not _is_sent(NATIONAL, last):
            Digest.create(reader=NATIONAL, day=last)
    return True


def _readers(answers: Mapping[str, Destination]) -> Iterator[Reader]:
    """Whoever answers for a region today, and at the end the national desk, for the country."""
    for manager in sorted({to.manager for to in answers.values() if to.manager}):
        theirs = {key: to for key, to in answers.items() if to.manager == manager}
        yield Reader(next(iter(theirs.values())), frozenset(theirs))
    yield Reader(national_desk(), None)


def _send_surely(reader: Reader, morning: Morning) -> bool:
    try:
        return _send(reader, morning)
    except OperationalError:
        raise  # The database: it would be the same with the next reader, and it passes.
    except Exception as fault:  # noqa: BLE001 - one reader's must not cost the others theirs
        log.error("no overview for %s: %s", reader.key, type(fault).__name__)
        return False


def _send(reader: Reader, morning: Morning) -> bool:
    """Send one overview, once; written down in the transaction of its letter."""
    if _is_sent(reader.key, morning.today):
        return False
    written = text(reader, morning)
    to = reader.to
    envelope = Envelope(to.email, to.fallback_email, organisation().email, _NO_CASE)
    with transaction():
        # Another may have sent it while this one was being made.
        if _is_sent(reader.key, morning.today):
            return False
        Digest.create(reader=reader.key, day=morning.today)
        post("digest", written, envelope, morning.now, morning.config.mail_sender)
    return True


def _is_sent(reader: str, day: date) -> bool:
    with connection():
        sent = (Digest.reader == reader) & (Digest.day == day)
        return bool(Digest.select().where(sent).exists())
