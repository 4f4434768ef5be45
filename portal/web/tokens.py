"""Tokens: secrets handed out to be brought back, each for one purpose, for a while, and once."""

import logging
import secrets
from datetime import datetime, timedelta
from enum import StrEnum

from peewee import CharField

from portal.database import Moment, Rows, Sealed, Table, Word, connection, keyring, transaction
from portal.sealing import SealBroken

log = logging.getLogger(__name__)


class Purpose(StrEnum):
    """What a token is good for; one for another purpose is unknown."""

    OWN_DOOR = "own door"
    VISIT = "visit"
    INVITATION = "invitation of staff"
    SET_UP = "authenticator being set up"
    SIGN_IN = "sign-in of staff"
    CODE = "code still to be given"
    CALENDAR = "date in a calendar"
    FOLLOW_UP = "contact after three months"


class Token(Table):
    """What is kept of a token: never the secret itself, and of its subject nothing readable."""

    purpose = Word(Purpose)
    digest = CharField(max_length=64, unique=True)
    subject = Sealed()
    expires_at = Moment(index=True)


def issue(purpose: Purpose, subject: str, now: datetime, lifetime: timedelta) -> str:
    """Keep a new token for ``subject`` and give its secret: 256 random bits in hexadecimal.

    Letters and digits alone, because a program that makes a link of an address in a letter may
    leave out another sign at its end.
    """
    secret = secrets.token_hex(32)
    Token.create(
        purpose=purpose,
        digest=_digest(purpose, secret),
        subject=subject,
        expires_at=now + lifetime,
    )
    return secret


def look(purpose: Purpose, secret: str, now: datetime) -> str | None:
    """The subject of a token that still holds, or None; nothing changes."""
    with connection():
        token = _find(purpose, secret, now)
        return _subject(token) if token else None


def consume(purpose: Purpose, secret: str, now: datetime) -> str | None:
    """Take a token that still holds and give its subject; None to everybody who comes later."""
    with transaction():
        token = _find(purpose, secret, now)
        # However many found it, one of them deletes it.
        if token is None or not token.delete_instance():
            return None
        return _subject(token)


def past(before: datetime) -> Rows:
    """The tokens that expired before this moment."""
    return Rows(Token, Token.expires_at < before)


def _find(purpose: Purpose, secret: str, now: datetime) -> Token | None:
    token = Token.get_or_none(Token.digest == _digest(purpose, secret))
    return token if token and token.expires_at > now else None


def _subject(token: Token) -> str | None:
    """What it is for; one that does not open any more is as unknown as one that never was."""
    try:
        subject: str = token.subject
    except SealBroken:
        log.error("a token does not open: add the key it was sealed with to PORTAL_DATA_KEYS")
        return None
    return subject


def _digest(purpose: Purpose, secret: str) -> str:
    return keyring().digest(secret, f"token {purpose.value}")
