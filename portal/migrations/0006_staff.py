"""Staff, their recovery codes and sessions, and the audit trail that nothing may change."""

from peewee import (
    BigIntegerField,
    BlobField,
    BooleanField,
    CharField,
    Database,
    DateTimeField,
    ForeignKeyField,
    Model,
)


class Staff(Model):
    id = CharField(max_length=32, primary_key=True)
    name = BlobField()
    email = BlobField()
    email_hash = CharField(max_length=64, unique=True)
    role = CharField(max_length=40)
    manager = CharField(max_length=40, null=True, index=True)
    active = BooleanField()
    invited_at = DateTimeField()
    disabled_at = DateTimeField(null=True)
    link_mailed_at = DateTimeField(null=True)
    authenticator = BlobField(null=True)
    last_step = BigIntegerField()

    class Meta:
        table_name = "staff"


class RecoveryCode(Model):
    id = CharField(max_length=32, primary_key=True)
    staff = ForeignKeyField(Staff, on_delete="CASCADE")
    digest = CharField(max_length=64, unique=True)

    class Meta:
        table_name = "recovery_code"


class DeskSession(Model):
    id = CharField(max_length=32, primary_key=True)
    staff = ForeignKeyField(Staff, on_delete="CASCADE")
    digest = CharField(max_length=64, unique=True)
    began_at = DateTimeField()
    seen_at = DateTimeField(index=True)

    class Meta:
        table_name = "desk_session"


class AuditLine(Model):
    id = CharField(max_length=32, primary_key=True)
    at = DateTimeField()
    actor = CharField(max_length=80)
    action = CharField(max_length=40)
    subject = CharField(max_length=80)

    class Meta:
        table_name = "audit_line"
        indexes = ((("at", "id"), False), (("subject", "at"), False))


# A row that takes the place of one with the same id would fire no DELETE trigger, so inserting is
# watched too. The age goes by the database's own clock; a day more than the sweep needs is spared.
_GUARDS = (
    """CREATE TRIGGER audit_line_is_not_changed BEFORE UPDATE ON audit_line
       BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END""",
    """CREATE TRIGGER audit_line_is_not_replaced BEFORE INSERT ON audit_line
       WHEN EXISTS (SELECT 1 FROM audit_line WHERE id = NEW.id)
       BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END""",
    """CREATE TRIGGER audit_line_is_kept BEFORE DELETE ON audit_line
       WHEN OLD.at > strftime('%Y-%m-%d %H:%M:%f', 'now', '-365 days')
       BEGIN SELECT RAISE(ABORT, 'the audit trail is kept for a year'); END""",
)

TABLES = [Staff, RecoveryCode, DeskSession, AuditLine]


def up(_migrator: object, db: Database) -> None:
    with db.bind_ctx(TABLES):
        db.create_tables(TABLES, safe=False)
    for guard in _GUARDS:
        db.execute_sql(guard)
