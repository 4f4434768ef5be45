"""The outbox and the worker's sign of life."""

from peewee import BlobField, CharField, Database, DateTimeField, IntegerField, Model


class Letter(Model):
    id = CharField(max_length=32, primary_key=True)
    message_id = CharField(max_length=320, unique=True)
    name = CharField(max_length=80)
    case_reference = CharField(max_length=80, index=True)
    recipient = BlobField()
    fallback = BlobField(null=True)
    reply_to = BlobField()
    subject = BlobField()
    body = BlobField()
    last_answer = BlobField(null=True)
    state = CharField(max_length=40)
    attempts = IntegerField()
    created_at = DateTimeField()
    due_at = DateTimeField()
    sent_at = DateTimeField(null=True)
    forwarded_from = CharField(max_length=32, null=True)

    class Meta:
        indexes = ((("state", "due_at"), False),)


class Heartbeat(Model):
    id = CharField(max_length=32, primary_key=True)
    at = DateTimeField()


def up(_migrator: object, db: Database) -> None:
    with db.bind_ctx([Letter, Heartbeat]):
        db.create_tables([Letter, Heartbeat], safe=False)
