"""Contact data: known again in every spelling, never taken for another's, and shown masked."""

import pytest

from portal.cases.contact import (
    masked_email,
    masked_name,
    masked_phone,
    same_mailbox,
    same_number,
)


@pytest.mark.parametrize(
    "spelling",
    ["noor@example.org", "Noor@Example.ORG", "noor@\uff45xample.org", "noor@example\u3002org"],
)
def test_one_mailbox_is_known_again_however_it_is_spelled(spelling: str) -> None:
    assert same_mailbox(spelling) == "noor@example.org"


@pytest.mark.parametrize(
    "other", ["n.oor@example.org", "noor+1@example.org", "noor@example.com", "noo@example.org"]
)
def test_an_address_that_may_be_another_persons_is_another_mailbox(other: str) -> None:
    assert same_mailbox(other) != same_mailbox("noor@example.org")


def test_an_address_that_no_mail_can_go_to_is_compared_all_the_same() -> None:
    assert same_mailbox(" Geen Adres ") == same_mailbox("geen adres")


@pytest.mark.parametrize(
    "spelling",
    [
        "0612345678",
        "06 12 34 56 78",
        "06-12345678",
        "06.12.34.56.78",
        "+31612345678",
        "+31 6 12345678",
        "+31 (0)6 12345678",
        "(+31) 6 12345678",
        "0031 6 12 34 56 78",
        "0031 (0)6 12345678",
        "31612345678",
        "612345678",
        "\uff10\uff16 12345678",
    ],
)
def test_one_number_is_known_again_however_it_is_spelled(spelling: str) -> None:
    assert same_number(spelling) == "0612345678"


@pytest.mark.parametrize("spelling", ["+49 30 1234567", "0049301234567", "0049 30-1234567"])
def test_a_number_abroad_is_known_again_too(spelling: str) -> None:
    assert same_number(spelling) == "0049301234567"


def test_other_numbers_stay_apart() -> None:
    numbers = ["0612345678", "0612345679", "030 2345678", "+32 612345678", "+49 612345678"]
    numbers += ["0800 33 77 835", "+298 123456", "0298123456"]
    assert len({same_number(number) for number in numbers}) == len(numbers)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("noor@example.org", "n…@example.org"),
        ("n@example.org", "n…@example.org"),
        ('"a@b"@example.org', "a…@example.org"),
        ("_@example.org", "…@example.org"),
        ("", ""),
    ],
)
def test_of_an_address_the_first_letter_and_the_domain_are_shown(address: str, shown: str) -> None:
    assert masked_email(address) == shown


@pytest.mark.parametrize(
    ("phone", "shown"), [("06-12 34 56 78", "… 78"), ("+31 6 1234567 8", "… 78"), ("", "")]
)
def test_of_a_number_the_last_two_digits_are_shown(phone: str, shown: str) -> None:
    assert masked_phone(phone) == shown


@pytest.mark.parametrize(
    ("name", "shown"),
    [("Noor", "N…"), ("王小明", "王…"), ("\u202eNoor", "N…"), ("‘t Hart", "t…"), ("…", "…")],
)
def test_of_a_name_the_first_letter_is_shown(name: str, shown: str) -> None:
    assert masked_name(name) == shown
