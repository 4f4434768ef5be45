"""The calendar in the Netherlands: its days and months, and which of its days are worked."""

import calendar
from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

HERE = ZoneInfo("Europe/Amsterdam")

# Working days from receipt until a human gives a sign of life, as the pages promise.
FIRST_SIGN = 2
# Working days after which a request that nobody looked at leaves quarantine: as long again is then
# left for the first sign.
QUARANTINE = 1

# Days after Easter Sunday: Easter Monday, Ascension Day, Whit Monday. Good Friday and Liberation
# Day lengthen a term in law (Algemene termijnenwet, article 3). At work they are free for some and
# not for others; a requester cannot know for whom, and must not wait longer for it. A reminder that
# reaches somebody on a day off does no harm: whoever stands in reads it too.
_AFTER_EASTER = (1, 39, 50)


def day_of(moment: datetime) -> date:
    """The day in the Netherlands on which a moment falls."""
    return moment.astimezone(HERE).date()


def is_workday(day: date) -> bool:
    """Whether offices are open: no weekend, and no public holiday that is free for everyone."""
    return day.weekday() < 5 and day not in _days_off(day.year)


def add_workdays(moment: datetime, days: int) -> datetime:
    """The moment so many whole working days later, at the same time of day in the Netherlands.

    What falls on a day off counts from the beginning of the next working day: two days from a
    Saturday are over when Tuesday is. Gives UTC or whatever zone ``moment`` has.
    """
    day, clock = _from(moment)
    for _ in range(days):
        day = _next_workday(day)
    return datetime.combine(day, clock, HERE).astimezone(moment.tzinfo)


def workdays_since(moment: datetime, now: datetime) -> int:
    """How many whole working days lie between; 0 too where ``moment`` is yet to come."""
    day, clock = _from(moment)
    count = 0
    while datetime.combine(day := _next_workday(day), clock, HERE) <= now:
        count += 1
    return count


def last_day(until: datetime) -> date:
    """The last day on which there is time before ``until``: what ends at midnight ends that day."""
    return day_of(until - timedelta(microseconds=1))


def months_after(day: date, months: int) -> date:
    """The same day so many months on, or that month's last (Regulation 1182/71, article 3)."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


def sign_of_life_by(since: datetime) -> datetime:
    """By when the first sign of life was promised to who sent something at that moment."""
    return add_workdays(since, FIRST_SIGN)


def _from(moment: datetime) -> tuple[date, time]:
    """The working day and the time of day from which on the working days are counted."""
    local = moment.astimezone(HERE)
    if is_workday(local.date()):
        return local.date(), local.time()
    return _next_workday(local.date()), time()


def _next_workday(day: date) -> date:
    day += timedelta(days=1)
    while not is_workday(day):
        day += timedelta(days=1)
    return day


@cache
def _days_off(year: int) -> frozenset[date]:
    easter = _easter(year)
    moving = {easter + timedelta(days=days) for days in _AFTER_EASTER}
    # The King's birthday moves to a Saturday where it is a Sunday: both are free anyway.
    fixed = {date(year, month, day) for month, day in ((1, 1), (4, 27), (12, 25), (12, 26))}
    return frozenset(moving | fixed)


def _easter(year: int) -> date:
    """Easter Sunday by the rule of Gauss for the Gregorian calendar, from 1900 to 2099.

    The Sunday after the first full moon on or after 21 March, as the church reckons the moon.
    """
    moon = (19 * (year % 19) + 24) % 30
    sunday = (2 * (year % 4) + 4 * (year % 7) + 6 * moon + 5) % 7
    late = moon == 29 or (moon == 28 and year % 19 > 10)
    days = moon + sunday - (7 if late and sunday == 6 else 0)
    return date(year, 3, 22) + timedelta(days=days)
