"""Cases that are kept waiting, on a clock that is moved, and what came of it."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from portal.cases import progress
from portal.cases.register import By, Case, find
from portal.casework.chase import ChaseStep
from portal.config import Config
from portal.database import connection, open_database, transaction
from portal.delivery.letters import Envelope, Text
from portal.delivery.outbox import post
from portal.sealing import Keyring
from portal.workdays import HERE
from tests.conftest import DATA_KEY
from tests.databases import hurry
from tests.portal_app import Written, environment, letters, new_database
from tests.seed import one

CHASING = ("reminder", "stand_in", "desk_takes_over")
SOMEBODY = By("somebody", "Regiomanager")


def here(text: str) -> datetime:
    """A moment as a clock in the Netherlands shows it, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=HERE).astimezone(UTC)


def begin(folder: Path, **settings: str) -> Config:
    """A database with the example regions, open, and the settings that go with it."""
    url = new_database(folder)
    open_database(url, Keyring([DATA_KEY]))
    hurry()
    return Config.from_environment(environment(url, **settings))


def receive(at: datetime, region: str = "drenthe") -> Case:
    """A request as it comes in, with the letter to whoever answers for its region."""
    with transaction():
        case = one(at, region)
        envelope = Envelope(f"{region}@example.org", None, "info@example.org", case.reference)
        post("intake", Text("Nieuwe aanvraag", "Er is iets.\n"), envelope, at, "p@example.org")
    return case


def acknowledge(case: Case, at: datetime) -> None:
    with transaction():
        progress.acknowledge(current(case), SOMEBODY, at)


def current(case: Case) -> Case:
    """The case as it is now."""
    with connection():
        found = find(case.reference)
    assert found
    return found


def steps(case: Case) -> list[tuple[str, str | None]]:
    """The steps that were taken for a case, in order, and who was asked."""
    with connection():
        rows = ChaseStep.select().where(ChaseStep.case == case).order_by(ChaseStep.at)
        order = ("reminder", "deputy", "national desk")
        found = sorted(rows, key=lambda row: (row.since, order.index(row.step)))
        return [(row.step.value, row.asked) for row in found]


def chased(names: Iterable[str] = CHASING) -> list[Written]:
    """The letters that were written because cases wait, oldest first."""
    return [letter for letter in letters() if letter.name in names]


def sent_to() -> list[tuple[str, str]]:
    """Which of those letters went to whom: the name of each and the mailbox."""
    return [(letter.name, letter.recipient.partition("@")[0]) for letter in chased()]
