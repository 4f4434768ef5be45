"""The short form of the storm; and what looks for losses finds each of them."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from portal.cases.case import Doubt, Stage
from portal.cases.register import Case
from portal.delivery.outbox import Letter, State
from tests.databases import on_postgresql, raw
from tests.portal_app import cases, new_database
from tests.torture.house import House
from tests.torture.invariants import Verdict, all_of
from tests.torture.moods import moody
from tests.torture.storm import Outcome, Plan, Storm

LINE = r"acknowledged \d+, lost \d+, without a letter \d+, doubled \d+, kills \d+"


def test_forty_at_once_among_kills_and_faults_are_all_served(tmp_path: Path) -> None:
    chance = Random(20)  # noqa: S311 - for mishaps any chance will do
    said: list[str] = []
    with moody(chance) as mail:
        house = House(new_database(tmp_path), tmp_path, mail)
        machines, servers = (2, 1) if on_postgresql() else (1, 0)
        # Each trouble comes once: three to a machine, two to the server of the database.
        plan = Plan(40, 3 * machines + 2 * servers, 2, visitors=40, backups=1, machines=machines)
        outcome = Storm(house, plan, chance, said.append).run()
    assert outcome.faults == ()
    assert outcome.acknowledged == len(cases()) == 40
    assert outcome.kills >= plan.kills
    assert re.fullmatch(LINE, outcome.line)


def test_the_line_counts_what_was_found() -> None:
    verdict = Verdict(lost=["a"], without_a_letter=["b", "c"], doubled=["d"] * 3)
    expected = "acknowledged 9, lost 1, without a letter 2, doubled 3, kills 4"
    assert Outcome(9, 4, verdict, ()).line == expected


# What looks for losses finds each of them


@pytest.fixture
def sound(house: House) -> House:
    """One request that came in and was told of, by two letters that went."""
    house.take_in()
    house.check()
    return house


def _first(name: str = "intake") -> Letter:
    return Letter.get(Letter.name == name)


def _lose(_: House) -> None:
    raw('DELETE FROM "case"')


def _lose_its_name(_: House) -> None:
    case = cases()[0]
    case.name = "Iemand anders"
    case.save()


def _lose_its_event(_: House) -> None:
    raw("DELETE FROM event")


def _lose_the_letter(_: House) -> None:
    raw("DELETE FROM letter WHERE name = 'intake'")


def _set_aside(_: House) -> None:
    Letter.update(state=State.SET_ASIDE).where(Letter.name == "intake").execute()


def _take_twice(house: House) -> None:
    house.mail.received.append(replace(house.mail.received[0], at=0.0))


def _never_take(house: House) -> None:
    del house.mail.received[0]


def _take_a_strange_one(house: House) -> None:
    octets = b"Message-ID: <strange@example.org>\r\n\r\n"
    house.mail.received.append(replace(house.mail.received[0], octets=octets))


def _double_the_case(house: House) -> None:
    house.take_in()
    (first, second) = cases()
    second.name = first.name
    second.save()


def _double_the_letter(house: House) -> None:
    first, other = _first(), house.take_in(email="")
    letter = Letter.get(Letter.case_reference == other.reference)
    letter.case_reference = first.case_reference
    letter.save()


def _invent_a_state(_: House) -> None:
    raw("UPDATE letter SET state = 'perhaps' WHERE name = 'confirmation'")


def _forget_when(_: House) -> None:
    Letter.update(sent_at=None).execute()


def _write_down(house: House) -> None:
    (house.folder / "anywhere").write_text(f"naam={house.typed}x1")


def _tell_in_a_header(house: House) -> None:
    first = house.mail.received[0]
    told = b"Subject: " + house.typed.encode() + b"\r\n" + first.octets
    house.mail.received[0] = replace(first, octets=told)


def _orphan(_: House) -> None:
    raw("SET session_replication_role = replica" if on_postgresql() else "PRAGMA foreign_keys = 0")
    raw('DELETE FROM "case"')


HARMS: dict[Callable[[House], None], str] = {
    _lose: "lost: EK-",
    _lose_its_name: "lost: EK-",
    _lose_its_event: "lost: EK-",
    _lose_the_letter: "without a letter: EK-",
    _set_aside: "without a letter: EK-",
    _take_twice: "1 of 1 doubles without anybody who broke off",
    _never_take: "1 letters count as sent that nobody took",
    _take_a_strange_one: "1 letters were taken that nobody wrote",
    _double_the_case: "1 times the same name twice",
    _double_the_letter: "1 times the same intake letter twice",
    _invent_a_state: "letters in a state that is not known: perhaps",
    _forget_when: "letters that were sent, and nobody knows when",
    _write_down: "what was typed stands in .*/anywhere",
    _tell_in_a_header: "what was typed stands where it may not in the letter <",
    _orphan: "the database is not sound",
}


# What looks is the same on a server, but for how it finds a row that refers to none.
@pytest.mark.parametrize(
    "harm",
    [_lose, _orphan] if on_postgresql() else HARMS,
    ids=lambda harm: harm.__name__.strip("_"),
)
def test_each_harm_is_found(sound: House, harm: Callable[[House], None]) -> None:
    assert all_of(sound.verdict()) == []
    harm(sound)
    assert re.search(HARMS[harm], "\n".join(all_of(sound.verdict())))


def test_a_double_is_explained_by_one_who_broke_off_and_by_no_other(sound: House) -> None:
    first = sound.mail.received[0]
    sound.mail.received.append(first)
    sound.broke_off.append(first.at - 2)
    assert not sound.verdict().holds
    sound.broke_off.append(first.at + 1)
    assert sound.verdict().holds
    assert len(sound.verdict().doubled) == 1
    sound.mail.received.append(first)
    assert not sound.verdict().holds


def test_what_waits_to_be_looked_at_needs_no_letter(sound: House) -> None:
    _lose_the_letter(sound)
    Case.update(doubts=Doubt.TRAP, stage=Stage.QUARANTINED).execute()
    assert sound.verdict().without_a_letter == []
