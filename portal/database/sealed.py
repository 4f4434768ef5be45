"""Text that is encrypted at rest, each bound to its table, column and row."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from peewee import BlobField, FieldAccessor

from portal.database.binding import keyring
from portal.sealing import SealBroken


class SealedBytes(bytes):
    """What a sealed column holds on disk, told apart from anything a caller assigns."""


# What is left in a sealed column when its text is forgotten and its row is not; read as None.
FORGOTTEN = SealedBytes()

_in_place_of_broken: ContextVar[tuple[str, list[str]] | None] = ContextVar("broken", default=None)


@contextmanager
def reading_on(words: str) -> Iterator[list[str]]:
    """A block in which sealed text that does not open reads as ``words``; gives where it stands.

    What is stored stays as it is, whatever is saved meanwhile. Only for showing things: where
    something is decided by a text, not to know it must be a failure.
    """
    broken: list[str] = []
    before = _in_place_of_broken.set((words, broken))
    try:
        yield broken
    finally:
        _in_place_of_broken.reset(before)


class _SealedAccessor(FieldAccessor):
    """Seals what is assigned and opens what is read, bound to table, column and row."""

    def __get__(self, instance: Any, instance_type: Any = None) -> Any:
        if instance is None:
            return self.field
        sealed = instance.__data__.get(self.name)
        return _open(sealed, self._place(instance)) if sealed else None

    def __set__(self, instance: Any, value: str | SealedBytes | None) -> None:
        if isinstance(value, str):
            value = SealedBytes(keyring().seal(value, self._place(instance)))
        super().__set__(instance, value)

    def _place(self, instance: Any) -> str:
        return sealed_place(self.field, instance.id)


def sealed_place(field: "Sealed", row: str) -> str:
    """To what a value in this column of this row is bound: it opens nowhere else."""
    return f"{field.model._meta.table_name}.{field.column_name}:{row}"


def _open(sealed: bytes, place: str) -> str:
    try:
        return keyring().open(sealed, place)
    except SealBroken:
        instead = _in_place_of_broken.get()
        if instead is None:
            raise
        words, broken = instead
        if place not in broken:
            broken.append(place)
        return words


class Sealed(BlobField):
    """A text column that is encrypted at rest. Assign it on a row; bulk updates are refused."""

    accessor_class = _SealedAccessor

    def db_value(self, value: Any) -> Any:
        if value is not None and not isinstance(value, SealedBytes):
            raise TypeError(f"{self.name} is sealed: assign it on a row and save the row")
        return super().db_value(value)  # type: ignore[no-untyped-call]

    def python_value(self, value: Any) -> SealedBytes | None:
        return None if value is None else SealedBytes(value)
