"""The desk: whose turn a case is, who did what to it, notes and tasks."""

from peewee import BlobField, CharField, Database, DateField, DateTimeField, ForeignKeyField, Model

# Added by hand, not with the migrator's own way: on SQLite that makes the table anew, and dropping
# the old one takes every event and addition with it (ON DELETE CASCADE).
_COLUMNS = (
    """ALTER TABLE "case" ADD COLUMN "stage" VARCHAR(40) NOT NULL DEFAULT ''""",
    """ALTER TABLE "case" ADD COLUMN "idle_since" DATETIME NOT NULL DEFAULT '1970-01-01'""",
    """ALTER TABLE "case" ADD COLUMN "heard_at" DATETIME""",
    """ALTER TABLE "event" ADD COLUMN "by" VARCHAR(80) NOT NULL DEFAULT ''""",
    """ALTER TABLE "event" ADD COLUMN "function" VARCHAR(200) NOT NULL DEFAULT ''""",
    """ALTER TABLE "event" ADD COLUMN "status" VARCHAR(40)""",
    """ALTER TABLE "event" ADD COLUMN "region" VARCHAR(40)""",
    """ALTER TABLE "event" ADD COLUMN "reason" BLOB""",
)
# Until now a case was received, and perhaps withdrawn.
_FILL = (
    """UPDATE "event" SET "status" = "what" WHERE "what" IN ('received', 'withdrawn')""",
    """UPDATE "case" SET "stage" = CASE "status"
         WHEN 'withdrawn' THEN 'ended' ELSE 'awaiting a sign of life' END,
       "idle_since" = COALESCE((SELECT MAX(e."at") FROM "event" e
         WHERE e."case_id" = "case"."id" AND e."what" = 'withdrawn'), "received_at"),
       "heard_at" = (SELECT MAX(e."at") FROM "event" e
         WHERE e."case_id" = "case"."id" AND e."what" IN ('added to', 'corrected'))""",
)
_INDEXES = (
    # A list by region is sorted by something else now; with this one SQLite would sort it whole.
    'DROP INDEX "case_region_received_at"',
    """CREATE INDEX "case_stage_idle_since_id" ON "case" ("stage", "idle_since", "id")""",
    """CREATE INDEX "case_region_stage_idle_since_id"
         ON "case" ("region", "stage", "idle_since", "id")""",
)


class Case(Model):
    id = CharField(max_length=32, primary_key=True)

    class Meta:
        table_name = "case"


class Note(Model):
    id = CharField(max_length=32, primary_key=True)
    case = ForeignKeyField(Case, on_delete="CASCADE")
    fingerprint = CharField(max_length=64, unique=True)
    by = CharField(max_length=80)
    function = CharField(max_length=200)
    at = DateTimeField()
    text = BlobField()


class Task(Model):
    id = CharField(max_length=32, primary_key=True)
    case = ForeignKeyField(Case, on_delete="CASCADE")
    fingerprint = CharField(max_length=64, unique=True)
    errand = CharField(max_length=40)
    by = CharField(max_length=80)
    function = CharField(max_length=200)
    at = DateTimeField()
    due_on = DateField()
    done_at = DateTimeField(null=True)
    done_by = CharField(max_length=80, null=True)
    done_function = CharField(max_length=200, null=True)
    text = BlobField()

    class Meta:
        indexes = ((("done_at", "due_on"), False),)


def up(_migrator: object, db: Database) -> None:
    for statement in (*_COLUMNS, *_FILL, *_INDEXES):
        db.execute_sql(statement)
    with db.bind_ctx([Case, Note, Task]):
        db.create_tables([Note, Task], safe=False)
