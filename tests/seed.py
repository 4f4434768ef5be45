"""Cases by the dozen or by the million, written as fast as the disk takes them."""

import itertools
import json
import random
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from portal.cases.case import Doubt, Intent, Kind, Role, Stage, Status, Submission
from portal.cases.life import ENDED
from portal.cases.reference import read_reference
from portal.cases.register import Case, new_case, receive
from portal.database import Table, database, keyring, transaction
from portal.database.postgresql import Postgresql

APART = timedelta(minutes=1)
_AT_ONCE = 10_000
_SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_SEALED = {
    "municipality": "Utrecht",
    "name": "Noor",
    "email": "noor@example.org",
    "phone": "0612345678",
    "answers": json.dumps([["pupil_knows", ["knows and wants it"]], ["good_at", ["tekenen"]]]),
}


def seed(
    number: int,
    now: datetime,
    regions: Sequence[str] = ("utrecht",),
    states: Sequence[Status] = tuple(Status),
) -> None:
    """Write cases that take turns in regions and states; each lies a minute longer than the last.

    A case that was received awaits a sign of life. No events or letters are written.
    """
    write(Case, _rows(number, now, itertools.cycle(regions), itertools.cycle(states)))


def write(table: type[Table], rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows of which every column is as it is stored, thousands in a transaction."""
    names = [field.column_name for field in table._meta.sorted_fields]
    lines = ([row[name] for name in names] for row in rows)
    while some := list(itertools.islice(lines, _AT_ONCE)):
        with transaction():
            _put(table._meta.table_name, names, some)


def one(now: datetime, region: str = "utrecht", doubts: Sequence[Doubt] = (), **other: Any) -> Case:
    """One case, as it is taken in; ``other`` is what its submission says otherwise."""
    said: dict[str, Any] = {
        "form_key": secrets.token_hex(8),
        "kind": Kind.LEARNING,
        "intent": Intent.REQUEST,
        "role": Role.RELATIVE,
        "postcode": "3511",
        "municipality": "Utrecht",
        "name": "Noor",
        "email": "noor@example.org",
        "phone": "06 12 34 56 78",
        "answers": (("pupil_knows", ("knows and wants it",)), ("good_at", ("tekenen",))),
    }
    case = new_case(Submission(**said | other), region, "3511", "Utrecht", now)
    with transaction():
        receive(case, doubts)
    return case


def _put(table: str, names: Sequence[str], lines: Iterable[Sequence[Any]]) -> None:
    columns = ", ".join(f'"{name}"' for name in names)
    if isinstance(database.obj, Postgresql):
        copy = f'COPY "{table}" ({columns}) FROM STDIN'
        with database.cursor() as cursor, cursor.copy(copy) as to:
            for line in lines:
                to.write_row(line)
    else:
        marks = ", ".join("?" for _ in names)
        insert = f'INSERT INTO "{table}" ({columns}) VALUES ({marks})'  # noqa: S608
        database.cursor().executemany(insert, lines)


def _rows(
    number: int, now: datetime, regions: Iterator[str], states: Iterator[Status]
) -> Iterator[dict[str, Any]]:
    # Each bit from the system takes a call to it; for examples any bits will do.
    chance = random.Random(secrets.randbits(128))  # noqa: S311
    for count in range(number):
        key, status = f"{chance.getrandbits(128):032x}", next(states)
        at = _text(now - count * APART)
        row = {
            "id": key,
            "reference": str(read_reference("".join(chance.choices(_SIGNS, k=12)))),
            "form_key": key,
            "fingerprint": key,
            "kind": list(Kind)[count % 2].value,
            "intent": Intent.REQUEST.value,
            "role": Role.RELATIVE.value,
            "status": status.value,
            "stage": _stage(status).value,
            "region": next(regions),
            "postcode": "3511",
            "received_at": at,
            "idle_since": at,
            "heard_at": None,
            "heard_after": None,
            "in_time": None,
            "doubts": "",
            "email_hash": "",
            "phone_hash": "",
        }
        sealed = {name: keyring().seal(t, f"case.{name}:{key}") for name, t in _SEALED.items()}
        yield row | sealed


def _stage(status: Status) -> Stage:
    if status in ENDED:
        return Stage.ENDED
    return Stage.AWAITING if status is Status.RECEIVED else Stage.UNDER_WAY


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
