"""Cases of which it is doubted that a person sent them, and when a form was begun."""

from peewee import Database

# Added by hand, not with the migrator's own way: on SQLite that makes the table anew, and dropping
# the old one takes all that hangs on it (ON DELETE CASCADE).
_COLUMNS = (
    """ALTER TABLE "case" ADD COLUMN "doubts" VARCHAR(200) NOT NULL DEFAULT ''""",
    # Nobody knows when those were begun that are under way: long ago, so that none is doubted.
    """ALTER TABLE "draft" ADD COLUMN "begun_at" DATETIME NOT NULL DEFAULT '1970-01-01'""",
)


def up(_migrator: object, db: Database) -> None:
    for statement in _COLUMNS:
        db.execute_sql(statement)
