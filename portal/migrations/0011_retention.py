"""When the sweep last ran and what it had to leave; letters by when they were sent."""

from peewee import CharField, Database, DateTimeField, Model


class LastSweep(Model):
    id = CharField(max_length=32, primary_key=True)
    at = DateTimeField()
    overdue = CharField(max_length=1000)

    class Meta:
        table_name = "last_sweep"


def up(_migrator: object, db: Database) -> None:
    with db.bind_ctx([LastSweep]):
        db.create_tables([LastSweep], safe=False)
    db.execute_sql('CREATE INDEX "letter_state_sent_at" ON "letter" ("state", "sent_at")')
