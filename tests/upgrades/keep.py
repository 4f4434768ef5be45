"""Keeps a filled database of today's schema: ``python -m tests.upgrades.keep``, at each release."""

import hashlib
import re
import sqlite3
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

from portal.aftercare.asking import follow_up
from portal.audit import trail
from portal.cases import followup
from portal.cases.case import Kind
from portal.cases.followup import Going, Told
from portal.cases.register import withdraw
from portal.casework import authenticator, sessions
from portal.casework.digest import digest
from portal.casework.staff import Staff
from portal.config import Config
from portal.database import MIGRATIONS, connection, database, open_database, transaction
from portal.delivery.outbox import Outcome, Result
from portal.delivery.worker import deliver_round
from portal.development.demonstration import furnish
from portal.intake import drafts, own_door
from portal.routing import absences
from portal.sealing import Keyring
from portal.sweep import sweep
from tests.aftercare.afterwards import held
from tests.conftest import DATA_KEY, NOON
from tests.portal_app import environment, new_database
from tests.seed import one

HERE = Path(__file__).parent
# The whole map would be most of the file.
_FEW = "DELETE FROM postcode WHERE code NOT IN ('1012', '3511', '9401')"


def head() -> str:
    """The name of the last step that there is."""
    return max(path.stem for path in MIGRATIONS.glob("0*.py"))


def keep(folder: Path) -> Path:
    """Write the file, named by its schema: a row in every table, all of them made as in life."""
    with tempfile.TemporaryDirectory() as scratch:
        url = new_database(Path(scratch))
        open_database(url, Keyring([DATA_KEY]))
        with connection():
            _fill(Config.from_environment(environment(url)))
            database.execute_sql(_FEW)
        kept = folder / f"{head()}.sql"
        kept.write_text(dump(Path(scratch) / "portal.db"))
    return kept


def dump(path: Path) -> str:
    """All that a database holds, its schema too, as statements that make it anew."""
    made = sqlite3.connect(path)
    made.execute("PRAGMA synchronous = OFF")  # closing moves the write-ahead log into the file
    try:
        return "\n".join(made.iterdump()) + "\n"
    finally:
        made.close()


def contents(path: Path) -> str:
    """A digest of all that it holds, but for when each step was taken, and the key of digests.

    That is sealed, so never written twice alike, and comes after the last step.
    """
    same = re.sub(r"""(?m)^(INSERT INTO "schema_migration" VALUES\(.*),'.*$""", r"\1", dump(path))
    same = re.sub(r"""(?m)^INSERT INTO "digest_key" .*\n""", "", same)
    return hashlib.sha256(same.encode()).hexdigest()


def restore(kept: str, path: Path) -> None:
    """Make the database anew at ``path``."""
    made = sqlite3.connect(path)
    made.executescript(kept)
    made.close()


def _fill(config: Config) -> None:
    furnish(NOON, config)
    deliver_round(lambda: NOON, lambda _: Outcome(Result.DEFERRED, "451 4.7.1 later"))
    old = one(NOON - timedelta(days=900))
    with transaction():
        withdraw(old, NOON - timedelta(days=899))
    sweep(NOON)
    case = held("2026-08-12", email="noor@example.org")
    follow_up(NOON, config)
    with transaction():
        followup.answer(case, Told(Going.PARTLY, "Samen eten", "Eerder beginnen"), NOON)
    drafts.save("s" * 43, Kind.LEARNING.value, 2, {"story": ["Een begin van een verhaal"]}, NOON)
    own_door.add(one(NOON), "Nog een ding.", NOON, config)
    own_door.send_link("noor@example.org", NOON, config)
    absences.add("drenthe", NOON.date(), NOON.date() + timedelta(days=4), None)
    digest(NOON, config)
    somebody = Staff.select().first()
    with transaction():
        sessions.begin(somebody, "", NOON)
        authenticator.new_recovery_codes(somebody)
    trail.record(somebody.id, next(iter(trail.Action)), case.reference, NOON)


if __name__ == "__main__":
    sys.stdout.write(f"{keep(HERE)}\n")
