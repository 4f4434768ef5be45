"""The register of cases, the proof of the key, and the count of letters to one address."""

from peewee import BlobField, CharField, Database, DateTimeField, ForeignKeyField, Model


class Case(Model):
    id = CharField(max_length=32, primary_key=True)
    reference = CharField(max_length=20, unique=True)
    form_key = CharField(max_length=64, unique=True)
    fingerprint = CharField(max_length=64)
    kind = CharField(max_length=40)
    intent = CharField(max_length=40)
    role = CharField(max_length=40)
    status = CharField(max_length=40)
    region = CharField(max_length=40)
    postcode = CharField(max_length=4)
    received_at = DateTimeField()
    municipality = BlobField()
    name = BlobField()
    email = BlobField()
    phone = BlobField()
    answers = BlobField()

    class Meta:
        table_name = "case"
        indexes = ((("region", "received_at"), False),)


class Addition(Model):
    id = CharField(max_length=32, primary_key=True)
    case = ForeignKeyField(Case, on_delete="CASCADE")
    fingerprint = CharField(max_length=64)
    added_at = DateTimeField()
    content = BlobField()

    class Meta:
        table_name = "addition"
        indexes = ((("case", "fingerprint"), True),)


class Event(Model):
    id = CharField(max_length=32, primary_key=True)
    case = ForeignKeyField(Case, on_delete="CASCADE")
    what = CharField(max_length=40)
    at = DateTimeField()

    class Meta:
        table_name = "event"


class KeyProof(Model):
    id = CharField(max_length=32, primary_key=True)
    proof = BlobField()

    class Meta:
        table_name = "key_proof"


class QuotaUse(Model):
    id = CharField(max_length=32, primary_key=True)
    purpose = CharField(max_length=40)
    digest = CharField(max_length=64)
    day = CharField(max_length=10)

    class Meta:
        table_name = "quota_use"
        indexes = ((("digest",), False), (("day",), False))


TABLES = [Case, Addition, Event, KeyProof, QuotaUse]


def up(_migrator: object, db: Database) -> None:
    with db.bind_ctx(TABLES):
        db.create_tables(TABLES, safe=False)
