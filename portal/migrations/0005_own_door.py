"""How a requester is known again: tokens, and keyed hashes of address and phone number."""

import re
import unicodedata

from email_validator import EmailNotValidError, validate_email
from peewee import BlobField, CharField, Database, DateTimeField, Model

from portal.database import DatabaseUnsound, keyring
from portal.sealing import SealBroken

_HASHES = ("email_hash", "phone_hash")
_DUTCH = re.compile(r"(?:(?:00)?310?|0?)([1-9][0-9]{8})")


class Token(Model):
    id = CharField(max_length=32, primary_key=True)
    purpose = CharField(max_length=40)
    digest = CharField(max_length=64, unique=True)
    subject = BlobField()
    expires_at = DateTimeField(index=True)

    class Meta:
        table_name = "token"


class Case(Model):
    id = CharField(max_length=32, primary_key=True)
    email = BlobField()
    phone = BlobField()
    email_hash = CharField(max_length=64)
    phone_hash = CharField(max_length=64)

    class Meta:
        table_name = "case"


def up(_migrator: object, db: Database) -> None:
    with db.bind_ctx([Token, Case]):
        db.create_tables([Token], safe=False)
        for column in _HASHES:
            _add_column(db, column)
        try:
            for case in list(Case.select()):
                _fill(case)
        except SealBroken:
            raise DatabaseUnsound(
                "PORTAL_DATA_KEYS does not open this database: give its own key"
            ) from None


def _add_column(db: Database, column: str) -> None:
    # Not by the migrator: on SQLite it would copy the whole table for a column that is not null.
    db.execute_sql(f'ALTER TABLE "case" ADD COLUMN "{column}" VARCHAR(64) NOT NULL DEFAULT \'\'')
    db.execute_sql(f'CREATE INDEX "case_{column}" ON "case" ("{column}")')


def _fill(case: Case) -> None:
    keys = keyring()
    email = keys.open(bytes(case.email), f"case.email:{case.id}")
    phone = keys.open(bytes(case.phone), f"case.phone:{case.id}")
    hashes = {
        "email_hash": keys.digest(_same_mailbox(email), "case email") if email else "",
        "phone_hash": keys.digest(_same_number(phone), "case phone") if phone else "",
    }
    Case.update(hashes).where(Case.id == case.id).execute()


def _same_mailbox(address: str) -> str:
    try:
        plain = validate_email(
            address, allow_smtputf8=False, check_deliverability=False, globally_deliverable=False
        )
    except EmailNotValidError:
        return address.strip().casefold()
    return str(plain.ascii_email).casefold()


def _same_number(phone: str) -> str:
    text = unicodedata.normalize("NFKC", phone)
    digits = re.sub(r"[^0-9]", "", text.replace("+", "00"))
    dutch = _DUTCH.fullmatch(digits)
    return "0" + dutch[1] if dutch else digits
