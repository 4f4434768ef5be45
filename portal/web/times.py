"""The Dutch for days, moments and lengths of time: on screen, in letters and at the desk alike."""

from datetime import date, datetime, timedelta

from portal.workdays import HERE, day_of

_MONTHS = (
    *("januari", "februari", "maart", "april", "mei", "juni"),
    *("juli", "augustus", "september", "oktober", "november", "december"),
)
_WEEKDAYS = ("maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag")


def weekday(day: date) -> str:
    """A day of the calendar that is near: ``dinsdag 3 november``."""
    return f"{_WEEKDAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]}"


def appointment(at: datetime) -> str:
    """When something is held: ``donderdag 3 december 2026 om 19:30 uur``."""
    local = at.astimezone(HERE)
    return f"{_WEEKDAYS[local.weekday()]} {day(at)} om {local:%H:%M} uur"


def lasting(minutes: int) -> str:
    """How long something takes: ``anderhalf uur``; whole hours and half ones."""
    hours, rest = divmod(minutes, 60)
    if (hours, rest) == (1, 30):
        return "anderhalf uur"
    return f"{hours} uur" if not rest else f"{hours} uur en {rest} minuten"


_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def day(moment: datetime) -> str:
    """The day on which a moment fell in the Netherlands: ``3 november 2026``."""
    return date_in_words(day_of(moment))


def date_in_words(day: date) -> str:
    """A day of the calendar: ``3 november 2026``."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def day_and_time(at: datetime) -> str:
    """A day and time in the Netherlands: ``3 november 2026, 14:05``."""
    return f"{day(at)}, {at.astimezone(HERE):%H:%M}"


def before(moment: datetime) -> str:
    """By when: ``voor dinsdag 3 november 2026 om 14:05 uur``, or by a day's end at midnight."""
    local = moment.astimezone(HERE)
    if local.hour or local.minute:
        return f"voor {_WEEKDAYS[local.weekday()]} {day(moment)} om {local:%H:%M} uur"
    last = local.date() - _DAY
    return f"voor het eind van {_WEEKDAYS[last.weekday()]} {date_in_words(last)}"


def time_left(until: datetime, now: datetime) -> str:
    """How long it is until a moment, or how long ago it was: ``nog 5 uur``, ``2 dagen te laat``."""
    length = _length(abs(until - now))
    return f"nog {length}" if until > now else f"{length} te laat"


def _length(span: timedelta) -> str:
    if span >= 2 * _DAY:
        return f"{span // _DAY} dagen"
    if span >= 2 * _HOUR:
        return f"{span // _HOUR} uur"
    minutes = max(span // _MINUTE, 1)
    return f"{minutes} {'minuut' if minutes == 1 else 'minuten'}"
