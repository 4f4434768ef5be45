"""The map: who answers for which place."""

from peewee import BooleanField, CharField, CompositeKey, Database, IntegerField, Model, TextField


class NationalDesk(Model):
    name = TextField(primary_key=True)
    email = TextField()
    phone = TextField()

    class Meta:
        table_name = "national_desk"


class Manager(Model):
    key = CharField(max_length=40, primary_key=True)
    name = TextField()
    email = TextField()
    phone = TextField()
    deputy = CharField(max_length=40, null=True)
    active = BooleanField()

    class Meta:
        table_name = "manager"


class Region(Model):
    key = CharField(max_length=40, primary_key=True)
    name = TextField()
    manager = CharField(max_length=40)

    class Meta:
        table_name = "region"


class Postcode(Model):
    code = CharField(max_length=4)
    rank = IntegerField()
    municipality = TextField()
    region = CharField(max_length=40)

    class Meta:
        table_name = "postcode"
        primary_key = CompositeKey("code", "rank")


class Municipality(Model):
    name = TextField(primary_key=True)
    region = CharField(max_length=40)

    class Meta:
        table_name = "municipality"


TABLES = [NationalDesk, Manager, Region, Postcode, Municipality]


def up(_migrator: object, db: Database) -> None:
    with db.bind_ctx(TABLES):
        db.create_tables(TABLES, safe=False)
