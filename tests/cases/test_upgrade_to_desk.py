"""A database from before the desk keeps every row, and each case stands where it belongs."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playhouse.migrations import Runner

from portal.cases.case import Happening, Stage, Status
from portal.cases.listing import Wanted, page
from portal.cases.progress import acknowledge
from portal.cases.register import Addition, By, Case, Event, history
from portal.database import (
    MIGRATIONS,
    connection,
    database,
    keyring,
    migrate,
    open_database,
    transaction,
)
from portal.sealing import Keyring
from tests.conftest import DATA_KEY

# Each case by its letter: its status, and what befell it on which day of November.
OLD = {
    "a": ("received", {"received": 2}),
    "b": ("received", {"received": 3, "added to": 5, "corrected": 9}),
    "c": ("withdrawn", {"received": 4, "withdrawn": 10}),
}


@pytest.fixture
def old(tmp_path: Path) -> Iterator[None]:
    """A database that knows the own door but not the desk, with a case of each sort."""
    open_database(f"sqlite:///{tmp_path / 'old.db'}", Keyring([DATA_KEY]), create=True)
    with connection():
        Runner(database.obj, str(MIGRATIONS)).up("0006_staff")
        for letter, (status, events) in OLD.items():
            _write(letter * 32, status, events)
        yield


def _write(key: str, status: str, events: dict[str, int]) -> None:
    texts = dict.fromkeys(("municipality", "name", "email", "phone", "answers"), "[]")
    sealed = {name: keyring().seal(text, f"case.{name}:{key}") for name, text in texts.items()}
    words = {"kind": "learning", "intent": "request", "role": "pupil", "status": status}
    words |= {"region": "utrecht", "postcode": "3511", "reference": key[:14], "fingerprint": key}
    _insert("case", id=key, form_key=key, received_at=_at(events["received"]), **words, **sealed)
    for what, day in events.items():
        _insert("event", id=f"{key[:20]}{day}", case_id=key, what=what, at=_at(day))
    content = keyring().seal("[]", f"addition.content:{key}")
    _insert("addition", id=key, case_id=key, fingerprint=key, added_at=_at(5), content=content)


def _insert(table: str, **values: object) -> None:
    names = ", ".join(f'"{name}"' for name in values)
    marks = ", ".join("?" * len(values))
    database.execute_sql(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', [*values.values()])  # noqa: S608


def _at(day: int) -> str:
    return f"2026-11-{day:02d} 12:00:00.000000"


def _moment(day: int) -> datetime:
    return datetime(2026, 11, day, 12, tzinfo=UTC)


def _contents() -> list[list[tuple[object, ...]]]:
    wanted = (
        'SELECT id, reference, status, region, received_at, name, answers FROM "case" ORDER BY id',
        'SELECT id, case_id, what, at FROM "event" ORDER BY id',
        'SELECT * FROM "addition" ORDER BY id',
    )
    return [database.execute_sql(statement).fetchall() for statement in wanted]


def test_every_row_is_kept(old: None) -> None:
    before = _contents()
    assert "0007_desk" in migrate()
    assert _contents() == before
    assert (Case.select().count(), Event.select().count(), Addition.select().count()) == (3, 6, 3)


def test_each_case_stands_where_it_belongs(old: None) -> None:
    migrate()
    found = {case.id[0]: (case.stage, case.idle_since, case.heard_at) for case in Case.select()}
    assert found == {
        "a": (Stage.AWAITING, _moment(2), None),
        "b": (Stage.AWAITING, _moment(3), _moment(9)),
        "c": (Stage.ENDED, _moment(10), None),
    }
    waiting = page(Stage.AWAITING, Wanted(frozenset({"utrecht"}))).cases
    assert [case.id[0] for case in waiting] == ["a", "b"]


def test_an_old_case_goes_on_like_any_other(old: None) -> None:
    migrate()
    case = Case.get_by_id("a" * 32)
    with transaction():
        assert acknowledge(case, By("anna", "Regiomanager"), _moment(20))
    first, last = history(case)
    assert (first.by, first.function, first.status) == ("", "", Status.RECEIVED)
    assert (last.what, last.by) == (Happening.ACKNOWLEDGED, "anna")


def test_how_long_an_earlier_sign_of_life_took_is_counted_from_its_first_event(old: None) -> None:
    Runner(database.obj, str(MIGRATIONS)).up("0008_clock")
    for letter, days in {"a": (4, 9), "b": (6,)}.items():
        for day in days:
            key = f"{letter}{day}".ljust(32, "x")
            _insert(
                "event",
                id=key,
                case_id=letter * 32,
                what="acknowledged",
                at=_at(day),
                by="x",
                function="x",
            )
    migrate()
    found = {case.id[0]: (case.heard_after, case.in_time) for case in Case.select()}
    # The 2nd is a Monday, the 3rd a Tuesday: two working days later, and three.
    assert found == {"a": (2 * 24 * 60, True), "b": (3 * 24 * 60, False), "c": (None, None)}
