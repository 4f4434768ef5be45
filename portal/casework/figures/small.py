"""Figures so small that they could point at somebody, and what else must then stay unsaid.

Who reads tables can subtract. So where a figure is kept back others are too, until nothing that is
left can be worked out from all that was told.
"""

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)

LEAST = 5
_MOST = 10**12


class Mark(StrEnum):
    """What stands in the place of a figure: that it is below ``LEAST``, or that it is kept back."""

    FEW = "few"
    WITHHELD = "withheld"


Told = int | Mark
Bounds = tuple[int, int]

# What a reader knows of the figure behind a mark. None stands for zero, for zero is shown.
BEHIND: Mapping[Mark, Bounds] = {Mark.FEW: (1, LEAST - 1), Mark.WITHHELD: (LEAST, _MOST)}


class Protection(Generic[K]):
    """What has been told of some figures, so that no small one among them can be worked out.

    ``figures`` are counts by their keys, zero where there is none; each of the ``sums`` is a whole
    and its parts. What a reader can work out is followed from sum to sum, however long the way.
    That is all there is to know where the sums form a tree, as those of one page do. Where they go
    around, as those of all pages together do, a system of equations may tell more.
    """

    def __init__(self, figures: Mapping[K, int], sums: Iterable[tuple[K, Sequence[K]]]) -> None:
        self.told: dict[K, Told] = {}
        self._figures = figures
        self._nothing_small = not any(map(self._is_small, figures))
        self._reader = Reader(sums)

    def tell(self, keys: Sequence[K]) -> bool:
        """Tell these figures together, with marks for as many as need be.

        False where even marks would betray something; then nothing more is told than before.
        """
        hidden = [key for key in keys if self._is_small(key) or self.told.get(key) in BEHIND]
        while not self._tell_but_for(hidden, keys):
            free = self._can_be_hidden(keys, hidden)
            if any(self._tell_but_for([*hidden, one], keys) for one in free):
                break
            if not free:
                return False
            hidden.append(free[0])
        return True

    def _can_be_hidden(self, keys: Sequence[K], hidden: Collection[K]) -> list[K]:
        """What else could be kept back, the smallest first: it is missed least."""
        free = [k for k in keys if k not in hidden and k not in self.told and self._figures.get(k)]
        return sorted(free, key=lambda key: self._figures[key])

    def _tell_but_for(self, hidden: Collection[K], keys: Sequence[K]) -> bool:
        told = {key: self._as_told(key, hidden) for key in keys}
        every = self.told | told
        if not self._nothing_small and not self._reader.learn(
            told, lambda key: self._is_secret(key, every)
        ):
            return False
        self.told = every
        return True

    def _is_secret(self, key: K, told: Mapping[K, Told]) -> bool:
        return self._is_small(key) or told.get(key) is Mark.WITHHELD

    def _is_small(self, key: K) -> bool:
        return 0 < self._figures.get(key, 0) < LEAST

    def _as_told(self, key: K, hidden: Collection[K]) -> Told:
        if key not in hidden:
            return self._figures.get(key, 0)
        return Mark.FEW if self._is_small(key) else Mark.WITHHELD


class Reader(Generic[K]):
    """Somebody who can subtract, and what they know: between which bounds each figure lies."""

    def __init__(self, sums: Iterable[tuple[K, Sequence[K]]]) -> None:
        self._place: dict[K, int] = {}
        self._sums = [
            (self._at(whole), [self._at(part) for part in parts]) for whole, parts in sums
        ]
        self._in: list[list[int]] = [[] for _ in self._place]
        for number, (whole, parts) in enumerate(self._sums):
            for place in (whole, *parts):
                self._in[place].append(number)
        self._known: list[Bounds] = [(0, _MOST)] * len(self._place)
        self._keys = list(self._place)

    def learn(self, told: Mapping[K, Told], is_secret: Callable[[K], bool]) -> bool:
        """Take in what is told and all that follows; False, and nothing, where a secret does."""
        before = self._known.copy()
        learned = {self._place[key]: _behind(said) for key, said in told.items()}
        for place in self._consequences(learned):
            low, high = self._known[place]
            if low == high and is_secret(self._keys[place]):
                self._known = before
                return False
        return True

    def _consequences(self, learned: Mapping[int, Bounds]) -> Iterator[int]:
        """Of which figures more becomes known, one after another."""
        due: set[int] = set()
        for place, bounds in learned.items():
            if self._comes_closer(place, bounds):
                due.update(self._in[place])
                yield place
        while due:
            for place, bounds in self._follows(due.pop()):
                if self._comes_closer(place, bounds):
                    due.update(self._in[place])
                    yield place

    def _comes_closer(self, place: int, bounds: Bounds) -> bool:
        low, high = self._known[place]
        if low >= bounds[0] and high <= bounds[1]:
            return False
        self._known[place] = max(low, bounds[0]), min(high, bounds[1])
        return True

    def _follows(self, number: int) -> list[tuple[int, Bounds]]:
        """What one sum tells of each figure in it."""
        (whole, parts), known = self._sums[number], self._known
        low, high = sum(known[part][0] for part in parts), sum(known[part][1] for part in parts)
        least, most = known[whole]
        told = [(p, (least - high + known[p][1], most - low + known[p][0])) for p in parts]
        return [(whole, (low, high)), *told]

    def _at(self, key: K) -> int:
        return self._place.setdefault(key, len(self._place))


def _behind(said: Told) -> Bounds:
    return BEHIND[said] if isinstance(said, Mark) else (said, said)
