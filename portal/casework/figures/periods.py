"""Years and quarters as people here count them, and the moments and months that they span."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from portal.workdays import HERE

QUARTERS = (1, 2, 3, 4)
_NAMES = ("eerste", "tweede", "derde", "vierde")


@dataclass(frozen=True)
class Period:
    """A calendar year, or one quarter of it; quarter 0 is the whole year."""

    year: int
    quarter: int = 0

    @property
    def since(self) -> datetime:
        """Its first moment."""
        return _first_of(self.year, _first_month(self.quarter or 1))

    @property
    def before(self) -> datetime:
        """The first moment after it."""
        last = _first_month(self.quarter or 4) + 3
        return _first_of(self.year, last) if last <= 12 else _first_of(self.year + 1, 1)

    @property
    def months(self) -> tuple[str, str]:
        """Its first and last month, such as ``2026-01`` and ``2026-03``; both are in it."""
        last = _first_month(self.quarter or 4) + 2
        return f"{self.year}-{_first_month(self.quarter or 1):02}", f"{self.year}-{last:02}"

    @property
    def name(self) -> str:
        """What people call it: ``2026``, ``2026, eerste kwartaal``."""
        return f"{self.year}, {quarter_name(self.quarter)}" if self.quarter else str(self.year)

    def __str__(self) -> str:
        return f"{self.year}-{self.quarter}" if self.quarter else str(self.year)

    @classmethod
    def read(cls, text: str) -> "Period":
        """The period that was written so; raises ``ValueError`` where it is none."""
        year, _, quarter = text.partition("-")
        found = cls(int(year), int(quarter or 0))
        if str(found) != text or not 2000 <= found.year <= 2999 or not 0 <= found.quarter <= 4:
            raise ValueError("no year or quarter")
        return found


def quarter_name(quarter: int) -> str:
    """``eerste kwartaal`` for 1."""
    return f"{_NAMES[quarter - 1]} kwartaal"


def quarters(year: int) -> Iterator[Period]:
    """The four quarters of a year, in their order."""
    return (Period(year, quarter) for quarter in QUARTERS)


def this_year(now: datetime) -> Period:
    """The year that it is in the Netherlands."""
    return Period(now.astimezone(HERE).year)


def offered(first: int, now: datetime) -> list[Period]:
    """The years from ``first`` until now, the newest first, each before its quarters.

    Quarters that are yet to come are left out.
    """
    years = range(this_year(now).year, first - 1, -1)
    all_of_them = (period for year in years for period in (Period(year), *quarters(year)))
    return [period for period in all_of_them if period.since <= now]


def _first_month(quarter: int) -> int:
    return 3 * quarter - 2


def _first_of(year: int, month: int) -> datetime:
    return datetime(year, month, 1, tzinfo=HERE).astimezone(UTC)
