"""What a letter says and where it is addressed, safe to send whatever was put into it."""

import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from portal.organisation import organisation

# Plain text: escaping for HTML would put &amp; in the reader's hands.
templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent.parent / "templates" / "mail"),
    undefined=StrictUndefined,
    autoescape=False,  # noqa: S701
    trim_blocks=True,
    lstrip_blocks=True,
)

_SUBJECT = 120  # characters
_WIDTH = 72  # columns
_LINE = 900  # octets; RFC 5321 section 4.5.3.1.6 allows 998
_LINE_ENDS = re.compile("\r\n|[\r\u2028\u2029]")
# Controls, lone surrogates, and the marks that turn the direction of the text that follows.
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_LIST_ITEM = re.compile(r"[ \t]*(?:(?:[-*•]|\d{1,3}[.)])[ \t]+)?")
_DEEPEST_INDENT = 24
_REFERENCE = re.compile(r"[A-Za-z0-9._-]{1,40}")


@dataclass(frozen=True, repr=False)  # what it says must not end up in a log
class Text:
    """A subject of one line, at most 120 characters, and a body with ``\\n`` line ends.

    The subject never holds anything a visitor typed; one that is not plain raises ``ValueError``.
    """

    subject: str
    body: str

    def __post_init__(self) -> None:
        if not 0 < len(self.subject) <= _SUBJECT:
            raise ValueError(f"a subject has 1 to {_SUBJECT} characters, not {len(self.subject)}")
        # "=?" begins an encoded word (RFC 2047), which the reader's program would decode.
        if "=?" in self.subject or not self.subject.isprintable():
            raise ValueError("a subject is one line of plain text")


@dataclass(frozen=True, repr=False)
class Envelope:
    """Who gets a letter, who gets it when that fails, who answers it, and which case it is about.

    ``fallback`` is None where nobody else may read it. The reference stands in subjects and logs:
    at most 40 ASCII letters, digits, ``.``, ``_`` and ``-``, or ``ValueError``. Addresses are
    taken as they come; one that cannot be used is found out when the letter is sent.
    """

    recipient: str
    fallback: str | None
    reply_to: str
    case_reference: str

    def __post_init__(self) -> None:
        if not _REFERENCE.fullmatch(self.case_reference):
            raise ValueError("a case reference has 1 to 40 letters, digits, '.', '_' and '-'")


def to_one_reader(recipient: str, about: str) -> Envelope:
    """The envelope of a letter that nobody else may read, whatever becomes of it.

    ``about`` stands where the reference of a case does. Answers go to the organisation.
    """
    return Envelope(recipient, None, organisation().email, about)


def compose(letter: str, /, **context: object) -> Text:
    """Fill in the templates ``<letter>/subject.txt`` and ``<letter>/body.txt``.

    The body is wrapped at 72 columns. Raises a ``jinja2.TemplateError`` where a template or one
    of its values is missing, ``ValueError`` where the subject is not plain.
    """
    return Text(
        subject=render(f"{letter}/subject.txt", **context),
        body=_wrapped(_harmless(render(f"{letter}/body.txt", **context))).rstrip("\n") + "\n",
    )


def render(template: str, /, **context: object) -> str:
    """Fill in one template, as a part of a letter; raises as ``compose`` does."""
    return templates.get_template(template).render(context)


def _harmless(text: str) -> str:
    return _UNSAFE.sub("\ufffd", _LINE_ENDS.sub("\n", text))


def _wrapped(body: str) -> str:
    """Each line for itself, so that paragraphs, lists and the writer's own line ends stay."""
    lines = body.split("\n")
    return "\n".join(line if len(line) <= _WIDTH else _wrapped_line(line) for line in lines)


def _wrapped_line(line: str) -> str:
    lead = _lead(line)
    # Broken at spaces only: an address that is cut in two cannot be followed.
    parts = textwrap.wrap(
        line[len(lead) :],
        _WIDTH,
        initial_indent=lead,
        subsequent_indent=" " * len(lead),
        expand_tabs=False,
        replace_whitespace=False,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(piece for part in parts for piece in _short_enough(part))


def _lead(line: str) -> str:
    found = _LIST_ITEM.match(line)
    lead = found.group() if found else ""
    return lead if len(lead) <= _DEEPEST_INDENT else ""


def _short_enough(line: str) -> list[str]:
    """Cut a line that mail may not carry in one piece, between two characters."""
    if len(line.encode()) <= _LINE:
        return [line]
    widest = _LINE // 4  # no character takes more than four octets
    return [line[start : start + widest] for start in range(0, len(line), widest)]
