"""Who is away on which days, and who stands in: told by people, and no part of the map."""

from datetime import date, datetime, timedelta

from peewee import CharField, DateField

from portal.database import Rows, Table, connection, transaction
from portal.workdays import day_of

# As long as somebody may still ask why it was another who wrote to them.
KEPT = timedelta(days=31)


class Absence(Table):
    """Whole days in the Netherlands, the first and the last included.

    ``manager`` and ``deputy`` are keys in the map; without a deputy it is the map's.
    """

    manager = CharField(max_length=40)
    first_day = DateField()
    last_day = DateField()
    deputy = CharField(max_length=40, null=True)

    class Meta:
        indexes = ((("manager", "last_day"), False), (("last_day",), False))


class Overlaps(Exception):
    """The manager is away on some of these days already; ``absence`` says when."""

    def __init__(self, absence: Absence) -> None:
        super().__init__(absence.id)
        self.absence = absence


def away(day: date) -> dict[str, str | None]:
    """The keys of the managers who are away on a day, each with the deputy named for it, if any."""
    with connection():
        found = Absence.where('"first_day" <= ? AND "last_day" >= ?', day, day)
        return {absence.manager: absence.deputy for absence in found}


def add(manager: str, first_day: date, last_day: date, deputy: str | None) -> Absence:
    """Note that a manager is away; the very same twice is noted once. Raises ``Overlaps``."""
    with transaction():
        shared = (Absence.first_day <= last_day) & (Absence.last_day >= first_day)
        other = Absence.get_or_none((Absence.manager == manager) & shared)
        if other is None:
            wanted = {"first_day": first_day, "last_day": last_day, "deputy": deputy}
            return Absence.create(manager=manager, **wanted)
        if (other.first_day, other.last_day, other.deputy) != (first_day, last_day, deputy):
            raise Overlaps(other)
        return other


def from_now_on(today: date) -> list[Absence]:
    """All absences that are not over, the first to begin first."""
    with connection():
        found = Absence.select().where(Absence.last_day >= today)
        return list(found.order_by(Absence.first_day, Absence.manager))


def find(key: str) -> Absence | None:
    """The absence with this id, or None."""
    with connection():
        return Absence.get_or_none(Absence.id == key)


def end(absence: Absence, today: date) -> None:
    """The manager is back ``today``; an absence that never began is forgotten at once."""
    with transaction():
        this = Absence.id == absence.id
        begun = Absence.first_day < today
        yesterday = today - timedelta(days=1)
        Absence.update(last_day=yesterday).where(
            this & begun & (Absence.last_day >= today)
        ).execute()
        Absence.delete().where(this & ~begun).execute()  # type: ignore[misc]  # the stubs' fault


def past(before: datetime) -> Rows:
    """The absences that were over before this moment."""
    return Rows(Absence, Absence.last_day < day_of(before))
