"""What a visitor costs the database: so many statements, each led by an index, and one commit."""

from collections.abc import Callable, Iterator

import pytest
from werkzeug.test import TestResponse

from portal.database import connection, database
from tests.portal_app import DOORS, Browser, required

pytestmark = pytest.mark.sqlite

PATH = DOORS["learning"]
# One row; there is nothing to look for.
WHOLE = "SCAN national_desk"

Cost = Callable[[Callable[[], TestResponse]], list[str]]


@pytest.fixture
def cost(browser: Browser) -> Iterator[Cost]:
    """The statements that answering takes, as they are put to the database."""
    database.connect(reuse_if_open=True)

    def of(ask: Callable[[], TestResponse]) -> list[str]:
        heard: list[str] = []
        database.connection().set_trace_callback(heard.append)
        assert ask().status_code in {200, 303}
        database.connection().set_trace_callback(None)
        return [statement for statement in heard if not statement.startswith("PRAGMA")]

    yield of
    database.connection().set_trace_callback(None)


def scans(statements: list[str]) -> list[str]:
    """What is read whole, or sorted, to answer these."""
    with connection():
        plans = [
            str(step[3])
            for statement in statements
            if statement.startswith("SELECT")
            for step in database.execute_sql(f"EXPLAIN QUERY PLAN {statement}").fetchall()
        ]
    return [plan for plan in plans if plan.startswith("SCAN") or "TEMP B-TREE" in plan]


def test_a_request_is_taken_in_by_few_statements_and_one_commit(
    browser: Browser, cost: Cost
) -> None:
    last = browser.to_the_end(PATH, required("learning"))
    statements = cost(lambda: browser.post_form(last))
    assert len(statements) <= 22, statements
    assert statements.count("COMMIT") == 1
    assert set(scans(statements)) <= {WHOLE}


def test_nobody_else_waits_while_a_request_is_looked_at(browser: Browser, cost: Cost) -> None:
    last = browser.to_the_end(PATH, required("learning"))
    statements = cost(lambda: browser.post_form(last))
    alone = statements[statements.index("BEGIN IMMEDIATE") :]
    assert len(alone) <= 14, alone
    # Who hears of it was looked up before.
    assert not [statement for statement in alone if 'FROM "region"' in statement]


@pytest.mark.parametrize(("page", "most"), [("first", 0), ("kept", 1), ("last", 7)])
def test_a_page_of_a_form_takes_few_statements(
    browser: Browser, cost: Cost, page: str, most: int
) -> None:
    first = browser.form(PATH)
    last = browser.to_the_end(PATH, required("learning"))
    address = {
        "first": first.action,
        "kept": last.action.replace("controleren", "1"),
        "last": last.action,
    }[page]
    statements = cost(lambda: browser.get(address))
    assert len(statements) <= most, statements
    assert set(scans(statements)) <= {WHOLE}


def test_a_step_is_kept_by_few_statements_and_one_commit(browser: Browser, cost: Cost) -> None:
    step = browser.form(PATH).fill(required("learning"))
    statements = cost(lambda: browser.post_form(step))
    assert len(statements) <= 6, statements
    assert statements.count("COMMIT") == 1
    assert not scans(statements)


def test_a_thread_keeps_its_connection(browser: Browser, cost: Cost) -> None:
    browser.get(PATH)
    before = database.connection()
    browser.to_the_end(PATH, required("learning"))
    assert database.connection() is before
