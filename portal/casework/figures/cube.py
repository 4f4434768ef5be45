"""All figures of a year, in every part of it and every region, so that none betrays another."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from portal.cases.case import Intent, Kind, Role
from portal.casework.figures.counting import Answered, Counted
from portal.casework.figures.periods import QUARTERS
from portal.casework.figures.small import Mark, Protection, Told

# What is counted: the breakdown that it stands in, and which part of it.
Part = tuple[str, ...]
ALL: Part = ("all",)
ANSWERS: Part = ("answers",)
_WHOLES = (ALL, ANSWERS)


@dataclass(frozen=True)
class Look:
    """When and where to look: quarter 0 is the whole year, and no region the whole country."""

    quarter: int = 0
    region: str = ""


Cell = tuple[Look, Part]
YEAR = Look()


def sort(kind: str, intent: str) -> Part:
    """Requests, or proposals, of one kind."""
    return ("sort", kind, intent)


def role(kind: str, intent: str, who: str) -> Part:
    """Those of them that one role sent in."""
    return ("role", kind, intent, who)


def sign(word: str) -> Part:
    """Cases by their first sign of life."""
    return ("sign", word)


def course(word: str) -> Part:
    """Cases by what became of them."""
    return ("course", word)


def going(word: str) -> Part:
    """Answers by how it is going."""
    return ("going", word)


class Figures:
    """The figures of one year as they may be shown.

    The widest look is told first, for it is the most asked for; what is told of a narrower one is
    as much as does not betray a small figure anywhere. Below four figures a breakdown of a part
    stands where its whole is told.
    """

    def __init__(
        self, cases: Iterable[Counted], answers: Iterable[Answered], regions: Sequence[str]
    ) -> None:
        figures = _count(cases, answers)
        self._parts = sorted({*_WHOLES, *(part for _, part in figures)}, key=_in_order)
        self._breakdowns = _breakdowns(self._parts)
        self._regions = sorted(
            {*regions, *(look.region for look, _ in figures if look.region)},
            key=lambda region: (-figures[Look(0, region), ALL], region),
        )
        self._protection = Protection(figures, list(self._sums()))
        self._tell_all()

    def told(self, look: Look, part: Part) -> Told:
        """The figure, or what stands in its place."""
        if part not in self._parts:
            return 0
        return self._protection.told.get((look, part), Mark.WITHHELD)

    def parts(self, look: Look, breakdown: str, whole: Part) -> list[Part]:
        """The parts of a whole, where that breakdown may be shown; else nothing."""
        if isinstance(self.told(look, whole), Mark):
            return []
        parts = self._breakdowns.get((whole, breakdown), [])
        return parts if all((look, part) in self._protection.told for part in parts) else []

    def is_listed(self, looks: Iterable[Look], part: Part) -> bool:
        """Whether the figures of these looks may stand in one list."""
        return all((look, part) in self._protection.told for look in looks)

    def _sums(self) -> Iterator[tuple[Cell, list[Cell]]]:
        """All that adds up: parts to wholes, quarters to years, regions to the country."""
        for look in _looks(QUARTERS, self._regions):
            for (whole, _), parts in self._breakdowns.items():
                yield (look, whole), [(look, part) for part in parts]
        for part in self._parts:
            for region in ("", *self._regions):
                yield (Look(0, region), part), [(Look(q, region), part) for q in QUARTERS]
            for quarter in (0, *QUARTERS):
                yield (Look(quarter), part), [(Look(quarter, r), part) for r in self._regions]

    def _tell_all(self) -> None:
        for whole in _WHOLES:
            self._protection.tell([(YEAR, whole)])
        self._tell_breakdowns(YEAR)
        for whole in _WHOLES:
            self._protection.tell([(Look(quarter), whole) for quarter in QUARTERS])
            self._protection.tell([(Look(0, region), whole) for region in self._regions])
        for look in [*_looks(QUARTERS, ()), *_looks((), self._regions)]:
            self._tell_breakdowns(look)
        for quarter in QUARTERS:
            for whole in _WHOLES:
                self._protection.tell([(Look(quarter, r), whole) for r in self._regions])
        for look in _looks(QUARTERS, self._regions):
            self._tell_breakdowns(look)

    def _tell_breakdowns(self, look: Look) -> None:
        for (whole, _), parts in self._breakdowns.items():
            if not isinstance(self.told(look, whole), Mark):
                self._protection.tell([(look, part) for part in parts])


_ORDER = {word.value: number for number, word in enumerate([*Intent, *Kind, *Role])}


def _in_order(part: Part) -> list[tuple[int, str]]:
    """Requests before proposals, and roles as they are always listed."""
    kind_last = [part[0], *part[2:3], *part[1:2], *part[3:]]
    return [(_ORDER.get(word, 0), word) for word in kind_last]


def _breakdowns(parts: Iterable[Part]) -> dict[tuple[Part, str], list[Part]]:
    """The parts of each whole by breakdown; those of a whole before those of its parts."""
    found: dict[tuple[Part, str], list[Part]] = defaultdict(list)
    for part in parts:
        if whole := _whole(part):
            found[whole, part[0]].append(part)
    return dict(sorted(found.items()))


def _looks(quarters: Iterable[int], regions: Iterable[str]) -> Iterator[Look]:
    return (Look(q, r) for q in (0, *quarters) for r in ("", *regions))


def _count(cases: Iterable[Counted], answers: Iterable[Answered]) -> Counter[Cell]:
    figures: Counter[Cell] = Counter()
    for case in cases:
        for look in _looks((case.quarter,), (case.region,)):
            figures.update({(look, part): case.number for part in _parts_of(case)})
    for answer in answers:
        for look in _looks((answer.quarter,), (answer.region,)):
            parts = (ANSWERS, going(answer.going.value))
            figures.update({(look, part): answer.number for part in parts})
    return figures


def _parts_of(case: Counted) -> tuple[Part, ...]:
    said = case.kind.value, case.intent.value
    sorts = (sort(*said), role(*said, case.role.value))
    return (ALL, *sorts, sign(case.sign.value), course(case.course.value))


def _whole(part: Part) -> Part | None:
    """What a part is one of; None for what is itself the whole."""
    wholes: Mapping[str, Part] = {"sort": ALL, "sign": ALL, "course": ALL, "going": ANSWERS}
    return sort(*part[1:3]) if part[0] == "role" else wholes.get(part[0])
