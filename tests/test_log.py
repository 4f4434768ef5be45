"""The log tells what went wrong and where, and never a word that somebody typed."""

import ast
import contextlib
import itertools
import json
import logging
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path

import peewee
import pytest
from flask import request

from portal import cli
from portal.commands import upkeep
from portal.database import connection, database, open_database
from portal.delivery.smtp import sender
from portal.delivery.worker import deliver_round
from portal.log import WITHHELD, Line
from portal.sealing import Keyring
from tests.conftest import DATA_KEY
from tests.databases import allow, raw, refuse, somebody_writing, url_in
from tests.delivery.conftest import config, put, utc_now
from tests.delivery.hostile_smtp import HostileServer, reply
from tests.intake.test_canaries import canaries, canary, marks
from tests.portal_app import DOORS, Browser, build, new_database, required
from tests.real_server import Server, free_port
from tests.site_build import ensure_built

ROOT = Path(__file__).parent.parent
PORTAL = ROOT / "portal"
FIELDS = {"time", "level", "logger", "event", "reference", "at", "error", "raised"}
Said = Callable[[], str]


@pytest.fixture
def said() -> Iterator[Said]:
    """Everything that is logged by anybody, at every level, as it is written."""
    written = StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(Line())
    before = logging.root.level
    logging.root.addHandler(handler)
    logging.root.setLevel(logging.DEBUG)
    yield written.getvalue
    logging.root.removeHandler(handler)
    logging.root.setLevel(before)


def records(text: str) -> list[dict[str, object]]:
    """The records in a log, of which every line must be one, in plain ASCII and nothing else."""
    assert all(" " <= character <= "~" or character == "\n" for character in text)
    found = [json.loads(line) for line in text.split("\n")[:-1]]
    assert all(record.keys() <= FIELDS for record in found)
    return found


def ours(message: str, *values: object, **more: object) -> logging.LogRecord:
    """A record as the portal's own code makes it."""
    made = logging.makeLogRecord({"msg": message, "args": values, "name": "portal.test", **more})
    made.pathname = str(PORTAL / "clock.py")
    return made


FORGED = [
    'x\r\n{"event": "all is well"}',
    "x\n\n2026-11-22 ERROR nothing",
    "x\x1b[2J\x1b[31mred\x9b0m",
    'x", "level": "CRITICAL',
    "x\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029\x00\x7f\b",
    "x\ud800\u202e\\u000a",
]


@pytest.mark.parametrize("forged", FORGED)
def test_whatever_is_put_into_a_record_it_stays_one_line(forged: str) -> None:
    record = ours(f"{forged} %s", forged, name=f"portal.{forged}", reference=forged)
    (told,) = records(Line().format(record) + "\n")
    assert told["event"] == f"{forged} {forged}"
    assert "reference" not in told


def test_a_record_tells_time_level_place_and_the_case() -> None:
    record = ours("letter %s: %s", "ab", "sent", levelname="INFO", reference="EK-7K2M-9QXT")
    record.created = 1795348800.25
    assert records(Line().format(record) + "\n") == [
        {
            "time": "2026-11-22T12:00:00.250Z",
            "level": "INFO",
            "logger": "portal.test",
            "event": "letter ab: sent",
            "reference": "EK-7K2M-9QXT",
        }
    ]


def test_other_fields_of_a_record_are_not_told() -> None:
    record = ours("done", email="noor@example.org", stack_info="Stack: noor")
    assert "noor" not in Line().format(record)


FAULTS = [
    ValueError("Noor typed this"),
    UnicodeDecodeError("utf-8", b"Noor", 0, 1, "Noor"),
    peewee.IntegrityError("UNIQUE constraint failed: Noor"),
    OSError(2, "Noor", "Noor"),
    KeyError("Noor"),
    type("Raised", (Exception,), {"__str__": lambda _: 1 / 0})(),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
def test_a_fault_is_told_by_its_class_and_its_place(said: Said, fault: Exception) -> None:
    typed = {"name": "Noor"}
    try:
        try:
            raise fault
        except type(fault) as first:
            raise RuntimeError(f"{typed}") from first
    except RuntimeError as last:
        logging.getLogger("portal").exception("failed: %s", last)
        record = ours("it failed: %s", last, exc_info=(type(last), last, last.__traceback__))
    told = records(said() + Line().format(record) + "\n")
    assert "Noor" not in str(told)
    assert [one["error"] for one in told] == [f"RuntimeError from {type(fault).__name__}"] * 2
    place = str(told[0]["raised"])
    assert "tests/test_log.py:" in place
    assert str(ROOT) not in place
    assert told[1]["event"] == f"it failed: RuntimeError from {type(fault).__name__}"


def test_of_what_others_say_only_what_stands_in_their_code_is_told(said: Said) -> None:
    other, typed = logging.getLogger("gunicorn.error"), "Noor"
    other.error("Worker (pid:%s) exited with code %s.", 12, 3)
    other.error("request %s from %s", typed, "127.0.0.9")
    other.error(f"Invalid request from ip={typed}")
    other.error((f"INSERT {typed}", [typed]))
    told = records(said())
    assert [record["event"] for record in told] == [
        "Worker (pid:12) exited with code 3.",
        "request … from …",
        WITHHELD,
        WITHHELD,
    ]
    assert all(str(record["at"]).startswith(f"{ROOT.name}/tests/test_log.py:") for record in told)


def _log_calls() -> Iterator[tuple[str, ast.Call]]:
    kinds = {"debug", "info", "warning", "error", "exception", "critical", "log"}
    for file in PORTAL.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                owner = ast.unparse(node.func.value)
                if node.func.attr in kinds and ("log" in owner.split(".")[-1] or "getLog" in owner):
                    yield f"{file.name}:{node.lineno}", node


def test_the_portal_itself_logs_fixed_texts_with_values_beside_them() -> None:
    calls = dict(_log_calls())
    assert len(calls) > 15
    free = [where for where, call in calls.items() if not isinstance(call.args[0], ast.Constant)]
    assert not free


# -- a process of its own

BEGIN = "from portal import log; import logging, threading, warnings; log.begin('{level}'); "


def run(code: str, level: str = "INFO") -> str:
    """What a process says in its log that does this."""
    command = [sys.executable, "-c", BEGIN.format(level=level) + code]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stderr  # noqa: S603


@pytest.mark.parametrize(
    "code",
    [
        "int('Noor')",
        "t = threading.Thread(target=int, args=('Noor',)); t.start(); t.join()",
        "logging.getLogger('x').error('%d', 'Noor')",
        "warnings.warn('Noor')",
    ],
)
def test_what_nobody_caught_is_one_line_too(code: str) -> None:
    (told,) = records(run(code))
    assert "Noor" not in str(told)


def test_what_cannot_be_written_is_not_shown_in_another_way() -> None:
    torn = "logging.root.handlers[0].formatter.format = None; "
    assert "Noor" not in run(f"{torn} logging.getLogger('x').error('Noor')")


@pytest.mark.parametrize(
    ("level", "told"), [("DEBUG", 4), ("INFO", 3), ("WARNING", 2), ("ERROR", 1)]
)
def test_the_level_that_was_set_is_kept_to(level: str, told: int) -> None:
    code = "[logging.getLogger('portal').log(level, 'a') for level in (10, 20, 30, 40)]"
    assert len(records(run(code, level))) == told


def test_a_command_that_fails_by_itself_says_so_in_a_line_without_a_value(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise ValueError("Noor")

    monkeypatch.setattr(upkeep, "settings", fail)
    assert cli.main(["deliver"]) == 1
    complaint = capsys.readouterr().err
    assert complaint.startswith("portal deliver: a fault of the program (ValueError at ")
    assert (complaint.count("\n"), "Noor" in complaint) == (1, False)


# -- everything at once

Faulty = Callable[[], contextlib.AbstractContextManager[object]]


@contextlib.contextmanager
def changed(begin: str, end: str) -> Iterator[None]:
    """The database, broken for a while."""
    with connection():
        raw(begin)
    yield
    with connection():
        raw(end)


def without_letters() -> contextlib.AbstractContextManager[None]:
    return changed("ALTER TABLE letter RENAME TO gone", "ALTER TABLE gone RENAME TO letter")


@contextlib.contextmanager
def refusing_letters() -> Iterator[None]:
    with connection():
        refuse("letter")
    yield
    with connection():
        allow("letter")


@contextlib.contextmanager
def locked() -> Iterator[None]:
    with somebody_writing():
        yield


@contextlib.contextmanager
def stumbling() -> Iterator[None]:
    """A fault of the program, whose message holds all that was sent."""
    STUMBLES.append(True)
    yield
    STUMBLES.clear()


STUMBLES: list[bool] = []
BREAKS: list[Faulty] = [without_letters, refusing_letters, locked, stumbling]


def _stumble() -> None:
    if STUMBLES:
        typed = request.form.to_dict()
        try:
            int(str(typed))
        except ValueError as first:
            raise LookupError(typed, request.url, request.remote_addr) from first


def test_two_hundred_words_typed_while_everything_fails_are_in_no_log(
    tmp_path: Path, said: Said
) -> None:
    app = build(new_database(tmp_path), PORTAL_LOG_LEVEL="DEBUG", PORTAL_TRUSTED_PROXIES="1")
    app.before_request_funcs.setdefault(None, []).insert(0, _stumble)
    browser = app.test_client()
    assert isinstance(browser, Browser)
    typed, statuses = set(), set()
    for door, broken in itertools.product(DOORS, BREAKS):
        words = canaries(browser, door, "") | {"csrf": canary(), "agent": canary()}
        words["address"] = canary()
        typed |= marks(words.values())
        form = browser.to_the_end(DOORS[door], required(door, **words))
        odd = f"/na-drie-maanden/{words['address']}/?q={words['name']}"
        away = {"X-Forwarded-For": "::1", "Referer": odd, "User-Agent": words["agent"]}
        with broken():
            statuses.add(browser.post_form(form, headers=away).status_code)
            statuses.add(browser.get(odd, headers=away).status_code)
        body = {**form.data, "story": words["name"] * 50_000}
        statuses.add(browser.post(form.action, data=body, headers=away).status_code)
        where = {"REMOTE_ADDR": "127.0.0.9"}
        token = {"csrf_token": words["csrf"], "name": words["name"]}
        statuses.add(browser.post(form.action, data=token, environ_base=where).status_code)
        statuses.add(browser.get(odd, base_url=f"http://{words['csrf']}").status_code)
    put(recipient=f"{words['csrf']}@example.org", now=utc_now())
    put(recipient=f"{words['csrf']} kan niet", now=utc_now())
    with HostileServer({"RCPT": reply(f"550 {words['name']}")}) as server:
        deliver_round(utc_now, sender(config(server.port)))
    assert len(typed) >= 200
    assert statuses >= {400, 404, 413, 500, 503}
    told = records(said())
    text = str(told)
    for kind in ("OperationalError", "IntegrityError", "LookupError from ValueError", "stuck"):
        assert kind in text
    assert not [word for word in (*typed, "127.0.0.9", "::1", "INSERT INTO") if word in text]


def ask_oddly(port: int, octets: bytes) -> bytes:
    """What the server says to these octets, from an address of its own."""
    here = ("127.0.0.9", 0)
    with socket.create_connection(("127.0.0.1", port), 5, source_address=here) as line:
        line.sendall(octets)
        return line.recv(100)


def test_the_real_server_keeps_what_it_was_sent_and_from_where_out_of_its_log(
    tmp_path: Path,
) -> None:
    ensure_built()
    open_database(new_database(tmp_path), Keyring([DATA_KEY]))
    words = {name: canary() for name in ("name", "call_when", "story", "safety", "question")}
    odd, more = canary(), {"PORTAL_LOG_LEVEL": "DEBUG", "PORTAL_TRUSTED_PROXIES": "1"}
    url = url_in(tmp_path)
    server = Server(url, free_port(), **more)
    form = server.fill_in(DOORS["community"], required("community", **words))
    with refusing_letters():
        assert server.send(form)[0] == 503
    database.close()
    host = f"Host: 127.0.0.1:{server.port}\r\nConnection: close\r\n"
    for request_line, headers, status in [
        (f"GET /{odd} HTTP/9.9", host, b"400"),
        (f"G{odd}\x1b[31m / HTTP/1.1", host, b"400"),
        ("GET / HTTP/1.1", f"{host}X {odd}\x85: x\r\n", b"400"),
        (f"GET /?{odd * 900} HTTP/1.1", host, b"414"),
        (
            f"GET /{odd}%0d%0a%7b%22event%22:1%7d HTTP/1.1",
            f"{host}X-Forwarded-For: ::1\r\n",
            b"404",
        ),
        (f"POST /{odd} HTTP/1.1", f"{host}Content-Length: {odd}\r\n", b"400"),
        ("GET / HTTP/1.1", f"Host: {odd}.example.org\r\nConnection: close\r\n", b"400"),
    ]:
        answer = ask_oddly(server.port, f"{request_line}\r\n{headers}\r\n".encode("latin-1"))
        assert status in answer.partition(b"\r\n")[0], (request_line, answer)
    written = server.kill()
    told = records(written)
    assert {"gunicorn.error", "portal"} <= {record["logger"] for record in told}
    (place, *_) = [one["at"] for one in told if "Booting worker with pid: " in str(one["event"])]
    assert "gunicorn/arbiter.py:" in str(place)
    assert "could not be stored: IntegrityError" in written
    handle = form.path.split("/")[-3]
    secret = (*words.values(), odd, handle, "127.0.0.9", "::1")
    assert not [word for word in secret if word in written]
