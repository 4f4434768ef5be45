"""The schema: which numbered steps it has taken, and taking those that are left."""

from pathlib import Path

from peewee import PeeweeException
from playhouse.migrations import Runner

from portal.database.binding import DatabaseUnsound, database
from portal.database.engines import Engine
from portal.database.keys import begin_keys, check_key, has_key, use_digest_key
from portal.database.sqlite import Sqlite
from portal.database.transactions import connection, transaction
from portal.failpoints import failpoint

HISTORY = "schema_migration"  # the table that keeps which steps were taken
MIGRATIONS = Path(__file__).parent.parent / "migrations"


def migrate() -> list[str]:
    """Bring the schema to head, one transaction a step; gives the names of the steps taken.

    Killed at any moment it leaves the schema at the end of a step, and the next call goes on from
    there; of two at once each takes the steps that the other left. Raises ``DatabaseUnsound``.
    """
    with connection():
        database.take_time()
        fresh = not database.get_tables()
        if not fresh and has_key():
            check_key()
        taken = _begin(database.obj)
        while pending := pending_migrations():
            taken += _take(pending[0])
            failpoint("migrate: step taken")
        with transaction():
            begin_keys(fresh=fresh)
            failpoint("migrate: keys begun")
        use_digest_key()
    return taken


def pending_migrations() -> list[str]:
    """Names of the steps the schema still lacks; empty at head.

    Raises ``DatabaseUnsound`` where it took a step that this program does not know: it was brought
    to head by a newer one, and what that expects of a row is not known here.
    """
    with connection():
        steps = Runner(database.obj, str(MIGRATIONS)).status()
    newer = [step.name for step in steps if step.path is None]
    if newer:
        raise DatabaseUnsound(
            f"the database is newer than this program (it has {', '.join(newer)}): "
            "install the version that it was last used with, or a later one"
        )
    return [step.name for step in steps if not step.applied]


def steps_of(database: Engine) -> list[str]:
    """Names of the steps that a schema has taken, in their order."""
    runner = Runner(database, str(MIGRATIONS))
    return sorted(runner.applied())


def lay_out(to: Engine, steps: list[str]) -> None:
    """Make a schema that has taken these steps; raises ``DatabaseUnsound`` where it cannot be."""
    _begin(to)
    if missing := set(steps_of(to)) - set(steps):
        raise DatabaseUnsound(f"PostgreSQL needs a schema with {max(missing)}: migrate it first")
    Runner(to, str(MIGRATIONS)).up(max(steps))


def _begin(to: Engine) -> list[str]:
    """Make the schema that an engine begins with, unless it is there; gives its steps."""
    refuse_another(to)
    if isinstance(to, Sqlite):
        return []
    with to.atomic():
        if to.get_tables():
            return []
        to.script((MIGRATIONS / to.BEGINS_WITH).read_text())
        runner = Runner(to, str(MIGRATIONS))
        runner.History.create_table()
        last = to.BEGINS_WITH.partition("_")[0]
        steps = [step.name for step in runner.migrations() if step.name[: len(last)] <= last]
        runner.History.insert_many([{"name": step} for step in steps]).execute()
        return steps


def refuse_another(database: Engine) -> None:
    """Raise ``DatabaseUnsound`` where there are tables, and none of them is the portal's."""
    tables = database.get_tables()
    if tables and HISTORY not in tables:
        raise DatabaseUnsound(
            f"this database is something else's (it has '{tables[0]}'): give the portal its own"
        )


def _take(step: str) -> list[str]:
    try:
        return list(Runner(database.obj, str(MIGRATIONS)).up(step))
    except PeeweeException:
        # Its name is unique in the history, so whoever comes second takes all of it back.
        if step in pending_migrations():
            raise
        return []
