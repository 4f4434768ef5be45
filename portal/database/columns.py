"""What every table has, and columns for moments and for words out of a fixed list."""

import secrets
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar

from peewee import CharField, DateTimeField

from portal.database.plain import Plain

E = TypeVar("E", bound=StrEnum)


class Table(Plain):
    """A row with a random id, made before the insert because sealed columns are bound to it."""

    id = CharField(max_length=32, primary_key=True, default=lambda: secrets.token_hex(16))


class Moment(DateTimeField):
    """A moment in UTC, kept to the microsecond in one width so that text sorts as time does."""

    def db_value(self, value: datetime | None) -> str | None:
        if value is None:
            return None
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")

    def python_value(self, value: str | datetime | None) -> datetime | None:
        if isinstance(value, str):
            value = datetime.fromisoformat(value)
        return value.replace(tzinfo=UTC) if value else None


class Word(CharField, Generic[E]):
    """A word out of a fixed list, kept in full; an unknown word fails on the way in and out."""

    def __init__(self, words: type[E], **options: Any) -> None:
        self.words = words
        super().__init__(max_length=40, **options)

    def db_value(self, value: E | str | None) -> str | None:
        return None if value is None else self.words(value).value

    def python_value(self, value: str | None) -> E | None:
        return None if value is None else self.words(value)
