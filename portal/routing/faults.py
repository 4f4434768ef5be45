"""What is wrong with a regions file, where it stands there, and what to do about it."""

from dataclasses import dataclass

from portal.routing.lines import Lines, Where


@dataclass(frozen=True)
class Fault:
    """What is wrong where, and what to do; line 0 is the file itself. A warning refuses nothing."""

    file: str
    line: int
    what: str
    cure: str
    warning: bool = False

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {'warning: ' if self.warning else ''}{self.what}; {self.cure}"


class Notes:
    """The faults found so far in one file."""

    def __init__(self, file: str, lines: Lines) -> None:
        self._file = file
        self._lines = lines
        self.faults: list[Fault] = []

    def add(self, where: Where, what: str, cure: str, *, warning: bool = False) -> None:
        """Note a fault at the line of ``where``, a path of keys and places in a list."""
        self.faults.append(Fault(self._file, self.line(where), what, cure, warning))

    def line(self, where: Where) -> int:
        """The line on which ``where`` stands."""
        return self._lines.of(where)


def dotted(where: Where) -> str:
    """A place in the file as its owner would write it: ``regio.drenthe.naam``."""
    return ".".join(str(p) if str(p).replace("-", "").isalnum() else repr(p) for p in where)
