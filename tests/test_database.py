"""The one database keeps what it is told, in the way it is told."""

import sqlite3
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from peewee import CharField

from portal.database import (
    DatabaseUnsound,
    Moment,
    Sealed,
    Table,
    connection,
    database,
    open_database,
    transaction,
)
from portal.sealing import Keyring, SealBroken
from tests.conftest import DATA_KEY
from tests.databases import on_disk, raw


class Scrap(Table):
    text = Sealed(null=True)
    other = Sealed(null=True)
    at = Moment(null=True)
    word = CharField(null=True)


@pytest.fixture(autouse=True)
def notes(db: None) -> None:
    database.create_tables([Scrap])


@pytest.mark.sqlite
def test_a_missing_or_empty_file_is_refused_and_not_made(tmp_path: Path) -> None:
    path = tmp_path / "lost.db"
    for _ in ("missing", "empty"):
        with pytest.raises(DatabaseUnsound, match="restore a backup"):
            open_database(f"sqlite:///{path}", Keyring([DATA_KEY]))
        size = path.stat().st_size if path.exists() else 0
        assert size == 0
        path.touch()


def test_sealed_text_comes_back_and_is_nowhere_in_the_files(database_url: str) -> None:
    Scrap.create(text="kanariepiet")
    assert Scrap.get().text == "kanariepiet"
    assert b"kanariepiet" not in on_disk(database_url)


def test_a_sealed_value_opens_in_its_own_row_and_column_only() -> None:
    first, second = Scrap.create(text="een", other="twee"), Scrap.create(text="drie")
    raw("UPDATE scrap SET text = other WHERE id = ?", first.id)
    raw(
        "UPDATE scrap SET text = (SELECT other FROM scrap WHERE id = ?) WHERE id = ?",
        first.id,
        second.id,
    )
    for note in (first, second):
        with pytest.raises(SealBroken):
            _ = Scrap.get_by_id(note.id).text


def test_a_bulk_update_cannot_put_plain_text_in_a_sealed_column() -> None:
    with pytest.raises(TypeError, match="sealed"):
        Scrap.update(text="open en bloot").execute()


def test_an_older_key_still_opens_and_a_foreign_key_does_not(database_url: str) -> None:
    note = Scrap.create(text="blijft leesbaar")
    database.close()
    open_database(database_url, Keyring([b"n" * 32, DATA_KEY]))
    assert Scrap.get_by_id(note.id).text == "blijft leesbaar"
    open_database(database_url, Keyring([b"x" * 32]))
    with pytest.raises(SealBroken):
        _ = Scrap.get_by_id(note.id).text


def test_a_lone_surrogate_is_kept_as_a_question_mark() -> None:
    assert Scrap.create(text="a\ud800b").text == "a?b"


def test_moments_are_utc_and_sort_as_text() -> None:
    summer = datetime(2026, 7, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    Scrap.create(at=summer)
    Scrap.create(at=summer + timedelta(microseconds=1))
    rows = [note.at for note in Scrap.select().order_by(Scrap.at.desc())]
    assert rows == [summer + timedelta(microseconds=1), summer]
    assert rows[0].tzinfo is UTC


def test_a_transaction_is_all_or_nothing() -> None:
    with pytest.raises(ZeroDivisionError), transaction():
        Scrap.create(word="half")
        _ = 1 / 0
    assert Scrap.select().count() == 0


@pytest.mark.sqlite
def test_a_transaction_holds_the_write_lock_from_its_first_moment(database_url: str) -> None:
    other = sqlite3.connect(database_url.removeprefix("sqlite:///"), timeout=0)
    with transaction(), pytest.raises(sqlite3.OperationalError, match="locked"):
        other.execute("BEGIN IMMEDIATE")
    other.close()


@pytest.mark.sqlite
def test_sqlite_is_as_durable_as_promised() -> None:
    with connection():
        assert database.execute_sql("PRAGMA synchronous").fetchone() == (2,)
        assert database.execute_sql("PRAGMA foreign_keys").fetchone() == (1,)
        assert database.execute_sql("PRAGMA journal_mode").fetchone() == ("wal",)
