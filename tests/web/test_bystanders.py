"""What may lead to another person is noticed; what only looks like it is left alone."""

import re
import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from portal.web.bystanders import RULES, Trace, find, passes_eleven_test

BSN, PHONE, ADDRESS, EMAIL = Trace.CITIZEN_NUMBER, Trace.PHONE, Trace.ADDRESS, Trace.EMAIL

NOTICED: list[tuple[str, set[Trace]]] = [
    # Numbers that pass the eleven-test; these are the ones that everybody uses to try it.
    ("111222333", {BSN}),
    ("Zijn BSN is 123456782.", {BSN}),
    ("111 222 333", {BSN}),
    ("111.222.333", {BSN}),
    ("1112.22.333", {BSN}),
    ("sofinummer:1112-22-333", {BSN}),
    ("(111222333)", {BSN}),
    ("010000008", {BSN}),
    ("10000008", {BSN}),
    ("10 000 008", {BSN}),
    ("100.00.008", {BSN}),
    ("\uff11\uff11\uff11\uff12\uff12\uff12\uff13\uff13\uff13", {BSN}),
    ("111\uff12\uff12\uff12333", {BSN}),
    ("111\u00a0222\u00a0333", {BSN}),
    # Phone numbers
    ("0612345678", {PHONE}),
    ("Bel Noor: 06 12 34 56 78.", {PHONE}),
    ("06-12345678", {PHONE}),
    ("06 70075256", {PHONE}),  # the last eight pass the eleven-test
    ("(06) 70075256", {PHONE}),
    ("06 - 1234 5678", {PHONE}),
    ("06.12.34.56.78", {PHONE}),
    ("(06) 12345678", {PHONE}),
    ("0 6 1 2 3 4 5 6 7 8", {PHONE}),
    ("+31612345678", {PHONE}),
    ("+31 (0)6 12 34 56 78", {PHONE}),
    ("+31-6-12345678", {PHONE}),
    ("0031 6 12345678", {PHONE}),
    ("0031612345678", {PHONE}),
    ("+32 470 12 34 56", {PHONE}),
    ("020-1234567", {PHONE}),
    ("020 123 45 67", {PHONE}),
    ("0201234567", {PHONE}),
    ("(030) 123 45 67", {PHONE}),
    ("0592-123456", {PHONE}),
    ("0592 12 34 56", {PHONE}),
    ("+31 20 123 4567", {PHONE}),
    ("0612345678/0687654321", {PHONE}),
    ("\uff10\uff1612345678", {PHONE}),
    ("\u202a+31 6 12345678\u202c", {PHONE}),  # as a phone copies it from its contacts
    ("06 12\u200b34 56 78", {PHONE}),
    # Addresses
    ("Kerkstraat 12", {ADDRESS}),
    ("Hij woont op kerkstraat 12.", {ADDRESS}),
    ("KERKSTRAAT 12", {ADDRESS}),
    ("Op Kerkstraat 12 wonen ze met zijn zessen.", {ADDRESS}),
    ("Kerkstraat 12a", {ADDRESS}),
    ("Kerkstraat 12 B", {ADDRESS}),
    ("Kerkstraat 12-2", {ADDRESS}),
    ("Kerkstraat 12 bis", {ADDRESS}),
    ("Kerkstraat 12bis", {ADDRESS}),
    ("Kerkstraat nr. 12", {ADDRESS}),
    ("Kerkstraat, nummer 12", {ADDRESS}),
    ("Kerkstr. 12", {ADDRESS}),
    ("Dorpsstraat 3, boven de winkel", {ADDRESS}),
    ("Hoofdstraat 100", {ADDRESS}),
    ("Laan van Meerdervoort 15a", {ADDRESS}),
    ("de Laan van Nieuw Oost-Indië 250", {ADDRESS}),
    ("Prins Hendrikkade 33", {ADDRESS}),
    ("Nieuwe Weg 5", {ADDRESS}),
    ("Jan van der Heijdenstraat 8", {ADDRESS}),
    ("Cura\u00e7aostraat 7", {ADDRESS}),
    ("Botermarkt 4", {ADDRESS}),
    ("de Dam 3", {ADDRESS}),
    ("Grote Markt 1", {ADDRESS}),
    ("het gezin van huisnummer 12", {ADDRESS}),
    ("1234 AB", {ADDRESS}),
    ("1234AB", {ADDRESS}),
    ("1234  AB Assen", {ADDRESS}),
    ("1234ab", {ADDRESS}),
    ("NL-1234 AB", {ADDRESS}),
    ("\uff11\uff12\uff13\uff14\uff21\uff22", {ADDRESS}),
    # Mail
    ("noor@example.org", {EMAIL}),
    ("Mail naar Noor.de-Wit+school@post.example.org!", {EMAIL}),
    ("<noor@example.org>", {EMAIL}),
    ("NOOR@EXAMPLE.ORG", {EMAIL}),
    ("noor\uff20example.org", {EMAIL}),
    # Together
    ("Noor, Kerkstraat 12, 1234 AB, 06-12345678, noor@example.org", {ADDRESS, PHONE, EMAIL}),
    ("BSN 111222333 tel 020-1234567", {BSN, PHONE}),
]

LEFT_ALONE = [
    "",
    " ",
    "Er is al jaren ruzie in onze straat.",
    "Sinds 2019 is het onrustig, en in 2026 werd het erger.",
    "in het schooljaar 2026/2027",
    "schooljaar 2024-2025",
    "20242025",
    "Mijn zoon is 12 jaar, mijn dochter 9.",
    "kinderen van 8, 10, 12 en 14",
    "om 14.30 uur",
    "van 06.30 - 08.00 - 12.00 uur",
    "tussen 22:00 en 06:15",
    "12-03-2026",
    "12-06-2026 14.30 uur",
    "12 06 2026 14 30",
    "06-12-2026 14.30 uur",
    "06 12 2026 om 14 uur",
    "06-12-2026 14 30",
    "6-12-2026",
    "12.03.2026",
    "12032026",
    "20260312",
    "€ 12.500.000",
    "€ 111.222.333",
    "111.222.333 euro",
    "12.500.000 euro",
    "€ 0,50",
    "klas 3B",
    "groep 8",
    "havo 4 en vwo 5",
    "artikel 5",
    "artikel 1401 BW",
    "kamer 12",
    "lijn 12 en bus 304",
    "op de A28 of de N201",
    "postcode 3511",
    "3511 en 3512",
    "ongeveer 1500 mb",
    "1000 MB",
    "1000kg",
    "wel 2000 en meer",
    "de 1000de bezoeker",
    "IN 2026 EN 2027",
    "0800-2000",
    "0800 - 33 77 835",
    "0800-3377835",
    "0900-8844",
    "088-1234567",
    "112",
    "bel 113 of 0800-0113",
    "14 020",
    "123456789",  # fails the eleven-test
    "12345678",
    "000000000",
    "00 000 000",
    "1112223334",  # ten digits
    "EK-7K3M-Q9TX-2BHD",
    "zaak 2026-111222333",
    "zaaknummer A111222333",
    "NL00BANK0111222333",
    "061234567",  # one digit short
    "onderweg 3 keer gestopt",
    "op het schoolplein 3 of 4 jongens",
    "in de winkelstraat 5",
    "in onze straat 12 huizen",
    "De weg 3 kilometer verder",
    "De straat 3 of 4 maal vegen",
    "in de Kerkstraat 3 mei",
    "op het dorpsplein 14 mensen",
    "in de kerkstraat 12 winkels",
    "in de kerkstraat 5 lantaarns",
    "op het fietspad 2",
    "Kerkstraat 3 keer per week",
    "in de Kerkstraat 30 km",
    "Kerkstraat 20%",
    "Kerkstraat 2026",
    "Kerkstraat 14.30 uur",
    "Kerkstraat",
    "supermarkt 2",
    "op de PlayStation 5",
    "Windows 11",
    "@school",
    "3@4",
    "noor@localhost",
]


@pytest.mark.parametrize(("text", "traces"), NOTICED)
def test_what_may_lead_to_a_person_is_noticed(text: str, traces: set[Trace]) -> None:
    assert find(text) == traces


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_what_only_looks_like_it_is_left_alone(text: str) -> None:
    assert find(text) == frozenset()


@pytest.mark.parametrize(("text", "traces"), NOTICED)
def test_the_text_around_it_does_not_matter(text: str, traces: set[Trace]) -> None:
    assert find(f"Er is al jaren ruzie.\n{text}\nNiemand slaapt meer.") == traces


def test_nothing_is_lost_in_a_full_text_of_harmless_things() -> None:
    harmless = "\n".join(LEFT_ALONE)
    assert find(harmless) == frozenset()
    assert find(f"{harmless}\n{NOTICED[-1][0]}") == NOTICED[-1][1]


@given(st.integers(10_000_000, 999_999_999), st.sampled_from(["", " ", ".", "-"]))
def test_every_number_that_passes_is_noticed_and_no_other(number: int, sign: str) -> None:
    digits = f"{number:09}"
    text = sign.join((digits[:3], digits[3:6], digits[6:]))
    assert (BSN in find(text)) == passes_eleven_test(digits)


@given(st.integers(1_000_000, 99_999_999), st.integers(0, 8), st.integers(1, 9))
def test_a_number_with_one_digit_wrong_does_not_pass(number: int, place: int, off: int) -> None:
    left = sum((9 - at) * int(digit) for at, digit in enumerate(f"{number:08}")) % 11
    assume(left < 10)
    right = f"{number:08}{left}"
    wrong = f"{right[:place]}{(int(right[place]) + off) % 10}{right[place + 1 :]}"
    assert passes_eleven_test(right)
    assert not passes_eleven_test(wrong)


@given(
    st.from_regex(r"[1-9][0-9]{7}", fullmatch=True),
    st.sampled_from(["06{}", "06-{}", "06 {}", "(06) {}", "+316{}", "+31 6{}", "00316{}"]),
)
def test_every_mobile_number_is_noticed(rest: str, form: str) -> None:
    assert find(form.format(rest)) == {PHONE}


@given(st.text())
def test_without_a_digit_or_an_at_sign_there_is_nothing_to_notice(text: str) -> None:
    plain = unicodedata.normalize("NFKC", text)
    assert not find(text) or any(sign.isdigit() or sign == "@" for sign in plain)


_PIECES = st.sampled_from([*"0123456789 .-/()+@,€aZ\n", "06", "0031", "straat ", "Laan van "])


@given(st.one_of(st.text(), st.text("0123456789 -./()+@aA"), st.lists(_PIECES).map("".join)))
def test_any_text_at_all_has_an_answer(text: str) -> None:
    assert find(text) <= set(Trace)


@pytest.mark.parametrize("pattern", [pattern for _, pattern in RULES], ids=str)
def test_no_rule_can_take_more_than_its_share_of_time(pattern: re.Pattern[str]) -> None:
    # Bounded repeats alone: work per place in the text has a limit, however long the text.
    assert not re.search(r"(?<!\\)[*+]|,\}", pattern.pattern)
