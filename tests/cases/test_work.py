"""Notes and tasks are kept once, sealed, and belong to their own case."""

from datetime import datetime, timedelta

from portal.cases import work
from portal.cases.register import By
from portal.cases.work import Errand, Note, Task, Wanted
from tests.databases import on_disk
from tests.seed import one

ANNA = By("anna", "Regiomanager A")
DAY = timedelta(days=1)


def test_the_same_form_brings_a_note_or_a_task_once(db: None, now: datetime) -> None:
    case, other = one(now), one(now)
    assert work.write_note(case, "gebeld", "sleutel", ANNA, now)
    assert not work.write_note(case, "gebeld", "sleutel", ANNA, now)
    assert work.write_note(case, "gebeld", "andere sleutel", ANNA, now)
    assert work.write_note(case, "nog eens gebeld", "sleutel", ANNA, now)
    assert work.write_note(other, "gebeld", "sleutel", ANNA, now)
    for expected in (True, False):
        kept = work.set_task(case, Wanted("bel", now.date()), form_key="s", by=ANNA, now=now)
        assert kept is expected
    assert (Note.select().count(), Task.select().count()) == (4, 1)


def test_what_is_written_down_is_sealed(db: None, now: datetime, database_url: str) -> None:
    case = one(now)
    work.write_note(case, "kanarie in een notitie", "a", ANNA, now)
    wanted = Wanted("kanarie in een taak", now.date())
    work.set_task(case, wanted, form_key="b", by=ANNA, now=now)
    assert b"kanarie" not in on_disk(database_url)
    assert work.notes(case)[0].text == "kanarie in een notitie"


def test_what_is_to_do_stands_first_and_the_first_due_before_the_rest(
    db: None, now: datetime
) -> None:
    case, today = one(now), now.date()
    for text, due in (("later", today + DAY), ("nu", today), ("klaar", today - DAY)):
        work.set_task(case, Wanted(text, due), form_key="s", by=ANNA, now=now)
    done = work.tasks(case)[0]
    assert work.finish(done, ANNA, now)
    assert not work.finish(done, ANNA, now)
    assert [task.text for task in work.tasks(case)] == ["nu", "later", "klaar"]
    assert [task.text for task in work.due(["utrecht"], today, 9)] == ["nu"]
    assert [task.text for task in work.due(None, today + DAY, 9)] == ["nu", "later"]
    assert work.due(["drenthe"], today, 9) == work.due([], today, 9) == []


def test_a_task_is_found_with_its_own_case_alone(db: None, now: datetime) -> None:
    case, other = one(now), one(now)
    wanted = Wanted("t", now.date(), Errand.INFORM)
    work.set_task(case, wanted, form_key="s", by=ANNA, now=now)
    task = work.tasks(case)[0]
    assert work.task_of(case, task.id) == task
    assert work.task_of(other, task.id) is None
