"""Whoever is away is stood in for on those days, by who was named for it or the national desk."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.database import database
from portal.routing import absences
from portal.routing.absences import KEPT, Absence, Overlaps, add, end, find, from_now_on, past
from portal.routing.loading import load
from portal.routing.regions import (
    Destination,
    destination_of,
    line_of,
    managers,
    regions_of,
    regions_where_standing_in,
    route,
    unanswered_regions,
    who_answers,
)
from portal.routing.rules import NATIONAL
from tests.routing.maps import EXAMPLE, SMALL

MONDAY = date(2026, 11, 23)
DAY = timedelta(days=1)
FRIDAY = MONDAY + 4 * DAY
# In the example map Groningen and Drenthe stand in for each other, and Groningen for Fryslân.
ANOTHER = "utrecht"


@pytest.fixture
def example(db: None) -> None:
    load(EXAMPLE, {})


pytestmark = pytest.mark.usefixtures("example")


def asked(region: str, today: date) -> list[str | None]:
    """The keys of all who are asked about a region, in their order; None is the national desk."""
    return [destination.manager for destination in line_of(region, today)]


def test_the_deputy_answers_from_the_first_day_to_the_last_and_not_a_day_more() -> None:
    add("drenthe", MONDAY, FRIDAY, None)
    answers = [
        destination_of("drenthe", day).manager
        for day in (MONDAY - DAY, MONDAY, FRIDAY, FRIDAY + DAY)
    ]
    assert answers == ["drenthe", "groningen", "groningen", "drenthe"]


def test_letters_name_who_answers_and_the_region_stays_what_it_is() -> None:
    add("drenthe", MONDAY, FRIDAY, None)
    found = route("7705", "", MONDAY)
    assert isinstance(found, Destination)
    assert found == Destination(
        region_key="drenthe",
        region_name="Drenthe",
        municipality=found.municipality,
        function="Regiomanager Groningen (voorbeeld)",
        email="groningen@example.org",
        phone="088 000 00 05",
        fallback_email="landelijk@example.org",
        manager="groningen",
    )
    assert not found.national


def test_who_is_named_for_it_goes_before_the_deputy_of_the_map() -> None:
    add("drenthe", MONDAY, FRIDAY, ANOTHER)
    assert asked("drenthe", MONDAY) == [ANOTHER, None]
    assert asked("drenthe", FRIDAY + DAY) == ["drenthe", "groningen", None]


def test_with_the_deputy_away_too_it_is_the_national_desk_and_nobodys_deputy() -> None:
    # Limburg would be next in line if deputies of deputies were asked.
    add("drenthe", MONDAY, FRIDAY, None)
    add("groningen", FRIDAY, FRIDAY + DAY, "limburg")
    assert asked("drenthe", MONDAY) == ["groningen", None]
    assert asked("drenthe", FRIDAY) == [None]
    assert asked("groningen", FRIDAY) == ["limburg", None]
    assert destination_of("drenthe", FRIDAY).national


def test_two_who_stand_in_for_each_other_and_are_both_away_make_no_loop() -> None:
    add("drenthe", MONDAY, FRIDAY, "groningen")
    add("groningen", MONDAY, FRIDAY, "drenthe")
    assert asked("drenthe", MONDAY) == asked("groningen", MONDAY) == [None]
    assert route("9401", "", MONDAY).national  # type: ignore[union-attr]


def test_who_is_named_and_no_longer_there_leaves_it_to_the_national_desk() -> None:
    add("drenthe", MONDAY, FRIDAY, "atlantis")
    assert asked("drenthe", MONDAY) == [None]


def test_nobody_stands_in_for_themselves() -> None:
    add("drenthe", MONDAY, FRIDAY, "drenthe")
    assert asked("drenthe", MONDAY) == [None]


def test_a_manager_at_work_is_backed_by_the_deputy_and_then_by_the_national_desk() -> None:
    assert asked("drenthe", MONDAY) == ["drenthe", "groningen", None]
    assert asked("atlantis", MONDAY) == asked(NATIONAL, MONDAY) == [None]


def test_who_is_asked_without_a_day_goes_by_today_in_the_netherlands() -> None:
    add("drenthe", MONDAY, MONDAY, ANOTHER)
    # Late on Sunday in London it is Monday in Amsterdam.
    with time_machine.travel(datetime(2026, 11, 22, 23, 30, tzinfo=UTC), tick=False):
        assert destination_of("drenthe").manager == ANOTHER
        assert regions_where_standing_in(ANOTHER) == {"drenthe"}
    with time_machine.travel(datetime(2026, 11, 23, 23, 30, tzinfo=UTC), tick=False):
        assert destination_of("drenthe").manager == "drenthe"


def test_who_answers_where_is_told_for_the_whole_country_at_once() -> None:
    add("drenthe", MONDAY, FRIDAY, None)
    told = who_answers(MONDAY)
    assert set(told) == {region for key in told for region in regions_of(key)}
    assert {key for key, to in told.items() if to.manager != key} == {"drenthe"}
    assert all(told[key] == destination_of(key, MONDAY) for key in told)


def test_a_deputy_sees_the_region_while_its_manager_is_away_and_not_a_day_more() -> None:
    add("drenthe", MONDAY, FRIDAY, None)
    seen = [regions_where_standing_in("groningen", MONDAY + n * DAY) for n in range(-1, 6)]
    assert seen == [frozenset(), *[{"drenthe"}] * 5, frozenset()]
    assert regions_of("groningen") == {"groningen"}
    assert regions_of("drenthe") == {"drenthe"}


def test_the_deputy_of_the_map_sees_nothing_where_another_was_named() -> None:
    add("drenthe", MONDAY, FRIDAY, ANOTHER)
    assert regions_where_standing_in("groningen", MONDAY) == frozenset()
    assert regions_where_standing_in(ANOTHER, MONDAY) == {"drenthe"}


def test_who_is_away_stands_in_for_nobody() -> None:
    add("drenthe", MONDAY, FRIDAY, None)
    add("groningen", MONDAY, MONDAY, None)
    assert regions_where_standing_in("groningen", MONDAY) == frozenset()
    assert regions_where_standing_in("groningen", MONDAY + DAY) == {"drenthe"}


def test_a_manager_who_left_is_stood_in_for_as_before(tmp_path: Path) -> None:
    path = tmp_path / "regios.toml"
    path.write_text(SMALL.replace("actief = true", "actief = false"), encoding="utf-8")
    load(path, {})
    assert regions_where_standing_in("zuid", MONDAY) == {"noord"}
    assert regions_where_standing_in("noord", MONDAY) == frozenset()


def test_the_same_twice_is_noted_once() -> None:
    first = add("drenthe", MONDAY, FRIDAY, None)
    assert add("drenthe", MONDAY, FRIDAY, None).id == first.id
    assert Absence.select().count() == 1


@pytest.mark.parametrize(
    ("first", "last"),
    [(FRIDAY, FRIDAY + DAY), (MONDAY - DAY, MONDAY), (MONDAY - DAY, FRIDAY + DAY)],
)
def test_days_that_were_noted_before_are_not_noted_again(first: date, last: date) -> None:
    noted = add("drenthe", MONDAY, FRIDAY, None)
    with pytest.raises(Overlaps) as fault:
        add("drenthe", first, last, None)
    assert fault.value.absence.id == noted.id
    add("groningen", first, last, None)
    add("drenthe", FRIDAY + DAY, FRIDAY + DAY, None)


def test_who_comes_back_early_answers_from_that_day_on() -> None:
    absence = add("drenthe", MONDAY, FRIDAY, None)
    end(absence, MONDAY + 2 * DAY)
    answers = [destination_of("drenthe", MONDAY + n * DAY).manager for n in range(4)]
    assert answers == ["groningen", "groningen", "drenthe", "drenthe"]


@pytest.mark.parametrize("today", [MONDAY - DAY, MONDAY])
def test_an_absence_that_did_not_begin_is_as_if_it_never_was(today: date) -> None:
    absence = add("drenthe", MONDAY, FRIDAY, None)
    end(absence, today)
    assert find(absence.id) is None


def test_ending_twice_or_too_late_changes_nothing() -> None:
    absence = add("drenthe", MONDAY, FRIDAY, None)
    end(absence, FRIDAY + 9 * DAY)
    assert Absence.get().last_day == FRIDAY
    for _ in range(2):
        end(absence, FRIDAY)
    assert Absence.get().last_day == FRIDAY - DAY


def test_what_is_over_is_no_longer_listed_and_forgotten_on_its_term() -> None:
    add("drenthe", MONDAY, FRIDAY, None)
    add("utrecht", FRIDAY, FRIDAY + DAY, None)
    assert [a.manager for a in from_now_on(FRIDAY)] == ["drenthe", "utrecht"]
    assert [a.manager for a in from_now_on(FRIDAY + DAY)] == ["utrecht"]
    late = datetime(2026, 11, 28, 12, tzinfo=UTC) + KEPT
    assert past(late - DAY - KEPT).forget() == 0
    assert past(late - KEPT).forget() == 1
    assert [a.manager for a in from_now_on(MONDAY)] == ["utrecht"]


def test_a_new_map_changes_no_absence(tmp_path: Path) -> None:
    add("noord", MONDAY, FRIDAY, None)
    for text in (SMALL, SMALL.replace("088", "089")):
        path = tmp_path / "regios.toml"
        path.write_text(text, encoding="utf-8")
        load(path, {})
        assert asked("noord", MONDAY) == ["zuid", None]


def test_a_planned_absence_is_no_fault_of_the_map() -> None:
    add("drenthe", MONDAY, FRIDAY, None)
    add("groningen", MONDAY, FRIDAY, None)
    assert destination_of("drenthe", MONDAY).national
    assert unanswered_regions() == []


def test_a_door_may_ask_without_a_connection_of_its_own() -> None:
    database.close()
    absence = add("drenthe", MONDAY, FRIDAY, None)
    assert find(absence.id)
    assert from_now_on(MONDAY)
    assert absences.away(MONDAY) == {"drenthe": None}
    end(absence, MONDAY)
    assert database.is_closed()


KEYS = ("drenthe", "fryslan", "groningen", "limburg")
DAYS = st.integers(0, 6).map(lambda n: MONDAY + n * DAY)
AWAY = st.tuples(st.sampled_from(KEYS), DAYS, DAYS, st.sampled_from([None, *KEYS, "atlantis"]))


def note(some: list[tuple[str, date, date, str | None]]) -> None:
    for manager, one, other, deputy in some:
        try:
            add(manager, min(one, other), max(one, other), deputy)
        except Overlaps:
            continue


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(AWAY, max_size=6), DAYS)
def test_whoever_is_away_is_asked_nothing_and_in_the_end_there_is_always_the_national_desk(
    some: list[tuple[str, date, date, str | None]], today: date
) -> None:
    for absence in from_now_on(MONDAY):
        end(absence, MONDAY)
    note(some)
    gone = set(absences.away(today))
    for region in KEYS:
        line = asked(region, today)
        assert line[-1] is None
        assert len(line) == len(set(line)) <= 3
        assert not gone & set(line)
        stands_in = {key for key in managers() if region in regions_where_standing_in(key, today)}
        assert stands_in == {*line[:1]} - {None, region}
