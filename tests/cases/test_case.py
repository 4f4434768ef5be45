"""A submission: equal bodies are equal, whatever form they came on, and none shows in a log."""

from dataclasses import replace

import pytest

from portal.cases.case import Intent, Kind, Role, Submission

SAID = Submission(
    form_key="k" * 32,
    kind=Kind.COMMUNITY,
    intent=Intent.REQUEST,
    role=Role.RESIDENT,
    postcode="3511",
    municipality="Utrecht",
    name="Noor",
    email="noor@example.org",
    phone="0612345678",
    answers=(("story", ("ruzie",)),),
)


def test_the_form_key_is_no_part_of_what_was_said() -> None:
    assert replace(SAID, form_key="x" * 32).canonical() == SAID.canonical()


@pytest.mark.parametrize(
    "other",
    [
        {"kind": Kind.LEARNING},
        {"intent": Intent.PROPOSAL},
        {"role": Role.OTHER},
        {"postcode": ""},
        {"municipality": "Assen"},
        {"name": "noor"},
        {"email": ""},
        {"phone": "06 12345678"},
        {"answers": ()},
        {"answers": (("story", ("ruzie", "")),)},
        {"answers": (("question", ("ruzie",)),)},
        {"postcode": "3511Utrecht", "municipality": ""},
    ],
)
def test_any_other_word_is_another_body(other: dict[str, object]) -> None:
    assert replace(SAID, **other).canonical() != SAID.canonical()  # type: ignore[arg-type]


def test_what_was_said_does_not_show_when_it_is_printed() -> None:
    assert "Noor" not in f"{SAID!r} {SAID}"
