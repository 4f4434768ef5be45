"""Two working days are two days on which offices are open, whatever lies between."""

from calendar import isleap
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import holidays
import hypothesis.strategies as st
import pytest
from hypothesis import given

from portal.workdays import (
    HERE,
    add_workdays,
    is_workday,
    last_day,
    months_after,
    workdays_since,
)


def here(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=HERE)


@pytest.mark.parametrize(
    ("received", "by"),
    [
        ("2026-11-23 12:00", "2026-11-25 12:00"),  # a Monday
        ("2026-11-20 16:30", "2026-11-24 16:30"),  # over a weekend
        ("2026-11-21 16:30", "2026-11-25 00:00"),  # on a Saturday: Monday and Tuesday, whole
        ("2026-11-22 23:59", "2026-11-25 00:00"),
        ("2026-04-02 09:00", "2026-04-07 09:00"),  # Easter: Good Friday counts, Monday does not
        ("2026-12-24 10:00", "2026-12-29 10:00"),  # Christmas on a Friday and a Saturday
        ("2026-12-31 10:00", "2027-01-05 10:00"),  # New Year on a Friday
        ("2026-05-04 10:00", "2026-05-06 10:00"),  # 5 May is no day off for everyone
        ("2025-05-02 10:00", "2025-05-06 10:00"),  # not even in a year that ends on five
        ("2026-05-13 10:00", "2026-05-18 10:00"),  # Ascension Day
        ("2026-05-22 10:00", "2026-05-27 10:00"),  # Whit Monday
        ("2026-04-24 10:00", "2026-04-29 10:00"),  # the King's birthday
        ("2026-03-27 12:00", "2026-03-31 12:00"),  # the clock goes forward
        ("2026-10-23 12:00", "2026-10-27 12:00"),  # and back
        ("2028-02-28 12:00", "2028-03-01 12:00"),  # a leap day
    ],
)
def test_a_sign_of_life_is_expected_after_two_working_days(received: str, by: str) -> None:
    assert add_workdays(here(received), 2) == here(by)
    assert add_workdays(here(received).astimezone(UTC), 2) == here(by)


def test_the_day_is_the_one_in_the_netherlands(now: datetime) -> None:
    # Late on Sunday in London it is Monday in Amsterdam.
    assert add_workdays(datetime(2026, 11, 22, 23, 30, tzinfo=UTC), 1) == here("2026-11-24 00:30")
    assert add_workdays(now, 2).tzinfo is UTC


@pytest.mark.parametrize("year", range(2014, 2100))
def test_days_off_are_those_of_the_law_but_for_the_two_that_are_not_free_for_everyone(
    year: int,
) -> None:
    named = holidays.country_holidays("NL", years=year, language="en_US")
    free = {day for day, name in named.items() if name not in {"Good Friday", "Liberation Day"}}
    first = date(year, 1, 1)
    days = [first + timedelta(days=n) for n in range(366 if isleap(year) else 365)]
    weekdays = [day for day in days if day.weekday() < 5]
    assert {day for day in weekdays if not is_workday(day)} == {d for d in free if d.weekday() < 5}


MOMENTS = st.datetimes(
    datetime(2025, 1, 1),  # noqa: DTZ001 - hypothesis puts the zone on it
    datetime(2045, 1, 1),  # noqa: DTZ001
    timezones=st.just(ZoneInfo("Europe/Amsterdam")),
)


@given(MOMENTS, st.integers(0, 8))
def test_more_days_are_never_sooner_and_always_end_on_a_working_day(
    moment: datetime, days: int
) -> None:
    by = add_workdays(moment, days)
    assert by <= add_workdays(moment, days + 1)
    assert is_workday(by.astimezone(HERE).date())
    if is_workday(moment.date()):
        passed = [moment.date() + timedelta(days=n) for n in range(1, 40)]
        until = by.astimezone(HERE).date()
        assert sum(is_workday(day) for day in passed if day <= until) == days


def test_a_weekend_is_no_workday() -> None:
    assert not is_workday(date(2026, 11, 21))


def test_what_ends_at_midnight_ends_on_the_day_before() -> None:
    assert last_day(here("2026-11-25 00:00")) == date(2026, 11, 24)
    assert last_day(here("2026-11-25 00:01")) == date(2026, 11, 25)
    # A Saturday's two days are Monday and Tuesday.
    assert last_day(add_workdays(here("2026-11-21 16:30"), 2)) == date(2026, 11, 24)
    assert last_day(datetime(2026, 11, 24, 23, 30, tzinfo=UTC)) == date(2026, 11, 25)


@given(MOMENTS, st.integers(0, 300))
def test_as_many_working_days_have_passed_as_were_added(moment: datetime, days: int) -> None:
    by = add_workdays(moment, days)
    assert workdays_since(moment, by) == days
    assert workdays_since(moment, by - timedelta(microseconds=1)) == max(days - 1, 0)
    assert workdays_since(moment, moment - timedelta(days=9)) == 0


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        (date(2026, 11, 23), 1, date(2026, 12, 23)),
        (date(2026, 12, 1), 1, date(2027, 1, 1)),
        (date(2026, 12, 31), 1, date(2027, 1, 31)),
        (date(2027, 1, 31), 1, date(2027, 2, 28)),
        (date(2028, 1, 30), 1, date(2028, 2, 29)),
        (date(2026, 10, 31), 1, date(2026, 11, 30)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2027, 11, 30), 3, date(2028, 2, 29)),
        (date(2028, 2, 29), 3, date(2028, 5, 29)),
        (date(2026, 8, 31), 3, date(2026, 11, 30)),
        (date(2026, 9, 30), 3, date(2026, 12, 30)),
        (date(2026, 10, 31), 4, date(2027, 2, 28)),
        (date(2026, 12, 31), 12, date(2027, 12, 31)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
    ],
)
def test_months_later_is_the_same_day_or_the_last_of_the_month(
    day: date, months: int, then: date
) -> None:
    assert months_after(day, months) == then
