"""A new map takes effect whole or not at all."""

import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from peewee import IntegrityError

from portal.database import database, migrate, open_database, transaction
from portal.routing.loading import LoadRefused, Summary, load
from portal.routing.regions import Destination, destination_of, loaded, route
from portal.routing.tables import (
    ManagerRow,
    MunicipalityRow,
    NationalDeskRow,
    PostcodeRow,
    RegionRow,
    RoutingTable,
)
from portal.sealing import Keyring
from tests.conftest import DATA_KEY
from tests.databases import empty, refuse
from tests.routing.maps import EXAMPLE, SMALL

TABLES: tuple[type[RoutingTable], ...] = (
    NationalDeskRow,
    ManagerRow,
    RegionRow,
    PostcodeRow,
    MunicipalityRow,
)
NO_CASES: Mapping[str, int] = {}

Load = Callable[..., Summary]


@pytest.fixture
def load_text(db: None, tmp_path: Path) -> Load:
    def load_text(text: str, open_cases: Mapping[str, int] = NO_CASES) -> Summary:
        path = tmp_path / "regios.toml"
        path.write_text(text, encoding="utf-8")
        return load(path, open_cases)

    return load_text


def kept() -> list[list[tuple[object, ...]]]:
    rows: list[list[tuple[object, ...]]] = [[*table.select().tuples()] for table in TABLES]
    return [sorted(some, key=repr) for some in rows]


def function_at(postcode: str) -> str:
    found = route(postcode, "")
    assert isinstance(found, Destination)
    return found.function


def test_the_first_load_says_what_it_did(db: None) -> None:
    summary = load(EXAMPLE, NO_CASES)
    # A row for each postcode and each second municipality of one; the rest speaks for itself.
    assert summary == Summary(12, 12, 1 + 12 + 12 + (4073 + 33) + 342, ())
    assert str(summary) == "12 regions and 12 managers loaded: 4473 rows changed"


@pytest.mark.sqlite
def test_loading_the_same_file_again_writes_nothing(load_text: Load) -> None:
    load_text(SMALL)
    before = database.connection().total_changes
    summary = load_text(SMALL, {"noord": 3})
    assert database.connection().total_changes == before
    assert str(summary) == "2 regions and 2 managers loaded: nothing changed"


def test_a_new_map_replaces_the_old_one(load_text: Load) -> None:
    load(EXAMPLE, NO_CASES)
    load_text(SMALL)
    fresh = kept()
    for table in TABLES:
        table.delete().execute()
    load_text(SMALL)
    assert kept() == fresh
    assert function_at("9401") == "Regiomanager Noord"


def test_a_file_with_a_fault_changes_nothing_and_is_named(load_text: Load, tmp_path: Path) -> None:
    load_text(SMALL)
    before = kept()
    broken = SMALL.replace('"Drenthe"', '"Drente"').replace("actief = true", "actief = false")
    with pytest.raises(LoadRefused) as refused:
        load_text(broken)
    assert kept() == before
    assert [fault.line for fault in refused.value.faults] == [18, 21]
    assert str(refused.value).splitlines()[1].startswith(f"{tmp_path / 'regios.toml'}:21: ")


def test_warnings_do_not_hinder_and_are_handed_on(load_text: Load) -> None:
    summary = load_text(SMALL.replace("actief = true", "actief = false"))
    assert [fault.warning for fault in summary.warnings] == [True]
    assert function_at("9401") == "Regiomanager Zuid"


def test_a_failure_in_the_middle_leaves_the_old_map(load_text: Load) -> None:
    load_text(SMALL)
    before = kept()
    refuse("postcode", only="NEW.code = '5211'")
    with pytest.raises(IntegrityError, match="geheim"):
        load(EXAMPLE, NO_CASES)
    assert kept() == before


DYING = """
import os, signal, sys
from pathlib import Path
from portal.database import connection, database, open_database
from portal.routing.loading import load
from portal.sealing import Keyring

url, key, file = sys.argv[1:]
open_database(url, Keyring([bytes.fromhex(key)]))
with connection():
    die = lambda: os.kill(os.getpid(), signal.SIGKILL)
    database.connection().create_function("die", 0, die)
    database.execute_sql(
        "CREATE TEMP TRIGGER dies BEFORE INSERT ON main.municipality WHEN NEW.name = 'Urk'"
        " BEGIN SELECT die(); END"
    )
    load(Path(file), {})
"""


@pytest.mark.sqlite
def test_a_kill_in_the_middle_leaves_the_old_map(load_text: Load, database_url: str) -> None:
    load_text(SMALL)
    before = kept()
    command = [sys.executable, "-c", DYING, database_url, DATA_KEY.hex(), str(EXAMPLE)]
    killed = subprocess.run(command, timeout=60, check=False)  # noqa: S603 - our own words
    assert killed.returncode == -signal.SIGKILL
    assert kept() == before
    assert load(EXAMPLE, NO_CASES).changed


def test_a_load_that_ends_in_a_larger_failure_is_undone_with_it(db: None) -> None:
    with pytest.raises(ZeroDivisionError), transaction():
        load(EXAMPLE, NO_CASES)
        _ = 1 / 0
    assert not loaded()


# The south goes to the north: the region is gone, its manager is still there.
WITHOUT_REGION = (
    SMALL.partition("[regio.zuid]")[0].replace('"Groningen"', '"Flevoland", "Groningen"')
    + """
[regio.rest]
naam = "Rest"
regiomanager = "noord"
"""
    + SMALL[SMALL.index("provincies = [\n") :].replace('"Flevoland", ', "")
)
# The region stays and has another manager; its own is gone.
WITHOUT_MANAGER = (
    SMALL.replace('regiomanager = "zuid"', 'regiomanager = "noord"')
    .replace("[regiomanager.zuid]", "[regiomanager.oost]")
    .replace('plaatsvervanger = "zuid"', 'plaatsvervanger = "oost"')
)


def test_a_region_with_open_cases_is_not_dropped(load_text: Load, tmp_path: Path) -> None:
    load_text(SMALL)
    before = kept()
    with pytest.raises(LoadRefused) as refused:
        load_text(WITHOUT_REGION, {"zuid": 2})
    assert str(refused.value) == (
        f"{tmp_path / 'regios.toml'}: region 'zuid' is not in this file and has 2 open cases;"
        " hand these over first, or keep the region"
    )
    assert kept() == before
    load_text(WITHOUT_REGION, {"zuid": 0, "noord": 4})
    assert destination_of("zuid").national


def test_a_manager_whose_region_has_open_cases_is_not_dropped(
    load_text: Load, tmp_path: Path
) -> None:
    load_text(SMALL)
    before = kept()
    with pytest.raises(LoadRefused) as refused:
        load_text(WITHOUT_MANAGER, {"zuid": 1})
    assert str(refused.value) == (
        f"{tmp_path / 'regios.toml'}: manager 'zuid' is not in this file and has 1 open case in"
        " region 'zuid'; hand these over first: load a file that keeps the manager but gives"
        " region 'zuid' to another"
    )
    assert kept() == before


def test_a_manager_may_go_once_their_regions_have_been_given_to_another(load_text: Load) -> None:
    load_text(SMALL)
    load_text(SMALL.replace('regiomanager = "zuid"', 'regiomanager = "noord"'), {"zuid": 1})
    load_text(WITHOUT_MANAGER, {"zuid": 1})
    assert destination_of("zuid").function == "Regiomanager Noord"


def test_all_that_would_be_dropped_is_named_at_once(load_text: Load) -> None:
    load(EXAMPLE, NO_CASES)
    with pytest.raises(LoadRefused) as refused:
        load_text(SMALL, {"drenthe": 1, "zeeland": 2})
    assert len(refused.value.faults) == 4


def test_cases_of_the_national_desk_hinder_no_load(load_text: Load) -> None:
    load_text(SMALL)
    load_text(WITHOUT_REGION, {"landelijk": 5})


def test_the_schema_holds_what_the_tables_say(tmp_path: Path) -> None:
    open_database(empty(tmp_path), Keyring([DATA_KEY]), create=True)
    migrate()
    for table in TABLES:
        columns = {column.name: column for column in database.get_columns(table._meta.table_name)}
        fields = table._meta.columns
        assert {name: column.null for name, column in columns.items()} == {
            name: field.null for name, field in fields.items()
        }
    database.close()


@pytest.mark.sqlite
def test_a_look_up_walks_an_index(db: None) -> None:
    for table, column in ((PostcodeRow, "code"), (MunicipalityRow, "name"), (RegionRow, "key")):
        plan = database.execute_sql(
            f"EXPLAIN QUERY PLAN SELECT * FROM {table._meta.table_name} WHERE {column} = 'x'"  # noqa: S608
        ).fetchall()
        assert "USING INDEX" in str(plan)
