"""Letters that wait and are drained by one worker and by four, beside one plain connection."""

import smtplib
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from statistics import median

from portal.database import connection, transaction
from portal.delivery.letters import Text, to_one_reader
from portal.delivery.outbox import UNSENT, Letter, post
from tests.bench.prepared import opened
from tests.bench.served import database_server, production, running, serving, until
from tests.bench.table import Row
from tests.portal_app import new_database

ROUNDS = 5
EACH = 300  # letters a round
WORKERS = 4

_SENDER = "portaal@example.org"
_TEXT = Text("Er is een aanvraag, kenmerk EK-7K2M-9QXT", "Een regel van een gewone brief.\n" * 40)


def rows(folder: Path, rounds: int = ROUNDS, each: int = EACH) -> Iterator[Row]:
    """Drain as many letters again and again: by one worker, by four, and without the portal."""
    with serving("tests.bench.sink") as (_, port):
        settings = production(new_database(folder), PORTAL_MAIL_PORT=str(port))
        opened(settings)
        one, four, plain, processor = [], [], [], []
        for _ in range(rounds):
            plain.append(_plainly(port, each))
            a_second, milliseconds = _by_workers(1, settings, each)
            one.append(a_second)
            processor.append(milliseconds)
            four.append(_by_workers(WORKERS, settings, each)[0])
    best = median(plain)
    name = "letters, one worker beside one plain connection"
    yield Row(name, median(one), "/s", best, 0.7, more=True)
    yield Row(f"letters, {WORKERS} workers beside one", median(four), "/s", median(one))
    yield Row("a letter: processor time", median(processor), "ms", 1000 / best)


def _plainly(port: int, number: int) -> float:
    began = time.perf_counter()
    with smtplib.SMTP("127.0.0.1", port) as line:
        for _ in range(number):
            letter = EmailMessage()
            letter["From"], letter["To"], letter["Subject"] = _SENDER, _reader(0), _TEXT.subject
            letter.set_content(_TEXT.body)
            line.send_message(letter)
    return number / (time.perf_counter() - began)


def _by_workers(workers: int, settings: dict[str, str], number: int) -> tuple[float, float]:
    """Letters a second, and milliseconds of processor time each, from the first to the last."""
    with ExitStack() as stack:
        # Kept, for we look often: on PostgreSQL each connection is a process that is begun.
        stack.enter_context(connection())
        started = [
            stack.enter_context(running("portal.cli", "worker", settings=settings))
            for _ in range(workers)
        ]
        everybody = (*started, database_server())
        write(1)
        until(lambda: not waiting())
        used = sum(one.processor() for one in everybody)
        write(number)
        # A worker with nothing to do looks once a second: that is no part of how fast it goes.
        until(lambda: waiting() < number)
        began, left = time.perf_counter(), waiting()
        until(lambda: not waiting(), pause=0.02)  # to look costs the database, too
        took = time.perf_counter() - began
        used = sum(one.processor() for one in everybody) - used
    return left / took, 1000 * used / number


def write(number: int) -> None:
    """Put so many letters in the outbox at once."""
    now = datetime.now(UTC)
    with transaction():
        for one in range(number):
            post("intake", _TEXT, to_one_reader(_reader(one), "EK-7K2M-9QXT"), now, _SENDER)


def _reader(number: int) -> str:
    return f"regiomanager{number}@example.org"


def waiting() -> int:
    """How many letters are still to go."""
    with connection():
        return int(Letter.select().where(Letter.state.in_(UNSENT)).count())
