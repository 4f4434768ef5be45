"""The services as systemd runs them: they end, begin and are replaced, and nobody notices."""

import contextlib
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from portal.database import connection, open_database
from portal.delivery.outbox import Letter, State
from portal.sealing import Keyring
from tests.conftest import DATA_KEY
from tests.delivery.hostile_smtp import HostileServer, Talk
from tests.deploy.stack import Stack, prepare, write_settings
from tests.deploy.units import ROOT, Machine, install_release
from tests.portal_app import DOORS, cases, new_database, required
from tests.real_server import free_port
from tests.site_build import ensure_built

WEB, WORKER = "eigen-kracht-web.service", "eigen-kracht-worker.service"
PATIENCE = 15  # seconds
LISTENS = "00010000"  # proc(5), the flags of a socket in /proc/net/unix


@pytest.fixture
def machine() -> Iterator[Machine]:
    """A machine with a database, where nothing runs yet."""
    ensure_built()
    folder = Path(tempfile.mkdtemp(prefix="stack-"))
    made = prepare(folder)
    open_database(new_database(made.path("/var/lib/eigen-kracht")), Keyring([DATA_KEY]))
    made.listen("eigen-kracht-web.socket")
    yield made
    made.stop_all()
    shutil.rmtree(folder)


@pytest.fixture
def stack(machine: Machine) -> Stack:
    """nginx and the portal, running."""
    machine.start(WEB)
    stack = Stack(machine)
    stack.start_proxy()
    return stack


def until(seen: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not seen():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_an_upgrade_under_load_fails_nobody_and_loses_nothing(stack: Stack) -> None:
    machine, stop = stack.machine, threading.Event()

    def visit(number: int) -> list[tuple[int, str]]:
        seen = []
        while not stop.is_set():
            form = stack.fill_in(DOORS["pupil"], required("pupil", name=f"Noor {number}"))
            seen.append(stack.send(form))
        return seen

    with ThreadPoolExecutor(4) as crowd:
        visitors = [crowd.submit(visit, number) for number in range(4)]
        until(cases)
        assert "PORTAL_BACKUP_DIR is not set" in backups(stack)
        # Another version, with another setting.
        write_settings(machine, PORTAL_BACKUP_DIR=str(machine.folder))
        point_to(machine, install_release(machine, "2"))
        machine.restart(WEB)
        assert "No backup for a day" in backups(stack)
        before = len(cases())
        until(lambda: len(cases()) > before)
        stop.set()
        seen = [answer for visitor in visitors for answer in visitor.result()]
    assert {status for status, _ in seen} == {303}
    assert len({address for _, address in seen}) == len(seen) == len(cases())


def backups(stack: Stack) -> str:
    told = json.loads(stack.ask("GET", "/gezondheid")[2])
    return str(told["checks"]["backup"]["says"])


def point_to(machine: Machine, release: Path) -> None:
    current = machine.path("/opt/eigen-kracht/current")
    current.with_name("next").symlink_to(release)
    current.with_name("next").rename(current)


def test_a_request_in_hand_is_finished_by_a_portal_that_is_told_to_stop(stack: Stack) -> None:
    machine = stack.machine
    form = stack.fill_in(DOORS["pupil"], required("pupil"))
    until(lambda: not in_hand(machine))
    with ThreadPoolExecutor(1) as caller, locked(machine) as free:
        answer = caller.submit(stack.send, form)
        until(lambda: in_hand(machine))
        machine.tell("eigen-kracht-web", signal.SIGTERM)
        # It no longer takes new ones, and waits for this one.
        until(lambda: "Handling signal: \\u2026" in machine.log("eigen-kracht-web"))
        assert not answer.done()
        free()
        assert answer.result()[0] == 303
        assert machine.wait("eigen-kracht-web") == 0
    assert len(cases()) == 1


def in_hand(machine: Machine) -> int:
    """How many calls the portal has taken and not ended."""
    path = str(machine.path("/run/eigen-kracht/web.sock"))
    rows = [line.split() for line in Path("/proc/net/unix").read_text().splitlines()]
    calls = [row for row in rows if row[7:] == [path] and row[3] != LISTENS]
    # A call that nobody has taken has no number yet.
    return sum(row[6] != "0" for row in calls)


def test_a_dozen_who_wait_for_the_database_hold_up_nobody_else(stack: Stack) -> None:
    forms = [stack.fill_in(DOORS["pupil"], required("pupil", name=f"Noor {n}")) for n in range(12)]
    until(lambda: not in_hand(stack.machine))
    with ThreadPoolExecutor(12) as crowd, locked(stack.machine) as free:
        answers = [crowd.submit(stack.send, form) for form in forms]
        until(lambda: in_hand(stack.machine) == len(forms) or any(a.done() for a in answers))
        began = time.monotonic()
        assert stack.ask("GET", "/keuzehulp/")[0] == 200
        assert time.monotonic() - began < 2
        free()
        # Who waited too long is told so, and keeps what was typed.
        assert {answer.result()[0] for answer in answers} <= {303, 503}


@contextlib.contextmanager
def locked(machine: Machine) -> Iterator[Callable[[], object]]:
    """Somebody else is writing to the database, until what is given is called."""
    file = machine.path("/var/lib/eigen-kracht/portal.db")
    writer = sqlite3.connect(file, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    try:
        yield writer.rollback
    finally:
        writer.close()


def test_who_calls_while_there_is_no_portal_is_answered_by_the_next(stack: Stack) -> None:
    stack.machine.stop("eigen-kracht-web")
    with ThreadPoolExecutor(1) as caller:
        answer = caller.submit(stack.ask, "GET", "/aanvragen/")
        stack.machine.start(WEB)
        assert answer.result()[0] == 200


def test_a_portal_that_is_handed_a_socket_minds_no_other(machine: Machine) -> None:
    with socket.socket() as taken:
        with contextlib.suppress(OSError):  # taken by somebody else, which is as good
            taken.bind(("127.0.0.1", 8000))
            taken.listen()
        machine.start(WEB)


def test_a_worker_that_is_told_to_stop_finishes_the_letter_in_its_hand(
    stack: Stack, machine: Machine
) -> None:
    asked, go_on = threading.Event(), threading.Event()

    def wait_and_take(talk: Talk) -> None:
        asked.set()
        assert go_on.wait(PATIENCE)
        talk.say("250 2.0.0 taken")

    assert stack.send(stack.fill_in(DOORS["pupil"], required("pupil")))[0] == 303
    with HostileServer({"dot": wait_and_take}) as mail:
        machine.start(WORKER, PORTAL_MAIL_PORT=str(mail.port))
        assert asked.wait(PATIENCE)
        machine.tell("eigen-kracht-worker", signal.SIGTERM)
        go_on.set()
        assert machine.wait("eigen-kracht-worker") == 0
        assert len(mail.received) == 1
    with connection():
        states = sorted(letter.state for letter in Letter.select())
    assert states == [State.QUEUED, State.SENT]


# -- what cannot start says so in one line, and takes nothing with it


def refusal(machine: Machine, unit: str, **other: str) -> str:
    """What a service says that does not start; it must end with 1 and one line."""
    name = unit.removesuffix(".service")
    with contextlib.suppress(RuntimeError):
        machine.start(unit, **other)
    assert machine.wait(name) == 1
    said = machine.log(name)
    assert said.count("\n") == 1, said
    return said


@pytest.mark.parametrize("unit", [WEB, WORKER])
def test_bad_settings_are_one_line(machine: Machine, unit: str) -> None:
    said = refusal(machine, unit, PORTAL_SECRET_KEY="", PORTAL_MAIL_PORT="many")
    assert "missing: PORTAL_SECRET_KEY" in said
    assert "wrong: PORTAL_MAIL_PORT" in said


@pytest.mark.parametrize("unit", [WEB, WORKER])
def test_a_database_that_is_not_there_is_one_line_and_none_is_made(
    machine: Machine, unit: str
) -> None:
    database = machine.path("/var/lib/eigen-kracht/portal.db")
    for file in database.parent.iterdir():
        file.unlink()
    assert f"no database at {database}" in refusal(machine, unit)
    assert not list(database.parent.iterdir())


@pytest.mark.parametrize("unit", [WEB, WORKER])
def test_a_database_that_does_not_answer_is_one_line_without_its_password(
    machine: Machine, unit: str
) -> None:
    url = f"postgresql://portal:geheim@127.0.0.1:{free_port()}/portal"
    said = refusal(machine, unit, PORTAL_DATABASE_URL=url)
    assert "PostgreSQL does not let the portal in" in said
    assert "geheim" not in said


@pytest.mark.parametrize("unit", [WEB, WORKER])
def test_an_upgrade_without_its_migration_is_one_line_and_changes_nothing(
    machine: Machine, unit: str
) -> None:
    database = machine.path("/var/lib/eigen-kracht/portal.db")
    with sqlite3.connect(database) as made:
        made.execute("DELETE FROM schema_migration WHERE name = '0013_quarantine'")
    made.close()
    before = database.read_bytes()
    assert "lacks 0013_quarantine: run 'portal migrate'" in refusal(machine, unit)
    assert database.read_bytes() == before


@pytest.mark.parametrize("command", ["serve", "worker", "deliver", "migrate"])
def test_where_no_file_can_grow_it_is_one_line_and_all_works_again_after(
    machine: Machine, command: str
) -> None:
    database = machine.path("/var/lib/eigen-kracht/portal.db")
    before = database.read_bytes()
    words = ["sh", "-c", 'ulimit -f 0; exec "$@"', "sh"]
    words += [sys.executable, "-m", "portal.cli", command]
    full = subprocess.run(  # noqa: S603
        words,
        env={"PATH": os.environ["PATH"], **machine.environment(WEB)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (full.returncode, full.stdout, full.stderr.count("\n")) == (1, "", 1)
    assert "disk" in full.stderr
    assert database.read_bytes() == before
    with connection():
        assert Letter.select().count() == 0
