"""Letters that somebody decided to leave unsent, and a key of its own for keyed hashes."""

from peewee import BlobField, CharField, Database, Model


class DigestKey(Model):
    id = CharField(max_length=32, primary_key=True)
    key = BlobField()

    class Meta:
        table_name = "digest_key"


# Added by hand, for the reason that stands in 0007.
_COLUMNS = (
    """ALTER TABLE "letter" ADD COLUMN "set_aside_at" DATETIME""",
    """ALTER TABLE "letter" ADD COLUMN "set_aside_by" VARCHAR(200)""",
)


def up(_migrator: object, db: Database) -> None:
    for statement in _COLUMNS:
        db.execute_sql(statement)
    with db.bind_ctx([DigestKey]):
        db.create_tables([DigestKey], safe=False)
