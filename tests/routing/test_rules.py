"""Who answers for which place, by the rules alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.routing.places import DONT_KNOW, municipalities, places, provinces
from portal.routing.rules import Choice, Claim, Map, Region, resolve
from tests.routing.maps import DESK, manager, provinces_map

TWELVE = provinces_map()

BETWEEN_PROVINCES = {
    "2451": ("Kaag en Braassem", "Uithoorn"),
    "3651": ("Nieuwkoop", "Woerden"),
    "9351": ("Noordenveld", "Westerkwartier"),
    "9354": ("Noordenveld", "Westerkwartier"),
    "9422": ("Midden-Drenthe", "Opsterland"),
    "9431": ("Midden-Drenthe", "Ooststellingwerf"),
}


def region_of(atlas: Map, postcode: str = "", municipality: str = "") -> str | None:
    found = resolve(atlas, postcode, municipality)
    assert isinstance(found, Claim)
    return found.region


@pytest.mark.parametrize(
    ("code", "province"),
    [
        ("9401", "Drenthe"),
        ("8211", "Flevoland"),
        ("8911", "Fryslân"),
        ("6811", "Gelderland"),
        ("9711", "Groningen"),
        ("6211", "Limburg"),
        ("5211", "Noord-Brabant"),
        ("2011", "Noord-Holland"),
        ("8011", "Overijssel"),
        ("3511", "Utrecht"),
        ("4331", "Zeeland"),
        ("2511", "Zuid-Holland"),
        # Across a border from most codes that begin with the same two digits.
        ("3791", "Utrecht"),
        ("8387", "Drenthe"),
        ("8388", "Fryslân"),
        ("4675", "Zeeland"),
        # So new that no municipality is known.
        ("2236", "Zuid-Holland"),
        ("7479", "Overijssel"),
        ("8269", "Overijssel"),
        ("8323", "Flevoland"),
    ],
)
def test_a_postcode_reaches_its_province(code: str, province: str) -> None:
    assert region_of(TWELVE, code) == province


def test_just_the_postcodes_between_two_provinces_ask_for_the_municipality() -> None:
    asked = {
        code: found.municipalities
        for code in places()
        if isinstance(found := resolve(TWELVE, code, ""), Choice)
    }
    assert asked == BETWEEN_PROVINCES


@pytest.mark.parametrize("code", BETWEEN_PROVINCES)
def test_either_municipality_settles_it(code: str) -> None:
    one, other = BETWEEN_PROVINCES[code]
    assert {region_of(TWELVE, code, one), region_of(TWELVE, code, other)} == {
        region_of(TWELVE, "", one),
        region_of(TWELVE, "", other),
    }
    assert region_of(TWELVE, code, one) != region_of(TWELVE, code, other)


def test_a_municipality_elsewhere_does_not_settle_it() -> None:
    assert resolve(TWELVE, "9351", "Amsterdam") == Choice(("Noordenveld", "Westerkwartier"))


def test_a_postcode_within_one_region_outweighs_a_municipality_elsewhere() -> None:
    assert resolve(TWELVE, "3511", "Groningen") == Claim("Utrecht", "Utrecht")


def test_between_municipalities_of_one_region_nothing_is_asked() -> None:
    assert resolve(TWELVE, "7693", "") == Claim("Hardenberg", "Overijssel")
    assert resolve(TWELVE, "7693", "twenterand") == Claim("Twenterand", "Overijssel")


@pytest.mark.parametrize("text", ["1000", "9990", "", "geen idee", "0123", "\ud800", "x" * 10_000])
def test_an_unknown_postcode_offers_every_municipality(text: str) -> None:
    assert text not in places()
    assert resolve(TWELVE, text, "") == Choice(municipalities())
    assert region_of(TWELVE, text, "Assen") == "Drenthe"


def test_a_name_shared_by_two_municipalities_offers_those_two() -> None:
    assert resolve(TWELVE, "", "bergen") == Choice(("Bergen (L.)", "Bergen (NH.)"))
    assert region_of(TWELVE, "", "Bergen (L.)") == "Limburg"


@pytest.mark.parametrize("postcode", ["", "1000", "9351"])
def test_who_does_not_know_the_municipality_gets_the_national_desk(postcode: str) -> None:
    assert resolve(TWELVE, postcode, DONT_KNOW) == Claim("", None)


def test_who_does_not_know_the_municipality_but_the_postcode_gets_the_region() -> None:
    assert region_of(TWELVE, "3511", DONT_KNOW) == "Utrecht"


def test_a_municipality_alone_reaches_its_province() -> None:
    for name in municipalities():
        claim = resolve(TWELVE, "", name)
        assert isinstance(claim, Claim)
        assert (claim.municipality, claim.region in provinces()) == (name, True)


def test_a_municipality_wins_over_its_province() -> None:
    atlas = provinces_map(Region("stad", "Stad", "stad", municipalities=("Utrecht",)))
    assert region_of(atlas, "3511") == region_of(atlas, "", "utrecht") == "stad"
    assert region_of(atlas, "3791") == "Utrecht"


def test_a_range_wins_over_a_municipality_and_a_province() -> None:
    atlas = provinces_map(
        Region("stad", "Stad", "stad", municipalities=("Utrecht",)),
        Region("wijk", "Wijk", "wijk", postcodes=(("3511", "3513"), ("3791", "3791"))),
    )
    assert [region_of(atlas, code) for code in ("3511", "3513", "3514")] == ["wijk", "wijk", "stad"]
    assert region_of(atlas, "3791") == "wijk"


def test_a_range_settles_a_postcode_between_provinces() -> None:
    atlas = provinces_map(Region("wijk", "Wijk", "wijk", postcodes=(("9351", "9351"),)))
    assert region_of(atlas, "9351") == region_of(atlas, "9351", "Noordenveld") == "wijk"


def test_a_range_reaches_a_postcode_without_municipality() -> None:
    atlas = provinces_map(Region("wijk", "Wijk", "wijk", postcodes=(("2236", "2236"),)))
    assert region_of(atlas, "2236") == "wijk"


def test_a_municipality_finer_than_its_neighbour_makes_a_postcode_ask() -> None:
    atlas = provinces_map(Region("stad", "Stad", "stad", municipalities=("Twenterand",)))
    assert resolve(atlas, "7693", "") == Choice(("Hardenberg", "Twenterand"))


def test_a_divided_municipality_goes_to_the_region_that_names_it() -> None:
    atlas = provinces_map(
        Region("wijk", "Wijk", "wijk", postcodes=(("3500", "3599"),)),
        Region("stad", "Stad", "stad", municipalities=("Utrecht",)),
    )
    assert region_of(atlas, "", "Utrecht") == "stad"


def test_a_divided_municipality_goes_to_the_region_with_most_of_its_postcodes() -> None:
    codes = [code for code, place in places().items() if place.municipalities[:1] == ("Leusden",)]
    most, half = len(codes) // 2 + 1, len(codes) // 2
    assert len(codes) % 2 == 0
    for count, expected in ((most, "wijk"), (half, "Utrecht"), (half - 1, "Utrecht")):
        ranges = tuple((code, code) for code in codes[:count])
        atlas = provinces_map(Region("wijk", "Wijk", "wijk", postcodes=ranges))
        assert region_of(atlas, "", "Leusden") == expected


def test_a_place_in_no_region_goes_to_the_national_desk_not_to_nobody() -> None:
    empty = Map(DESK, (), ())
    assert resolve(empty, "3511", "") == Claim("Utrecht", None)
    assert resolve(empty, "", "Utrecht") == Claim("Utrecht", None)


@pytest.mark.parametrize(
    ("active", "deputy", "expected"),
    [
        (True, True, "a"),
        (True, False, "a"),
        (True, None, "a"),
        (False, True, "b"),
        (False, False, None),
        (False, None, None),
    ],
)
def test_the_deputy_answers_for_an_absent_manager_and_the_desk_for_both(
    active: bool, deputy: bool | None, expected: str | None
) -> None:
    people = [manager("a", deputy="b", active=active)]
    if deputy is not None:
        people.append(manager("b", active=deputy))
    region = Region("r", "R", "a", provinces=provinces())
    person = Map(DESK, tuple(people), (region,)).who(region)
    assert (person.key if person else None) == expected


def test_a_region_whose_manager_is_unknown_goes_to_the_national_desk() -> None:
    region = Region("r", "R", "nobody", provinces=provinces())
    assert Map(DESK, (), (region,)).who(region) is None


PLACES = st.one_of(
    st.text(),
    st.sampled_from(sorted(places())),
    st.sampled_from(municipalities()),
    st.integers(0, 10_000).map(str),
    st.just(DONT_KNOW),
)
SOME = st.lists(st.sampled_from(municipalities()), unique=True, max_size=20).map(tuple)
RANGES = st.lists(st.tuples(*[st.sampled_from(sorted(places()))] * 2), max_size=10).map(tuple)


@given(PLACES, PLACES, st.sampled_from([TWELVE, Map(DESK, (), ())]))
def test_any_two_texts_settle_the_place_or_leave_a_choice(
    postcode: str, municipality: str, atlas: Map
) -> None:
    found = resolve(atlas, postcode, municipality)
    if isinstance(found, Choice):
        assert found.municipalities
        # No choice is a dead end: each of its options settles the matter, and so does not knowing.
        for option in (found.municipalities[0], found.municipalities[-1], DONT_KNOW):
            assert isinstance(resolve(atlas, postcode, option), Claim)


@given(SOME, RANGES)
def test_where_every_province_is_covered_finer_regions_leave_no_gap(
    names: tuple[str, ...], ranges: tuple[tuple[str, str], ...]
) -> None:
    atlas = provinces_map(
        Region("stad", "Stad", "stad", municipalities=names),
        Region("wijk", "Wijk", "wijk", postcodes=ranges),
    )
    assert all(claim.region for code in places() for claim in atlas.in_postcode(code))
    assert all(atlas.in_municipality(name).region for name in municipalities())
