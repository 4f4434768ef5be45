"""Backups of PostgreSQL: the same file, of one moment, put back on either engine."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from portal.backup import BackupRefused, Restored, back_up, restore
from portal.cases.register import Case, Event
from portal.cli import main
from portal.database import (
    DatabaseUnsound,
    check_integrity,
    check_key,
    connection,
    database,
    open_database,
    transaction,
)
from portal.database.copying import Sums, sums
from portal.delivery.letters import Envelope, Text
from portal.delivery.outbox import Letter, State, claim, post
from portal.sealing import Keyring
from tests.conftest import DATA_KEY, NOON
from tests.databases import at_head, elsewhere, empty, url_in
from tests.portal_app import environment
from tests.seed import one, seed
from tests.upgrades.keep import restore as made_of

pytestmark = pytest.mark.postgresql

ROOT = Path(__file__).parent.parent
KEYS = Keyring([DATA_KEY])
TO = Envelope("regio@example.org", None, "noor@example.org", "EK-1")


@pytest.fixture
def another(tmp_path: Path) -> Path:
    """The folder of a second, empty database."""
    folder = tmp_path / "another"
    folder.mkdir()
    empty(folder)
    return folder


def write() -> None:
    with transaction():
        post("intake", Text("Nieuwe aanvraag", "Er is iets.\n"), TO, NOON, "p@example.org")


def held() -> Sums:
    with connection(), database.atomic():
        return sums(database.obj)


def use(url: str) -> None:
    if not database.is_closed():
        database.close()
    open_database(url, KEYS)
    check_key()
    check_integrity(references=True)


def test_a_drill(db: None, tmp_path: Path, another: Path) -> None:
    seed(30, NOON)
    write()
    write()
    assert claim(NOON, NOON)
    deleted = one(NOON, name="Kanarie")
    deleted.delete_instance()
    before = held()
    file = tmp_path / "b.db"
    back_up(file)
    assert (file.stat().st_mode & 0o777, list(tmp_path.glob("*.part"))) == (0o600, [])
    assert deleted.reference.encode() not in file.read_bytes()
    for to in (url_in(another), f"sqlite:///{tmp_path / 'there.db'}"):
        with pytest.raises(BackupRefused, match="PORTAL_DATA_KEYS does not open"):
            restore(file, to, Keyring([b"o" * 32]))
        assert restore(file, to, KEYS) == Restored(held=2, swept_at=None, behind=False)
        use(to)
        after = held()
        assert {name for name in before if before[name] != after[name]} == {"letter"}
        assert after["letter"][0] == before["letter"][0]
        states = {letter.state for letter in Letter.select().where(Letter.name == "intake")}
        assert states == {State.HELD}


def test_it_is_of_one_moment_whoever_writes(db: None, database_url: str, tmp_path: Path) -> None:
    done = threading.Event()
    written: list[str] = []

    def go_on() -> None:
        while not done.is_set():
            with transaction():
                written.append(one(NOON).reference)

    writing = threading.Thread(target=go_on)
    writing.start()
    while len(written) < 5:
        done.wait(0.01)
    surely = set(written[:-1])
    try:
        back_up(tmp_path / "b.db")
    finally:
        done.set()
        writing.join()
    use(f"sqlite:///{tmp_path / 'b.db'}")
    kept = {case.reference for case in Case.select()}
    assert surely <= kept
    assert len(kept) == Event.select(Event.case).distinct().count()


def test_killed_half_way_there_is_no_file_and_the_next_is_whole(
    db: None, database_url: str, tmp_path: Path
) -> None:
    one(NOON)
    dying = (
        "import os, signal, sys; from pathlib import Path; import portal.backup as backup;"
        "from portal.database import open_database; from portal.sealing import Keyring;"
        "backup._keep = lambda *_: os.kill(os.getpid(), signal.SIGKILL);"
        f"open_database(sys.argv[1], Keyring([{DATA_KEY!r}]));"
        "backup.back_up(Path(sys.argv[2]))"
    )
    file = tmp_path / "b.db"
    words = [sys.executable, "-c", dying, database_url, str(file)]
    assert subprocess.run(words, cwd=ROOT, timeout=60, check=False).returncode == -signal.SIGKILL  # noqa: S603
    assert not file.exists()
    back_up(file)
    use(f"sqlite:///{file}")
    assert Case.select().count() == 1


def test_a_database_that_is_not_empty_stays(db: None, tmp_path: Path) -> None:
    back_up(tmp_path / "b.db")
    (tmp_path / "theirs").mkdir()
    theirs = at_head(tmp_path / "theirs")
    with pytest.raises(BackupRefused, match="is not empty"):
        restore(tmp_path / "b.db", theirs, KEYS)
    assert elsewhere(theirs, "SELECT COUNT(*) FROM region") == [(12,)]


def test_what_does_not_arrive_whole_does_not_arrive_at_all(
    db: None, tmp_path: Path, another: Path
) -> None:
    seed(3, NOON)
    file = tmp_path / "b.db"
    back_up(file)
    use(f"sqlite:///{file}")
    database.execute_sql('UPDATE "case" SET region = region || char(0)')
    database.close()
    with pytest.raises(BackupRefused, match="case"):
        restore(file, url_in(another), KEYS)
    with pytest.raises(DatabaseUnsound, match="is empty"):
        use(url_in(another))


def test_a_backup_from_before_postgresql_is_refused_in_words(tmp_path: Path, another: Path) -> None:
    made_of((ROOT / "tests/upgrades/0008_clock.sql").read_text(), tmp_path / "old.db")
    with pytest.raises(DatabaseUnsound, match="migrate it first"):
        restore(tmp_path / "old.db", url_in(another), KEYS)
    with pytest.raises(DatabaseUnsound, match="is empty"):
        use(url_in(another))


def test_the_road_of_an_operator(
    db: None,
    database_url: str,
    tmp_path: Path,
    another: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def run(url: str, *words: str) -> tuple[int, str]:
        for name in [name for name in os.environ if name.startswith("PORTAL_")]:
            monkeypatch.delenv(name)
        for name, value in environment(url).items():
            monkeypatch.setenv(name, value)
        code = main(list(words))
        said = capsys.readouterr()
        return code, said.out + said.err

    write()
    secret = url_in(another).replace("portal@", "portal:kanarie@")
    file = str(tmp_path / "b.db")
    assert run(database_url, "backup", file)[0] == 0
    code, said = run(secret, "restore", file)
    assert (code, "portal release: 1 letters" in said) == (0, True)
    assert "kanarie" not in said
    assert run(secret, "restore", file)[0] == 1
    assert run(secret, "sweep")[0] == 0
