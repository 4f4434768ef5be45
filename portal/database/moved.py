"""The mark of a database that was moved away, or is not there as a whole yet."""

from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum

from portal.database.engines import Engine
from portal.database.sqlite import Sqlite

MARK = "moved"  # a table with one row; a database that stays where it is has none


class Place(StrEnum):
    """Which end of a move a database is."""

    GONE = "gone"
    ARRIVING = "arriving"


@dataclass(frozen=True)
class Mark:
    """Which end it is, of which move, and where the other end is."""

    place: Place
    move: str
    other: str
    at: str

    def says(self) -> str:
        """What an operator is told who would use it."""
        if self.place is Place.GONE:
            return (
                f"this database was moved to {self.other} at {self.at}: "
                "set PORTAL_DATABASE_URL to that, and start everything again"
            )
        return (
            f"the move of {self.other} into this database did not come to its end: "
            "run 'portal move' again, with the settings of before"
        )


def mark_of(database: Engine) -> Mark | None:
    """The mark of an open database; None where it has none."""
    if MARK not in database.get_tables():
        return None
    found = database.execute_sql("SELECT place, move, other, at FROM moved")  # type: ignore[no-untyped-call]
    place, move, other, at = found.fetchone()
    return Mark(Place(place), move, other, at)


def mark(database: Engine, place: Place, move: str, other: str, at: datetime) -> Mark:
    """Mark a database as one end of a move, as part of the caller's transaction."""
    made = Mark(place, move, other, f"{at:%Y-%m-%d %H:%M} UTC")
    columns = [field.name for field in fields(Mark)]
    listed = ", ".join(f"{name} VARCHAR(1000) NOT NULL" for name in columns)
    _run(database, f"CREATE TABLE {MARK} ({listed})")
    marks = ", ".join([database.param] * len(columns))
    values = [str(getattr(made, name)) for name in columns]
    _run(database, f"INSERT INTO {MARK} VALUES ({marks})", *values)  # noqa: S608 - marks alone
    return made


def unmark(database: Engine) -> None:
    """Take the mark away: it can be used."""
    _run(database, f"DROP TABLE {MARK}")


def close(database: Engine) -> None:
    """Have every table refuse whatever would change it, as part of the caller's transaction.

    So whoever still has it open can write nothing that nobody would ever read.
    """
    refuse = _refuse_on_sqlite if isinstance(database, Sqlite) else _refuse_on_postgresql
    for statement in refuse(database.get_tables()):
        _run(database, statement)


def _refuse_on_sqlite(tables: list[str]) -> list[str]:
    return [
        f'CREATE TRIGGER "moved_{table}_{when}" BEFORE {when} ON "{table}" '
        "BEGIN SELECT RAISE(ABORT, 'this database was moved'); END"
        for table in tables
        for when in ("INSERT", "UPDATE", "DELETE")
    ]


_REFUSE = """CREATE FUNCTION moved_away() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  RAISE EXCEPTION 'this database was moved'; END $$"""


def _refuse_on_postgresql(tables: list[str]) -> list[str]:
    return [
        _REFUSE,
        *(
            f'CREATE TRIGGER moved BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON "{table}" '
            "FOR EACH STATEMENT EXECUTE FUNCTION moved_away()"
            for table in tables
        ),
    ]


def _run(database: Engine, statement: str, *values: object) -> None:
    database.execute_sql(statement, values)  # type: ignore[no-untyped-call]
