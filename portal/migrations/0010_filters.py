"""The lists of one state of cases: found without a look at the cases in any other."""

from peewee import Database

_INDEXES = (
    """CREATE INDEX "case_status_stage_idle_since_id"
         ON "case" ("status", "stage", "idle_since", "id")""",
    """CREATE INDEX "case_region_status_stage_idle_since_id"
         ON "case" ("region", "status", "stage", "idle_since", "id")""",
)


def up(_migrator: object, db: Database) -> None:
    for statement in _INDEXES:
        db.execute_sql(statement)
