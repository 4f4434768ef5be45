"""Whoever asks is led to somebody, as the map in use says."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.database import database
from portal.organisation import organisation
from portal.routing.checking import check
from portal.routing.loading import load
from portal.routing.places import DONT_KNOW, municipalities, places
from portal.routing.regions import (
    Destination,
    destination_of,
    loaded,
    managers,
    national_desk,
    regions_of,
    regions_where_standing_in,
    route,
    unanswered_regions,
)
from portal.routing.rules import Choice, resolve
from portal.routing.tables import ManagerRow, RegionRow
from tests.routing.maps import EXAMPLE, SMALL

Use = Callable[[str], None]


@pytest.fixture
def example(db: None) -> None:
    load(EXAMPLE, {})


@pytest.fixture
def use(db: None, tmp_path: Path) -> Use:
    def use(text: str) -> None:
        path = tmp_path / "regios.toml"
        path.write_text(text, encoding="utf-8")
        load(path, {})

    return use


DESK = Destination(
    region_key="landelijk",
    region_name="Landelijk bureau (voorbeeld)",
    municipality="",
    function="Landelijk bureau (voorbeeld)",
    email="landelijk@example.org",
    phone="0800 - 33 77 835",
    fallback_email=None,
    manager=None,
)


def test_a_request_reaches_its_manager_with_the_national_desk_to_fall_back_on(
    example: None,
) -> None:
    assert route("3791 AB", "") == Destination(
        region_key="utrecht",
        region_name="Utrecht",
        municipality="Leusden",
        function="Regiomanager Utrecht (voorbeeld)",
        email="utrecht@example.org",
        phone="088 000 00 10",
        fallback_email="landelijk@example.org",
        manager="utrecht",
    )


def test_the_database_says_what_the_rules_say_for_every_place(example: None) -> None:
    atlas = check(EXAMPLE).map
    assert atlas
    asked = [(code, "") for code in places()] + [("", name) for name in municipalities()]
    for postcode, municipality in asked:
        found, expected = route(postcode, municipality), resolve(atlas, postcode, municipality)
        if isinstance(expected, Choice):
            assert found == expected
        else:
            assert isinstance(found, Destination)
            assert (found.municipality, found.region_key) == (
                expected.municipality,
                expected.region,
            )


def test_a_postcode_between_regions_gives_a_choice_and_the_choice_settles_it(
    example: None,
) -> None:
    assert route("9351", "") == Choice(("Noordenveld", "Westerkwartier"))
    settled = [route("9351", name) for name in ("Noordenveld", "Westerkwartier")]
    assert [d.region_key for d in settled if isinstance(d, Destination)] == ["drenthe", "groningen"]


def test_a_po_box_gives_a_choice_of_every_municipality(example: None) -> None:
    assert route("1000 AA", "") == Choice(municipalities())


def test_who_does_not_know_is_led_to_the_national_desk(example: None) -> None:
    assert route("1000", DONT_KNOW) == national_desk() == DESK


def test_an_absent_manager_is_stood_in_for_without_the_region_changing(use: Use) -> None:
    use(SMALL.replace("actief = true", "actief = false"))
    found = destination_of("noord")
    assert (found.region_name, found.function, found.national) == (
        "Noord",
        "Regiomanager Zuid",
        False,
    )
    assert found.fallback_email == "landelijk@example.org"
    assert unanswered_regions() == []


def test_with_the_deputy_absent_too_the_national_desk_answers_for_the_region(use: Use) -> None:
    text = SMALL.replace("actief = true", "actief = false")
    use(text.replace('00 02"', '00 02"\nactief = false'))
    found = route("9401", "")
    assert isinstance(found, Destination)
    assert (found.region_key, found.region_name) == ("noord", "Noord")
    assert (found.function, found.email) == ("Landelijk bureau", "landelijk@example.org")
    assert (found.national, found.fallback_email) == (True, None)
    assert unanswered_regions() == ["Noord", "Zuid"]


def test_an_unknown_region_falls_to_the_national_desk(example: None) -> None:
    assert destination_of("atlantis") == destination_of("landelijk") == DESK


def test_a_region_lost_under_way_falls_to_the_national_desk(example: None) -> None:
    RegionRow.delete_by_id("utrecht")
    assert route("3511", "") == Destination(**{**vars(DESK), "municipality": "Utrecht"})


def test_without_regions_the_organisation_itself_answers(db: None) -> None:
    assert not loaded()
    found = route("3511", "")
    assert isinstance(found, Destination)
    assert (found.email, found.phone) == (organisation().email, organisation().phone)
    assert found.national
    assert found == route("", "") == national_desk()
    assert unanswered_regions() == []


def test_a_door_may_ask_without_a_connection_of_its_own(example: None) -> None:
    database.close()
    assert isinstance(route("3511", ""), Destination)
    assert loaded()
    assert unanswered_regions() == []
    assert database.is_closed()


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.one_of(st.text(), st.integers(0, 10_000).map(str), st.sampled_from(sorted(places()))),
    st.one_of(st.text(), st.sampled_from(municipalities()), st.just(DONT_KNOW)),
)
def test_any_two_texts_lead_to_somebody_or_to_a_choice(
    example: None, postcode: str, municipality: str
) -> None:
    found = route(postcode, municipality)
    if isinstance(found, Choice):
        assert found.municipalities
    else:
        assert "@" in found.email
        assert found.function


def test_a_manager_has_regions_whether_they_are_there_or_not(use: Use) -> None:
    use(SMALL)
    everybody = {key: regions_of(key) for key in managers()}
    assert {region for regions in everybody.values() for region in regions} == {
        row.key for row in RegionRow.select()
    }
    assert regions_of("nobody") == regions_of("") == frozenset()


def test_a_deputy_stands_in_for_who_is_away_and_only_then(example: None) -> None:
    # Groningen is deputy for Drenthe and Fryslân; nobody is away.
    assert regions_where_standing_in("groningen") == frozenset()
    away("drenthe")
    assert regions_where_standing_in("groningen") == {"drenthe"}
    assert regions_of("drenthe") == {"drenthe"}
    away("fryslan")
    assert regions_where_standing_in("groningen") == {"drenthe", "fryslan"}
    assert regions_where_standing_in("drenthe") == frozenset()
    away("groningen")
    # Then the national desk answers.
    assert regions_where_standing_in("groningen") == frozenset()


def away(key: str) -> None:
    ManagerRow.update(active=False).where(ManagerRow.key == key).execute()
