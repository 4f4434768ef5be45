"""The benchmarks count and compare as they say, on few enough cases to do so in every test run."""

import json
from datetime import UTC, datetime
from pathlib import Path
from pkgutil import resolve_name

import pytest
import time_machine

from tests.bench import defended, desk, letters, machine, mail, pages, submit, visitors
from tests.bench.__main__ import BENCHMARKS, DISK, WITHOUT_DATABASE, Benchmark
from tests.bench.table import Row, keep, table
from tests.bench.undefended import OUT
from tests.postgresql import Server

# So few of each that none takes more than a few seconds.
TINY: dict[str, Benchmark] = {
    "submit": lambda folder: submit.rows(folder, 1, 16),
    "defended": lambda folder: defended.rows(folder, 1, 8),
    "pages": lambda folder: pages.rows(folder, 1, 16),
    "mail": lambda folder: mail.rows(folder, 1, 2),
    "letters": lambda folder: letters.rows(folder, 1, 16),
    "machine": lambda folder: machine.rows(folder, 1, 8, 0.0),
    "visitors": lambda folder: visitors.rows(folder, 40, 1.0),
}


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    with time_machine.travel(datetime(2026, 11, 23, 12, tzinfo=UTC), tick=True):
        return list(desk.rows(tmp_path_factory.mktemp("bench"), (1_000, 20_000), rounds=1))


def test_twenty_thousand_cases_take_as_many_statements_as_a_thousand(rows: list[Row]) -> None:
    counted = [row for row in rows if row.unit == "statements"]
    assert len(counted) == len(desk.PAGES)
    assert all(row.value == row.limit and row.met for row in counted)


def test_every_page_is_timed_beside_the_same_page_with_few(rows: list[Row]) -> None:
    timed = [row for row in rows if row.unit == "ms"]
    named = [row.name.partition(":")[0] for row in timed]
    assert named == [*desk.PAGES, "submit", "a letter", "health"]
    assert all(row.value > 0 and row.limit > 0 for row in timed)


@pytest.mark.parametrize("name", TINY)
@pytest.mark.postgresql
def test_each_benchmark_runs_to_its_end(name: str, tmp_path: Path) -> None:
    found = list(TINY[name](tmp_path))
    assert found
    assert all(row.value >= 0 for row in found)


@pytest.mark.postgresql
def test_the_server_of_a_benchmark_is_on_the_disk_and_set_as_it_is_shipped() -> None:
    server = Server(DISK)
    try:
        found = server.execute("SELECT name FROM pg_settings WHERE source = 'command line'")
        assert server.folder.parent == DISK
    finally:
        server.remove()
    asked = {"listen_addresses", "max_connections", "log_min_messages", "unix_socket_directories"}
    assert {name for (name,) in found} - {"config_file", "data_directory"} == asked
    assert not server.folder.exists()


def test_no_benchmark_is_left_out_of_these_tests() -> None:
    assert {*TINY, "desk"} == set(BENCHMARKS) - WITHOUT_DATABASE


@pytest.mark.parametrize(("value", "met"), [(150, True), (150.1, False), (10, True)])
def test_a_goal_is_met_up_to_its_ratio(value: float, met: bool) -> None:
    row = Row("a page", value, "ms", 100, 1.5)
    assert row.met is met
    assert ("NO" in table([row])) is not met


def test_where_more_is_better_a_goal_is_met_from_its_ratio_on() -> None:
    least, less = (Row("submit", value, "/s", 100, 0.5, more=True) for value in (50, 49))
    assert least.met
    assert not less.met


def test_a_row_without_a_goal_only_tells() -> None:
    assert Row("a figure", 1000, "/s", 1).met


@pytest.mark.parametrize("name", OUT)
def test_every_defence_that_is_measured_is_still_where_it_was(name: str) -> None:
    assert callable(resolve_name(name))
    assert resolve_name(name) is not OUT[name]


def test_what_is_kept_can_be_read_by_its_names(tmp_path: Path) -> None:
    keep({"sqlite": [Row("a page", 120, "ms", 100, 1.5)]}, tmp_path / "build" / "bench.json")
    (kept,) = json.loads((tmp_path / "build" / "bench.json").read_text())
    measured = {"engine": "sqlite", "name": "a page", "value": 120, "unit": "ms", "limit": 100}
    assert kept == measured | {"ratio": 1.2, "goal": 1.5, "more": False, "met": True}
