"""How well a Dutch text reads: a smoke alarm for plain language, not a judge of it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

import html5lib
import textstat

textstat.set_lang("nl")

# Texts shorter than this say too little about their own level.
EXEMPT_BELOW = 60
LONGEST = 22

# Names that are fixed, however long, count as one plain word.
FIXED_NAMES = re.compile(
    r"\bEigen Kracht-(?:conferenties?|coördinator(?:en)?)\b|\bEigen Kracht Centrale\b"
    r"|\bregiomanagers?\b",
    re.IGNORECASE,
)
PLAIN_WORD = "namen"

SENTENCE_END = re.compile(r"(?<=[.!?…])[\"\u201d\u2019)]*\s+(?=[\"\u201c\u2018(]*[A-ZÀ-Þ0-9])")
WORD = re.compile(r"[^\W_]+(?:[-\u2019'.@][^\W_]+)*")

INLINE = {"a", "abbr", "b", "bdi", "br", "cite", "code", "dfn", "em", "i", "kbd", "mark", "output"}
INLINE |= {"q", "s", "small", "span", "strong", "sub", "sup", "time", "u", "wbr"}
# Headings, and what stands in their place in a form; lists of links; figures in rows.
NOT_PROSE = {"h1", "h2", "h3", "h4", "h5", "h6", "nav", "table", "dt", "svg", "head", "header"}
NOT_PROSE |= {"footer", "script", "style", "label", "legend", "button", "select", "textarea"}


@dataclass(frozen=True)
class Score:
    """``reading_ease`` is Flesch-Douma, higher is easier; ``longest`` counts words."""

    words: int
    reading_ease: float
    words_per_sentence: float
    longest: int
    longest_sentence: str


@dataclass(frozen=True)
class Gate:
    """The least reading ease and the most words a sentence, on average, that a text may have."""

    reading_ease: float
    words_per_sentence: float

    def faults(self, text: str) -> list[str]:
        """What is wrong with ``text`` (one paragraph a line), one line each; empty if it passes."""
        score = measure(text)
        faults = []
        if score.longest > LONGEST:
            faults.append(f"{score.longest} words in: {score.longest_sentence}")
        if score.words < EXEMPT_BELOW:
            return faults
        if score.reading_ease < self.reading_ease:
            faults.append(f"reading ease {score.reading_ease:.0f} is below {self.reading_ease}")
        if score.words_per_sentence > self.words_per_sentence:
            faults.append(f"{score.words_per_sentence:.1f} words a sentence is too many")
        return faults


NORMAL = Gate(65, 13)
PUPIL = Gate(75, 11)
LEGAL = Gate(55, 15)


def measure(text: str) -> Score:
    """Score a text in which each line is one paragraph or one item of a list."""
    sentences = list(split_sentences(FIXED_NAMES.sub(PLAIN_WORD, text)))
    counts = [len(WORD.findall(sentence)) for sentence in sentences]
    words = sum(counts)
    if not words:
        return Score(0, 100.0, 0.0, 0, "")
    per_sentence = words / len(sentences)
    # Douma's weights, 1960, as textstat keeps them for Dutch.
    ease = 206.835 - 0.93 * per_sentence - 77 * _syllables(sentences) / words
    longest = max(range(len(counts)), key=counts.__getitem__)
    return Score(words, ease, per_sentence, counts[longest], sentences[longest])


def split_sentences(text: str) -> Iterator[str]:
    """The sentences of a text; the end of a line ends one too."""
    for line in text.splitlines():
        yield from (part.strip() for part in SENTENCE_END.split(line) if WORD.search(part))


def prose(html: str) -> str:
    """The running prose of a page's ``main``, or of a fragment, one paragraph or item a line."""
    root = html5lib.parse(html, namespaceHTMLElements=False)
    main = root.find(".//main")
    lines = [""]
    _gather(main if main is not None else root, lines)
    return "\n".join(" ".join(line.split()) for line in lines if line.strip())


def _gather(element: Element, lines: list[str]) -> None:
    inline = element.tag in INLINE
    if not inline:
        lines.append("")
    if not _is_apart(element):
        lines[-1] += element.text or ""
        for child in element:
            _gather(child, lines)
            lines[-1] += child.tail or ""
    if not inline:
        lines.append("")


def _is_apart(element: Element) -> bool:
    if not isinstance(element.tag, str) or element.tag in NOT_PROSE:
        return True
    return element.tag in {"li", "p"} and _is_link_alone(element)


def _is_link_alone(element: Element) -> bool:
    links = "".join("".join(link.itertext()) for link in element.iter("a"))
    return bool(links.strip()) and "".join(element.itertext()).split() == links.split()


def _syllables(sentences: list[str]) -> int:
    return sum(
        int(textstat.syllable_count(word))
        for sentence in sentences
        for word in WORD.findall(sentence)
    )
