"""The plainest statements, whose text is made once: making it takes longer than running it."""

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, Self

from peewee import CharField, Model

from portal.database.binding import database


class Plain(Model):
    """A table whose rows can be inserted, and found by what they hold, at little cost."""

    _meta: Any  # the stubs know half of what is in it
    _dirty: set[str]

    class Meta:
        database = database
        legacy_table_names = False
        only_save_dirty = True

    @classmethod
    def one(cls, **known: object) -> Self | None:
        """The row in which these columns hold just these values; None where there is none."""
        return next(iter(cls.each(**known)), None)

    @classmethod
    def each(cls, **known: object) -> list[Self]:
        """All rows in which these columns hold just these values, in no order."""
        fields = [cls._meta.fields[name] for name in known]
        condition = " AND ".join(f'"{field.column_name}" = ?' for field in fields)
        values = (field.db_value(known[field.name]) for field in fields)
        return cls.where(condition or "1 = 1", *values)

    @classmethod
    def where(cls, condition: str, *values: object) -> list[Self]:
        """All rows that suit ``condition``, in which ``?`` stands for a value as it is stored."""
        found = database.execute_sql(_select(cls, condition, database.param), values)
        return [cls._of(row) for row in found.fetchall()]

    @classmethod
    def _of(cls, row: Iterable[Any]) -> Self:
        made = cls(__no_default__=1)
        for (name, read), value in zip(_readers(cls), row, strict=True):
            made.__data__[name] = read(value) if read else value
        return made

    def save(self, force_insert: bool = False, only: Any = None) -> int | bool:
        """As the library does, but by statements that are ready."""
        if only or self._meta.composite_key:
            return super().save(force_insert, only)
        fields = self._meta.sorted_fields if force_insert else self.dirty_fields
        values = [field.db_value(self.__data__.get(field.name)) for field in fields]
        names, key = tuple(field.column_name for field in fields), self._meta.primary_key
        table, mark = self._meta.table_name, database.param
        if force_insert:
            database.execute_sql(_insert(table, names, mark), values)
        elif fields:
            values.append(self.__data__[key.name])
            database.execute_sql(_update(table, names, key.column_name, mark), values)
        self._dirty.clear()
        return len(fields)


@cache
def _readers(table: type[Plain]) -> list[tuple[str, Callable[[Any], Any] | None]]:
    """Each column's name, and what makes a value of what is stored; plain text is one already."""
    fields = table._meta.sorted_fields
    return [(f.name, None if type(f) is CharField else f.python_value) for f in fields]


@cache
def _insert(table: str, names: tuple[str, ...], mark: str) -> str:
    marks = ", ".join(mark for _ in names)
    return f'INSERT INTO "{table}" ({_quoted(names)}) VALUES ({marks})'  # noqa: S608


@cache
def _update(table: str, names: tuple[str, ...], key: str, mark: str) -> str:
    changed = ", ".join(f'"{name}" = {mark}' for name in names)
    return f'UPDATE "{table}" SET {changed} WHERE "{key}" = {mark}'  # noqa: S608


@cache
def _select(table: type[Plain], condition: str, mark: str) -> str:
    columns = _quoted(field.column_name for field in table._meta.sorted_fields)
    condition = condition.replace("?", mark)
    return f'SELECT {columns} FROM "{table._meta.table_name}" WHERE {condition}'  # noqa: S608


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
