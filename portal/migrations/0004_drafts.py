"""Forms that were begun and not yet sent."""

from peewee import BlobField, CharField, Database, IntegerField, Model


class Draft(Model):
    id = CharField(max_length=32, primary_key=True)
    digest = CharField(max_length=64, unique=True)
    form_key = CharField(max_length=64)
    door = CharField(max_length=20)
    step = IntegerField()
    reference = CharField(max_length=20)
    changed_at = CharField(max_length=26, index=True)
    content = BlobField()

    class Meta:
        table_name = "draft"


def up(_migrator: object, db: Database) -> None:
    with db.bind_ctx([Draft]):
        db.create_tables([Draft], safe=False)
