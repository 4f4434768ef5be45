"""The form on which somebody says when they are away, and who stands in."""

from collections.abc import Mapping
from datetime import date, timedelta

from portal.casework.forms import Day
from portal.routing.absences import Absence
from portal.web import times
from portal.web.buttons import Button
from portal.web.fields import Choice

# The usual deputy, whoever that is by then; no key in the map looks like this.
USUAL = "."

_LONGEST = timedelta(days=366)


class Picked(Choice):
    """One out of more than fit on a phone, so shown as a list that opens."""


class AbsenceForm(Button):
    """Asks who is away from when to when, and who stands in."""

    manager = Picked("Wie is er niet?", [], needed="Kies wie er niet is")
    first_day = Day("Eerste dag", needed="Vul de eerste dag in, bijvoorbeeld 3-12-2026")
    last_day = Day("Laatste dag", needed="Vul de laatste dag in, bijvoorbeeld 3-12-2026")
    deputy = Picked("Wie neemt waar?", [], needed="Kies wie waarneemt")

    def offer(self, managers: Mapping[str, str], deputies: Mapping[str, str], usual: str) -> None:
        """Let these be chosen from; ``usual`` is what the usual deputy is called.

        Where there is one manager alone nothing is asked about who is away.
        """
        if len(managers) == 1:
            del self["manager"]
        else:
            self["manager"].offer(managers.items())
        self["deputy"].offer({USUAL: usual, **deputies}.items())
        self["deputy"].data = self["deputy"].data or USUAL

    def check(self, today: date) -> bool:
        """Whether the days go together; says what to do where they do not."""
        first, last = self.days()
        if last < first:
            self._wrong("last_day", "Kies een laatste dag die niet voor de eerste dag ligt")
        elif last < today:
            self._wrong("last_day", "Kies een laatste dag die nog niet voorbij is")
        elif last - first > _LONGEST:
            self._wrong("last_day", "Kies een laatste dag binnen een jaar na de eerste dag")
        return not self.errors

    def days(self) -> tuple[date, date]:
        """The first day and the last."""
        return self["first_day"].day, self["last_day"].day

    def named(self) -> str | None:
        """The key of who stands in; None for the usual deputy."""
        return None if self["deputy"].data == USUAL else str(self["deputy"].data)

    def refuse_self(self) -> None:
        """Say that nobody stands in for themselves."""
        self._wrong("deputy", "Kies een ander dan wie er niet is")

    def refuse_overlap(self, other: Absence) -> None:
        """Say which absence some of the days are part of."""
        self._wrong(
            "first_day",
            f"Van {times.weekday(other.first_day)} tot en met {times.weekday(other.last_day)}"
            " staat er al afwezigheid. Kies andere dagen, of haal die eerst weg",
        )

    def _wrong(self, name: str, words: str) -> None:
        self[name].errors = [words]
