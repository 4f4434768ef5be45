"""The audit trail: appended to, read in pages, and otherwise left alone for a year."""

from datetime import UTC, datetime, timedelta

import pytest
from peewee import IntegrityError

from portal.audit.trail import KEPT, Action, AuditLine, lines, past, record
from portal.database import connection, database, transaction
from portal.sweep import sweep

SECOND = timedelta(seconds=1)


@pytest.fixture
def today() -> datetime:
    """The database's own day: the age of a line goes by that."""
    return datetime.now(UTC)


@pytest.fixture
def line(db: None, today: datetime) -> AuditLine:
    record("ina", Action.LOOKED, "EK-7K3M-Q9TX-2BHD", today)
    return AuditLine.get()


CHANGES = [
    "UPDATE audit_line SET actor = 'bo'",
    "UPDATE audit_line SET at = '2001-01-01 00:00:00.000000'",
    *(
        pytest.param(change, marks=pytest.mark.sqlite)
        for change in (
            "UPDATE OR REPLACE audit_line SET subject = ''",
            "REPLACE INTO audit_line SELECT id, at, 'bo', action, subject FROM audit_line",
            "INSERT OR REPLACE INTO audit_line SELECT id, at, 'b', action, subject FROM audit_line",
        )
    ),
    pytest.param("TRUNCATE audit_line", marks=pytest.mark.postgresql),
    """INSERT INTO audit_line SELECT id, at, 'bo', action, subject FROM audit_line WHERE true
       ON CONFLICT (id) DO UPDATE SET actor = 'bo'""",
    "DELETE FROM audit_line",
]


@pytest.mark.parametrize("change", CHANGES)
def test_no_statement_changes_or_removes_a_line(line: AuditLine, change: str) -> None:
    before = list(AuditLine.select().tuples())
    with pytest.raises(IntegrityError, match="the audit trail is"):
        database.execute_sql(change)
    assert list(AuditLine.select().tuples()) == before


def test_a_line_is_refused_within_a_transaction_that_could_take_it_back(
    db: None, now: datetime
) -> None:
    with transaction(), pytest.raises(RuntimeError, match="after the transaction"):
        record("ina", Action.CHANGED, "EK-7K3M-Q9TX-2BHD", now)
    assert not AuditLine.select().exists()


def test_a_line_is_there_for_everybody_at_once(database_url: str, db: None, now: datetime) -> None:
    record("ina", Action.CHANGED, "EK-7K3M-Q9TX-2BHD", now)
    database.close()
    with connection():
        assert AuditLine.get().actor == "ina"


def test_a_year_later_a_line_is_forgotten_and_not_before(db: None, today: datetime) -> None:
    record("old", Action.LOOKED, "page", today - KEPT - SECOND)
    record("kept", Action.LOOKED, "page", today - KEPT + timedelta(minutes=1))
    assert sweep(today)["lines of the audit trail"] == 1
    assert [one.actor for one in AuditLine.select()] == ["kept"]


@pytest.mark.parametrize("days", [1, 400, 3650])
def test_a_clock_that_runs_ahead_forgets_nothing(
    line: AuditLine, today: datetime, days: int
) -> None:
    record("old", Action.LOOKED, "page", today - KEPT + timedelta(hours=1))
    assert past(today + timedelta(days=days)).forget() == 0
    assert AuditLine.select().count() == 2


def test_a_line_holds_no_more_than_who_what_when_and_about_what(line: AuditLine) -> None:
    assert set(line.__data__) == {"id", "at", "actor", "action", "subject"}


# Pages


def fill(count: int, start: datetime, subject: str = "page") -> None:
    for number in range(count):
        record(f"{subject} {number}", Action.LOOKED, subject, start + number * SECOND)


def actors(page_lines: tuple[AuditLine, ...]) -> list[str]:
    return [one.actor for one in page_lines]


def test_the_newest_line_comes_first_and_each_comes_once(db: None, now: datetime) -> None:
    fill(5, now)
    first = lines(count=2)
    # Whoever reads on is not confused by what is added in the meantime.
    record("later", Action.LOOKED, "page", now + timedelta(hours=1))
    second = lines(after=first.older or "", count=2)
    third = lines(after=second.older or "", count=2)
    assert [actors(page.lines) for page in (first, second, third)] == [
        ["page 4", "page 3"],
        ["page 2", "page 1"],
        ["page 0"],
    ]
    assert third.older is None


def test_lines_of_one_moment_are_not_lost_between_pages(db: None, now: datetime) -> None:
    for number in range(5):
        record(f"{number}", Action.LOOKED, "page", now)
    seen, after = [], ""
    while True:
        page = lines(after=after, count=2)
        seen += actors(page.lines)
        if page.older is None:
            break
        after = page.older
    assert sorted(seen) == ["0", "1", "2", "3", "4"]


def test_a_full_last_page_is_the_last(db: None, now: datetime) -> None:
    fill(4, now)
    assert lines(count=4).older is None


def test_one_can_ask_for_the_lines_about_one_case(db: None, now: datetime) -> None:
    fill(3, now, "EK-7K3M-Q9TX-2BHD")
    fill(3, now, "EK-0000-0000-0000")
    page = lines("EK-7K3M-Q9TX-2BHD", count=2)
    older = lines("EK-7K3M-Q9TX-2BHD", page.older or "", 2)
    assert {one.subject for one in page.lines + older.lines} == {"EK-7K3M-Q9TX-2BHD"}
    assert len(page.lines + older.lines) == 3


@pytest.mark.parametrize("after", ["nothing", "' OR 1=1 --", "\x00", "x" * 5000])
def test_a_place_that_is_not_there_is_the_beginning(line: AuditLine, after: str) -> None:
    assert lines(after=after).lines == (line,)
