"""PostgreSQL keeps every promise that SQLite does: what is about this engine alone."""

import hashlib
import os
import signal
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from peewee import OperationalError, PeeweeException

from portal.audit import trail
from portal.audit.trail import Action
from portal.cli import main
from portal.database import (
    MIGRATIONS,
    DatabaseUnsound,
    connection,
    database,
    migrate,
    open_database,
    pending_migrations,
    settle,
    transaction,
)
from portal.database import postgresql as engine
from portal.database.engines import Engine, engine_at
from portal.database.schema import HISTORY
from portal.delivery.letters import Envelope, Text
from portal.delivery.outbox import Letter, Outcome, Outgoing, Result, State, claim, post, record
from portal.delivery.worker import LEASE, Report, deliver_round
from portal.health import examine
from portal.sealing import Keyring
from tests.conftest import DATA_KEY, NOON
from tests.databases import (
    at_head,
    elsewhere,
    empty,
    name_in,
    refuse,
    server,
    somebody_writing,
)
from tests.portal_app import LEARNING, PHONE, Browser, build, environment, keeps, required
from tests.real_server import free_port, serving

pytestmark = pytest.mark.postgresql

KEYS = Keyring([DATA_KEY])
SENT = Outcome(Result.SENT, "250 ok")
TO = Envelope("noor@example.org", None, "info@example.org", "EK-1")
Shape = dict[str, tuple[object, ...]]


def put(number: int = 1) -> list[str]:
    with transaction():
        at = [NOON + timedelta(seconds=n) for n in range(number)]
        return [post("intake", Text("Nieuw", "Er is iets.\n"), TO, m, "p@example.org") for m in at]


# The schema


def shape(of: Engine) -> Shape:
    with of.connection_context():
        return {table: _shape(of, table) for table in of.get_tables()}


def _shape(of: Engine, table: str) -> tuple[object, ...]:
    keys = of.get_primary_keys(table)
    return (
        {column.name: (column.null, column.name in keys) for column in of.get_columns(table)},
        {
            (index.name, tuple(index.columns), bool(index.unique))
            for index in of.get_indexes(table)
            if list(index.columns) != keys
        },
        {(key.column, key.dest_table, key.on_delete) for key in of.get_foreign_keys(table)},
    )


def test_both_engines_have_the_same_schema(tmp_path: Path) -> None:
    file = f"sqlite:///{tmp_path / 'head.db'}"
    open_database(file, KEYS, create=True)
    migrate()
    there = shape(engine_at(file))
    here = shape(engine_at(at_head(tmp_path)))
    assert len(there) > 25
    assert here == there


def test_the_schema_that_it_begins_with_is_never_changed() -> None:
    begins = (MIGRATIONS / engine.Postgresql.BEGINS_WITH).read_bytes()
    assert (
        hashlib.sha256(begins).hexdigest()
        == "77f8eda4bb95c5ff556207fe036714a852335f4cc02bb5b48931542539ce7b70"
    )


def test_no_column_refuses_a_text_for_its_length_for_sqlite_does_not(db: None) -> None:
    counted = {
        table
        for table in database.get_tables()
        for column in database.get_columns(table)
        if column.data_type == "character varying"
    }
    assert counted == {HISTORY}
    trail.record("ina", Action.REFUSED, "EK-" + "7" * 500, NOON)


def test_of_two_that_begin_at_once_each_takes_what_the_other_left(tmp_path: Path) -> None:
    open_database(empty(tmp_path), KEYS, create=True)
    taken: list[list[str]] = []
    both = [threading.Thread(target=lambda: taken.append(migrate())) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert sorted(map(bool, taken)) == [False, True]
    assert pending_migrations() == []


def test_a_database_of_something_else_is_not_begun_in(tmp_path: Path) -> None:
    url = empty(tmp_path)
    elsewhere(url, "CREATE TABLE theirs (n int)")
    open_database(url, KEYS, create=True)
    with pytest.raises(DatabaseUnsound, match=r"something else's \(it has 'theirs'\)"):
        migrate()


def test_nothing_but_migrate_begins_one(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnsound, match=r"restore a backup, or .*'portal migrate'"):
        open_database(empty(tmp_path), KEYS)


# The settings


@pytest.mark.parametrize("name", ["fsync", "full_page_writes", "synchronous_commit"])
def test_a_server_that_could_lose_a_commit_is_refused(
    database_url: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Its answer is right here, so what is wanted is turned round.
    monkeypatch.setitem(engine._WANTED, name, "something else")
    with pytest.raises(DatabaseUnsound, match=f"must be set otherwise: {name} = something else;"):
        open_database(database_url, KEYS)


def test_a_commit_waits_for_the_disk_whatever_the_database_was_told(database_url: str) -> None:
    name = database_url.partition("?")[0].rpartition("/")[2]
    server().execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off')
    open_database(database_url, KEYS)
    with connection():
        assert database.execute_sql("SHOW synchronous_commit").fetchone() == ("on",)


def test_a_server_that_only_reads_is_refused(database_url: str) -> None:
    name = database_url.partition("?")[0].rpartition("/")[2]
    server().execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    with pytest.raises(DatabaseUnsound, match="transaction_read_only = off"):
        open_database(database_url, KEYS)


@pytest.mark.parametrize(
    ("made", "why"),
    [
        ("LOCALE_PROVIDER icu ICU_LOCALE 'nl' LOCALE 'C'", "sorts text by a language"),
        ("ENCODING 'SQL_ASCII' LOCALE 'C'", "server_encoding = UTF8"),
    ],
)
def test_a_database_that_would_sort_or_keep_text_otherwise_is_refused(made: str, why: str) -> None:
    server().execute(f"CREATE DATABASE other TEMPLATE template0 {made}")
    try:
        with pytest.raises(DatabaseUnsound, match=why):
            open_database(server().url("other"), KEYS, create=True)
    finally:
        server().execute("DROP DATABASE other")


# One writer at a time, and the worker beside it


def test_whoever_writes_waits_for_who_writes_and_in_the_end_gives_up(
    db: None, database_url: str
) -> None:
    with somebody_writing(database_url):
        with pytest.raises(OperationalError), transaction():
            pytest.fail("nobody else was to write")
        assert not database.in_transaction()
    with transaction(), transaction():
        assert put()


def test_a_letter_is_claimed_and_recorded_while_somebody_writes(
    db: None, database_url: str
) -> None:
    put()
    with somebody_writing(database_url):
        claimed = claim(NOON, NOON + LEASE)
        assert claimed
        assert record(claimed, SENT, NOON) is State.SENT


def test_a_letter_that_another_holds_is_passed_by_and_waited_for_when_it_is_recorded(
    db: None, database_url: str
) -> None:
    first, second = put(2)
    done: list[object] = []
    held, let_go = threading.Event(), threading.Event()

    def hold() -> None:
        with connection(), database.atomic_beside():
            database.execute_sql("SELECT 1 FROM letter WHERE id = %s FOR UPDATE", (first,))
            held.set()
            let_go.wait(10)

    holding = threading.Thread(target=hold)
    holding.start()
    held.wait(10)
    claimed = claim(NOON + LEASE, NOON + 2 * LEASE)
    assert claimed
    done.append(claimed.letter.id)
    assert claim(NOON + LEASE, NOON + 2 * LEASE) is None
    let_go.set()
    holding.join()
    again = claim(NOON + LEASE, NOON + 2 * LEASE)
    assert again
    assert [*done, again.letter.id] == [second, first]


def test_a_refused_row_leaves_the_transaction_around_it_sound(db: None) -> None:
    (letter,) = put()
    with transaction():
        with pytest.raises(Exception, match="duplicate key"), transaction():
            Letter.create(**Letter.get_by_id(letter).__data__)
        put()
    assert Letter.select().count() == 2


def test_who_froze_with_the_lock_is_shown_out_and_the_next_goes_on(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(engine._SESSION, "idle_in_transaction_session_timeout", "100ms")
    held, let_go = threading.Event(), threading.Event()
    missed: list[type] = []

    def freeze() -> None:
        try:
            with transaction():
                held.set()
                let_go.wait(10)
                put()
        except PeeweeException as fault:
            missed.append(type(fault))

    frozen = threading.Thread(target=freeze)
    frozen.start()
    held.wait(10)
    assert put()
    let_go.set()
    frozen.join()
    assert (len(missed), Letter.select().count()) == (1, 1)


# A server that goes and comes


def test_a_server_that_is_not_there_is_one_line_without_the_password() -> None:
    for url in ("postgresql://portal:kan%40rie@127.0.0.1:1/x", "postgresql://a:kan%zzrie@/x"):
        with pytest.raises(DatabaseUnsound, match="does not let the portal in") as refused:
            open_database(url, KEYS)
        assert "kan" not in f"{refused.value}"
        assert "\n" not in f"{refused.value}"


def test_what_a_command_meets_is_one_line_without_what_it_was_working_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    url = at_head(tmp_path)
    open_database(url, KEYS)
    with connection():
        refuse("staff")
    for name, value in environment(url).items():
        monkeypatch.setenv(name, value)
    words = ["staff", "add", "Kanarie", "kanarie@example.org", "--role", "administrator"]
    assert main(words) == 1
    said = capsys.readouterr().err
    assert (said.count("\n"), "CONTEXT" in said, "anarie" in said) == (1, False, False)


def test_after_the_server_was_away_the_next_request_works_by_itself(tmp_path: Path) -> None:
    browser: Browser = build(at_head(tmp_path)).test_client()  # type: ignore[assignment]
    form = browser.form(LEARNING).fill(required("learning"))
    server().stop()
    health, back = browser.get("/gezondheid"), browser.post_form(form)
    server().start()
    assert (health.status_code, back.status_code) == (503, 503)
    assert PHONE in back.text
    assert keeps(back.text, {"name": "Noor"} if "name" in form.names else {})
    assert browser.post_form(form).status_code == 303
    assert "does not answer" not in str(browser.get("/gezondheid").json)


def test_health_calls_a_server_that_is_away_once(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    database.close()
    calls: list[object] = []
    call = psycopg.connect

    def connect(*told: Any, **options: Any) -> object:
        calls.append(told)
        return call(*told, **options)

    monkeypatch.setattr(psycopg, "connect", connect)
    server().stop()
    checks, called = examine(), len(calls)
    server().start()
    assert called == 1
    ill = {name for name, check in checks.items() if "does not answer" in check.says}
    assert ill == checks.keys() - {"backup", "disk"}


def test_a_server_that_was_started_again_unseen_fails_nobody(tmp_path: Path) -> None:
    browser: Browser = build(at_head(tmp_path)).test_client()  # type: ignore[assignment]
    form = browser.to_the_end(LEARNING, required("learning"))
    server().stop()
    server().start()
    assert browser.post_form(form).status_code == 303


def test_a_process_of_the_web_that_dies_while_the_server_is_away_is_replaced(
    tmp_path: Path,
) -> None:
    with serving(at_head(tmp_path), free_port()) as web:
        server().stop()
        dead = web.workers()[0]
        os.kill(dead, signal.SIGKILL)
        try:
            _wait_for(lambda: len(set(web.workers()) - {dead}) == 2)
        finally:
            server().start()
        form = web.fill_in(LEARNING, required("learning"))
        assert web.send(form)[0] == 303


def _wait_for(done: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not done():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_connection_that_the_server_ended_while_nobody_used_it_costs_nobody_anything(
    tmp_path: Path,
) -> None:
    url = at_head(tmp_path)
    browser: Browser = build(url).test_client()  # type: ignore[assignment]
    form = browser.form(LEARNING).fill(required("learning"))
    server().end_connections(name_in(url))
    assert browser.post_form(form).status_code == 303
    server().stop()
    server().start()
    assert browser.get("/mijn-aanvraag/").status_code == 200
    server().end_connections(name_in(url))
    with transaction():
        assert database.in_transaction()


def test_a_letter_that_was_accepted_while_the_server_was_away_is_recorded(db: None) -> None:
    put()

    def send(_: Outgoing) -> Outcome:
        server().stop()
        server().start()
        return SENT

    assert deliver_round(lambda: NOON, send) == Report(sent=1)
    assert Letter.get().state is State.SENT


# Forgetting


def test_a_reader_of_long_keeps_what_was_deleted_and_settling_says_so(
    db: None, database_url: str
) -> None:
    put()
    held, let_go = threading.Event(), threading.Event()

    def read() -> None:
        with connection(), database.snapshot():
            Letter.select().count()
            held.set()
            let_go.wait(10)

    reading = threading.Thread(target=read)
    reading.start()
    held.wait(10)
    database.execute_sql("DELETE FROM letter")
    assert not settle()
    let_go.set()
    reading.join()
    assert settle()
