"""The reference: easy to say, impossible to guess."""

import re

import pytest

from portal.cases.reference import new_reference, read_reference


def test_a_reference_has_sixty_random_bits_in_letters_nobody_mishears() -> None:
    made = {new_reference() for _ in range(5000)}
    assert len(made) == 5000
    letter = "[0-9A-HJKMNP-TV-Z]"
    pattern = re.compile(rf"EK-{letter}{{4}}-{letter}{{4}}-{letter}{{4}}")
    assert all(pattern.fullmatch(reference) for reference in made)
    # Every place takes all 32 letters: 12 places of 5 bits.
    places = zip(*(reference[3:].replace("-", "") for reference in made), strict=True)
    assert all(len(set(place)) == 32 for place in places)


@pytest.mark.parametrize(
    "said",
    [
        "EK-7K3M-Q9TX-2B01",
        "ek-7k3m-q9tx-2b01",
        "EK7K3MQ9TX2B01",
        " ek 7k3m q9tx 2b01 ",
        "7K3M-Q9TX-2B01",
        "7k3mq9tx2b01",
        "EK-7K3M-Q9TX-2BOI",
        "ek 7k3m q9tx 2bol",
        "EK–7K3M–Q9TX–2B01",
        "\uff25\uff2b-7K3M-Q9TX-2B01.",
    ],
)
def test_a_reference_is_read_however_it_is_written_down(said: str) -> None:
    assert read_reference(said) == "EK-7K3M-Q9TX-2B01"


@pytest.mark.parametrize(
    "said",
    ["", "EK", "EK-7K3M-Q9TX", "EK-7K3M-Q9TX-2B012", "EK-7K3M-Q9TX-2BUU", "XY-7K3M-Q9TX-2B01"],
)
def test_what_can_be_no_reference_is_none(said: str) -> None:
    assert read_reference(said) is None


def test_every_reference_that_is_given_out_is_read_back() -> None:
    made = [new_reference() for _ in range(500)] + ["EK-EK00-EK00-EK00"]
    for reference in made:
        assert read_reference(reference) == reference
        assert read_reference(reference.lower().replace("-", "")[2:]) == reference
