"""On which line of a TOML text each table, key and list item stands."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

Where = tuple[str | int, ...]

# Strings first, so that a bracket, comma or hash inside one is not taken for punctuation.
_TOKEN = re.compile(
    r"""
      "{3}(?:\\.|[^\\])*?"{3,5} | '{3}.*?'{3,5}
    | "(?:\\.|[^"\\\n])*"       | '[^'\n]*'
    | \#[^\n]*                  | \n
    | [\[\]{}=,.]               | [^\s\[\]{}=,.\#"']+
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True)
class _Token:
    text: str
    line: int


@dataclass(frozen=True)
class Lines:
    """Lines count from 1. ``twice`` names what TOML lets stand only once: path, first, second."""

    first: dict[Where, int]
    twice: tuple[tuple[Where, int, int], ...]

    def of(self, where: Where) -> int:
        """The line of ``where``, or of the nearest thing around it that stands on one."""
        while where and where not in self.first:
            where = where[:-1]
        return self.first.get(where, 1)


def lines_of(text: str) -> Lines:
    """Scan ``text``, which need not be valid TOML: what cannot be read is passed over."""
    placed = list(_placed(text))
    first: dict[Where, int] = {}
    for where, statement in placed:
        for length in range(1, len(where) + 1):
            first.setdefault(where[:length], statement[0].line)
        first.update({(*where, n): line for n, line in enumerate(_item_lines(statement))})
    return Lines(first, tuple(_twice(placed)))


def _placed(text: str) -> Iterator[tuple[Where, list[_Token]]]:
    """Each header and pair with its whole path."""
    table: Where = ()
    for statement in _statements(text):
        if _is_header(statement):
            table = _names(statement)
            yield table, statement
        else:
            yield table + _names(statement), statement


def _twice(placed: list[tuple[Where, list[_Token]]]) -> Iterator[tuple[Where, int, int]]:
    said: dict[Where, int] = {}
    again = False
    for where, statement in placed:
        if _is_header(statement):
            # Each table of a list may hold the same keys as the one before.
            said = {} if statement[1:2] and statement[1].text == "[" else said
            again = where in said
        # Of a table that stands twice the keys do too; one fault says it.
        if where in said and (_is_header(statement) or not again):
            yield where, said[where], statement[0].line
        said.setdefault(where, statement[0].line)


def _statements(text: str) -> Iterator[list[_Token]]:
    """The headers and the pairs of key and value, each as its tokens."""
    statement: list[_Token] = []
    depth = 0
    for token in _tokens(text):
        if token.text != "\n":
            statement.append(token)
            depth += _deeper(token)
        elif statement and depth <= 0:
            yield statement
            statement, depth = [], 0
    if statement:
        yield statement


def _tokens(text: str) -> Iterator[_Token]:
    line = 1
    for match in _TOKEN.finditer(text + "\n"):
        if not match[0].startswith("#"):
            yield _Token(match[0], line)
        line += match[0].count("\n")


def _deeper(token: _Token) -> int:
    return (token.text in {"[", "{"}) - (token.text in {"]", "}"})


def _is_header(statement: list[_Token]) -> bool:
    return statement[0].text == "["


def _names(statement: list[_Token]) -> Where:
    """The dotted name before the equals sign, or between the brackets of a header."""
    texts = [token.text for token in statement]
    until = texts.index("=") if "=" in texts else len(texts)
    return tuple(text.strip("\"'") for text in texts[:until] if text not in {"[", "]", "."})


def _item_lines(statement: list[_Token]) -> Iterator[int]:
    """The line of each item, where the value is a list."""
    texts = [token.text for token in statement]
    start = texts.index("=") + 1 if "=" in texts else len(texts)
    if texts[start : start + 1] != ["["]:
        return
    depth = 0
    for before, token in zip(statement[start:], statement[start + 1 :], strict=False):
        depth += _deeper(before)
        if depth == 1 and before.text in {"[", ","} and token.text != "]":
            yield token.line
