"""Faults are shown where they stand."""

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from portal.routing.lines import lines_of

TEXT = '''\
# [geen.tabel] = "geen sleutel"
[regio.drenthe] # met uitleg: a = 1
naam = "Een # en een [haak], en een \\" teken"
"provincies" = ["a", "b, c",
  "d", # "e"

  "f" ]
lang = """
regio = "nee"
[ook.niet]
"""
letterlijk = \'\'\'
x = 1\'\'\'
gemeenten = [ ["g", "h"], { a = [1, 2] },
  "i"]

[regio."zuid-oost"]
a.b = 1
'''


def test_tables_keys_and_items_are_found_and_nothing_inside_text_or_comment_is() -> None:
    lines = lines_of(TEXT).first
    drenthe = ("regio", "drenthe")
    assert lines == {
        ("regio",): 2,
        drenthe: 2,
        (*drenthe, "naam"): 3,
        (*drenthe, "provincies"): 4,
        (*drenthe, "provincies", 0): 4,
        (*drenthe, "provincies", 1): 4,
        (*drenthe, "provincies", 2): 5,
        (*drenthe, "provincies", 3): 7,
        (*drenthe, "lang"): 8,
        (*drenthe, "letterlijk"): 12,
        (*drenthe, "gemeenten"): 14,
        (*drenthe, "gemeenten", 0): 14,
        (*drenthe, "gemeenten", 1): 14,
        (*drenthe, "gemeenten", 2): 15,
        ("regio", "zuid-oost"): 17,
        ("regio", "zuid-oost", "a"): 18,
        ("regio", "zuid-oost", "a", "b"): 18,
    }
    assert tomllib.loads(TEXT)["regio"]["drenthe"]["gemeenten"][2] == "i"


def test_what_stands_nowhere_is_shown_where_it_belongs() -> None:
    lines = lines_of(TEXT)
    assert lines.of(("regio", "drenthe", "telefoon")) == 2
    assert lines.of(("landelijk", "naam")) == 1


def test_what_stands_twice_is_known_with_both_lines() -> None:
    text = "[a.b]\nx = 1\ny = 2\nx = 3\n[a.c]\nx = 4\n[a.b]\n[[d]]\nx = 1\n[[d]]\nx = 1\n"
    assert lines_of(text).twice == ((("a", "b", "x"), 2, 4), (("a", "b"), 1, 7))


@given(st.text(alphabet="ab=[]{}\"'#,.\n\\ ", max_size=80))
def test_any_text_can_be_scanned(text: str) -> None:
    lines = lines_of(text)
    assert all(1 <= line <= text.count("\n") + 1 for line in lines.first.values())
