"""The Dutch that stands in templates, and what of it a page says."""

import html
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

TEMPLATES = Path(__file__).parent.parent.parent / "portal" / "templates"


def spoken(templates: Iterable[Path]) -> dict[str, str]:
    """All that these templates can say, piece by piece, each under where it stands."""
    return {
        f"{file.relative_to(TEMPLATES)}: {words}": words
        for file in sorted(templates)
        for words in _pieces(file.read_text(encoding="utf-8"))
    }


def plain(page: str) -> str:
    """What a page says, without its tags."""
    return in_one_line(html.unescape(re.sub("<[^>]*>", " ", page)))


def in_one_line(text: str) -> str:
    return " ".join(text.split())


def _pieces(source: str) -> Iterator[str]:
    """Between the tags of a template, and in the texts within its expressions."""
    source = re.sub(r"{#.*?#}", "", source, flags=re.DOTALL)
    for expression in re.findall(r"{[{%].*?[%}]}", source, re.DOTALL):
        yield from re.findall(r'"([A-Z][^"]* [^"]*)"', expression)
    bare = re.sub(r"{[{%].*?[%}]}", "\0", source, flags=re.DOTALL)
    for piece in re.split("<[^>]*>|\0", bare):
        words = in_one_line(html.unescape(piece))
        if " " in words:
            yield words
