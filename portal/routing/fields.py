"""The values of one table in a regions file, each checked as it is taken out."""

import re
from collections.abc import Collection, Iterator
from difflib import get_close_matches
from typing import Any

from email_validator import EmailNotValidError, validate_email

from portal.routing.faults import Notes, dotted
from portal.routing.lines import Where
from portal.routing.rules import NATIONAL

_KEY = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


class Fields:
    """One table; a value that is missing or wrong is noted, and something harmless given."""

    def __init__(self, notes: Notes, where: Where, values: Any, fields: Collection[str]) -> None:
        self.notes = notes
        self.where = where
        if not isinstance(values, dict):
            notes.add(where, f"{dotted(where)} is not a table", f"write [{dotted(where)}]")
            values = {}
        self._values: dict[str, Any] = values
        for unknown in (name for name in values if name not in fields):
            self._note(unknown, f"unknown key {unknown!r}", meant(unknown, fields))

    @property
    def key(self) -> str:
        return str(self.where[-1])

    def table(self, name: str, fields: Collection[str]) -> "Fields":
        """The table ``name``; a missing one is noted by what it lacks."""
        return Fields(self.notes, (*self.where, name), self._values.get(name, {}), fields)

    def tables(self, name: str, fields: Collection[str]) -> Iterator["Fields"]:
        """The tables below ``name``, each under its key; at least one must be there."""
        group = self._values.get(name)
        if not isinstance(group, dict) or not group:
            self._note(name, f"there is no table below {name}", f"add one, like [{name}.drenthe]")
            return
        for key, values in group.items():
            table = Fields(self.notes, (*self.where, name, key), values, fields)
            if not _KEY.fullmatch(key) or key == NATIONAL:
                cure = f"use at most 40 of a-z, 0-9 and -, and not {NATIONAL!r}"
                self.notes.add(table.where, f"{key!r} cannot be a key", cure)
            yield table

    def text(self, name: str) -> str:
        """One line of text that must be there."""
        value = self._values.get(name)
        if value is None:
            cure = f'add {name} = "…" below [{dotted(self.where)}]'
            self._note(name, f"{dotted((*self.where, name))} is missing", cure)
        elif not isinstance(value, str):
            self._note(name, f"{name} is not text", f'put it in quotes: {name} = "…"')
        elif not value.strip() or not value.isprintable():
            self._note(name, f"{name} is empty or not one plain line", "give one line of text")
        else:
            return value.strip()
        return ""

    def optional_text(self, name: str) -> str | None:
        """One line of text, or None where it is left out."""
        return self.text(name) if name in self._values else None

    def email(self, name: str) -> str:
        """One address as an envelope takes it, ASCII only."""
        text = self.text(name)
        if not text:
            return ""
        try:
            valid = validate_email(text, check_deliverability=False, allow_smtputf8=False)
        except EmailNotValidError as fault:
            what = f"{text!r} is no e-mail address ({str(fault).rstrip('.')})"
            self._note(name, what, "write one like drenthe@example.org")
            return ""
        return valid.ascii_email or ""

    def phone(self, name: str) -> str:
        """A phone number as people are to read it."""
        text = self.text(name)
        if text and not any(letter.isdecimal() for letter in text):
            self._note(name, f"{text!r} is no phone number", "write one like 088 000 00 01")
        return text

    def flag(self, name: str) -> bool:
        """True unless the file says false."""
        value = self._values.get(name, True)
        if not isinstance(value, bool):
            self._note(name, f"{name} is not true or false", "write true or false, without quotes")
        return value is not False

    def items(self, name: str) -> Iterator[tuple[Where, str]]:
        """The texts in a list, each with its place; a list that is left out is empty."""
        values = self._values.get(name, [])
        if not isinstance(values, list):
            self._note(name, f"{name} is not a list", f'write {name} = ["…", "…"]')
            return
        for number, value in enumerate(values):
            where = (*self.where, name, number)
            if isinstance(value, str):
                yield where, value.strip()
            else:
                self.notes.add(where, f"{value!r} is not text", "put it in quotes")

    def empty(self, *lists: str) -> bool:
        """Whether each of these is left out or an empty list."""
        return all(self._values.get(name, []) == [] for name in lists)

    def _note(self, name: str, what: str, cure: str) -> None:
        self.notes.add((*self.where, name), what, cure)


def meant(text: str, names: Collection[str]) -> str:
    """A cure for an unknown name: the nearest known one, or all of them where they are few."""
    near = get_close_matches(text, names, n=1)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"use {', '.join(names)}" if 0 < len(names) <= 12 else "check how it is spelled"
