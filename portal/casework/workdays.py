"""Working days in the Netherlands: by when somebody may expect to hear from us."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import holidays

HERE = ZoneInfo("Europe/Amsterdam")

# From receipt, or from when another took it over, until a human gives a sign of life.
FIRST_SIGN = 2  # working days

# The library counts both, for in law they lengthen a term (Algemene termijnenwet, article 3). At
# work they are free for some and not for others; a requester cannot know for whom, and must not
# wait longer for it. A reminder that reaches somebody on a day off does no harm: whoever stands in
# reads it too. Named in one language, or the library names them in that of the machine.
_NOT_FREE = frozenset({"Good Friday", "Liberation Day"})
_LANGUAGE = "en_US"

_public = holidays.country_holidays("NL", language=_LANGUAGE)


def is_workday(day: date) -> bool:
    """Whether offices are open: no weekend, and no public holiday that is free for everyone."""
    return day.weekday() < 5 and _public.get(day) in {None, *_NOT_FREE}


def add_workdays(moment: datetime, days: int) -> datetime:
    """The moment so many whole working days later, at the same time of day in the Netherlands.

    What falls on a day off counts from the beginning of the next working day: two days from a
    Saturday are over when Tuesday is. Gives UTC or whatever zone ``moment`` has.
    """
    local = moment.astimezone(HERE)
    day, clock = local.date(), local.time()
    if not is_workday(day):
        day, clock = _next_workday(day), time()
    for _ in range(days):
        day = _next_workday(day)
    return datetime.combine(day, clock, HERE).astimezone(moment.tzinfo)


def sign_of_life_by(since: datetime) -> datetime:
    """By when a sign of life is expected of who has had a case since that moment."""
    return add_workdays(since, FIRST_SIGN)


def _next_workday(day: date) -> date:
    day += timedelta(days=1)
    while not is_workday(day):
        day += timedelta(days=1)
    return day
