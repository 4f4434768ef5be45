"""The other work fails, dies or hangs at each step: it can be done again, and nothing is lost."""

from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from portal.backup import restore
from portal.cases.case import Doubt
from portal.cases.register import Case, withdraw
from portal.database import connection, open_database, pending_migrations, transaction
from portal.database.sqlite import file_of
from portal.delivery.outbox import UNSENT, Letter
from portal.failpoints import NAMES, Action
from portal.intake import drafts
from portal.intake.quarantine import let_through_unseen
from portal.rotation import closed_columns
from portal.sealing import Keyring
from portal.sweep import past
from tests import databases
from tests.conftest import DATA_KEY
from tests.seed import one
from tests.torture.house import House
from tests.torture.places import (
    BACKING_UP,
    FILLING,
    MIGRATING,
    RELEASING,
    RESTORING,
    ROTATING,
    SWEEPING,
    TRIED,
    kills,
)
from tests.upgrades import keep

DAY = timedelta(days=1)
OLDEST = Path(keep.__file__).with_name("0003_regions.sql")


def now() -> datetime:
    return datetime.now(UTC)


def struck(house: House, action: Action, place: str, *words: str, **other: str) -> None:
    """Let this happen to a command at this place."""
    faults = house.faults(action, place)
    house.expect(place)
    command = house.start(*words, **faults | other)
    house.struck(action, place)
    if words == ("worker",):  # which goes on after a fault
        command.kill()
    command.join()


def test_every_place_is_tried() -> None:
    assert frozenset(NAMES) == TRIED


@kills
def test_a_sweep_goes_on_where_another_was_broken_off(house: House, action: Action) -> None:
    house.take_in()
    for place in SWEEPING:
        _something_old()
        struck(house, action, place, "sweep")
        assert house.run("sweep") == 0, place
        assert not any(past(now()).values()), place
    house.check()


def _something_old() -> None:
    old = one(now() - 900 * DAY)
    with transaction():
        withdraw(old, now() - 899 * DAY)
    drafts.save(drafts.new_secret(), "community", 2, {"story": ["Een begin"]}, now() - 2 * DAY)


@kills
def test_a_rotation_goes_on_where_another_was_broken_off(house: House, action: Action) -> None:
    house.take_in()
    keys = [DATA_KEY]
    for number, place in enumerate(ROTATING):
        keys = [bytes([number]) * 32, keys[0]]
        struck(house, action, place, "keys", "rotate", PORTAL_DATA_KEYS=_as_setting(keys))
        _use(house, keys)
        assert house.verdict().holds, place
        assert house.run("keys", "rotate", PORTAL_DATA_KEYS=_as_setting(keys)) == 0, place
        _use(house, keys[:1])
        assert closed_columns() == [], place
        assert house.verdict().holds, place
    house.keys = _as_setting(keys[:1])
    house.check()


def _as_setting(keys: list[bytes]) -> str:
    return ",".join(b64encode(key).decode() for key in keys)


def _use(house: House, keys: list[bytes]) -> None:
    open_database(house.url, Keyring(keys))


@kills
def test_a_backup_is_whole_or_not_there(house: House, action: Action) -> None:
    references = {house.take_in().reference for _ in range(3)}
    for place, named in BACKING_UP.items():
        file = house.folder / f"{house.flag(place).name}.db"
        struck(house, action, place, "backup", str(file))
        assert file.exists() == named, place
        if not named:
            assert house.run("backup", str(file)) == 0, place
        assert _restored(house, file) == references, place
    house.check()


@kills
def test_what_is_put_back_is_whole_or_not_there(house: House, action: Action) -> None:
    references = {house.take_in().reference for _ in range(3)}
    file = house.folder / "backup.db"
    assert house.run("backup", str(file)) == 0
    for place, named in (FILLING if databases.on_postgresql() else RESTORING).items():
        url = _elsewhere(house, place)
        struck(house, action, place, "restore", str(file), PORTAL_DATABASE_URL=url)
        databases.wait_until_nobody_writes(url)
        assert databases.is_begun(url) == named, place
        if not named:
            assert house.run("restore", str(file), PORTAL_DATABASE_URL=url) == 0, place
        assert _references(house, url) == references, place
        # Whatever a worker does by then, nothing goes that may have gone before.
        assert house.run("deliver", PORTAL_DATABASE_URL=url) == 0
        assert house.mail.accepted == []
    house.check()


def _elsewhere(house: House, what: str) -> str:
    """A place for a database of its own."""
    folder = house.folder / f"for {what}"
    folder.mkdir()
    return databases.empty(folder)


def _restored(house: House, file: Path) -> set[str]:
    to = f"sqlite:///{file.with_suffix('.restored')}"
    restore(file, to, Keyring([DATA_KEY]))
    return _references(house, to)


def _references(house: House, url: str) -> set[str]:
    open_database(url, Keyring([DATA_KEY]))
    with connection():
        assert not Letter.select().where(Letter.state.in_(UNSENT)).exists()
        found = {case.reference for case in Case.select() if case.name.startswith(house.typed)}
    open_database(house.url, Keyring([DATA_KEY]))
    return found


@kills
def test_a_migration_goes_on_where_another_was_broken_off(house: House, action: Action) -> None:
    # A server's first step is one with all that was made until then.
    for place in MIGRATING[databases.on_postgresql() :]:
        url = _elsewhere(house, place)
        if not databases.on_postgresql():
            keep.restore(OLDEST.read_text(), file_of(url))
        struck(house, action, place, "migrate", PORTAL_DATABASE_URL=url)
        assert house.run("migrate", PORTAL_DATABASE_URL=url) == 0, place
        # It looks at integrity, schema and key before anything else.
        assert house.run("sweep", "--dry-run", PORTAL_DATABASE_URL=url) == 0, place
        open_database(url, Keyring([DATA_KEY]))
        assert pending_migrations() == []
        open_database(house.url, Keyring([DATA_KEY]))


@kills
def test_a_case_leaves_quarantine_with_all_its_letters_or_stays(
    house: House, action: Action
) -> None:
    for number, place in enumerate(RELEASING):
        name = f"{house.typed}q{number}"
        case = one(now() - 10 * DAY, doubts=[Doubt.TRAP], name=name, email="")
        house.acknowledged[case.reference] = name
        struck(house, action, place, "worker")
        assert Case.get_by_id(case.id).doubts, place
        assert list(_letters_about(case)) == []
        assert house.verdict().holds, place
        assert let_through_unseen(now(), house.config()) == 1
        assert list(_letters_about(case)) == ["intake"]
    house.check()


def _letters_about(case: Case) -> Iterator[str]:
    for letter in Letter.select().where(Letter.case_reference == case.reference):
        yield letter.name
