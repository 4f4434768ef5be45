"""The map in the database, worked out in advance so that each question is one indexed look-up."""

from peewee import BooleanField, CharField, CompositeKey, IntegerField, TextField

from portal.database import Plain


class RoutingTable(Plain):
    """A row under its natural key: the map is replaced by value, so it needs no other."""


class NationalDeskRow(RoutingTable):
    """The one row that says who answers where nobody else does."""

    name = TextField(primary_key=True)
    email = TextField()
    phone = TextField()

    class Meta:
        table_name = "national_desk"


class ManagerRow(RoutingTable):
    """A regional manager, or whoever else takes requests."""

    key = CharField(max_length=40, primary_key=True)
    name = TextField()
    email = TextField()
    phone = TextField()
    deputy = CharField(max_length=40, null=True)
    active = BooleanField()

    class Meta:
        table_name = "manager"


class RegionRow(RoutingTable):
    """A region and the key of its manager."""

    key = CharField(max_length=40, primary_key=True)
    name = TextField()
    manager = CharField(max_length=40)

    class Meta:
        table_name = "region"


class PostcodeRow(RoutingTable):
    """A municipality's part of a postcode; rank 0 is the municipality with most of it."""

    code = CharField(max_length=4)
    rank = IntegerField()
    municipality = TextField()
    region = CharField(max_length=40)

    class Meta:
        table_name = "postcode"
        primary_key = CompositeKey("code", "rank")


class MunicipalityRow(RoutingTable):
    """The region for someone who gives the municipality alone."""

    name = TextField(primary_key=True)
    region = CharField(max_length=40)

    class Meta:
        table_name = "municipality"
