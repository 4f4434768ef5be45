"""A backup restores: whole, elsewhere, by who has the key; and no letter goes out unasked."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from portal.app import open_sound_database
from portal.backup import BackupRefused, back_up, back_up_today, newest, restore
from portal.cases.register import Case, withdraw
from portal.cli import main
from portal.commands.backups import back_up_daily
from portal.config import Config
from portal.database import connection, database, transaction
from portal.delivery import tracing
from portal.delivery.letters import Envelope, Text
from portal.delivery.outbox import (
    Letter,
    Outcome,
    Outgoing,
    Result,
    State,
    claim,
    held,
    post,
    release,
    waiting_since,
)
from portal.delivery.worker import LEASE, deliver_round
from portal.health import examine
from portal.sealing import Keyring
from portal.sweep import LongStop, sweep
from tests.conftest import DATA_KEY, NOON
from tests.portal_app import environment
from tests.seed import one, seed

# On PostgreSQL: test_backup_on_postgresql.py.
pytestmark = pytest.mark.sqlite

ROOT = Path(__file__).parent.parent
DAY = timedelta(days=1)
Run = Callable[..., tuple[int, str, str]]
OTHER = b"o" * 32


@pytest.fixture
def live(db: None, database_url: str) -> Path:
    """Where the database of a running portal is."""
    return Path(database_url.removeprefix("sqlite:///"))


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """Where a database can be on another machine."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return folder / "portal.db"


def write(case: Case, at: datetime = NOON) -> str:
    to = Envelope("regio@example.org", None, "noor@example.org", case.reference)
    return post("intake", Text("Nieuwe aanvraag", "Er is iets.\n"), to, at, "p@example.org")


def use(path: Path, key: bytes = DATA_KEY) -> None:
    """Begin as a process does, with this database."""
    if not database.is_closed():
        database.close()
    settings = environment(f"sqlite:///{path}", PORTAL_DATA_KEYS=b64encode(key).decode())
    open_sound_database(Config.from_environment(settings))
    database.connect(reuse_if_open=True)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command on the database at a path: its exit status, what it said and complained of."""

    def go(path: Path, *words: str, key: bytes = DATA_KEY) -> tuple[int, str, str]:
        database.close()
        keys = b64encode(key).decode()
        for name, value in environment(f"sqlite:///{path}", PORTAL_DATA_KEYS=keys).items():
            monkeypatch.setenv(name, value)
        status = main(list(words))
        return status, *capsys.readouterr()

    return go


@contextmanager
def others_writing(case: Case) -> Iterator[list[str]]:
    """Somebody who writes a case and its letter, again and again, together or not at all."""
    stop, written = threading.Event(), list[str]()

    def go() -> None:
        while not stop.is_set():
            with connection(), transaction():
                came = one(NOON)
                write(came)
            written.append(came.reference)

    beside = threading.Thread(target=go)
    beside.start()
    try:
        while len(written) < 20:
            time.sleep(0.001)
        yield written
    finally:
        stop.set()
        beside.join()


def sent_by_a_round(at: datetime) -> list[str]:
    went: list[str] = []

    def send(outgoing: Outgoing) -> Outcome:
        went.append(outgoing.message_id)
        return Outcome(Result.SENT, "250 ok")

    deliver_round(lambda: at, send)
    return went


# The drill


def test_a_drill(live: Path, tmp_path: Path, elsewhere: Path) -> None:
    canary = one(NOON - DAY, name="Kanariepiet")
    with transaction():
        write(canary)
    gone_before = sent_by_a_round(NOON)
    file = tmp_path / "drill.db"
    with others_writing(canary) as written:
        surely = list(written)
        back_up(file)
    assert (file.stat().st_mode & 0o777, list(tmp_path.glob("*.part"))) == (0o600, [])
    assert b"Kanariepiet" not in file.read_bytes()
    went_since = sent_by_a_round(NOON)

    with pytest.raises(BackupRefused, match="PORTAL_DATA_KEYS does not open"):
        restore(file, f"sqlite:///{elsewhere}", Keyring([OTHER]))
    assert not list(elsewhere.parent.iterdir())
    restored = restore(file, f"sqlite:///{elsewhere}", Keyring([DATA_KEY]))
    assert elsewhere.stat().st_mode & 0o777 == 0o600

    use(elsewhere)
    assert Case.get(Case.reference == canary.reference).name == "Kanariepiet"
    there = {case.reference for case in Case.select()}
    assert set(surely) <= there
    about = {letter.case_reference for letter in Letter.select()}
    assert about == there
    assert restored.held == len(there) - 1

    assert sent_by_a_round(NOON + DAY) == []
    assert held().number == restored.held
    assert not examine(lambda: NOON)["held"].ok
    assert release(NOON + DAY) == restored.held
    assert release(NOON + DAY) == held().number == 0
    assert examine(lambda: NOON)["held"].ok
    went = sent_by_a_round(NOON + DAY)
    assert len(went) == len(set(went)) == restored.held
    assert not set(went) & set(gone_before)
    # Those that went between the backup and the end can be recognised by their Message-ID.
    assert set(went) <= set(went_since)
    assert sent_by_a_round(NOON + 2 * DAY) == []


def test_killed_half_way_there_is_no_file_and_the_next_is_whole(live: Path, tmp_path: Path) -> None:
    seed(20_000, NOON)
    file = tmp_path / "killed.db"
    part = Path(f"{file}.part")
    running = subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "portal.cli", "backup", str(file)],
        env=environment(f"sqlite:///{live}"),
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    )
    while not (part.exists() and part.stat().st_size):
        assert running.poll() is None
    running.send_signal(signal.SIGKILL)
    assert running.wait() == -signal.SIGKILL
    assert part.exists()
    assert not file.exists()
    back_up(file)
    assert file.exists()
    assert not part.exists()
    with closing(sqlite3.connect(file)) as made:
        assert made.execute('SELECT COUNT(*) FROM "case"').fetchone() == (20_000,)


def test_what_was_deleted_is_in_no_backup(live: Path, tmp_path: Path) -> None:
    draft = b"kenmerk-dat-wegging"
    database.execute_sql("CREATE TABLE scrap (text)")
    database.execute_sql("INSERT INTO scrap VALUES (?)", (draft,))
    back_up(tmp_path / "before.db")
    database.execute_sql("DELETE FROM scrap")
    back_up(tmp_path / "after.db")
    assert draft in (tmp_path / "before.db").read_bytes()
    assert draft not in (tmp_path / "after.db").read_bytes()


# What is refused


def test_nothing_is_written_over(live: Path, tmp_path: Path) -> None:
    file = tmp_path / "there.db"
    file.write_text("mine")
    with pytest.raises(BackupRefused, match="is there already"):
        back_up(file)
    assert file.read_text() == "mine"
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize("left", ["", "-wal", "-shm", "-journal"])
def test_a_database_that_is_in_place_or_its_log_stays(
    live: Path, tmp_path: Path, elsewhere: Path, left: str
) -> None:
    back_up(tmp_path / "b.db")
    Path(f"{elsewhere}{left}").write_text("mine")
    with pytest.raises(BackupRefused, match="is there already"):
        restore(tmp_path / "b.db", f"sqlite:///{elsewhere}", Keyring([DATA_KEY]))
    assert [file.read_text() for file in elsewhere.parent.iterdir()] == ["mine"]


def torn(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.seek(5 * 4096)
        opened.write(os.urandom(3 * 4096))


def cut(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def orphaned(file: Path) -> None:
    with closing(sqlite3.connect(file)) as opened, opened:
        opened.execute("INSERT INTO addition VALUES ('a', 'nobody', 'f', '2026-11-23', x'01')")


def newer(file: Path) -> None:
    with closing(sqlite3.connect(file)) as opened, opened:
        opened.execute(
            "INSERT INTO schema_migration (name, applied) VALUES ('9999_later', '2030-01-01')"
        )


def another(file: Path) -> None:
    file.unlink()
    with closing(sqlite3.connect(file)) as opened, opened:
        opened.execute("CREATE TABLE recipe (text)")


def text(file: Path) -> None:
    file.write_text("no database" * 500)


def keyless(file: Path) -> None:
    with closing(sqlite3.connect(file)) as opened, opened:
        opened.execute("DELETE FROM key_proof")


@pytest.mark.parametrize(
    ("harm", "complaint"),
    [
        (torn, "not sound"),
        (cut, "not sound"),
        (orphaned, "not sound"),
        (newer, "newer portal"),
        (another, "no backup of this portal"),
        (text, "not sound"),
        (keyless, "PORTAL_DATA_KEYS"),
    ],
    ids=lambda it: getattr(it, "__name__", ""),
)
def test_what_is_not_a_sound_backup_is_not_put_in_place(
    run: Run, live: Path, tmp_path: Path, elsewhere: Path, harm: object, complaint: str
) -> None:
    file = tmp_path / "b.db"
    for _ in range(50):
        one(NOON)
    back_up(file)
    assert callable(harm)
    harm(file)
    status, said, complained = run(elsewhere, "restore", str(file))
    assert (status, said, complained.count("\n")) == (1, "", 1)
    assert complaint in complained
    assert not list(elsewhere.parent.iterdir())


def test_a_backup_for_which_there_is_no_room_is_refused_in_one_line_and_leaves_nothing(
    live: Path, tmp_path: Path
) -> None:
    asked = f"ulimit -f 64; exec {sys.executable} -m portal.cli backup {tmp_path / 'b.db'}"
    ran = subprocess.run(  # noqa: S603
        ["/bin/sh", "-c", asked],
        env=environment(f"sqlite:///{live}"),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout, ran.stderr.count("\n")) == (1, "", 1)
    assert not list(tmp_path.glob("b.db*"))


def test_a_folder_that_is_not_there_is_not_made(live: Path, tmp_path: Path) -> None:
    with pytest.raises(BackupRefused, match=r"no folder .*nowhere: make it"):
        back_up(tmp_path / "nowhere" / "b.db")
    assert not (tmp_path / "nowhere").exists()


# The commands


def test_the_road_of_an_operator(run: Run, live: Path, tmp_path: Path, elsewhere: Path) -> None:
    case = one(NOON)
    with transaction():
        write(case)
        write(case, NOON - DAY)
    sweep(datetime.now(UTC))
    file = tmp_path / "b.db"
    status, said, complained = run(live, "backup", str(file))
    assert (status, said.count("\n"), complained) == (0, 1, "")
    status, said, complained = run(elsewhere, "restore", str(file))
    assert (status, complained) == (0, "")
    assert "- portal sweep:" in said
    assert "- portal release: 2 letters" in said
    assert "migrate" not in said
    assert run(elsewhere, "deliver")[1].startswith(
        "sent 0, deferred 0, stuck 0\n2 letters are held since a restore, the oldest of 2026-11-22;"
    )
    for _ in range(2):
        _, said, _ = run(elsewhere, "release", "--dry-run")
        assert said.startswith("2 letters are held since a restore, the oldest of 2026-11-22")
        assert "same Message-ID" in said
    assert run(elsewhere, "release")[1].endswith("\nreleased 2\n")
    assert run(elsewhere, "release")[1] == "no letter is held\nreleased 0\n"
    assert run(elsewhere, "backup", str(file))[2].count("\n") == 1


def test_after_an_old_backup_the_operator_is_told_how_to_have_it_all_forgotten_again(
    run: Run, live: Path, tmp_path: Path, elsewhere: Path
) -> None:
    long_ago = datetime.now(UTC) - 60 * DAY
    case = one(long_ago)
    withdraw(case, long_ago)
    sweep(long_ago)
    file = str(tmp_path / "b.db")
    back_up(Path(file))
    assert "- portal sweep --after-a-long-stop:" in run(elsewhere, "restore", file)[1]
    use(elsewhere)
    with pytest.raises(LongStop):
        sweep(datetime.now(UTC))
    assert Case.select().exists()
    assert run(elsewhere, "sweep", "--after-a-long-stop")[0] == 0
    assert not Case.select().exists()


def test_a_backup_of_an_older_schema_is_restored_and_says_to_migrate(
    run: Run, live: Path, tmp_path: Path, elsewhere: Path
) -> None:
    back_up(tmp_path / "b.db")
    with closing(sqlite3.connect(tmp_path / "b.db")) as opened, opened:
        opened.execute("DELETE FROM schema_migration WHERE name LIKE '0012%'")
        opened.execute("ALTER TABLE letter DROP COLUMN set_aside_at")
        opened.execute("ALTER TABLE letter DROP COLUMN set_aside_by")
        opened.execute("DROP TABLE digest_key")
        opened.execute("DROP TABLE last_sweep")
    status, said, _ = run(elsewhere, "restore", str(tmp_path / "b.db"))
    assert status == 0
    assert "- portal migrate:" in said


def test_a_held_letter_can_be_sent_by_itself(live: Path, tmp_path: Path, elsewhere: Path) -> None:
    case = one(NOON)
    with transaction():
        write(case)
    assert claim(NOON, NOON + LEASE)  # its worker died
    back_up(tmp_path / "b.db")
    assert restore(tmp_path / "b.db", f"sqlite:///{elsewhere}", Keyring([DATA_KEY])).held == 1
    use(elsewhere)
    (letter,) = tracing.letters_about(case.reference)
    assert letter.state is State.HELD
    assert letter.held_up
    assert waiting_since() is None
    assert claim(NOON + DAY, NOON + 2 * DAY) is None
    assert tracing.resend(case.reference, letter.id, NOON, {})
    assert claim(NOON, NOON + LEASE)


# Every day


def settings(live: Path, folder: Path | None) -> Config:
    return Config.from_environment(
        environment(f"sqlite:///{live}", PORTAL_BACKUP_DIR=str(folder or ""))
    )


def test_each_day_has_one_backup_and_thirty_days_are_kept(live: Path, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    config = settings(live, folder)
    (folder / "portal-2026-01-01.db.part").write_text("half")
    (folder / "notes.txt").write_text("mine")
    for day in range(33):
        at = NOON + day * DAY
        sweep(at)
        back_up_daily(at, config)
        back_up_daily(at + timedelta(hours=8), config)
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["notes.txt", *(f"portal-{(NOON + n * DAY).date()}.db" for n in range(2, 33))]


def test_a_clock_that_jumps_deletes_no_backup(live: Path, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    config = settings(live, folder)
    sweep(NOON)
    back_up_daily(NOON, config)
    for jump in (3652 * DAY, 3653 * DAY, -20000 * DAY):
        back_up_daily(NOON + jump, config)
        assert (folder / "portal-2026-11-23.db").exists()
    back_up_daily(NOON, config)
    assert [path.name for path in folder.iterdir()] == ["portal-2026-11-23.db"]


def test_without_a_folder_there_are_no_backups(live: Path, tmp_path: Path) -> None:
    before = set(tmp_path.iterdir())
    back_up_daily(NOON, settings(live, None))
    assert set(tmp_path.iterdir()) == before
    assert examine(lambda: NOON)["backup"].ok


@pytest.mark.parametrize(("hours", "well"), [(25, True), (27, False)])
def test_health_misses_a_backup_that_did_not_come(
    live: Path, tmp_path: Path, hours: int, well: bool
) -> None:
    folder = tmp_path / "backups"
    assert not examine(lambda: NOON, folder)["backup"].ok
    folder.mkdir()
    assert newest(folder) is None
    assert not examine(lambda: NOON, folder)["backup"].ok
    back_up_today(folder, NOON)
    made = newest(folder)
    assert made
    later = made + timedelta(hours=hours)
    assert examine(lambda: later, folder)["backup"].ok is well


def test_only_a_database_that_opens_is_backed_up(run: Run, live: Path, tmp_path: Path) -> None:
    status, _, complained = run(live, "backup", str(tmp_path / "b.db"), key=OTHER)
    assert (status, complained.count("\n")) == (1, 1)
    assert "PORTAL_DATA_KEYS" in complained
    assert not (tmp_path / "b.db").exists()
