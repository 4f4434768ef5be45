"""The worker loses no letter, holds none up, and says when it is ill."""

import logging
import signal
import sqlite3
import subprocess
import sys
import threading
from base64 import b64encode
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from queue import SimpleQueue

import pytest
from peewee import OperationalError

from portal.config import MailSecurity
from portal.database import connection, database
from portal.delivery.outbox import (
    Letter,
    Outcome,
    Outgoing,
    Result,
    State,
    claim,
    stuck,
    waiting_since,
)
from portal.delivery.smtp import sender
from portal.delivery.worker import LEASE, Report, deliver_round, last_heartbeat, work
from tests.conftest import DATA_KEY, NOON
from tests.databases import allow, elsewhere, raw, somebody_writing
from tests.databases import refuse as refuse_change
from tests.delivery.conftest import DESK, MANAGER, SENDER, Clock, config, put, utc_now
from tests.delivery.hostile_smtp import (
    Action,
    HostileServer,
    Talk,
    TalkOver,
    drop,
    hang,
    reply,
    then,
)

ROOT = Path(__file__).parent.parent.parent

pytestmark = pytest.mark.usefixtures("db")


def states() -> Counter[str]:
    return Counter(letter.state.value for letter in Letter.select())


def rows() -> list[Letter]:
    return list(Letter.select().order_by(Letter.created_at))


def refuse(*bad: str, code: str = "550 5.1.1 no such mailbox") -> Action:
    """Refuse these recipients, take all others."""
    return lambda talk: talk.say(code if talk.recipients[-1] in bad else "250 ok")


def accept(_: Outgoing) -> Outcome:
    return Outcome(Result.SENT, "250 ok")


# -- a round


def test_what_is_due_goes_out_the_longest_due_first_and_nothing_else(clock: Clock) -> None:
    for hours in (1, 3, 2):
        put(NOON - timedelta(hours=hours), recipient=f"uur{hours}@example.org")
    put(NOON + timedelta(hours=1))
    with HostileServer() as server:
        assert deliver_round(clock, sender(config(server.port))) == Report(sent=3)
    assert [r.recipients for r in server.received] == [
        ("uur3@example.org",), ("uur2@example.org",), ("uur1@example.org",),
    ]  # fmt: skip
    assert states() == {"sent": 3, "queued": 1}
    assert {r.message["Message-ID"] for r in server.received} == {
        row.message_id for row in rows() if row.state is State.SENT
    }


@pytest.mark.usefixtures("no_power_cut")
def test_a_hundred_and_fifty_bad_letters_do_not_hold_up_a_good_one(clock: Clock) -> None:
    bad = [f"weg{number}@example.org" for number in range(150)]
    for number, recipient in enumerate(bad):
        put(NOON - timedelta(minutes=200 - number), recipient=recipient, fallback=None)
    put(NOON, recipient="goed@example.org")
    with HostileServer({"RCPT": refuse(*bad)}) as server:
        report = deliver_round(clock, sender(config(server.port)))
    assert report == Report(sent=1, stuck=150)
    assert [received.recipients for received in server.accepted] == [("goed@example.org",)]
    assert stuck() == 150


@pytest.mark.parametrize(
    "poison",
    [
        "UPDATE letter SET body = reply_to WHERE id = ?",
        "UPDATE letter SET recipient = subject WHERE id = ?",
    ],
)
def test_a_poisoned_letter_is_set_aside_with_the_reason_and_the_others_go(
    clock: Clock, poison: str
) -> None:
    bad = put(NOON - timedelta(hours=1))
    put(NOON)
    raw(poison, bad)
    with HostileServer() as server:
        report = deliver_round(clock, sender(config(server.port)))
    assert report == Report(sent=2, stuck=1)
    assert "SealBroken" in Letter.get_by_id(bad).last_answer
    assert [received.recipients for received in server.accepted] == [(MANAGER,), (DESK,)]


def test_a_sender_that_fails_in_an_unforeseen_way_sets_that_letter_aside(clock: Clock) -> None:
    def send(letter: Outgoing) -> Outcome:
        if letter.recipient == "gif@example.org":
            raise RuntimeError("unforeseen")
        return Outcome(Result.SENT, "250 ok")

    bad = put(NOON - timedelta(hours=1), recipient="gif@example.org", fallback=None)
    put(NOON)
    assert deliver_round(clock, send) == Report(sent=1, stuck=1)
    assert Letter.get_by_id(bad).last_answer == "RuntimeError: unforeseen"


def test_an_empty_or_odd_address_spoils_that_letter_only(clock: Clock) -> None:
    for odd in ("", "geen adres", "a@b@c", "naam <a@example.org>", "a\0@example.org"):
        put(NOON - timedelta(hours=1), recipient=odd)
    put(NOON)
    with HostileServer() as server:
        assert deliver_round(clock, sender(config(server.port))) == Report(sent=6, stuck=5)
    assert Counter(r.recipients[0] for r in server.accepted) == {MANAGER: 1, DESK: 5}


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA", "dot"])
def test_a_letter_that_makes_the_server_hang_or_drop_is_passed_by(clock: Clock, step: str) -> None:
    def only_the_first(action: Action) -> Action:
        seen: list[Talk] = []

        def act(talk: Talk) -> None:
            seen.append(talk)
            (action if len(seen) == 1 else reply("354 go" if step == "DATA" else "250 ok"))(talk)

        return act

    for action in (hang, drop):
        put(NOON - timedelta(hours=1))
        put(NOON)
        with HostileServer({step: only_the_first(action)}) as server:
            report = deliver_round(clock, sender(config(server.port), 0.3))
        assert report == Report(sent=1, deferred=1)
        assert (server.talks, len(server.accepted)) == (2, 1)
        database.execute_sql("DELETE FROM letter")


def test_a_greylisted_letter_goes_when_it_is_tried_again(clock: Clock) -> None:
    put()
    with HostileServer({"RCPT": reply("451 4.7.1 greylisted")}) as server:
        assert deliver_round(clock, sender(config(server.port))) == Report(deferred=1)
        assert deliver_round(clock, sender(config(server.port))) == Report()
        del server.script["RCPT"]
        clock.move(minutes=1)
        assert deliver_round(clock, sender(config(server.port))) == Report(sent=1)


def test_a_server_that_puts_off_for_ever_is_tried_for_a_week_and_then_the_desk_hears_of_it(
    clock: Clock,
) -> None:
    put()
    with HostileServer({"RCPT": refuse(MANAGER, code="451 4.7.1 not now")}) as server:
        send = sender(config(server.port))
        while not server.accepted:
            deliver_round(clock, send)
            clock.move(hours=6)
    assert [received.recipients for received in server.accepted] == [(DESK,)]
    assert timedelta(days=7) <= clock.now - NOON < timedelta(days=7, hours=13)
    assert (states(), stuck()) == ({"sent": 1, "stuck": 1}, 0)


def test_after_a_250_the_letter_is_sent_though_the_line_drops(clock: Clock) -> None:
    put()
    with HostileServer({"dot": then(reply("250 taken"), drop)}) as server:
        assert deliver_round(clock, sender(config(server.port))) == Report(sent=1)
        assert (
            deliver_round(Clock(NOON + timedelta(days=8)), sender(config(server.port))) == Report()
        )
    assert len(server.accepted) == 1


def test_a_refused_password_is_tried_once_and_not_for_every_letter(clock: Clock) -> None:
    for _ in range(20):
        put()
    with HostileServer({"AUTH": reply("535 5.7.8 wrong")}) as server:
        settings = config(server.port, username="portaal", password="fout")
        report = deliver_round(clock, sender(settings))
    assert report == Report(unavailable="535 5.7.8 wrong")
    assert server.talks == 1
    assert (states(), stuck()) == ({"queued": 20}, 0)
    assert [row.last_answer for row in rows()].count("535 5.7.8 wrong") == 1


def test_a_round_ends_though_its_letters_become_due_again(clock: Clock) -> None:
    def send(_: Outgoing) -> Outcome:
        clock.move(hours=1)
        return Outcome(Result.DEFERRED, "451 later")

    put()
    put()
    assert deliver_round(clock, send) == Report(deferred=2)


def test_nothing_of_the_database_is_held_while_the_server_is_talked_to(
    clock: Clock, database_url: str
) -> None:
    def send(_: Outgoing) -> Outcome:
        with somebody_writing(database_url):
            elsewhere(database_url, "SELECT * FROM letter")
        return Outcome(Result.SENT, "250 ok")

    put()
    assert deliver_round(clock, send) == Report(sent=1)


def test_the_log_tells_of_each_letter_and_nothing_personal(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="portal")
    put(recipient="kanarie@example.org", body="kanarie\n")
    put(recipient="kanarie zonder adres")
    with HostileServer({"RCPT": reply("550 kanarie")}) as server:
        deliver_round(clock, sender(config(server.port)))
    assert "kanarie" not in caplog.text
    assert "@" not in caplog.text
    row = rows()[0]
    assert f"letter {row.id} (intake): stuck" in caplog.text
    assert {vars(record)["reference"] for record in caplog.records} == {"EK-7K2M-9QXT"}


# -- the server is away, for long


class Rests(threading.Event):
    """Stands in for ``stop``: every wait moves the clock, until the time is up."""

    def __init__(self, clock: Clock, until: timedelta) -> None:
        super().__init__()
        self.clock, self.end = clock, clock.now + until
        self.rests: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        self.rests.append(timeout)
        if self.clock.move(seconds=timeout) >= self.end:
            self.set()
        return self.is_set()


@pytest.mark.usefixtures("no_power_cut")
def test_after_seventy_two_hours_without_a_server_everything_goes_the_longest_due_first(
    clock: Clock,
) -> None:
    with HostileServer(listen=False) as server:
        send = sender(config(server.port))
        for number in range(12):
            put(NOON + timedelta(hours=6 * number), recipient=f"uur{6 * number}@example.org")
        put(NOON - timedelta(hours=1), recipient="eerste@example.org")
        rests = Rests(clock, timedelta(hours=72))
        work(clock, send, rests)
        assert server.talks == 0
        assert (states(), stuck()) == ({"queued": 13}, 0)
        assert {row.attempts for row in rows()} == {0}
        assert waiting_since() == NOON - timedelta(hours=1)
        assert rests.rests[:8] == [5, 10, 20, 40, 80, 160, 300, 300]
        server.open()
        assert deliver_round(clock, send) == Report(sent=13)
    assert [received.recipients[0] for received in server.accepted] == [
        "eerste@example.org",
        *(f"uur{6 * number}@example.org" for number in range(12)),
    ]


def test_pauses_are_short_again_after_the_first_success(clock: Clock) -> None:
    away, taken = Result.UNAVAILABLE, Result.SENT
    rounds = [[away], [away], [away], [taken, away], [away], [taken]]
    answers = iter([answer for each in rounds for answer in each])
    for _ in range(2):
        put()
    rests = Rests(clock, timedelta(seconds=51))
    work(clock, lambda _: Outcome(next(answers), "an answer"), rests)
    assert rests.rests == [5, 10, 20, 5, 10, 1]
    assert states() == {"sent": 2}


def test_a_name_service_that_is_gone_costs_no_letter(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise OSError("Temporary failure in name resolution")

    put()
    with HostileServer() as server, monkeypatch.context() as gone:
        gone.setattr("socket.getaddrinfo", unknown)
        report = deliver_round(clock, sender(config(server.port)))
        assert report.unavailable == "Temporary failure in name resolution"
        gone.undo()
        assert deliver_round(clock, sender(config(server.port))) == Report(sent=1)


def test_the_worker_outlives_a_database_that_fails(
    clock: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    put()
    failing = iter([True, True, False])

    def claim_or_fail(*moments: object) -> object:
        if next(failing, False):
            raise sqlite3.OperationalError("disk I/O error at kanarie")
        return claim(*moments)  # type: ignore[arg-type]

    monkeypatch.setattr("portal.delivery.worker.claim", claim_or_fail)
    rests = Rests(clock, timedelta(seconds=16))
    work(clock, accept, rests)
    assert rests.rests == [5, 10, 1]
    assert states() == {"sent": 1}
    assert "OperationalError" in caplog.text
    assert "kanarie" not in caplog.text


@pytest.mark.sqlite
def test_an_accepted_letter_is_recorded_though_the_database_is_locked_for_a_while(
    clock: Clock, database_url: str
) -> None:
    lock = sqlite3.connect(database_url.removeprefix("sqlite:///"), check_same_thread=False)
    freed: list[threading.Timer] = []

    def send(_: Outgoing) -> Outcome:
        database.execute_sql("PRAGMA busy_timeout = 100")
        lock.execute("BEGIN IMMEDIATE")
        freed.append(threading.Timer(0.25, lock.rollback))
        freed[0].start()
        return Outcome(Result.SENT, "250 ok")

    put()
    with connection():
        assert deliver_round(clock, send) == Report(sent=1)
    freed[0].join()
    lock.close()


@pytest.mark.sqlite
def test_a_letter_costs_one_wait_for_the_disk(clock: Clock) -> None:
    for _ in range(10):
        put()
    waits: list[str] = []
    with connection():
        deliver_round(clock, lambda _: Outcome(Result.UNAVAILABLE, "not yet"))  # gives its sign
        database.connection().set_trace_callback(waits.append)
        assert deliver_round(clock, accept) == Report(sent=10)
        database.connection().set_trace_callback(None)
    # The first has to be taken before there is anything to record.
    assert waits.count("COMMIT") == 1 + 10


def test_a_sign_of_life_that_cannot_be_given_keeps_no_letter(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: object) -> None:
        clock.move(minutes=1)
        raise OperationalError("disk I/O error")

    for _ in range(3):
        put()
    monkeypatch.setattr("portal.delivery.worker.Heartbeat.update", refuse)
    assert deliver_round(clock, accept) == Report(sent=3)
    assert last_heartbeat() is None


def test_a_letter_is_recorded_however_the_database_fails_at_first(clock: Clock) -> None:
    refused = iter((False, False, False, True))

    def at() -> datetime:
        if next(refused, False):  # it has begun, claimed, and tried to record once
            allow("letter")
        return clock()

    def send(outgoing: Outgoing) -> Outcome:
        refuse_change("letter", "UPDATE")
        return accept(outgoing)

    put()
    assert deliver_round(at, send) == Report(sent=1)
    assert states() == {"sent": 1}


# -- several workers, and dying ones


def worker(database_url: str, port: int, death: str = "") -> "subprocess.Popen[bytes]":
    settings = {
        "PYTHONPATH": str(ROOT),
        "PORTAL_MODE": "development",
        "PORTAL_DATABASE_URL": database_url,
        "PORTAL_BASE_URL": "http://127.0.0.1:8000",
        "PORTAL_SECRET_KEY": "s" * 32,
        "PORTAL_DATA_KEYS": b64encode(DATA_KEY).decode(),
        "PORTAL_MAIL_SERVER": "127.0.0.1",
        "PORTAL_MAIL_PORT": str(port),
        "PORTAL_MAIL_SECURITY": "none",
        "PORTAL_MAIL_SENDER": SENDER,
    }
    command = [sys.executable, str(ROOT / "tests/delivery/real_worker.py"), death]
    return subprocess.Popen(command, cwd=ROOT, env=settings)  # noqa: S603


def kill(victim: "SimpleQueue[subprocess.Popen[bytes]]") -> Action:
    """Kill the worker at this very moment of the talk."""

    def action(_: Talk) -> None:
        process = victim.get(timeout=10)
        process.kill()
        process.wait()
        raise TalkOver

    return action


@pytest.mark.parametrize(
    ("step", "first", "copies"),
    [
        ("banner", [], 1),
        ("MAIL", [], 1),
        ("RCPT", [reply("250 ok")], 1),
        ("DATA", [], 1),
        ("dot", [], 1),
        ("dot", [reply("250 taken")], 2),
    ],
)
def test_a_worker_killed_in_its_talk_loses_no_letter_and_doubles_only_after_a_250(
    step: str, first: list[Action], copies: int, database_url: str
) -> None:
    letter = put(utc_now())
    victim: SimpleQueue[subprocess.Popen[bytes]] = SimpleQueue()
    with HostileServer({step: then(*first, kill(victim))}) as server:
        process = worker(database_url, server.port)
        victim.put(process)
        assert process.wait(20) == -signal.SIGKILL
        assert Letter.get_by_id(letter).state is State.SENDING
        del server.script[step]
        _check_it_goes_after_the_lease(server, letter, copies)


@pytest.mark.parametrize(("death", "copies"), [("before-connect", 1), ("before-record", 2)])
def test_a_worker_killed_around_its_talk_loses_no_letter(
    death: str, copies: int, database_url: str
) -> None:
    letter = put(utc_now())
    with HostileServer() as server:
        assert worker(database_url, server.port, death).wait(20) == -signal.SIGKILL
        assert Letter.get_by_id(letter).state is State.SENDING
        _check_it_goes_after_the_lease(server, letter, copies)


def _check_it_goes_after_the_lease(server: HostileServer, letter: str, copies: int) -> None:
    send = sender(config(server.port))
    before, after = Clock(utc_now() + LEASE / 2), Clock(utc_now() + LEASE)
    assert deliver_round(before, send) == Report()
    assert deliver_round(after, send) == Report(sent=1)
    ids = [received.message["Message-ID"] for received in server.accepted]
    assert ids == [Letter.get_by_id(letter).message_id] * copies
    assert deliver_round(Clock(after.now + timedelta(days=8)), send) == Report()


def test_a_worker_killed_after_recording_sends_nothing_twice(database_url: str) -> None:
    put(utc_now())
    with HostileServer() as server:
        assert worker(database_url, server.port).wait(20) == 0
        after = Clock(utc_now() + timedelta(days=8))
        assert deliver_round(after, sender(config(server.port))) == Report()
    assert len(server.accepted) == 1


def test_two_workers_on_many_letters_send_each_once(database_url: str) -> None:
    for number in range(240):
        put(utc_now(), recipient=f"nummer{number}@example.org")
    with HostileServer() as server:
        workers = [worker(database_url, server.port) for _ in range(2)]
        assert [each.wait(60) for each in workers] == [0, 0]
    ids = [received.message["Message-ID"] for received in server.accepted]
    assert len(ids) == len(set(ids)) == 240
    assert set(ids) == {row.message_id for row in rows()}
    assert states() == {"sent": 240}
    assert {row.attempts for row in rows()} == {1}


def test_a_lease_that_ends_while_its_worker_hangs_gives_the_letter_to_the_next(
    clock: Clock, database_url: str
) -> None:
    put()
    in_hand, free, results = threading.Event(), threading.Event(), list[Report]()

    def hanging(_: Outgoing) -> Outcome:
        in_hand.set()
        free.wait(10)
        return Outcome(Result.REFUSED, "550 too late to say so")

    slow = threading.Thread(target=lambda: results.append(deliver_round(clock, hanging)))
    slow.start()
    assert in_hand.wait(10)
    with HostileServer() as server:
        next_worker = Clock(clock.now + LEASE)
        assert deliver_round(next_worker, sender(config(server.port))) == Report(sent=1)
    free.set()
    slow.join()
    assert results == [Report(sent=1)]
    assert (states(), len(server.accepted)) == ({"sent": 1}, 1)


def test_a_worker_at_work_delivers_at_once_and_stops_when_told_with_the_letter_in_hand(
    database_url: str,
) -> None:
    stop, in_hand, go_on = threading.Event(), threading.Event(), threading.Event()

    def wait_for_leave(talk: Talk) -> None:
        in_hand.set()
        go_on.wait(10)
        talk.say("250 taken")

    with HostileServer() as server:
        running = threading.Thread(target=work, args=(utc_now, sender(config(server.port)), stop))
        running.start()
        put(utc_now())
        server.wait_for(1, seconds=5)
        server.script["dot"] = wait_for_leave
        put(utc_now())
        put(utc_now())
        assert in_hand.wait(5)
        stop.set()
        go_on.set()
        running.join(5)
    assert not running.is_alive()
    assert states() == {"sent": 2, "queued": 1}


# -- the sign of life


def test_a_worker_gives_a_sign_of_life_though_there_is_nothing_to_do(clock: Clock) -> None:
    assert last_heartbeat() is None
    deliver_round(clock, accept)
    assert last_heartbeat() == NOON
    deliver_round(Clock(clock.move(minutes=1)), accept)
    assert last_heartbeat() == clock.now


def test_a_worker_gives_a_sign_of_life_between_two_letters(clock: Clock) -> None:
    beats = []

    def send(_: Outgoing) -> Outcome:
        beats.append(last_heartbeat())
        clock.move(minutes=2)
        return Outcome(Result.SENT, "250 ok")

    for _ in range(3):
        put()
    deliver_round(clock, send)
    assert beats == [NOON, NOON + timedelta(minutes=2), NOON + timedelta(minutes=4)]


def test_a_sign_of_life_is_written_rarely_and_after_a_clock_was_set_back(clock: Clock) -> None:
    deliver_round(clock, accept)
    deliver_round(Clock(NOON + timedelta(seconds=14)), accept)
    assert last_heartbeat() == NOON
    deliver_round(Clock(NOON - timedelta(hours=1)), accept)
    assert last_heartbeat() == NOON - timedelta(hours=1)


def test_a_mail_server_that_does_not_prove_its_name_is_told_of_in_the_log(
    db: None, caplog: pytest.LogCaptureFixture
) -> None:
    put(utc_now())
    stop = threading.Event()
    with HostileServer() as server:
        hand_over = sender(config(server.port, security=MailSecurity.STARTTLS))

        def once(letter: Outgoing) -> Outcome:
            stop.set()
            return hand_over(letter)

        work(utc_now, once, stop)
    assert "no mail goes out" in caplog.text
    assert server.received == []
