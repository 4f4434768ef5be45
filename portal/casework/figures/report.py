"""What a look at the figures shows: tables, each with what it says in one word or number."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import ceil

from portal.casework.figures import cube
from portal.casework.figures.counting import Course, Sign
from portal.casework.figures.cube import ALL, ANSWERS, Figures, Look, Part
from portal.casework.figures.periods import QUARTERS, quarter_name
from portal.casework.figures.small import Mark, Told
from portal.casework.figures.words import COURSES, GOING, INTENTS, SIGNS
from portal.web import wording

# Over fewer cases the last of ten would be the very last: one case, and not a figure.
_LEAST_FOR_NINE_OF_TEN = 10


@dataclass(frozen=True)
class Row:
    """A line of a table; ``share`` is of the whole, and ``within`` says it is part of a part."""

    label: str
    figure: Told
    share: float | None
    within: bool = False


@dataclass(frozen=True)
class Fact:
    """One thing that a table says; hours or a share, None where it cannot be told."""

    label: str
    hours: int | None = None
    share: float | None = None


@dataclass(frozen=True)
class Table:
    """Figures under a title: what was counted, and how. Without rows the figures are too small."""

    key: str
    title: str
    about: str
    counted: str
    total: Row
    rows: tuple[Row, ...] = ()
    facts: tuple[Fact, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there was nothing to count."""
        return self.total.figure == 0


@dataclass(frozen=True)
class Report:
    """The tables of one look; ``waits`` are the hours until the first sign of life."""

    figures: Figures
    look: Look
    regions: Mapping[str, str]
    waits: Counter[int]

    def tables(self) -> list[Table]:
        """The tables, in the order in which they are read."""
        lists = []
        if not self.look.quarter:
            lists.append(self._by_quarter())
        if not self.look.region:
            lists.append(self._by_region())
        return [self._sorts(), *lists, self._signs(), self._courses(), self._answers()]

    @property
    def is_empty(self) -> bool:
        """Whether nothing came in at all."""
        return all(self._told(whole) == 0 for whole in (ALL, ANSWERS))

    def _sorts(self) -> Table:
        rows = []
        for part in self._parts("sort", ALL):
            _, kind, intent = part
            label = f"{INTENTS[intent]}: {wording.KINDS[kind]}"
            rows.append(self._row(label, part))
            # Not shown where it is zero: most roles belong to one sort alone.
            roles = [p for p in self._parts("role", part) if self._told(p) != 0]
            rows += [self._row(wording.ROLES[p[3]], p, within=True) for p in roles]
        return Table(
            "binnen",
            "Wat er binnenkwam",
            "Soort en afzender",
            "Elke aanvraag en elk voorstel telt één keer, op de dag van binnenkomst.",
            self._row("Alles samen", ALL),
            tuple(rows),
        )

    def _by_quarter(self) -> Table:
        looks = {Look(q, self.look.region): quarter_name(q).capitalize() for q in QUARTERS}
        return self._list("kwartaal", "Per kwartaal", "Kwartaal", looks)

    def _by_region(self) -> Table:
        looks = {Look(self.look.quarter, key): name for key, name in self.regions.items()}
        return self._list("regio", "Per regio", "Regio", looks)

    def _list(self, key: str, title: str, about: str, looks: Mapping[Look, str]) -> Table:
        total = self._row("Alles samen", ALL)
        counted = "Geteld zijn alle aanvragen en voorstellen die toen binnenkwamen."
        if isinstance(total.figure, Mark) or not self.figures.is_listed(looks, ALL):
            return Table(key, title, about, counted, total)
        rows = [self._row(name, ALL, look=look) for look, name in looks.items()]
        return Table(key, title, about, counted, total, tuple(rows))

    def _signs(self) -> Table:
        rows = self._rows(SIGNS, cube.sign, ALL)
        return Table(
            "teken",
            "Het eerste teken van leven",
            "Wanneer",
            "Het teken van leven is het moment waarop iemand aan het bureau het oppakt. "
            "De beloofde twee werkdagen tellen vanaf de binnenkomst. "
            "In de uren tellen ook nachten en weekenden mee.",
            self._row("Alles samen", ALL),
            rows,
            self._how_soon() if rows else (),
        )

    def _how_soon(self) -> tuple[Fact, ...]:
        in_time, late = (self._told(cube.sign(sign)) for sign in (Sign.IN_TIME, Sign.LATE))
        share, half, nine = None, None, None
        if not isinstance(in_time, Mark) and not isinstance(late, Mark) and in_time + late:
            heard = in_time + late
            share, half = in_time / heard, _after(self.waits, 0.5)
            nine = _after(self.waits, 0.9) if heard >= _LEAST_FOR_NINE_OF_TEN else None
        return (
            Fact("Op tijd, van wie iets hoorde", share=share),
            Fact("De helft hoorde iets binnen", hours=half),
            Fact("Negen van de tien hoorden iets binnen", hours=nine),
        )

    def _courses(self) -> Table:
        rows = self._rows(COURSES, cube.course, ALL)
        held = (Course.PLAN, Course.IN_THE_MAKING, Course.NO_PLAN)
        facts = (
            Fact("Werd een conferentie", share=self._share_of(held)),
            Fact("Werd een conferentie met een plan", share=self._share_of((Course.PLAN,))),
        )
        return Table(
            "verloop",
            "Van aanvraag tot plan",
            "Hoe het verliep",
            "Geteld is hoe het er nu voor staat, met wat in deze periode binnenkwam. "
            "Wat nog loopt, kan dus nog een conferentie worden.",
            self._row("Alles samen", ALL),
            rows,
            facts if rows else (),
        )

    def _answers(self) -> Table:
        return Table(
            "daarna",
            "Drie maanden later",
            "Hoe gaat het met het plan?",
            "Geteld zijn de antwoorden die in deze periode binnenkwamen. "
            "Ze kunnen gaan over een conferentie uit een eerdere periode.",
            self._row("Alle antwoorden", ANSWERS),
            self._rows(GOING, cube.going, ANSWERS),
        )

    def _rows(
        self, words: Mapping[str, str], part: Callable[[str], Part], whole: Part
    ) -> tuple[Row, ...]:
        (breakdown, *_) = part("")
        if not self._parts(breakdown, whole):
            return ()
        return tuple(self._row(label, part(word)) for word, label in words.items())

    def _row(
        self, label: str, part: Part, *, within: bool = False, look: Look | None = None
    ) -> Row:
        figure = self.figures.told(look or self.look, part)
        whole = self._told(ANSWERS if part[0] in {"answers", "going"} else ALL)
        return Row(label, figure, _share(figure, whole), within)

    def _share_of(self, courses: Iterable[Course]) -> float | None:
        figures = [self._told(cube.course(course)) for course in courses]
        numbers = [figure for figure in figures if not isinstance(figure, Mark)]
        return _share(sum(numbers), self._told(ALL)) if len(numbers) == len(figures) else None

    def _parts(self, breakdown: str, whole: Part) -> list[Part]:
        return self.figures.parts(self.look, breakdown, whole)

    def _told(self, part: Part) -> Told:
        return self.figures.told(self.look, part)


def _share(figure: Told, whole: Told) -> float | None:
    if isinstance(figure, Mark) or isinstance(whole, Mark) or not whole:
        return None
    return figure / whole


def _after(waits: Counter[int], share: float) -> int | None:
    """Within how many hours this share of all had come, by the nearest rank."""
    rank, passed = ceil(share * waits.total()), 0
    for hours in sorted(waits):
        passed += waits[hours]
        if passed >= rank:
            return hours
    return None
