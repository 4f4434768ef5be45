"""The reference: easy to say, impossible to guess."""

import re

from portal.cases.reference import new_reference


def test_a_reference_has_sixty_random_bits_in_letters_nobody_mishears() -> None:
    made = {new_reference() for _ in range(5000)}
    assert len(made) == 5000
    letter = "[0-9A-HJKMNP-TV-Z]"
    pattern = re.compile(rf"EK-{letter}{{4}}-{letter}{{4}}-{letter}{{4}}")
    assert all(pattern.fullmatch(reference) for reference in made)
    # Every place takes all 32 letters: 12 places of 5 bits.
    places = zip(*(reference[3:].replace("-", "") for reference in made), strict=True)
    assert all(len(set(place)) == 32 for place in places)
