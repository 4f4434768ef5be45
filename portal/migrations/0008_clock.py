"""The clock: who is away, the steps taken because a case was kept waiting, and the digests sent."""

from peewee import CharField, Database, DateField, DateTimeField, ForeignKeyField, Model


class Case(Model):
    id = CharField(max_length=32, primary_key=True)

    class Meta:
        table_name = "case"


class Absence(Model):
    id = CharField(max_length=32, primary_key=True)
    manager = CharField(max_length=40)
    first_day = DateField()
    last_day = DateField()
    deputy = CharField(max_length=40, null=True)

    class Meta:
        table_name = "absence"
        indexes = ((("manager", "last_day"), False), (("last_day",), False))


class ChaseStep(Model):
    id = CharField(max_length=32, primary_key=True)
    case = ForeignKeyField(Case, on_delete="CASCADE")
    since = DateTimeField()
    step = CharField(max_length=40)
    region = CharField(max_length=40)
    asked = CharField(max_length=40, null=True)
    at = DateTimeField()

    class Meta:
        table_name = "chase_step"
        indexes = ((("case", "since", "step"), True), (("asked", "step"), False))


class Digest(Model):
    id = CharField(max_length=32, primary_key=True)
    reader = CharField(max_length=40)
    day = DateField()

    class Meta:
        table_name = "digest"
        indexes = ((("reader", "day"), True),)


TABLES = [Absence, ChaseStep, Digest]


def up(_migrator: object, db: Database) -> None:
    with db.bind_ctx([Case, *TABLES]):
        db.create_tables(TABLES, safe=False)
