"""What the editors' guide says is so: its files are there, and it knows every name they meet."""

import re

from tests.site.conftest import Page
from tests.site_build import ROOT

GUIDE = (ROOT / "docs" / "redactie.md").read_text(encoding="utf-8")


def test_every_file_that_the_guide_names_is_there() -> None:
    named = set(re.findall(r"`([a-z]+/[a-z/]*(?:\.[a-z]+)?|[a-z]+\.(?:toml|yml))`", GUIDE))
    assert len(named) >= 8
    assert sorted(name for name in named if not (ROOT / name).exists()) == []


def test_the_guide_explains_every_name_at_the_top_of_a_page(pages: list[Page]) -> None:
    names = {name for page in pages for name in page.meta}
    assert sorted(name for name in names if f"`{name}`" not in GUIDE) == []
    kinds = {page.meta["soort"] for page in pages if "soort" in page.meta}
    assert sorted(kind for kind in kinds if f"`{kind}`" not in GUIDE) == []


def test_the_faults_that_the_guide_explains_are_those_that_the_build_and_tests_tell() -> None:
    sources = [*(ROOT / "site").glob("*.py"), ROOT / "tests" / "language.py"]
    sources.append(ROOT / "tests" / "site" / "test_facts.py")
    told = "".join(path.read_text(encoding="utf-8") for path in sources)
    ours = ["front matter has no ", "gegevens.toml has no value named ", " pages share the title "]
    ours += [" words in: ", "reading ease ", " but lacks "]
    for words in ours:
        assert words.strip() in GUIDE
        # The file's own name is put in where the build says it.
        assert words.replace("gegevens.toml", "").strip() in told


def test_the_guide_is_addressed_to_u() -> None:
    assert (
        re.findall(r"\b(?:je|jij|jouw|jullie)\b", GUIDE.replace("*je*", "").replace("*Je*", ""))
        == []
    )
