"""The register: cases are found again by contact data, corrected, withdrawn."""

import secrets
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from portal.cases import register
from portal.cases.case import Contact, Happening, Status, Submission
from portal.cases.register import Case, Closed
from portal.database import (
    database,
    keyring,
)
from tests.cases.test_case import SAID


def receive(now: datetime, **other: str) -> Case:
    said: Submission = replace(SAID, form_key=secrets.token_hex(16), **other)  # type: ignore[arg-type]
    case = register.new_case(said, "utrecht", "3511", "Utrecht", now)
    register.receive(case)
    return case


def contact(name: str = "", email: str = "", phone: str = "") -> Contact:
    return Contact(name, email, phone)


def happenings(case: Case) -> list[Happening]:
    return [event.what for event in register.history(case)]


def test_a_case_is_found_by_its_address_in_any_capitals_and_no_other_is(
    db: None, now: datetime
) -> None:
    mine = {receive(now).reference, receive(now, email="NOOR@example.org").reference}
    receive(now, email="n.oor@example.org")
    receive(now, email="")
    assert set(register.sent_from(register.email_hash("Noor@Example.org"))) == mine
    assert register.sent_from(register.email_hash("")) == []
    assert register.sent_from(register.email_hash("anna@example.org")) == []


def test_a_case_answers_to_its_own_number_alone(db: None, now: datetime) -> None:
    case, other = receive(now), receive(now, phone="0687654321")
    silent = receive(now, phone="")
    assert register.is_reached_at(case.reference, "+31 6 12345678")
    assert not register.is_reached_at(other.reference, "0612345678")
    assert not register.is_reached_at(silent.reference, "")
    assert not register.is_reached_at("EK-0000-0000-0000", "0612345678")


def test_neither_address_nor_number_can_be_read_from_what_it_is_found_by(
    db: None, now: datetime
) -> None:
    case = receive(now)
    assert case.email_hash == keyring().digest("noor@example.org", "case email")
    assert case.phone_hash == keyring().digest("0612345678", "case phone")
    assert len({case.email_hash, case.phone_hash}) == 2


def test_what_is_corrected_is_changed_sealed_and_found_anew(db: None, now: datetime) -> None:
    case = receive(now)
    changed = register.correct(case, contact(email="anna@example.org", phone="030 2345678"), now)
    assert changed
    stored = Case.get_by_id(case.id)
    assert (stored.name, stored.email, stored.phone) == ("Noor", "anna@example.org", "030 2345678")
    assert register.sent_from(register.email_hash("anna@example.org")) == [case.reference]
    assert register.sent_from(register.email_hash("noor@example.org")) == []
    assert register.is_reached_at(case.reference, "+31302345678")
    assert not register.is_reached_at(case.reference, "0612345678")
    assert happenings(case) == [Happening.RECEIVED, Happening.CORRECTED]


def test_a_correction_that_changes_nothing_is_none(db: None, now: datetime) -> None:
    case = receive(now)
    for same in (contact(), contact(name="Noor"), contact(email=case.email, phone=case.phone)):
        assert register.correct(case, same, now) is None
    assert happenings(case) == [Happening.RECEIVED]


def test_a_form_sent_again_after_a_correction_is_still_the_same_case(
    db: None, now: datetime
) -> None:
    case = receive(now)
    register.correct(case, contact(name="Nora"), now)
    assert register.holds(Case.get_by_id(case.id), SAID)


def test_a_case_is_withdrawn_once_and_nothing_can_be_done_to_it_afterwards(
    db: None, now: datetime
) -> None:
    case = receive(now)
    register.withdraw(case, now + timedelta(hours=1))
    # As it was before: what another tab still shows.
    for deed in (
        lambda: register.withdraw(case, now),
        lambda: register.correct(case, contact(name="Nora"), now),
        lambda: register.still_open(case),
    ):
        with pytest.raises(Closed):
            deed()
    stored = Case.get_by_id(case.id)
    assert (stored.status, stored.name) == (Status.WITHDRAWN, "Noor")
    assert happenings(case) == [Happening.RECEIVED, Happening.WITHDRAWN]


def test_nothing_can_be_done_to_a_case_that_is_gone(db: None, now: datetime) -> None:
    case = receive(now)
    Case.get_by_id(case.id).delete_instance()
    with pytest.raises(Closed):
        register.still_open(case)


def test_cases_are_found_together_the_newest_first(db: None, now: datetime) -> None:
    old, new = receive(now), receive(now + timedelta(days=1))
    asked = [old.reference, "EK-0000-0000-0000", new.reference]
    assert [case.id for case in register.find_all(asked)] == [new.id, old.id]
    assert register.find_all([]) == []


@pytest.mark.sqlite
def test_requesters_are_found_by_an_index(db: None) -> None:
    for column in ("email_hash", "phone_hash"):
        query = f'EXPLAIN QUERY PLAN SELECT id FROM "case" WHERE {column} = ?'  # noqa: S608
        plan = database.execute_sql(query, ("x",)).fetchall()
        assert f"case_{column}" in str(plan)
