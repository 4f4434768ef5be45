"""The keys that seal can be replaced while all goes on, and nobody is locked out by it."""

import importlib
import pkgutil
import signal
import subprocess
import sys
import threading
import time
from base64 import b64encode
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from peewee import BlobField

import portal
from portal.cases import conference, register, work
from portal.cases.case import Submission
from portal.cases.conference import Coordinator
from portal.cases.register import AlreadyReceived, By, Case
from portal.casework import authenticator, sessions, staff
from portal.casework.people import StaffRole
from portal.casework.staff import Staff
from portal.database import (
    FORGOTTEN,
    DatabaseUnsound,
    KeyProof,
    Table,
    check_key,
    connection,
    database,
    keyring,
    migrate,
    open_database,
    sealed_place,
    transaction,
)
from portal.delivery.letters import Envelope, Text
from portal.delivery.outbox import Claim, Letter, Outcome, Result, claim, post, record
from portal.delivery.worker import LEASE
from portal.intake import drafts
from portal.rotation import NotRotated, rotate, sealed_columns, sealed_tables
from portal.sealing import Keyring
from portal.web import tokens
from tests.conftest import DATA_KEY, NOON
from tests.databases import on_disk, raw
from tests.portal_app import environment
from tests.seed import one

ROOT = Path(__file__).parent.parent
NEW = b"n" * 32
HOUR = timedelta(hours=1)
SOMEBODY = By("somebody", "Regiomanager")
SAID: dict[str, Any] = {"form_key": "formulier", "answers": (("story", ("Kanarie",)),)}
Values = dict[str, bytes]

pytestmark = pytest.mark.usefixtures("db")


def use(database_url: str, *keys: bytes) -> None:
    """Begin as a process with these keys does."""
    if not database.is_closed():
        database.close()
    open_database(database_url, Keyring(keys))
    check_key()
    database.connect(reuse_if_open=True)


def tables() -> list[type[Table]]:
    return [*sealed_tables(), KeyProof]


def _dicts(found: Any) -> list[dict[str, Any]]:
    return list(found.dicts())


def values() -> Values:
    """What stands in every sealed column, by its place."""
    return {
        sealed_place(column, row["id"]): bytes(row[column.name])
        for table in tables()
        for column in sealed_columns(table)
        for row in _dicts(table.select(table.id, column).where(~column.is_null()))
    }


def texts() -> dict[str, str]:
    return {place: keyring().open(value, place) for place, value in values().items() if value}


def files(database_url: str) -> bytes:
    return on_disk(database_url)


def write(case: Case) -> str:
    to = Envelope("regio@example.org", "bureau@example.org", "noor@example.org", case.reference)
    return post("intake", Text("Nieuwe aanvraag", "Er is iets.\n"), to, NOON, "p@example.org")


@pytest.fixture
def house() -> dict[str, str]:
    """Something of everything that is sealed or hashed; gives what people hold on to."""
    case = one(NOON, **SAID)
    with transaction():
        said = Submission("k", case.kind, case.intent, case.role, "", "", "Noor", "", "06", ())
        register.add(case, said, NOON)
        work.write_note(case, "Notitie", "n", SOMEBODY, NOON)
        conference.appoint_coordinator(
            case, Coordinator("Co", "co@example.org", "06"), SOMEBODY, NOON
        )
        forgotten = write(case)
        write(case)
        record(_claimed(), Outcome(Result.REFUSED, "550 no"), NOON)
    Letter.update(body=FORGOTTEN, subject=FORGOTTEN).where(Letter.id == forgotten).execute()
    ina = Staff.create(
        name="Ina",
        email="ina@example.org",
        email_hash=staff.email_hash("ina@example.org"),
        role=StaffRole.ADMINISTRATOR,
        invited_at=NOON,
        authenticator="A" * 32,
    )
    secret = drafts.new_secret()
    drafts.save(secret, "pupil", 1, {}, NOON)
    return {
        "reference": case.reference,
        "draft": secret,
        "token": tokens.issue(tokens.Purpose.FOLLOW_UP, case.reference, NOON, HOUR),
        "session": sessions.begin(ina, "", NOON),
        "recovery code": authenticator.new_recovery_codes(ina)[0],
    }


def _claimed() -> Claim:
    claimed = claim(NOON, NOON + LEASE)
    assert claimed
    return claimed


def test_every_sealed_column_there_is_will_be_found(database_url: str) -> None:
    for module in pkgutil.walk_packages(portal.__path__, "portal."):
        if not module.name.startswith("portal.migrations"):
            importlib.import_module(module.name)
    blobs = {
        (table, column.name)
        for table in database.get_tables()
        for column in database.get_columns(table)
        if column.data_type in {BlobField.field_type, "bytea"}
    }
    found = {
        (table._meta.table_name, column.column_name)
        for table in tables()
        for column in sealed_columns(table)
    }
    assert found == blobs
    asked = (
        "import portal.cli; from portal.database import Table, open_database;"
        "from portal.rotation import sealed_tables; from portal.sealing import Keyring;"
        f"open_database({database_url!r}, Keyring([{DATA_KEY!r}]));"
        "print(*sorted(t._meta.table_name for t in sealed_tables()))"
    )
    ran = subprocess.run(  # noqa: S603
        [sys.executable, "-c", asked], capture_output=True, check=True, cwd=ROOT
    )
    assert ran.stdout.decode().split() == sorted({table for table, _ in found} - {"key_proof"})


def test_after_it_the_newest_key_opens_everything_alone(
    database_url: str, house: dict[str, str]
) -> None:
    before, said = values(), texts()
    emptied = {place for place, value in before.items() if not value}
    assert emptied
    use(database_url, NEW, DATA_KEY)
    done = rotate()
    # Still open here: on closing, SQLite would empty the log by itself.
    held = files(database_url)
    assert (done.values, done.clean) == (len(before) - len(emptied) - 1, True)
    assert rotate().values == 0
    use(database_url, NEW)
    after = texts()
    assert {k: v for k, v in after.items() if "key_proof" not in k} == {
        k: v for k, v in said.items() if "key_proof" not in k
    }
    assert {place for place, value in values().items() if not value} == emptied
    assert not [place for place, value in before.items() if value and value in held]
    with pytest.raises(DatabaseUnsound, match="does not open"):
        use(database_url, DATA_KEY)


def test_what_people_hold_on_to_still_works_with_the_newest_key_alone(
    database_url: str, house: dict[str, str]
) -> None:
    use(database_url, NEW, DATA_KEY)
    rotate()
    use(database_url, NEW)
    reference = house["reference"]
    assert register.sent_from(register.email_hash("NOOR@example.org")) == [reference]
    assert register.is_reached_at(reference, "+31 6 12345678")
    with pytest.raises(AlreadyReceived):
        one(NOON, **SAID)
    case = register.find(reference)
    assert case
    assert register.holds(
        case, Submission("k", case.kind, case.intent, case.role, "", "", "Noor", "", "06", ())
    )
    assert not work.write_note(case, "Notitie", "n", SOMEBODY, NOON)
    assert drafts.find(house["draft"], NOON)
    assert tokens.consume(tokens.Purpose.FOLLOW_UP, house["token"], NOON) == reference
    assert sessions.find(house["session"], NOON)
    ina = staff.find_by_email("INA@example.org")
    assert ina
    assert ina.authenticator == "A" * 32
    assert authenticator.accept_recovery_code(ina, house["recovery code"], NOON)


def test_half_way_neither_key_alone_will_do(database_url: str, house: dict[str, str]) -> None:
    use(database_url, NEW, DATA_KEY)
    letter = Letter.select().where(Letter.subject != FORGOTTEN).first()
    raw("UPDATE letter SET subject = ? WHERE id = ?", b"\x01\x00", letter.id)
    with pytest.raises(NotRotated, match=r"1 values do not open \(letter\.subject\)"):
        rotate()
    for alone in (NEW, DATA_KEY):
        with pytest.raises(DatabaseUnsound, match="does not open"):
            use(database_url, alone)
    use(database_url, NEW, DATA_KEY)
    letter.subject = "Nieuw"
    letter.save()
    rotate()
    use(database_url, NEW)


def test_who_seals_with_an_older_key_meanwhile_keeps_it_from_ending(
    database_url: str, house: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    use(database_url, NEW, DATA_KEY)
    old = values()

    class Stubborn(Keyring):
        def reseal(self, sealed: bytes, place: str) -> bytes:  # noqa: ARG002
            return old[place]

    monkeypatch.setattr("portal.database.binding._keyring", Stubborn([NEW, DATA_KEY]))
    with pytest.raises(NotRotated, match="same PORTAL_DATA_KEYS"):
        rotate()
    with pytest.raises(DatabaseUnsound):
        use(database_url, NEW)


def command() -> list[str]:
    return [sys.executable, "-m", "portal.cli", "keys", "rotate"]


def settings(database_url: str) -> dict[str, str]:
    keys = ",".join(b64encode(key).decode() for key in (NEW, DATA_KEY))
    return environment(database_url, PORTAL_DATA_KEYS=keys, PORTAL_LOG_LEVEL="ERROR")


def old_ones() -> int:
    newest = Keyring([NEW])
    return sum(bool(value) and not newest.is_newest(value) for value in values().values())


def test_killed_half_way_it_goes_on_where_others_write_and_ends(
    database_url: str, house: dict[str, str]
) -> None:
    case = register.find(house["reference"])
    assert case
    with transaction():
        for _ in range(1500):
            write(case)
    use(database_url, NEW, DATA_KEY)
    said, before = texts(), old_ones()
    running = subprocess.Popen(  # noqa: S603
        command(), env=settings(database_url), cwd=ROOT
    )
    while old_ones() == before:
        assert running.poll() is None
    running.send_signal(signal.SIGKILL)
    running.wait()
    assert 0 < old_ones() < before
    assert {k: v for k, v in texts().items() if k in said} == said
    with pytest.raises(DatabaseUnsound):
        use(database_url, NEW)
    use(database_url, NEW, DATA_KEY)
    stop, written = threading.Event(), []

    def others() -> None:
        while not stop.is_set():
            with connection(), transaction():
                written.append(write(case))
                row = Letter.select().order_by(Letter.id).first()
                row.subject = "Veranderd"
                row.save()
            time.sleep(0.001)

    beside = threading.Thread(target=others)
    beside.start()
    try:
        ran = subprocess.run(  # noqa: S603
            command(),
            check=False,
            env=settings(database_url),
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
    finally:
        stop.set()
        beside.join()
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith("sealed ")
    assert ran.stdout.count("\n") == 1
    assert written
    use(database_url, NEW)
    assert len(texts()) >= len(said) + 4 * len(written)


def test_a_database_from_before_keeps_its_digests_and_a_new_one_has_a_key_of_its_own(
    database_url: str, tmp_path: Path
) -> None:
    plain = Keyring([DATA_KEY]).digest("noor", "test")
    assert keyring().digest("noor", "test") != plain
    database.execute_sql("DELETE FROM digest_key")
    open_database(database_url, Keyring([NEW, DATA_KEY]))
    migrate()
    assert keyring().digest("noor", "test") == plain
    use(database_url, NEW, DATA_KEY)
    rotate()
    use(database_url, NEW)
    assert keyring().digest("noor", "test") == plain


def test_a_wrong_key_refuses_to_migrate(database_url: str) -> None:
    open_database(database_url, Keyring([NEW]))
    with pytest.raises(DatabaseUnsound, match="PORTAL_DATA_KEYS does not open this database"):
        migrate()
