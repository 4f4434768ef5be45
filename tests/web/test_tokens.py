"""Tokens: known by their hash, good for one purpose, for a while, and for whoever comes first."""

import string
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

import pytest
from peewee import IntegrityError

from portal.database import connection, transaction
from portal.web.tokens import Purpose, Token, consume, issue, look, past
from tests.databases import hurry, on_disk

LINK = Purpose.OWN_DOOR
HALF_AN_HOUR = timedelta(minutes=30)
Use = Callable[[Purpose, str, datetime], str | None]


def test_a_token_has_256_random_bits_in_signs_that_end_no_link(db: None, now: datetime) -> None:
    made = {issue(LINK, "noor", now, HALF_AN_HOUR) for _ in range(200)}
    assert len(made) == 200
    assert all(len(secret) == 64 and set(secret) <= set(string.hexdigits) for secret in made)
    assert all(len(set(place)) > 8 for place in zip(*made, strict=True))


def test_neither_secret_nor_subject_can_be_read_from_the_files(
    database_url: str, db: None, now: datetime
) -> None:
    secret = issue(LINK, "kanariepiet", now, HALF_AN_HOUR)
    kept = on_disk(database_url)
    assert Token.get().digest.encode() in kept
    assert secret.encode() not in kept
    assert b"kanariepiet" not in kept


def test_looking_changes_nothing_however_often(db: None, now: datetime) -> None:
    secret = issue(LINK, "noor", now, HALF_AN_HOUR)
    before = list(Token.select().dicts())
    assert [look(LINK, secret, now) for _ in range(5)] == ["noor"] * 5
    assert list(Token.select().dicts()) == before


def test_a_token_is_good_once(db: None, now: datetime) -> None:
    secret = issue(LINK, "noor", now, HALF_AN_HOUR)
    assert [consume(LINK, secret, now) for _ in range(3)] == ["noor", None, None]
    assert look(LINK, secret, now) is None


@pytest.mark.parametrize("use", [look, consume])
def test_a_token_is_good_until_its_last_moment(db: None, now: datetime, use: Use) -> None:
    secret = issue(LINK, "noor", now, HALF_AN_HOUR)
    assert use(LINK, secret, now + HALF_AN_HOUR) is None
    assert use(LINK, secret, now + HALF_AN_HOUR - timedelta(microseconds=1)) == "noor"


@pytest.mark.parametrize("use", [look, consume])
def test_a_token_for_something_else_is_unknown(db: None, now: datetime, use: Use) -> None:
    secret = issue(LINK, "noor", now, HALF_AN_HOUR)
    assert use(Purpose.VISIT, secret, now) is None
    assert use(LINK, secret, now) == "noor"


@pytest.mark.parametrize("made_up", ["", "0" * 64, "\x00", "\ud800", "x" * 10_000, "' OR 1=1 --"])
@pytest.mark.parametrize("use", [look, consume])
def test_what_was_never_handed_out_is_unknown(
    db: None, now: datetime, use: Use, made_up: str
) -> None:
    issue(LINK, "noor", now, HALF_AN_HOUR)
    assert use(LINK, made_up, now) is None
    assert use(LINK, Token.get().digest, now) is None
    assert Token.select().count() == 1


def test_of_many_at_once_one_alone_gets_it(db: None, now: datetime) -> None:
    crowd = 6
    start = Barrier(crowd)
    secrets = [issue(LINK, f"nummer {n}", now, HALF_AN_HOUR) for n in range(15)]
    hurry()

    def grab(_who: int) -> list[str | None]:
        with connection():
            start.wait()
            return [consume(LINK, secret, now) for secret in secrets]

    with ThreadPoolExecutor(crowd) as threads:
        got = list(threads.map(grab, range(crowd)))
    assert [sorted(filter(None, each)) for each in zip(*got, strict=True)] == [
        [f"nummer {n}"] for n in range(15)
    ]


def test_a_token_taken_in_work_that_fails_is_good_still(db: None, now: datetime) -> None:
    secret = issue(LINK, "noor", now, HALF_AN_HOUR)
    with pytest.raises(IntegrityError), transaction():
        assert consume(LINK, secret, now) == "noor"
        raise IntegrityError
    assert consume(LINK, secret, now) == "noor"


def test_what_expired_is_forgotten_and_nothing_else(db: None, now: datetime) -> None:
    old, good = (
        issue(LINK, "noor", now + late, HALF_AN_HOUR) for late in (-HALF_AN_HOUR, 2 * HALF_AN_HOUR)
    )
    assert past(now).forget() == 0
    assert past(now + timedelta(seconds=1)).forget() == 1
    assert look(LINK, old, now - timedelta(minutes=1)) is None
    assert look(LINK, good, now) == "noor"
