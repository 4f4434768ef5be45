"""What makes it doubtful that a person sent a form: each sign by itself, and together."""

from datetime import timedelta

import pytest

from portal.cases.case import Doubt
from portal.intake.doubt import FASTEST, MANY, Sending, doubts
from portal.web.quota import place_of

SLOW = timedelta(minutes=2)


def sending(
    trap: str = "", name: str = "Noor", took: timedelta = SLOW, *, many: bool = False
) -> Sending:
    return Sending(trap, name, took, many)


def test_who_takes_time_and_leaves_the_trap_empty_is_not_doubted() -> None:
    assert doubts(sending()) == ()


def test_who_fills_in_what_nobody_sees_is_doubted() -> None:
    assert doubts(sending(trap="https://example.org")) == (Doubt.TRAP,)


@pytest.mark.parametrize("blank", ["", " ", "\n\t"])
def test_an_empty_trap_tells_nothing(blank: str) -> None:
    assert doubts(sending(trap=blank)) == ()


@pytest.mark.parametrize(
    "name", ["http://x.example", "Noor https://x", "WWW.example.org", "<a href=x>Noor</a>"]
)
def test_a_link_for_a_name_is_doubted(name: str) -> None:
    assert doubts(sending(name=name)) == (Doubt.LINK,)


@pytest.mark.parametrize(
    "name", ["Noor", "J.P. de Vries", "noor@example.org", "Jan/Piet", "Ww", "Hrefna", "St. Jozef"]
)
def test_a_name_of_a_person_is_none(name: str) -> None:
    assert doubts(sending(name=name)) == ()


def test_a_quick_person_is_a_person() -> None:
    assert doubts(sending(took=timedelta(seconds=1))) == ()


def test_a_person_who_sits_where_many_ask_is_a_person() -> None:
    assert doubts(sending(many=True)) == ()


def test_who_is_faster_than_a_person_where_many_were_before_is_doubted() -> None:
    assert doubts(sending(took=timedelta(seconds=1), many=True)) == (Doubt.FAST, Doubt.MANY)


@pytest.mark.parametrize("took", [FASTEST, timedelta(seconds=-1), timedelta(days=-1)])
def test_a_clock_that_was_set_back_and_the_last_second_tell_nothing(took: timedelta) -> None:
    assert doubts(sending(took=took, many=True)) == ()


def test_many_is_more_than_a_class() -> None:
    assert MANY > 35


def test_a_household_has_one_network_whatever_its_machines_call_themselves() -> None:
    assert place_of("2001:db8:1:2::1") == place_of("2001:db8:1:2:ffff::9") == "2001:db8:1:2::/64"
    assert place_of("2001:db8:1:3::1") != place_of("2001:db8:1:2::1")
    assert place_of("::ffff:192.0.2.7") == place_of("192.0.2.7") == "192.0.2.7"


@pytest.mark.parametrize("own", ["127.0.0.1", "127.0.0.9", "::1", "::ffff:127.0.0.1"])
def test_a_machines_own_address_is_no_visitors(own: str) -> None:
    assert place_of(own) == ""


@pytest.mark.parametrize("nothing", [None, "", "unix:", "1.2.3", "x" * 300])
def test_what_is_no_address_is_nowhere(nothing: str | None) -> None:
    assert place_of(nothing) == ""
