"""Visitors by the thousand, each with one form, who do not give up until they see a reference."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http import HTTPStatus
from http.client import HTTPException
from itertools import islice
from queue import Empty, Full, Queue

from peewee import PeeweeException

from tests.portal_app import DOORS, required
from tests.real_server import Answering, Filled
from tests.torture.house import House

_AT_ONCE = 40  # forms made in one transaction
_AHEAD = 200  # forms that lie ready
_PAUSE = 0.05  # seconds until somebody tries again
_WALKS = 100  # one in so many goes through every page
_TWICE = 20  # one in so many sends it once more
_BY_MAIL = 4  # one in so many gives an address

Over = Callable[[], bool]


class Crowd:
    """So many visitors, a few of them at a time; ``over`` tells when to give up."""

    def __init__(self, house: House, server: Answering, number: int, over: Over) -> None:
        self._house, self._server, self._number, self._over = house, server, number, over
        self._ready: Queue[tuple[int, str, Filled]] = Queue(_AHEAD)
        self._made = threading.Event()

    def go(self, at_a_time: int) -> None:
        """Everybody sends their form, and comes back until it was acknowledged."""
        with ThreadPoolExecutor(at_a_time + 1) as people:
            work = [people.submit(self._make)]
            work[0].add_done_callback(lambda _: self._made.set())
            work += [people.submit(self._visits) for _ in range(at_a_time)]
        for each in work:
            each.result()

    def _make(self) -> None:
        numbers = iter(range(self._number))
        while not self._over() and (some := list(islice(numbers, _AT_ONCE))):
            for made in self._surely_made(some):
                self._put(made)

    def _put(self, made: tuple[int, str, Filled]) -> None:
        while not self._over():
            with suppress(Full):
                self._ready.put(made, timeout=_PAUSE)
                return

    def _surely_made(self, numbers: list[int]) -> Iterator[tuple[int, str, Filled]]:
        while not self._over():
            try:
                forms = self._house.several([_answers(number) for number in numbers])
            except PeeweeException:  # while somebody hangs with the lock
                time.sleep(_PAUSE)
                continue
            return ((n, *form) for n, form in zip(numbers, forms, strict=True))
        return iter(())

    def _visits(self) -> None:
        while not self._over() and not (self._made.is_set() and self._ready.empty()):
            try:
                number, name, form = self._ready.get(timeout=_PAUSE)
            except Empty:
                continue
            if number % _WALKS == 0:
                form = self._walked(name) or form
            self._insist(name, form)
            if number % _TWICE == 0:
                self._house.send(self._server, name, form)

    def _insist(self, name: str, form: Filled) -> None:
        while self._house.send(self._server, name, form) is not HTTPStatus.SEE_OTHER:
            if self._over():
                return
            time.sleep(_PAUSE)

    def _walked(self, name: str) -> Filled | None:
        """The same, by going through all pages; anew from the first where one does not come."""
        while not self._over():
            try:
                return self._server.fill_in(DOORS["community"], required("community", name=name))
            except (OSError, HTTPException, AssertionError, IndexError):
                time.sleep(_PAUSE)
        return None


def _answers(number: int) -> dict[str, str]:
    if number % _BY_MAIL == 0:
        return {"email": f"bezoeker{number}@example.org"}
    return {"email": "", "phone": "06 12 34 56 78"}
