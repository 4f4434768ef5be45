"""The doctor: all is well, or what is not is named with its cure, and nothing changes."""

import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from portal import room
from portal.app import open_sound_database
from portal.casework.staff import Staff
from portal.cli import main
from portal.commands import doctor
from portal.commands.doctor import look
from portal.config import Config
from portal.database import PRAGMAS, DatabaseUnsound, connection, database, open_database
from portal.delivery.outbox import Outcome, Result
from portal.delivery.worker import Heartbeat, deliver_round
from portal.routing.tables import ManagerRow, PostcodeRow
from portal.sealing import Keyring
from portal.sweep import LastSweep, sweep
from tests.casework.staff_house import House
from tests.conftest import DATA_KEY
from tests.databases import on_postgresql, opened
from tests.delivery.certificates import self_signed_context
from tests.delivery.hostile_smtp import HostileServer, drop, reply
from tests.portal_app import build, environment, new_database
from tests.real_server import free_port

Settings = dict[str, str]
LOOKED_AT = [
    *("settings", "database", "keys", "schema", "integrity", "places", "staff", "clock"),
    *("regions", "worker", "letters", "stuck", "held", "backup"),
    *("unhandled", "quarantine", "sweep", "kept"),
    *("files", "mail", "disk", "site"),
]
OTHER_KEY = "d3d3" * 10 + "d3c="


@pytest.fixture
def server() -> Iterator[HostileServer]:
    with HostileServer() as server:
        yield server


@pytest.fixture
def well(
    tmp_path: Path, server: HostileServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Settings]:
    """The settings of a portal with which all is well; what is changed in them counts."""
    url = new_database(tmp_path)
    house = House(build(url))
    for name in ("admin", "desk", "a"):
        house.take_on(name)
    with connection():
        sweep(datetime.now(UTC))
    deliver_round(lambda: datetime.now(UTC), lambda _: Outcome(Result.SENT, "250 ok"))
    database.close()
    (tmp_path / "backups").mkdir(mode=0o700)
    (tmp_path / "backups" / "portal-2026-11-23.db").write_bytes(b"a backup")
    (tmp_path / "backups" / "portal-2026-11-23.db").chmod(0o600)
    if not on_postgresql():
        (tmp_path / "portal.db").chmod(0o600)
    for name in [name for name in os.environ if name.startswith("PORTAL_")]:
        monkeypatch.delenv(name)
    settings = environment(url, PORTAL_MAIL_PORT=str(server.port))
    settings["PORTAL_BACKUP_DIR"] = str(tmp_path / "backups")
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    yield settings
    if not database.is_closed():
        database.close()


def red(mail_to: str | None = None, at: datetime | None = None) -> dict[str, str]:
    """What is not well, with what is said of it."""
    checks = look(mail_to, at or datetime.now(UTC))
    assert list(checks) == LOOKED_AT
    assert all(check.says.endswith(".") and "\n" not in check.says for check in checks.values())
    return {name: check.says for name, check in checks.items() if not check.ok}


def test_when_all_is_well_it_says_so_and_exits_0(
    well: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert red() == {}
    assert main(["doctor"]) == 0
    said = capsys.readouterr()
    assert [line.split()[:2] for line in said.out.splitlines()] == [["ok", n] for n in LOOKED_AT]
    assert said.err == ""


def test_a_machine_can_read_it(well: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["status"], list(told["checks"])) == ("ok", LOOKED_AT)
    with connection():
        _still()
    assert main(["doctor", "--json"]) == 1
    said = capsys.readouterr()
    told = json.loads(said.out)
    assert told["status"] == "fail"
    assert told["checks"]["worker"]["ok"] is False
    assert said.err == f"portal doctor: 1 of {len(LOOKED_AT)} are not well: worker\n"


@pytest.mark.sqlite
def test_it_changes_nothing(well: Settings, tmp_path: Path) -> None:
    def state() -> dict[str, object]:
        files = {path.name: path.stat().st_mode for path in tmp_path.rglob("*")}
        with sqlite3.connect(tmp_path / "portal.db") as read:
            rows = list(read.iterdump())
        read.close()
        return {**files, "rows": rows}

    before = state()
    red("beheer@example.org")
    database.close()
    assert state() == before


# -- each in turn


def at_database(do: Callable[[], object]) -> Callable[[Path], None]:
    def broken(_: Path) -> None:
        with connection():
            do()
        database.close()

    return broken


def _sealed_by_a_lost_key(_: Path) -> None:
    open_database(opened(), Keyring([b"l" * 32]))
    with connection():
        someone = Staff.select().first()
        someone.name = "Wie?"
        someone.save(only=[Staff.name])
    database.close()


def _torn(file: Path, share: float) -> None:
    octets = bytearray(file.read_bytes())
    start = int(share * (len(octets) - 8192)) // 4096 * 4096
    octets[start : start + 8192] = b"\xee" * 8192
    file.write_bytes(octets)


def _dangling() -> None:
    off = "SET session_replication_role = replica"
    database.execute_sql(off if on_postgresql() else "PRAGMA foreign_keys = OFF")
    database.execute_sql("DELETE FROM staff WHERE role = 'manager'")


def _without(role: str) -> Callable[[], object]:
    return lambda: Staff.update(active=False).where(Staff.role == role).execute()


def _still() -> None:
    Heartbeat.update(at=datetime.now(UTC) - timedelta(minutes=11)).execute()


def _later(table: type[Heartbeat] | type[LastSweep]) -> Callable[[], object]:
    return lambda: table.update(at=datetime.now(UTC) + timedelta(hours=1)).execute()


def _old_backup(folder: Path) -> None:
    old = datetime.now(UTC).timestamp() - 27 * 3600
    os.utime(folder / "backups" / "portal-2026-11-23.db", (old, old))


ILL: list[tuple[str, Callable[[Path], object], set[str], str]] = [
    (
        "no heartbeat",
        at_database(_still),
        {"worker"},
        "'portal worker'",
    ),
    ("a lost key", _sealed_by_a_lost_key, {"keys"}, "staff.name: add the key"),
    (
        "a schema that is behind",
        at_database(
            lambda: database.execute_sql(
                "DELETE FROM schema_migration WHERE name = '0011_retention'"
            )
        ),
        {"schema"},
        "run 'portal migrate'",
    ),
    ("a row that refers to nothing", at_database(_dangling), {"integrity"}, "restore a backup"),
    (
        "a gap in the map",
        at_database(
            lambda: PostcodeRow.update(region="weg").where(PostcodeRow.code == "3511").execute()
        ),
        {"places"},
        "1 postcodes that no region has: 3511: add them",
    ),
    (
        "nobody active",
        at_database(lambda: ManagerRow.update(active=False).execute()),
        {"regions"},
        "'portal regions load FILE'",
    ),
    ("no administrator", at_database(_without("administrator")), {"staff"}, "--role administrator"),
    ("no desk", at_database(_without("national desk")), {"staff"}, "--role national-desk"),
    (
        "no authenticator",
        at_database(
            lambda: Staff.update(authenticator=None).where(Staff.role == "manager").execute()
        ),
        {"staff"},
        "'portal staff link EMAIL'",
    ),
    ("a beat to come", at_database(_later(Heartbeat)), {"clock"}, "timedatectl"),
    ("a sweep to come", at_database(_later(LastSweep)), {"clock"}, "timedatectl"),
    (
        "a backup for all",
        lambda f: (f / "backups" / "portal-2026-11-23.db").chmod(0o604),
        {"files"},
        "chmod o= ",
    ),
    (
        "no backup",
        lambda f: (f / "backups/portal-2026-11-23.db").unlink(),
        {"backup"},
        "log of 'portal worker'",
    ),
    ("an old backup", _old_backup, {"backup"}, "log of 'portal worker'"),
    ("no folder of backups", lambda f: shutil.rmtree(f / "backups"), {"backup"}, "cannot be read"),
]


@pytest.mark.sqlite
@pytest.mark.parametrize("name", ["portal.db", "portal.env"])
def test_a_file_that_everybody_can_read_is_named(well: Settings, tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    (tmp_path / name).chmod(0o644)
    (says,) = red().values()
    assert "chmod o= " in says
    assert name in says


@pytest.mark.parametrize(
    ("broken", "ill", "cure"), [case[1:] for case in ILL], ids=[case[0] for case in ILL]
)
def test_each_thing_that_is_not_well_is_named_with_its_cure(
    well: Settings, tmp_path: Path, broken: Callable[[Path], object], ill: set[str], cure: str
) -> None:
    broken(tmp_path)
    found = red()
    assert found.keys() == ill
    assert cure in found[next(iter(ill))]


def test_settings_that_are_wrong_are_all_named_and_nothing_else_is_looked_at(
    well: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PORTAL_SECRET_KEY")
    monkeypatch.setenv("PORTAL_MAIL_PORT", "mail")
    checks = look(None, datetime.now(UTC))
    assert not any(check.ok for check in checks.values())
    assert "PORTAL_SECRET_KEY" in checks["settings"].says
    assert "PORTAL_MAIL_PORT (give a port" in checks["settings"].says
    assert checks["mail"].says == "Not looked at: mend 'settings' first."


@pytest.mark.parametrize(
    ("broken", "cure"),
    [
        (lambda file: file.unlink(), "restore a backup"),
        (lambda file: file.write_bytes(b""), "restore a backup"),
        (lambda file: file.write_bytes(b"no database at all" * 500), "check its file"),
        (lambda file: (file.unlink(), file.mkdir()), "restore a backup"),
    ],
    ids=["gone", "empty", "something else", "a folder"],
)
@pytest.mark.sqlite
def test_without_a_database_the_machine_is_looked_at_all_the_same(
    well: Settings, tmp_path: Path, broken: Callable[[Path], object], cure: str
) -> None:
    broken(tmp_path / "portal.db")
    checks = look(None, datetime.now(UTC))
    assert cure in checks["database"].says
    assert checks["keys"].says == "Not looked at: mend 'database' first."
    assert checks["mail"].ok
    assert checks["site"].ok
    # No folder is to be shut for others because a URL names it.
    assert checks["files"].ok


def test_a_wrong_key_is_told_of(well: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_DATA_KEYS", OTHER_KEY)
    assert "PORTAL_DATA_KEYS" in red()["keys"]


@pytest.mark.parametrize("share", [0.1, 0.25, 0.5, 0.75, 1.0])
@pytest.mark.sqlite
def test_a_torn_file_is_told_of_and_nothing_starts_on_it(
    well: Settings, tmp_path: Path, share: float
) -> None:
    _torn(tmp_path / "portal.db", share)
    told = [check.says for check in look(None, datetime.now(UTC)).values() if not check.ok]
    assert [says for says in told if "restore a backup" in says]
    database.close()
    with pytest.raises(DatabaseUnsound, match="restore a backup"):
        open_sound_database(Config.from_environment(well))


@pytest.mark.sqlite
def test_drift_of_a_pragma_is_found_at_the_start(
    well: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PRAGMAS, "secure_delete", 7)
    assert "secure_delete" in look(None, datetime.now(UTC))["database"].says


@pytest.mark.parametrize("what", ["portal.db", "."])
@pytest.mark.sqlite
def test_a_database_that_cannot_be_written_is_refused(
    well: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    # For root everything can be written, so what the system says is put in here.
    real, closed = os.access, (tmp_path / what).resolve()
    monkeypatch.setattr(
        "portal.database.sqlite.os.access",
        lambda path, mode: real(path, mode) and not (mode & os.W_OK and Path(path) == closed),
    )
    with pytest.raises(DatabaseUnsound, match="cannot be written"):
        open_sound_database(Config.from_environment(well))


@pytest.mark.sqlite
def test_a_new_database_is_for_its_owner_alone(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        open_database(f"sqlite:///{tmp_path / 'new.db'}", Keyring([DATA_KEY]), create=True)
        with connection():
            database.execute_sql("CREATE TABLE one (n)")
            modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    finally:
        os.umask(before)
    assert modes == {"new.db": 0o600, "new.db-wal": 0o600, "new.db-shm": 0o600}


# -- the machine


@pytest.mark.sqlite
def test_a_disk_that_is_nearly_full_is_told_of(
    well: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "free", lambda _: 0)
    assert "make room" in red()["disk"]


def test_without_a_built_site_it_names_the_command(
    well: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(doctor, "MANIFEST", tmp_path / "manifest.json")
    assert "run 'make site'" in red()["site"]


def test_where_no_backups_are_asked_for_that_is_said(
    well: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PORTAL_BACKUP_DIR")
    checks = look(None, datetime.now(UTC))
    assert checks["backup"].ok
    assert "PORTAL_BACKUP_DIR" in checks["backup"].says


# -- mail


def test_the_mail_server_is_greeted_and_left_without_a_letter(
    well: Settings, server: HostileServer
) -> None:
    assert red() == {}
    assert [said.split()[0] for said in server.commands] == ["EHLO", "QUIT"]
    assert server.received == []


def test_a_test_letter_goes_the_way_of_all_letters(well: Settings, server: HostileServer) -> None:
    says = look("beheer@example.org", datetime.now(UTC))["mail"].says
    assert "250 2.0.0 taken" in says
    (received,) = server.received
    assert received.recipients == ("beheer@example.org",)
    assert received.message["Subject"] == "Proefbericht van het portaal"
    assert received.message["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize(
    ("step", "action", "says"),
    [
        ("banner", drop, "PORTAL_MAIL_*"),
        ("banner", reply("554 go away"), "554 go away"),
        ("banner", reply("421 busy"), "421 busy"),
    ],
)
def test_a_server_that_lets_nobody_in_is_told_of_in_its_own_words(
    well: Settings, monkeypatch: pytest.MonkeyPatch, step: str, action: object, says: str
) -> None:
    with HostileServer({step: action}) as other:  # type: ignore[dict-item]
        monkeypatch.setenv("PORTAL_MAIL_PORT", str(other.port))
        assert says in red()["mail"]
        assert "PORTAL_MAIL_*" in red("beheer@example.org")["mail"]


def test_a_letter_that_is_refused_is_told_of(
    well: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with HostileServer({"RCPT": reply("550 who?")}) as other:
        monkeypatch.setenv("PORTAL_MAIL_PORT", str(other.port))
        assert red() == {}
        assert "550 who?" in red("beheer@example.org")["mail"]
    assert "no mail can go to this address" in red("niemand")["mail"]


def test_no_server_at_all_is_told_of(well: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_MAIL_PORT", str(free_port()))
    assert "PORTAL_MAIL_*" in red()["mail"]


def test_a_wrong_certificate_is_told_of(
    well: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with HostileServer(tls=self_signed_context(tmp_path, "127.0.0.1"), implicit=True) as other:
        monkeypatch.setenv("PORTAL_MAIL_PORT", str(other.port))
        monkeypatch.setenv("PORTAL_MAIL_SECURITY", "tls")
        assert "certificate" in look(None, datetime.now(UTC))["mail"].says
