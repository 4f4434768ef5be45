"""The operator's way in: help with an example, one line about what is wrong, and honest exits."""

import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from portal.audit.trail import AuditLine
from portal.cases.register import withdraw
from portal.casework.staff import Staff
from portal.cli import COMMANDS, main
from portal.commands.command import Command
from portal.commands.upkeep import chores, sweep_surely
from portal.config import Config
from portal.database import connection, open_database, transaction
from portal.delivery.letters import Envelope, Text
from portal.delivery.outbox import post
from portal.intake import drafts
from portal.routing.tables import ManagerRow, RegionRow
from portal.sealing import Keyring
from portal.sweep import sweep
from tests.conftest import DATA_KEY
from tests.databases import elsewhere, empty, on_postgresql, url_in
from tests.portal_app import (
    BASE,
    DOORS,
    EXAMPLE,
    Browser,
    build,
    environment,
    letters,
    new_database,
    only_case,
    required,
)
from tests.real_server import free_port
from tests.seed import one
from tests.upgrades.keep import restore

Portal = Callable[..., tuple[int, str, str]]
ROOT = Path(__file__).parent.parent
# On whichever port is free, for on its own one somebody may have the portal running.
SERVE = ["serve", "--bind", "127.0.0.1:0"]
NOT_MIGRATE = [
    SERVE,
    ["worker"],
    ["deliver"],
    ["regions", "load", str(EXAMPLE)],
    ["regions", "of", "3511"],
    ["staff", "list"],
    ["keys", "rotate"],
    ["backup", "b.db"],
    ["release"],
]


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, str]:
    return environment(url_in(tmp_path))


@pytest.fixture
def portal(
    settings: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Portal:
    """Run a command: its exit status, what it said and what it complained of."""

    def run(*words: str, **other: str) -> tuple[int, str, str]:
        for name in [name for name in os.environ if name.startswith("PORTAL_")]:
            monkeypatch.delenv(name)
        for name, value in (settings | other).items():
            monkeypatch.setenv(name, value)
        try:
            status = main(list(words))
        except SystemExit as left:
            status = int(str(left.code))
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.words)
def test_every_command_has_help_with_an_example(portal: Portal, command: Command) -> None:
    status, said, _ = portal(*command.words.split(), "--help")
    assert status == 0
    assert command.does in said
    assert f"example: {command.example}" in " ".join(said.split())


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["dance"],
        ["regions"],
        ["regions", "load"],
        ["regions", "of"],
        ["migrate", "now"],
        ["staff"],
        ["staff", "add", "Ina", "ina@example.org"],
        ["staff", "link"],
        ["keys"],
        ["backup"],
        ["restore"],
    ],
)
def test_wrong_usage_exits_2(portal: Portal, words: list[str]) -> None:
    status, said, complaint = portal(*words)
    assert (status, said) == (2, "")
    assert complaint.startswith("usage: portal")


@pytest.mark.parametrize("words", NOT_MIGRATE, ids=" ".join)
@pytest.mark.sqlite
def test_nothing_but_migrate_makes_a_database(
    portal: Portal, tmp_path: Path, words: list[str]
) -> None:
    status, said, complaint = portal(*words)
    assert (status, said) == (1, "")
    assert complaint.count("\n") == 1
    assert "portal migrate" in complaint
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("words", NOT_MIGRATE, ids=" ".join)
@pytest.mark.sqlite
def test_an_empty_file_is_no_database(portal: Portal, tmp_path: Path, words: list[str]) -> None:
    (tmp_path / "portal.db").touch()
    status, _, complaint = portal(*words)
    assert (status, complaint.count("\n")) == (1, 1)
    assert (tmp_path / "portal.db").stat().st_size == 0


@pytest.mark.parametrize("words", [*NOT_MIGRATE, ["migrate"]], ids=" ".join)
def test_settings_that_are_missing_are_one_line(
    portal: Portal, tmp_path: Path, words: list[str]
) -> None:
    status, _, complaint = portal(*words, PORTAL_SECRET_KEY="", PORTAL_DATA_KEYS="")
    assert status == 1
    command = " ".join(words[:2] if words[0] in {"regions", "staff", "keys"} else words[:1])
    missing = "settings missing: PORTAL_SECRET_KEY, PORTAL_DATA_KEYS"
    assert complaint == f"portal {command}: {missing}\n"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("words", NOT_MIGRATE, ids=" ".join)
def test_a_wrong_key_is_refused_in_one_line(
    portal: Portal, tmp_path: Path, words: list[str]
) -> None:
    new_database(tmp_path)
    status, _, complaint = portal(*words, PORTAL_DATA_KEYS="d3d3" * 10 + "d3c=")
    assert (status, complaint.count("\n")) == (1, 1)
    assert "PORTAL_DATA_KEYS" in complaint


def test_migrate_begins_a_database_and_does_nothing_the_second_time(
    portal: Portal, tmp_path: Path
) -> None:
    empty(tmp_path)
    status, said, _ = portal("migrate")
    assert status == 0
    assert "0001_register" in said
    assert portal("migrate") == (0, "migrated: the schema was at head already\n", "")


@pytest.mark.parametrize("words", [*NOT_MIGRATE, ["migrate"]], ids=" ".join)
def test_a_database_newer_than_the_program_is_refused_in_one_line(
    portal: Portal, tmp_path: Path, words: list[str]
) -> None:
    new_database(tmp_path)
    later = "INSERT INTO schema_migration (name, applied) VALUES ('9999_later', 'now')"
    elsewhere(url_in(tmp_path), later)
    status, said, complaint = portal(*words)
    assert (status, said, complaint.count("\n")) == (1, "", 1)
    assert "9999_later" in complaint
    assert "later one" in complaint


@pytest.mark.sqlite
def test_a_file_that_may_not_be_written_is_not_migrated_and_says_so_in_one_line(
    portal: Portal, tmp_path: Path
) -> None:
    path = tmp_path / "portal.db"
    restore((ROOT / "tests" / "upgrades" / "0003_regions.sql").read_text(), path)
    before = path.read_bytes()
    path.chmod(0o444)
    with as_somebody_else(tmp_path):
        status, said, complaint = portal("migrate")
    assert (status, said, complaint.count("\n")) == (1, "", 1)
    assert "rights" in complaint or "readonly" in complaint
    assert path.read_bytes() == before


@contextmanager
def as_somebody_else(folder: Path) -> Iterator[None]:
    """Without root's right to write what nobody may write; others are let into the folder."""
    if os.geteuid():
        yield
        return
    opened = [place for place in (folder, *folder.parents) if place.owner() == "root"]
    modes = {place: place.stat().st_mode for place in opened}
    for place, mode in modes.items():
        place.chmod(mode | 0o011)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)
        for place, mode in modes.items():
            place.chmod(mode)


@pytest.mark.parametrize("command", ["of", "check"])
@pytest.mark.sqlite
def test_a_file_that_is_no_database_is_one_line(
    portal: Portal, tmp_path: Path, command: str
) -> None:
    (tmp_path / "portal.db").write_bytes(b"no database at all" * 100)
    for words in (["migrate"], ["regions", "of", "3511"], ["deliver"]):
        status, _, complaint = portal(*words)
        assert (status, complaint.count("\n")) == (1, 1)
        assert "Traceback" not in complaint


def test_regions_are_loaded_and_asked(portal: Portal, tmp_path: Path) -> None:
    empty(tmp_path)
    portal("migrate")
    assert portal("regions", "load", str(EXAMPLE))[0] == 0
    status, said, _ = portal("regions", "of", "3511")
    assert (status, said) == (
        0,
        "Utrecht (Utrecht): Regiomanager Utrecht (voorbeeld) <utrecht@example.org>\n",
    )


def test_a_postcode_that_does_not_settle_it_names_what_would(
    portal: Portal, tmp_path: Path
) -> None:
    new_database(tmp_path)
    status, said, complaint = portal("regions", "of", "2451")
    assert (status, said) == (1, "")
    assert "--municipality with one of: Kaag en Braassem, Uithoorn" in complaint
    status, said, _ = portal("regions", "of", "2451", "--municipality", "Uithoorn")
    assert (status, said.partition(" (")[0]) == (0, "Noord-Holland")


def test_what_is_no_postcode_is_refused(portal: Portal, tmp_path: Path) -> None:
    new_database(tmp_path)
    status, _, complaint = portal("regions", "of", "Utrecht")
    assert (status, complaint.count("\n")) == (1, 1)


def test_the_example_is_sound(portal: Portal) -> None:
    assert portal("regions", "check", str(EXAMPLE))[0] == 0
    assert portal("regions", "check")[0] == 0  # PORTAL_REGIONS


@pytest.mark.parametrize("command", ["check", "load"])
def test_a_bad_file_is_named_with_its_line_and_changes_nothing(
    portal: Portal, tmp_path: Path, command: str
) -> None:
    new_database(tmp_path)
    bad = tmp_path / "bad.toml"
    text = EXAMPLE.read_text(encoding="utf-8")
    bad.write_text(text.replace('provincies = ["Zeeland"]', 'provincies = ["Zealand"]'), "utf-8")
    line = 1 + text[: text.index('provincies = ["Zeeland"]')].count("\n")
    before = _map(portal)
    status, said, complaint = portal("regions", command, str(bad))
    assert (status, said) == (1, "")
    assert f"{bad}:{line}:" in complaint
    assert _map(portal) == before


def _map(portal: Portal) -> Counter[str]:
    portal("regions", "of", "3511")  # opens the database
    with connection():
        return Counter(str(row) for t in (RegionRow, ManagerRow) for row in t.select().tuples())


@pytest.mark.parametrize("command", ["check", "load"])
def test_a_file_that_is_not_there_is_one_line(portal: Portal, tmp_path: Path, command: str) -> None:
    new_database(tmp_path)
    status, _, complaint = portal("regions", command, str(tmp_path / "none.toml"))
    assert status == 1
    assert "none.toml" in complaint
    assert "Traceback" not in complaint


def test_a_new_map_may_not_drop_a_region_with_an_open_case(portal: Portal, tmp_path: Path) -> None:
    browser = build(new_database(tmp_path)).test_client()
    assert isinstance(browser, Browser)
    browser.send(DOORS["pupil"], required("pupil", postcode="4301"))
    smaller = tmp_path / "smaller.toml"
    text = EXAMPLE.read_text(encoding="utf-8")
    smaller.write_text(text.replace("[regio.zeeland]", "[regio.scheldestreek]"), "utf-8")
    status, _, complaint = portal("regions", "load", str(smaller))
    assert status == 1
    assert "region 'zeeland' is not in this file and has 1 open case" in complaint
    with connection(), transaction():
        withdraw(only_case(), datetime.now(UTC))
    assert portal("regions", "load", str(smaller))[0] == 0


def test_the_worker_sweeps_chases_backs_up_asks_afterwards_and_sends_the_overview(
    settings: dict[str, str], database_url: str, now: datetime
) -> None:
    made = chores(Config.from_environment(settings))
    assert {chore.name for chore in made} == {
        "sweep",
        "chase",
        "quarantine",
        "digest",
        "backup",
        "contact afterwards",
    }
    assert all(chore.every <= timedelta(hours=1) for chore in made)
    for chore in made:
        chore.do(now)


def test_sweep_tells_what_goes_and_a_dry_run_changes_nothing(
    portal: Portal, tmp_path: Path
) -> None:
    open_database(new_database(tmp_path), Keyring([DATA_KEY]))
    with connection():
        drafts.save(drafts.new_secret(), "pupil", 1, {}, datetime.now(UTC) - timedelta(days=2))
    for _ in range(2):
        status, said, complaint = portal("sweep", "--dry-run")
        assert (status, complaint) == (0, "")
        assert said.startswith("would be forgotten: 0 cases, ")
        assert "1 unfinished forms" in said
    assert "1 unfinished forms" in portal("sweep")[1]
    assert "0 unfinished forms" in portal("sweep")[1]


def test_sweep_tells_of_a_case_that_a_letter_keeps(portal: Portal, tmp_path: Path) -> None:
    open_database(new_database(tmp_path), Keyring([DATA_KEY]))
    case = one(datetime.now(UTC) - timedelta(days=30))
    with connection(), transaction():
        withdraw(case, datetime.now(UTC) - timedelta(days=29))
        envelope = Envelope("noor@example.org", None, "info@example.org", case.reference)
        post("intake", Text("Nieuw", "Er is iets.\n"), envelope, case.received_at, "p@example.org")
    status, said, complaint = portal("sweep")
    assert (status, complaint) == (0, "")
    assert said.endswith(
        "kept: 1 cases, for a letter is neither sent nor set aside: see the overview\n"
    )


def test_after_a_long_stop_sweep_asks_a_person_in_one_line(
    portal: Portal, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    open_database(new_database(tmp_path), Keyring([DATA_KEY]))
    with connection():
        sweep(datetime.now(UTC) - timedelta(days=9))
    status, said, complaint = portal("sweep")
    assert (status, said, complaint.count("\n")) == (1, "", 1)
    assert "run 'portal sweep --after-a-long-stop'" in complaint
    sweep_surely(datetime.now(UTC))
    assert "--after-a-long-stop" in caplog.text
    assert portal("sweep", "--after-a-long-stop")[0] == 0
    assert portal("sweep")[0] == 0


def test_deliver_with_the_mail_server_away_fails_in_one_line(
    portal: Portal, tmp_path: Path
) -> None:
    browser = build(new_database(tmp_path)).test_client()
    assert isinstance(browser, Browser)
    browser.send(DOORS["pupil"], required("pupil"))
    status, said, complaint = portal("deliver", PORTAL_MAIL_PORT=str(free_port()))
    assert (status, said) == (1, "sent 0, deferred 0, stuck 0\n")
    assert complaint.count("\n") == 1
    assert "PORTAL_MAIL_*" in complaint


def test_deliver_with_nothing_to_do_succeeds(portal: Portal, tmp_path: Path) -> None:
    new_database(tmp_path)
    assert portal("deliver") == (0, "sent 0, deferred 0, stuck 0\n", "")


ADD = ("staff", "add", "Ina de Wit", "ina@example.org", "--role", "manager")


def test_staff_are_taken_on_shown_and_disabled(portal: Portal, tmp_path: Path) -> None:
    new_database(tmp_path)
    assert portal(*ADD, "--manager", "utrecht")[0] == 0
    assert [letter.recipient for letter in letters("invitation")] == ["ina@example.org"]
    assert "Ina de Wit <ina@example.org>  manager utrecht  invited" in portal("staff", "list")[1]
    status, said, _ = portal("staff", "disable", "INA@example.org")
    assert (status, said) == (0, "disabled INA@example.org: signed out everywhere\n")
    assert "manager utrecht  disabled" in portal("staff", "list")[1]
    assert portal(*ADD, "--manager", "utrecht")[0] == 0
    with connection():
        lines = [(line.actor, line.action.value) for line in AuditLine.select()]
    assert lines == [("operator", "changed")] * 3


REFUSED = [
    ((*ADD,), "a manager needs their key in the map of regions: drenthe, "),
    ((*ADD, "--manager", "atlantis"), "a manager needs their key in the map of regions: drenthe, "),
    (
        ("staff", "add", "Bo", "bo@example.org", "--role", "administrator", "--manager", "utrecht"),
        "only a manager has a key",
    ),
    (("staff", "add", "Bo", "bo@", "--role", "administrator"), "no address that mail can go to"),
    (("staff", "disable", "bo@example.org"), "see 'portal staff list'"),
    (("staff", "link", "bo@example.org"), "see 'portal staff list'"),
]


@pytest.mark.parametrize(("words", "complaint"), REFUSED)
def test_what_cannot_be_done_about_staff_is_one_line_and_nothing(
    portal: Portal, tmp_path: Path, words: tuple[str, ...], complaint: str
) -> None:
    new_database(tmp_path)
    status, said, complained = portal(*words)
    assert (status, said, complained.count("\n")) == (1, "", 1)
    assert complaint in complained
    assert portal("staff", "list") == (0, "", "")
    assert not letters()


def test_somebody_at_work_is_not_taken_on_twice(portal: Portal, tmp_path: Path) -> None:
    new_database(tmp_path)
    portal(*ADD, "--manager", "utrecht")
    status, _, complaint = portal(*ADD, "--manager", "zeeland")
    assert (status, complaint.count("\n")) == (1, 1)
    assert "manager utrecht" in portal("staff", "list")[1]
    assert len(letters("invitation")) == 1


def test_a_link_is_printed_for_the_day_the_mail_is_down(portal: Portal, tmp_path: Path) -> None:
    new_database(tmp_path)
    portal(*ADD, "--manager", "utrecht")
    assert re.fullmatch(
        rf"{BASE}/beheer/uitnodiging/[0-9a-f]{{64}}/\n", portal("staff", "link", ADD[3])[1]
    )
    with connection():
        ina = Staff.get()
        ina.authenticator = "A" * 32
        ina.save()
    assert re.fullmatch(
        rf"{BASE}/beheer/inloggen/link/[0-9a-f]{{64}}/\n", portal("staff", "link", ADD[3])[1]
    )
    assert "/uitnodiging/" in portal("staff", "link", ADD[3], "--new-authenticator")[1]
    with connection():
        assert Staff.get().authenticator is None
    assert len(letters()) == 1


@pytest.mark.sqlite
def test_as_a_program_a_refusal_is_one_line_and_exit_1(
    settings: dict[str, str], tmp_path: Path
) -> None:
    ran = subprocess.run(  # noqa: S603 - our own
        [sys.executable, "-m", "portal.cli", *SERVE],
        env=settings,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout, ran.stderr.count("\n")) == (1, "", 1)
    assert ran.stderr.startswith("portal serve: no database at ")


def test_a_checkout_without_settings_or_state_names_what_is_missing(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "portal.cli", "deliver"],
        env={"VAR": str(tmp_path / "none")},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stderr.count("\n")) == (1, 1)
    assert "PORTAL_SECRET_KEY" in ran.stderr


def test_no_driver_is_loaded_but_that_of_the_database(
    settings: dict[str, str], tmp_path: Path
) -> None:
    new_database(tmp_path)
    release = "import sys; from portal.cli import main; print(main(['release'])"
    ran = subprocess.run(  # noqa: S603 - our own
        [sys.executable, "-c", f"{release}, 'psycopg' in sys.modules)"],
        env=settings,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.splitlines()[-1] == f"0 {on_postgresql()}"
