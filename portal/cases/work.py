"""What a manager writes down about a case: notes, and tasks with a day on which they are due."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from peewee import CharField, DateField, ForeignKeyField

from portal.cases.register import By, Case
from portal.database import Moment, Sealed, Table, Word, keyring


class Errand(StrEnum):
    """What a task is for: anything, telling a third person what we hold, or calling afterwards."""

    OWN = "own"
    INFORM = "inform"
    FOLLOW_UP = "follow up"


class Note(Table):
    """A text about a case; its ``fingerprint`` lets the same form bring it once only."""

    case = ForeignKeyField(Case, on_delete="CASCADE")
    fingerprint = CharField(max_length=64, unique=True)
    by = CharField(max_length=80)
    function = CharField(max_length=200)
    at = Moment()
    text = Sealed()


class Task(Table):
    """Something to do about a case; ``done_at`` is None until somebody did it."""

    case = ForeignKeyField(Case, on_delete="CASCADE")
    fingerprint = CharField(max_length=64, unique=True)
    errand = Word(Errand)
    by = CharField(max_length=80)
    function = CharField(max_length=200)
    at = Moment()
    due_on = DateField()
    done_at = Moment(null=True)
    done_by = CharField(max_length=80, null=True)
    done_function = CharField(max_length=200, null=True)
    text = Sealed()

    class Meta:
        indexes = ((("done_at", "due_on"), False),)


def write_note(case: Case, text: str, form_key: str, by: By, now: datetime) -> bool:
    """Keep a note, in the caller's transaction; False where this form brought it before."""
    fingerprint = _fingerprint(case, form_key, text)
    if Note.select().where(Note.fingerprint == fingerprint).exists():
        return False
    Note.create(
        case=case, fingerprint=fingerprint, by=by.key, function=by.function, at=now, text=text
    )
    return True


@dataclass(frozen=True, repr=False)  # what it says must not end up in a log
class Wanted:
    """What is to be done, and by which day."""

    text: str
    due_on: date
    errand: Errand = Errand.OWN


def set_task(case: Case, wanted: Wanted, *, form_key: str, by: By, now: datetime) -> bool:
    """Keep a task, in the caller's transaction; False where this form brought it before."""
    fingerprint = _fingerprint(case, form_key, wanted.text, wanted.due_on.isoformat())
    if Task.select().where(Task.fingerprint == fingerprint).exists():
        return False
    Task.create(
        case=case,
        fingerprint=fingerprint,
        errand=wanted.errand,
        by=by.key,
        function=by.function,
        at=now,
        due_on=wanted.due_on,
        text=wanted.text,
    )
    return True


def finish(task: Task, by: By, now: datetime) -> bool:
    """Write down that a task is done, in the caller's transaction; False where it was already."""
    if task.done_at is not None:
        return False
    task.done_at, task.done_by, task.done_function = now, by.key, by.function
    task.save()
    return True


def finish_errand(case: Case, errand: Errand, by: By, now: datetime) -> None:
    """Write down that all tasks of one kind are done, in the caller's transaction."""
    for task in tasks(case):
        if task.errand is errand:
            finish(task, by, now)


def task_of(case: Case, task_id: str) -> Task | None:
    """The task of this case with this id, or None."""
    return Task.get_or_none((Task.case == case) & (Task.id == task_id))


def notes(case: Case) -> list[Note]:
    """The notes about a case, the newest first."""
    return list(Note.select().where(Note.case == case).order_by(Note.at.desc()))


def tasks(case: Case) -> list[Task]:
    """The tasks of a case: those to do first, the first due before the others."""
    found = list(Task.select().where(Task.case == case).order_by(Task.due_on, Task.at))
    return sorted(found, key=lambda task: task.done_at is not None)


def due(regions: Collection[str] | None, until: date, most: int) -> list[Task]:
    """The tasks to do that are due by this day, each with its case, the first due first.

    ``regions`` are the keys of the regions to look in, where what is in quarantine is passed over;
    None stands for all.
    """
    wanted = Task.done_at.is_null() & (Task.due_on <= until)
    if regions is not None:
        wanted &= Case.region.in_(list(regions)) & (Case.doubts == "")
    found = Task.select(Task, Case.id, Case.reference).join(Case).where(wanted)
    # That none is done is said twice: PostgreSQL else sorts all there are to do.
    return list(found.order_by(Task.done_at, Task.due_on).limit(most))


def _fingerprint(case: Case, *said: str) -> str:
    return keyring().digest("\x00".join((case.id, *said)), "work")
