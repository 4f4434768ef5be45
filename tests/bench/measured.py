"""Rounds of requests: how many a second, how long each takes, and at what cost."""

import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from tests.bench.asking import AT_ONCE, Answer, ask_all
from tests.bench.served import Family, database_server


@dataclass
class Measured:
    """Rounds of one kind of request."""

    a_second: list[float] = field(default_factory=list)
    # Milliseconds each: of the program and the database server together, and of the latter.
    processor: list[float] = field(default_factory=list)
    database: list[float] = field(default_factory=list)
    milliseconds: list[float] = field(default_factory=list)  # of each request

    def round(
        self,
        program: Family,
        port: int,
        requests: Sequence[bytes],
        status: int,
        at_once: int = AT_ONCE,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Send all of these and count; raises ``RuntimeError`` where one is answered otherwise."""
        there = database_server()
        used, used_there = program.processor(), there.processor()
        began = time.perf_counter()
        answers = ask_all(port, requests, at_once, tls)
        self.a_second.append(len(requests) / (time.perf_counter() - began))
        used, used_there = program.processor() - used, there.processor() - used_there
        self.processor.append(1000 * (used + used_there) / len(requests))
        self.database.append(1000 * used_there / len(requests))
        self.milliseconds += [1000 * answer.seconds for answer in answers]
        refuse_others(answers, status)

    @property
    def speed(self) -> float:
        """Requests a second: the median of the rounds."""
        return median(self.a_second)

    @property
    def cost(self) -> float:
        """Milliseconds of processor time a request: the median of the rounds."""
        return median(self.processor)

    def percentile(self, percent: int) -> float:
        """The milliseconds within which so many of a hundred requests were answered."""
        return percentile(self.milliseconds, percent)


def percentile(values: Sequence[float], percent: int) -> float:
    """The value that so many of a hundred do not exceed."""
    return sorted(values)[max(0, -(-len(values) * percent // 100) - 1)]


def refuse_others(answers: Sequence[Answer], status: int) -> None:
    """Raise ``RuntimeError`` where a request was not answered as it should be."""
    for answer in answers:
        if answer.status != status:
            raise RuntimeError(f"{answer.status} in place of {status}: {answer.octets[:200]!r}")
