"""Two tabs at the very same time: at whatever moment one comes between, nothing is dropped."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest
from werkzeug.test import TestResponse

from portal.database import database
from tests.intake.walking import go_on, reach
from tests.portal_app import DOORS, Browser, answers, cases, required

# One tab is stopped at a statement, which only SQLite tells of.
pytestmark = pytest.mark.sqlite

PATH = DOORS["community"]
FIRST, LATER = "Er is herrie.", "Nu is er ook nog ruzie."
TYPED = required("community", story=FIRST)


class TwoTabs:
    """One visitor with the last page in one tab, and a step with other words in the other."""

    def __init__(self, browser: Browser) -> None:
        database.obj.timeout = 0.02  # seconds that one tab waits for the other
        self._browser, self._before = browser, len(cases())
        step = reach(browser, PATH, "story", TYPED)
        self._last = go_on(browser, go_on(browser, step).fill(TYPED))
        self._step = step.fill({"story": LATER})

    def send(self) -> TestResponse:
        return self._browser.post_form(self._last)

    def change(self) -> TestResponse:
        return self._browser.post_form(self._step)

    def drop_nothing(self, changed: TestResponse) -> None:
        """What the step said is in the case, or it is asked about, or it came back to be sent."""
        (case,) = cases()[self._before :]
        if answers(case)["story"] != (LATER,):
            assert answers(case)["story"] == (FIRST,)
            assert changed.status_code in {200, 503}
            assert LATER in changed.text


def interleaved(
    one: Callable[[], TestResponse], nth: int, other: Callable[[], TestResponse]
) -> tuple[TestResponse, TestResponse | None]:
    """Both answers, where the other tab came just before the nth SQL statement of the one.

    None for the other where there were not that many statements.
    """
    statements, came = count(1), []

    def look(_statement: str) -> None:
        if next(statements) == nth:
            with ThreadPoolExecutor(1) as other_tab:
                came.append(other_tab.submit(other).result())

    database.connect(reuse_if_open=True)
    database.connection().set_trace_callback(look)
    return one(), came[0] if came else None


def test_a_step_that_changes_while_the_form_is_sent_is_not_passed_over(browser: Browser) -> None:
    for nth in count(1):
        tabs = TwoTabs(browser)
        sent, changed = interleaved(tabs.send, nth, tabs.change)
        assert sent.status_code == 303
        if changed is None:
            break
        tabs.drop_nothing(changed)
    assert nth > 15


def test_a_form_that_is_sent_while_a_step_changes_passes_nothing_over(browser: Browser) -> None:
    for nth in count(1):
        tabs = TwoTabs(browser)
        changed, sent = interleaved(tabs.change, nth, tabs.send)
        if sent is None:
            break
        if sent.status_code == 503:
            assert tabs.send().status_code == 303
        tabs.drop_nothing(changed)
    assert nth > 4


def test_two_tabs_that_send_at_once_are_one_case(browser: Browser) -> None:
    for nth in count(1):
        tabs = TwoTabs(browser)
        before = len(cases())
        sent, again = interleaved(tabs.send, nth, tabs.send)
        if again is None:
            break
        assert sent.status_code == 303
        assert again.status_code == 503 or again.location == sent.location
        assert len(cases()) == before + 1
