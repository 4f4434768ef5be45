"""Letters that somebody decided to leave unsent: who, and when."""

from peewee import Database

# Added by hand, for the reason that stands in 0007.
_COLUMNS = (
    """ALTER TABLE "letter" ADD COLUMN "set_aside_at" DATETIME""",
    """ALTER TABLE "letter" ADD COLUMN "set_aside_by" VARCHAR(200)""",
)


def up(_migrator: object, db: Database) -> None:
    for statement in _COLUMNS:
        db.execute_sql(statement)
