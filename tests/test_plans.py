"""What is asked again and again takes no longer the more there is in the database."""

import re
from collections.abc import Callable

import pytest

from portal import health
from portal.aftercare.asking import follow_up
from portal.cases import register
from portal.casework import chase
from portal.casework.digest import digest
from portal.config import Config
from portal.delivery import outbox
from portal.intake.quarantine import let_through_unseen
from portal.sweep import past
from tests.conftest import NOON
from tests.plans import costly, heard
from tests.portal_app import environment

# Of these there are few, however many requests come in: of a chase, those that somebody was slow
# with.
FEW = {"chase_step", "digest", "heartbeat", "key_proof", "last_sweep", "region", "staff"}
FEW |= {"schema_migration", "main", "pg_class"}  # and what the engines know of their tables
ASKED: dict[str, Callable[[Config], object]] = {
    "a letter that is due": lambda _: outbox.claim(NOON, NOON),
    "a letter in hand": lambda _: outbox.in_hand(NOON),
    "health": lambda _: health.examine(lambda: NOON),
    "who waits for a sign of life": lambda config: chase.chase(NOON, config),
    "where a manager stands in": lambda _: chase.called_in("utrecht"),
    "what is in quarantine": lambda config: let_through_unseen(NOON, config),
    "whom to ask after three months": lambda config: follow_up(NOON, config),
    "the overviews": lambda config: digest(NOON, config),
    "the sweep": lambda _: past(NOON),
    "whose address it is": lambda _: register.sent_from("hash"),
    "whose number it is": lambda _: register.is_reached_at("EK-7K2M-9QXT", "0612345678"),
}


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize("name", ASKED)
def test_nothing_that_is_asked_again_and_again_reads_or_sorts_all_there_is(
    name: str, database_url: str
) -> None:
    config = Config.from_environment(environment(database_url))
    with heard() as statements:
        ASKED[name](config)
    asked = [each for each in statements if each[0].startswith("SELECT")]
    assert asked
    found = [(step, text) for text, values in asked for step in costly(text, values)]
    assert not [each for each in found if not _is_of_few(*each)]


def _is_of_few(step: str, statement: str) -> bool:
    """SQLite names a table by what the statement calls it, PostgreSQL an index by its table."""
    reads = re.search(r'FROM "?([\w.]+)', statement)
    return bool(reads and reads[1] in FEW) or any(f"SCAN {table}" in step for table in FEW)
