"""Explain each hard word where a page first uses it, out of the glossary and without a script."""

import html
import re
import sys
import unicodedata
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

GLOSSARY = "woorden/index.html"
DT = re.compile(r"<dt>(.*?)</dt>")
H1 = re.compile(r"<h1[^>]*>(.*?)</h1>", re.DOTALL)
ROOT = re.compile(r"(?<=<article class=\"page md-typeset\">).*?(?=</article>)", re.DOTALL)

# Where a sign between the words would be in the way: headings, links, rows, drawings, cards; and
# a paragraph that explains a word itself.
APART = {"a", "button", "h1", "h2", "h3", "nav", "table", "dl", "svg", "form", "section"}
APART_CLASSES = {"lead", "doors", "sheet", "explained"}
VOID = {"br", "hr", "img", "input", "link", "meta", "wbr"}


@dataclass(frozen=True)
class Term:
    """A word of the glossary; ``meaning`` is the first paragraph of what stands there."""

    name: str
    meaning: str

    @property
    def slug(self) -> str:
        """The name as an id: ``Coördinator`` → ``coordinator``."""
        plain = unicodedata.normalize("NFD", self.name.lower()).encode("ascii", "ignore").decode()
        return re.sub("[^a-z0-9]+", "-", plain)

    @property
    def pattern(self) -> re.Pattern[str]:
        """The word by itself, in the singular or a regular plural."""
        return re.compile(rf"(?<![\w-]){re.escape(self.name)}(?:s|en)?(?![\w-])", re.IGNORECASE)

    def sign(self, used: str) -> str:
        """The word as ``used`` with a button beside it; browsers open what it names themselves."""
        # The word stays outside the button: a reading mode drops buttons with all that is in them.
        label = html.escape(f"Uitleg van {used.lower()}")
        return (
            f'<span class="word">{used}<button class="ask" type="button"'
            f' popovertarget="uitleg-{self.slug}" aria-label="{label}"></button></span>'
        )

    def note(self) -> str:
        """What the button opens; on paper it stands below the paragraph."""
        name, meaning = html.escape(self.name), html.escape(self.meaning)
        return (
            f'\n<div class="meaning" id="uitleg-{self.slug}" popover>'
            f"<strong>{name}</strong>: {meaning}</div>"
        )


class Glossary(HTMLParser):
    """Reads the terms from the page of words."""

    def __init__(self) -> None:
        super().__init__()
        self.terms: list[Term] = []
        self._name = ""
        self._text: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - the library calls it
        if tag in {"dt", "dd"}:
            self._text = []

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if self._text is None or tag not in {"dt", "dd", "p"}:
            return
        text = " ".join("".join(self._text).split())
        self._text = None
        if tag == "dt":
            self._name = text
        else:
            self.terms.append(Term(self._name, text))


class Explainer(HTMLParser):
    """Gives a page's HTML back as it was, with the first use of each term explained."""

    def __init__(self, terms: list[Term]) -> None:
        super().__init__(convert_charrefs=False)
        self._terms = list(terms)
        self._notes: list[str] = []
        self._open: list[tuple[str, bool]] = []
        self.out: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        classes = set((dict(attrs).get("class") or "").split())
        if tag not in VOID:
            self._open.append((tag, tag in APART or bool(classes & APART_CLASSES)))
        self.out.append(self.get_starttag_text() or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - the library calls it
        self.out.append(self.get_starttag_text() or "")

    def handle_endtag(self, tag: str) -> None:
        if self._open:
            self._open.pop()
        end = f"</{tag}>"
        if tag == "p":
            self.out += [end, *self._notes]
        elif tag == "li":
            self.out += [*self._notes, end]
        else:
            self.out.append(end)
            return
        self._notes = []

    def handle_data(self, data: str) -> None:
        self.out.append(self._explain(data) if self._is_prose() else data)

    def handle_entityref(self, name: str) -> None:
        self.out.append(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.out.append(f"&#{name};")

    def handle_comment(self, data: str) -> None:
        self.out.append(f"<!--{data}-->")

    def _is_prose(self) -> bool:
        tags = {tag for tag, _ in self._open}
        return bool(tags & {"p", "li"}) and not any(apart for _, apart in self._open)

    def _explain(self, text: str) -> str:
        for term in list(self._terms):
            match = term.pattern.search(text)
            if match:
                before, after = text[: match.start()], text[match.end() :]
                self._terms.remove(term)
                self._notes.append(term.note())
                return self._explain(before) + term.sign(match[0]) + self._explain(after)
        return text


def main(site: Path) -> int:
    """Work on the built ``site`` in place; give 1 where the glossary holds no word."""
    terms = mark_glossary(site / GLOSSARY)
    for path in sorted(site.rglob("*.html")):
        if path != site / GLOSSARY:
            text = path.read_text(encoding="utf-8")
            path.write_text(explain(text, terms), encoding="utf-8")
    if not terms:
        print(f"{GLOSSARY} holds no word: mend content/woorden.md", file=sys.stderr)
    return 0 if terms else 1


def mark_glossary(path: Path) -> list[Term]:
    """Give each word on the page of words an id to link to; return the terms."""
    text = path.read_text(encoding="utf-8")
    reader = Glossary()
    reader.feed(text)
    ids = {html.escape(term.name, quote=False): term.slug for term in reader.terms}
    named = DT.sub(lambda match: f'<dt id="{ids[match[1]]}">{match[1]}</dt>', text)
    path.write_text(named, encoding="utf-8")
    return reader.terms


def explain(text: str, terms: list[Term]) -> str:
    """A page's HTML with the first use of each term explained, but for the page's own subject."""
    subject = H1.search(text)
    wanted = [term for term in terms if not (subject and term.pattern.search(subject[1]))]

    def rewrite(match: re.Match[str]) -> str:
        explainer = Explainer(wanted)
        explainer.feed(match[0])
        explainer.close()
        return "".join(explainer.out)

    return ROOT.sub(rewrite, text)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
