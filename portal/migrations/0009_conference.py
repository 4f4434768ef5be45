"""From the talk to three months after: the conference, what was answered, what may be counted."""

from datetime import UTC, datetime, timedelta

from peewee import (
    BlobField,
    BooleanField,
    CharField,
    Database,
    DateField,
    DateTimeField,
    ForeignKeyField,
    IntegerField,
    Model,
)

from portal.workdays import add_workdays


class Case(Model):
    id = CharField(max_length=32, primary_key=True)

    class Meta:
        table_name = "case"


class Conference(Model):
    id = CharField(max_length=32, primary_key=True)
    case = ForeignKeyField(Case, unique=True, on_delete="CASCADE")
    changed_at = DateTimeField()
    question = BlobField(null=True)
    payer = CharField(max_length=40, null=True)
    payer_remark = BlobField(null=True)
    coordinator_name = BlobField(null=True)
    coordinator_email = BlobField(null=True)
    coordinator_phone = BlobField(null=True)
    starts_at = DateTimeField(null=True, index=True)
    minutes = IntegerField(null=True)
    place = BlobField(null=True)
    sequence = IntegerField()
    attended = CharField(max_length=400, null=True)
    plan = CharField(max_length=40, null=True)
    may_ask = BooleanField(null=True)

    class Meta:
        table_name = "conference"


class FollowUp(Model):
    id = CharField(max_length=32, primary_key=True)
    case = ForeignKeyField(Case, unique=True, on_delete="CASCADE")
    held_on = DateField()
    asked_at = DateTimeField(index=True)
    by_phone = BooleanField()
    reminded_at = DateTimeField(null=True)
    answered_at = DateTimeField(null=True)
    pseudonym = CharField(max_length=32, null=True)

    class Meta:
        table_name = "follow_up"


class Reply(Model):
    id = CharField(max_length=32, primary_key=True)
    kind = CharField(max_length=40)
    region = CharField(max_length=40)
    held_in = CharField(max_length=7, index=True)
    answered_in = CharField(max_length=7, index=True)
    going = CharField(max_length=40)
    helped = BlobField(null=True)
    differently = BlobField(null=True)

    class Meta:
        table_name = "reply"


class Tombstone(Model):
    id = CharField(max_length=32, primary_key=True)
    kind = CharField(max_length=40)
    intent = CharField(max_length=40)
    role = CharField(max_length=40)
    region = CharField(max_length=40)
    received_in = CharField(max_length=7, index=True)
    ended_as = CharField(max_length=40)
    heard_after = IntegerField(null=True)
    in_time = BooleanField(null=True)
    held = BooleanField()
    plan = CharField(max_length=40, null=True)

    class Meta:
        table_name = "tombstone"


TABLES = [Conference, FollowUp, Reply, Tombstone]

# Added by hand, for the reason that stands in 0007.
_COLUMNS = (
    """ALTER TABLE "case" ADD COLUMN "heard_after" INTEGER""",
    """ALTER TABLE "case" ADD COLUMN "in_time" INTEGER""",
)
_HEARD = """SELECT "case"."id", "received_at", MIN(e."at") FROM "case"
  JOIN "event" e ON e."case_id" = "case"."id" AND e."what" = 'acknowledged' GROUP BY 1"""
_KEEP = 'UPDATE "case" SET "heard_after" = ?, "in_time" = ? WHERE "id" = ?'
_MINUTE = timedelta(minutes=1)


def up(_migrator: object, db: Database) -> None:
    with db.bind_ctx([Case, *TABLES]):
        db.create_tables(TABLES, safe=False)
    for statement in _COLUMNS:
        db.execute_sql(statement)
    for case, *moments in db.execute_sql(_HEARD).fetchall():
        received, heard = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in moments)
        kept = ((heard - received) // _MINUTE, heard <= add_workdays(received, 2), case)
        db.execute_sql(_KEEP, kept)
    # The figures count what came in within a period.
    db.execute_sql('CREATE INDEX "case_received_at" ON "case" ("received_at")')
    # Of a conference without a date it is known when it was noted to have been held.
    db.execute_sql('CREATE INDEX "event_status_at" ON "event" ("status", "at")')
