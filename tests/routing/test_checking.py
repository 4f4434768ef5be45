"""A regions file is proven before it is used, and all its faults are named at once."""

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.routing.checking import Reach, Report, check
from portal.routing.places import places
from tests.routing.maps import EXAMPLE, SMALL

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(text: str) -> Path:
        path = tmp_path / "regios.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def line_of(text: str, marker: str) -> int:
    """The line of the first place where ``marker`` stands."""
    assert marker in text
    return text[: text.index(marker)].count("\n") + 1


def test_the_example_reaches_a_manager_from_everywhere() -> None:
    report = check(EXAMPLE)
    assert report.faults == ()
    assert report.reach == Reach(manager=4067, deputy=0, national=0, choice=6)
    assert str(report) == (
        f"{EXAMPLE}: 12 regions; 4073 postcodes and 342 municipalities reach someone:"
        " 4067 a manager, 0 a deputy, 0 the national desk, 6 ask for the municipality first"
    )


def test_the_example_names_twelve_people_by_function_who_do_not_exist() -> None:
    found = check(EXAMPLE).map
    assert found
    for region, manager in zip(found.regions, found.managers, strict=True):
        assert manager.name == f"Regiomanager {region.name} (voorbeeld)"
        assert manager.email == f"{region.key}@example.org"
        assert (region.provinces, region.manager) == ((region.name,), manager.key)
        assert manager.deputy not in {None, manager.key}
    assert found.national.email == "landelijk@example.org"


def test_the_small_file_is_sound_and_says_who_answers(write: Write) -> None:
    report = check(write(SMALL))
    assert report.sound
    assert report.faults == ()
    # Only 3651, 2451 and the like lie between two provinces; these two regions share five borders.
    assert sum((report.reach.manager, report.reach.choice)) == len(places())


# What is wrong; what is replaced by what; then, for each fault, a text on its line and its words.
FAULTS: list[tuple[str, str, str, list[tuple[str, str]]]] = [
    (
        "unknown province",
        '"Drenthe"',
        '"Drente"',
        [
            ('"Drente"', "unknown province 'Drente'; did you mean 'Drenthe'?"),
            ("[regio.noord]", "9401-9475, 9481-9497, 9511-9537"),
        ],
    ),
    (
        "province in a longer list",
        '"Zeeland"',
        '"Atlantis"',
        [
            ('"Atlantis"', "unknown province 'Atlantis'; use Drenthe, Flevoland, Fryslân"),
            ("[regio.noord]", "or the province 'Zeeland', to a region"),
        ],
    ),
    (
        "unknown municipality",
        'provincies = ["Gr',
        'gemeenten = ["Utrecth"]\nprovincies = ["Gr',
        [('"Utrecth"', "unknown municipality 'Utrecth'; did you mean 'Utrecht'?")],
    ),
    (
        "ambiguous municipality",
        'provincies = ["Gr',
        'gemeenten = ["Bergen"]\nprovincies = ["Gr',
        [('"Bergen"', "unknown municipality 'Bergen'; did you mean 'Bergen (L.)'?")],
    ),
    (
        "no postcode",
        'provincies = ["Gr',
        'postcodes = ["3511AB", "0123", "3511-", "3.511"]\nprovincies = ["Gr',
        [
            ("postcodes", "'3511AB' is not a postcode; write four digits"),
            ("postcodes", "'0123' is not a postcode"),
            ("postcodes", "'3511-' is not a postcode"),
            ("postcodes", "'3.511' is not a postcode"),
        ],
    ),
    (
        "unknown postcode",
        'provincies = ["Gr',
        'postcodes = [\n"3511",\n"1000", # een postbus\n"3520-3512"]\nprovincies = ["Gr',
        [
            ('"1000"', "unknown postcode '1000': none in use there; give postcodes in use"),
            ('"3520-3512"', "unknown postcode '3520-3512': none in use there; give"),
        ],
    ),
    (
        "overlapping provinces",
        '"Zeeland"',
        '"Zeeland", "drenthe"',
        [('"Zeeland"', "'Drenthe' stands in regio 'noord' too (line 21); leave it in one of them")],
    ),
    (
        "overlapping municipalities",
        "# in het midden en verder",
        """
]
gemeenten = ["Assen"]
[regio.oost]
naam = "Oost"
regiomanager = "zuid"
gemeenten = ["assen"]
provincies = [""",
        [('"assen"', "'Assen' stands in regio 'zuid' too (line 29); leave it in one of them")],
    ),
    (
        "overlapping ranges",
        'provincies = ["Gr',
        'postcodes = ["3511-3525",\n"3520-3530"]\nprovincies = ["Gr',
        [('"3520-3530"', "3521-3525 stands in regio 'noord' too (line 21); leave it in one")],
    ),
    (
        "unknown manager",
        'regiomanager = "noord"',
        'regiomanager = "noordd"',
        [('"noordd"', "unknown regiomanager 'noordd'; did you mean 'noord'?")],
    ),
    (
        "unknown deputy",
        'plaatsvervanger = "zuid"',
        'plaatsvervanger = "west"',
        [('"west"', "unknown deputy 'west'; use noord, zuid")],
    ),
    (
        "own deputy",
        'plaatsvervanger = "zuid"',
        'plaatsvervanger = "noord"',
        [("plaatsvervanger", "'noord' is named as their own deputy; name another")],
    ),
    (
        "missing field of a manager",
        'email = "noord@example.org"\n',
        "",
        [
            (
                "[regiomanager.noord]",
                'regiomanager.noord.email is missing; add email = "…" below [regiomanager.noord]',
            )
        ],
    ),
    (
        "missing field of a region",
        'naam = "Zuid"\n',
        "",
        [("[regio.zuid]", "regio.zuid.naam is missing; add naam")],
    ),
    (
        "missing national desk",
        "\n".join(SMALL.splitlines()[:4]),
        "\n\n\n",
        [
            ("", "landelijk.naam is missing"),
            ("", "landelijk.email is missing"),
            ("", "landelijk.telefoon is missing"),
        ],
    ),
    (
        "text of the wrong type",
        '"088 000 00 01"',
        "880000001",
        [("880000001", 'telefoon is not text; put it in quotes: telefoon = "…"')],
    ),
    (
        "empty text",
        '"Regiomanager Noord"',
        '" "',
        [('naam = " "', "naam is empty or not one plain line; give one line of text")],
    ),
    (
        "text of more lines",
        '"Regiomanager Noord"',
        '"Regiomanager\\nNoord"',
        [("Regiomanager\\nNoord", "naam is empty or not one plain line; give one line")],
    ),
    (
        "truth of the wrong type",
        "actief = true",
        'actief = "nee"',
        [("actief", "actief is not true or false; write true or false, without quotes")],
    ),
    (
        "list of the wrong type",
        'provincies = ["Gr',
        'gemeenten = "Assen"\nprovincies = ["Gr',
        [("gemeenten", 'gemeenten is not a list; write gemeenten = ["…", "…"]')],
    ),
    (
        "item of the wrong type",
        'provincies = ["Gr',
        'postcodes = [3511]\nprovincies = ["Gr',
        [("postcodes", "3511 is not text; put it in quotes")],
    ),
    (
        "table of the wrong type",
        "[regiomanager.zuid]",
        "[regiomanager]\noost = 3\n[regiomanager.zuid]",
        [
            ("oost = 3", "regiomanager.oost is not a table; write [regiomanager.oost]"),
            ("oost = 3", "regiomanager.oost.naam is missing"),
            ("oost = 3", "regiomanager.oost.email is missing"),
            ("oost = 3", "regiomanager.oost.telefoon is missing"),
        ],
    ),
    (
        "unknown key",
        "actief = true",
        "aktief = true",
        [("aktief", "unknown key 'aktief'; did you mean 'actief'?")],
    ),
    (
        "unknown table",
        "[landelijk]",
        "[regios.oost]\n[landelijk]",
        [("[regios.oost]", "unknown key 'regios'; did you mean 'regio'?")],
    ),
    (
        "bad address",
        "noord@example.org",
        "noord@example..org",
        [("noord@example..org", "'noord@example..org' is no e-mail address (")],
    ),
    (
        "address that no plain mail server takes",
        "noord@example.org",
        "noördelijk@example.org",
        [("noördelijk", "'noördelijk@example.org' is no e-mail address (")],
    ),
    (
        "two addresses",
        "noord@example.org",
        "noord@example.org, zuid@example.org",
        [("noord@example.org, zuid", "is no e-mail address (")],
    ),
    (
        "no phone number",
        '"088 000 00 01"',
        '"volgt"',
        [('"volgt"', "'volgt' is no phone number; write one like 088 000 00 01")],
    ),
    (
        "bad key",
        "[regio.noord]",
        '[regio."Noord en meer\\n"]',
        [('[regio."Noord', "'Noord en meer\\n' cannot be a key; use at most 40 of a-z, 0-9 and -")],
    ),
    (
        "taken key",
        "[regio.noord]",
        "[regio.landelijk]",
        [("[regio.landelijk]", "'landelijk' cannot be a key; use")],
    ),
    (
        "nothing covered",
        'provincies = ["Groningen", "Fryslân", "Drenthe", "Overijssel"]',
        "provincies = []",
        [
            ("[regio.noord]", "regio.noord covers nothing; add provincies ="),
            ("[regio.noord]", "(Drenthe, "),
            ("[regio.noord]", "(Fryslân, "),
            ("[regio.noord]", "(Groningen, "),
            ("[regio.noord]", "(Overijssel, "),
        ],
    ),
    (
        "region twice",
        "[regio.zuid]",
        "[regio.noord]",
        [('[regio.noord]\nnaam = "Zuid"', "regio.noord stands on line 18 too; keep one")],
    ),
    (
        "managers and fields twice",
        "[regiomanager.zuid]",
        'naam = "Nog een"\n[regiomanager.noord]',
        [
            ('naam = "Nog een"', "regiomanager.noord.naam stands on line 7 too; keep one"),
            ('[regiomanager.noord]\nnaam = "Regiomanager Zuid"', "regiomanager.noord stands on"),
        ],
    ),
    (
        "not TOML",
        'naam = "Noord"',
        "naam = Noord",
        [("naam = Noord", "this is not TOML: Invalid value; mend this line or the one above")],
    ),
    (
        "torn TOML",
        '  "Zeeland", "Zuid-Holland",\n]\n',
        '  "Zeeland',
        [('"Zeeland', "this is not TOML: ")],
    ),
]


@pytest.mark.parametrize(
    ("old", "new", "faults"), [f[1:] for f in FAULTS], ids=[f[0] for f in FAULTS]
)
def test_each_fault_is_named_with_its_line_and_its_cure(
    write: Write, old: str, new: str, faults: list[tuple[str, str]]
) -> None:
    text = SMALL.replace(old, new, 1)
    assert text != SMALL
    path = write(text)
    report = check(path)
    assert not report.sound
    found = [str(fault) for fault in report.faults]
    for marker, words in faults:
        start = f"{path}:{line_of(text, marker)}: "
        assert any(f.startswith(start) and words in f and "; " in f for f in found), (start, found)
    assert len(found) == len(faults), found


def test_all_faults_are_named_at_once_and_in_order(write: Write) -> None:
    text, expected = SMALL, 0
    for name, old, new, faults in FAULTS:
        if name in {"bad address", "unknown deputy", "unknown key", "unknown municipality"}:
            text, expected = text.replace(old, new, 1), expected + len(faults)
    text = text.replace('"Regiomanager Zuid"', "3").replace('"Zeeland"', '"Drenthe"')
    found = check(write(text)).faults
    assert len(found) == expected + 3
    assert [fault.line for fault in found] == sorted(fault.line for fault in found)


def test_a_file_without_regions_says_so_once(write: Write) -> None:
    text = SMALL.partition("[regio.noord]")[0]
    (fault,) = check(write(text)).faults
    assert fault.what == "there is no table below regio"


def test_a_missing_file_a_folder_and_foreign_bytes_are_named(tmp_path: Path) -> None:
    path = tmp_path / "regios.toml"
    assert [str(f) for f in check(path).faults] == [
        f"{path}: the file does not open (No such file or directory); mend its path"
    ]
    assert "Is a directory" in str(check(tmp_path).faults[0])
    path.write_bytes("# goed\nnaam = 'Fryslân'".encode("latin-1"))
    assert [str(f) for f in check(path).faults] == [
        f"{path}:2: a character is not UTF-8; save the file as UTF-8"
    ]


def test_a_file_saved_on_windows_is_read_with_the_same_lines(tmp_path: Path) -> None:
    path = tmp_path / "regios.toml"
    text = SMALL.replace('"Drenthe"', '"Drente"')
    path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    faults = check(path).faults
    assert [fault.line for fault in faults] == [18, 21]
    assert "unknown province" in faults[1].what


def test_a_gap_names_every_postcode_and_a_municipality_alone_is_enough_to_close_it(
    write: Write,
) -> None:
    text = SMALL.replace('"Flevoland", ', "")
    (fault,) = check(write(text)).faults
    gap = [code for code, place in places().items() if place.province == "Flevoland"]
    assert f"({'Flevoland'}, {len(gap)} postcodes)" in fault.what
    towns = '"Almere", "Dronten", "Lelystad", "Noordoostpolder", "Urk", "Zeewolde"'
    text += f'gemeenten = [{towns}]\npostcodes = ["8323"]\n'
    assert check(write(text)).sound


def test_a_gap_in_one_half_of_a_postcode_is_a_gap(write: Write) -> None:
    # 9351 and 9354 lie in Groningen for the most part, and in Noordenveld for the rest.
    mostly = [code for code, place in places().items() if place.province == "Drenthe"]
    codes = ", ".join(f'"{code}"' for code in mostly)
    text = SMALL.replace('"Drenthe", ', "") + f"postcodes = [{codes}]\n"
    (fault,) = check(write(text)).faults
    assert fault.what == "no region answers for 9351-9354 (Drenthe, 2 postcodes)"


def test_a_city_may_lie_in_another_region_than_the_province_of_its_name(write: Write) -> None:
    assert check(write(SMALL.replace("provincies", 'gemeenten = ["Utrecht"]\nprovincies', 1))).sound


def test_who_is_away_is_a_warning_and_the_file_stays_sound(write: Write) -> None:
    path = write(SMALL.replace("actief = true", "actief = false"))
    report = check(path)
    (fault,) = report.faults
    assert str(fault) == (
        f"{path}:20: warning: regiomanager 'noord' is not active, so deputy 'Regiomanager Zuid'"
        " answers; name another if this is to last"
    )
    assert report.sound
    assert report.reach.national == 0 < report.reach.deputy


def test_with_the_deputy_away_too_the_national_desk_is_named(write: Write) -> None:
    text = SMALL.replace("actief = true", "actief = false")
    text = text.replace('00 02"', '00 02"\nactief = false')
    report = check(write(text))
    assert [(fault.line, fault.warning) for fault in report.faults] == [
        (10, True),
        (21, True),
        (26, True),
    ]
    assert "so the national desk answers" in str(report.faults[1])
    assert report.sound
    assert report.reach == Reach(0, 0, report.reach.national, report.reach.choice)


def test_brackets_without_end_are_a_fault_too(write: Write) -> None:
    assert not check(write("x = " + "[" * 100_000)).sound


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_file_whatever_breaks_the_check(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    start = data.draw(st.integers(0, len(SMALL)))
    end = data.draw(st.integers(start, min(start + 40, len(SMALL))))
    snippets = st.sampled_from(["[regio.x]\n", "[[regio]]\n", '"', "'''", "[", "=1\n", "\x00"])
    piece = data.draw(st.one_of(snippets, st.text(max_size=20)))
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_bytes((SMALL[:start] + piece + SMALL[end:]).encode("utf-8", "replace"))
    report = check(path)
    assert report.sound is all(fault.warning for fault in report.faults)
    assert all(len(str(fault).splitlines()) == 1 for fault in report.faults)


@contextmanager
def counted_calls() -> Iterator[Counter[str]]:
    """Counts the calls of this project's own functions, by name."""
    calls: Counter[str] = Counter()

    def count(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and "portal" in frame.f_code.co_filename:
            calls[frame.f_code.co_name] += 1

    sys.setprofile(count)
    try:
        yield calls
    finally:
        sys.setprofile(None)


def test_the_proof_passes_over_the_country_twice_and_takes_well_under_a_second() -> None:
    check(EXAMPLE)
    with counted_calls() as calls:
        check(EXAMPLE)
    assert calls["in_postcode"] == 2 * len(places())
    assert calls.total() < 20 * len(places())
    assert min(_seconds(check, EXAMPLE) for _ in range(3)) < 1


def _seconds(work: Callable[[Path], Report], path: Path) -> float:
    start = time.perf_counter()
    work(path)
    return time.perf_counter() - start
