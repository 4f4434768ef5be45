"""What does not open costs a manager that text alone: the rest of the case stands as it did."""

from http import HTTPStatus

import pytest

from portal.cases import progress, register, work
from portal.cases.case import Status, Submission
from portal.cases.register import Case
from portal.database import connection, database, transaction
from portal.delivery.letters import Envelope, Text
from portal.delivery.outbox import Letter, post
from tests.casework.desk_app import SOMEBODY, at, came_in, fill, fresh, press
from tests.casework.staff_house import House
from tests.conftest import NOON
from tests.databases import raw
from tests.portal_app import Browser, letters


def lived() -> Case:
    """A case that has something in every sealed column."""
    case = came_in()
    later = Submission("k", case.kind, case.intent, case.role, "", "", "Noor", "", "", ())
    to = Envelope("utrecht@example.org", None, "info@example.org", case.reference)
    with connection(), transaction():
        register.add(case, later, NOON)
        case = Case.get_by_id(case.id)
        progress.acknowledge(case, SOMEBODY, NOON)
        progress.move(case, Status.IN_CONVERSATION, SOMEBODY, "Gebeld.", NOON)
        work.write_note(case, "Zij wil graag.", "k", SOMEBODY, NOON)
        wanted = work.Wanted("Terugbellen", NOON.date())
        work.set_task(case, wanted, form_key="k", by=SOMEBODY, now=NOON)
        letter = Letter.get_by_id(post("intake", Text("Nieuw", "x"), to, NOON, "a@example.org"))
        letter.last_answer = "250 ok"
        letter.save()
    return case


def damage(table: str, column: str) -> None:
    """Turn one bit of what is sealed in a column, in every row."""
    with connection():
        rows = database.execute_sql(f'SELECT id, {column} FROM "{table}"').fetchall()  # noqa: S608
        for key, sealed in rows:
            broken = bytes(sealed[:-1]) + bytes([sealed[-1] ^ 1]) if sealed else None
            change = f'UPDATE "{table}" SET {column} = ? WHERE id = ?'  # noqa: S608
            raw(change, broken, key)


SEALED = [
    *(("case", name) for name in ("name", "email", "phone", "municipality", "answers")),
    *(("addition", "content"), ("event", "reason"), ("note", "text"), ("task", "text")),
    *(("letter", "recipient"), ("letter", "last_answer")),
]


@pytest.mark.parametrize(("table", "column"), SEALED)
def test_what_does_not_open_hides_nothing_else_and_the_page_says_what_to_do(
    house: House, anna: Browser, table: str, column: str, caplog: pytest.LogCaptureFixture
) -> None:
    case = lived()
    damage(table, column)
    answer = anna.get(at(case))
    assert answer.status_code == HTTPStatus.OK
    assert "Een deel is niet te lezen" in answer.text
    assert "Vraag een beheerder om hulp" in answer.text
    (line,) = (line for line in caplog.messages if "does not open" in line)
    assert (line.count("\n"), f"{table}.{column}" in line, case.reference in line) == (0, 1, 1)
    assert "PORTAL_DATA_KEYS" in line
    assert anna.get("/beheer/").status_code == HTTPStatus.OK
    for page in ("notitie/", "taak/", "stap/", "overdragen/"):
        assert anna.get(at(case, page)).status_code == HTTPStatus.OK


def test_answers_that_do_not_open_are_not_taken_for_left_open(anna: Browser) -> None:
    case = came_in()
    damage("case", "answers")
    text = anna.get(at(case)).text
    assert "Niet ingevuld" not in text
    assert "Nodig om veilig mee te doen of contact te hebben" in text


def test_what_does_not_open_stays_as_it_is_and_keeps_nobody_from_going_on(
    house: House, anna: Browser
) -> None:
    case = came_in()
    damage("case", "email")
    with connection():
        before = database.execute_sql('SELECT email FROM "case"').fetchall()
    press(anna, at(case), "Ik pak dit op")
    fill(anna, at(case, "overdragen/"), region="zeeland", reason="Het speelt daar.")
    assert fresh(case).region == "zeeland"
    assert not letters("passed_on")
    with connection():
        assert database.execute_sql('SELECT email FROM "case"').fetchall() == before


@pytest.mark.parametrize("column", ["answers", "email"])
@pytest.mark.parametrize("page", ["gesprek/", "coordinator/", "datum/", "vragenblad/", "planblad/"])
def test_what_does_not_open_does_not_close_the_road_to_a_conference(
    anna: Browser, column: str, page: str
) -> None:
    case = lived()
    damage("case", column)
    assert anna.get(at(case, page)).status_code == HTTPStatus.OK
    if not page.endswith("blad/"):
        said = {"question": "Hoe nu verder?", "name": "Sanne", "day": "3-12-2026", "at": "19:30"}
        filled = fill(anna, at(case, page), **said, minutes="60", introduce="yes")
        assert filled.status_code == HTTPStatus.SEE_OTHER
    told = (page, column) == ("coordinator/", "answers")
    assert bool(letters("introduction")) is told


def test_in_place_of_a_question_that_does_not_open_none_is_proposed(anna: Browser) -> None:
    case = lived()
    damage("case", "answers")
    assert "niet te lezen" not in anna.get(at(case, "gesprek/")).text
