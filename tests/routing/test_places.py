"""The country as it is, and as people write it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.routing.places import (
    as_ranges,
    codes_between,
    is_dont_know,
    municipalities,
    municipalities_named,
    normalise_postcode,
    places,
    province_named,
    provinces,
    provinces_by_municipality,
)


def test_the_country_is_complete_and_sorted() -> None:
    assert (len(places()), len(municipalities()), len(provinces())) == (4073, 342, 12)
    assert list(places()) == sorted(places())


def test_every_municipality_is_the_main_one_of_some_postcode() -> None:
    assert set(municipalities()) == set(provinces_by_municipality())


def test_four_new_postcodes_have_no_municipality_and_33_have_two() -> None:
    new = [code for code, place in places().items() if not place.municipalities]
    assert new == ["2236", "7479", "8269", "8323"]
    assert sum(len(place.municipalities) == 2 for place in places().values()) == 33


@pytest.mark.parametrize(
    "text",
    [
        "1234AB",
        "1234 ab",
        " 1234",
        "1234",
        "1 2 3 4",
        "12.34",
        "1234.AB",
        "NL-1234 AB",
        "1234-AB",
        "\t1234\n",
        "\uff11\uff12\uff13\uff14 AB",
        "Straat 12 1234 AB Assen",
        "1234\u00a0AB",
    ],
)
def test_a_postcode_is_read_however_it_is_written(text: str) -> None:
    assert normalise_postcode(text) == "1234"


@pytest.mark.parametrize(
    "text", ["", " ", "0123", "123", "12345", "06 12345678", "AB", "weet ik niet", "\x00", "\ud800"]
)
def test_where_there_are_no_four_digits_there_is_no_postcode(text: str) -> None:
    assert normalise_postcode(text) is None


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("'s-Hertogenbosch", "'s-Hertogenbosch"),
        ("\u2019S  hertogenbosch", "'s-Hertogenbosch"),
        ("S Hertogenbosch", "'s-Hertogenbosch"),
        ("den bosch", "'s-Hertogenbosch"),
        ("Den Haag", "'s-Gravenhage"),
        ("sudwest fryslan", "Súdwest-Fryslân"),
        ("Su\u0301dwest-Frysla\u0302n", "Súdwest-Fryslân"),
        ("UTRECHT", "Utrecht"),
        ("bergen nh", "Bergen (NH.)"),
        ("Nuenen Gerwen en Nederwetten", "Nuenen, Gerwen en Nederwetten"),
    ],
)
def test_a_municipality_is_known_however_it_is_written(text: str, name: str) -> None:
    assert municipalities_named(text) == (name,)


def test_a_name_that_two_municipalities_share_gives_both() -> None:
    assert municipalities_named("Bergen") == ("Bergen (L.)", "Bergen (NH.)")


def test_every_municipality_is_found_by_its_own_name_alone() -> None:
    assert [municipalities_named(name) for name in municipalities()] == [
        (name,) for name in municipalities()
    ]


def test_what_is_no_municipality_names_none() -> None:
    assert municipalities_named("Atlantis") == municipalities_named("") == ()


def test_the_list_reads_as_a_dutch_reader_expects() -> None:
    names = municipalities()
    for run in (
        ("Gouda", "'s-Gravenhage", "Groningen"),
        ("Hengelo", "'s-Hertogenbosch"),
        ("Berg en Dal", "Bergeijk", "Bergen (L.)", "Bergen (NH.)", "Bergen op Zoom"),
        ("Stichtse Vecht", "Súdwest-Fryslân"),
    ):
        assert sorted(run, key=names.index) == list(run)
    assert names.index("'s-Gravenhage") == names.index("Gouda") + 1


def test_a_province_is_known_however_it_is_written() -> None:
    assert province_named("fryslan") == "Fryslân"
    assert province_named("noord brabant") == "Noord-Brabant"
    assert province_named("Atlantis") is None


def test_not_knowing_is_understood() -> None:
    assert is_dont_know("Weet ik niet")
    assert is_dont_know(" weet ik NIET. ")
    assert not is_dont_know("")


def test_postcodes_are_named_as_ranges_without_taking_in_others() -> None:
    codes = [*codes_between("1011", "1019"), "3511", *codes_between("9998", "9999")]
    assert as_ranges(reversed(codes)) == "1011-1019, 3511, 9998-9999"


@given(st.sets(st.sampled_from(sorted(places())), max_size=30))
def test_ranges_hold_exactly_the_postcodes_they_were_made_of(codes: set[str]) -> None:
    found: set[str] = set()
    for part in as_ranges(codes).split(", ") if codes else ():
        first, _, last = part.partition("-")
        found.update(codes_between(first, last or first))
    assert found == codes


def test_a_hostile_text_takes_no_time() -> None:
    # Alternating marks of two classes make normalisation sort; unbounded, this takes minutes.
    hostile = "a" + "\u0301\u0316" * 200_000
    assert municipalities_named(hostile) == ()
    assert normalise_postcode(hostile) is None
