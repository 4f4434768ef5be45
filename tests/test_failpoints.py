"""Failpoints: each stands in the code once, does nothing unasked, and never in production."""

import ast
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from timeit import repeat

import pytest

from portal.config import Config, ConfigError
from portal.failpoints import (
    NAMES,
    Action,
    FailpointRaised,
    Fault,
    arm,
    failpoint,
    faults_in,
)
from tests.portal_app import environment

ROOT = Path(__file__).parent.parent
FIRST, SECOND = NAMES[:2]


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    arm(())


def in_the_code() -> Counter[str]:
    """What every call of ``failpoint`` names."""
    return Counter(
        ast.literal_eval(call.args[0])
        for path in (ROOT / "portal").rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id == "failpoint"
    )


def test_each_name_stands_in_the_code_exactly_once() -> None:
    assert in_the_code() == Counter(NAMES)
    assert len(set(NAMES)) == len(NAMES)


def test_nothing_happens_unless_it_was_asked_for() -> None:
    arm(faults_in(f"{FIRST}=raise"))
    failpoint(SECOND)
    with pytest.raises(FailpointRaised, match=FIRST):
        failpoint(FIRST)
    arm(())
    failpoint(FIRST)


def test_a_point_that_is_not_armed_costs_less_than_a_microsecond() -> None:
    assert min(repeat(lambda: failpoint(FIRST), number=10_000, repeat=5)) < 0.01


def test_with_a_flag_it_happens_once_until_the_flag_is_taken_down(tmp_path: Path) -> None:
    flag = tmp_path / "it happened"
    arm(faults_in(f"{FIRST}=raise:{flag}"))
    for _ in range(2):
        with pytest.raises(FailpointRaised):
            failpoint(FIRST)
        failpoint(FIRST)
        assert flag.read_text().isdigit()
        flag.unlink()


def test_a_process_can_be_made_to_kill_itself() -> None:
    asked = f"from portal.failpoints import *; arm(faults_in('{FIRST}=kill')); failpoint('{FIRST}')"
    killed = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, check=False)  # noqa: S603
    assert killed.returncode == -signal.SIGKILL


def test_what_is_asked_for_is_read_as_it_is_written(tmp_path: Path) -> None:
    asked = f"{FIRST}=raise; {SECOND}=hang:{tmp_path};"
    assert faults_in(asked) == (
        Fault(FIRST, Action.RAISE),
        Fault(SECOND, Action.HANG, tmp_path),
    )
    assert Config.from_environment(environment("sqlite:///x", PORTAL_FAILPOINTS=asked)).failpoints


@pytest.mark.parametrize("asked", ["nowhere=kill", f"{FIRST}=explode", FIRST, f"{FIRST}="])
def test_what_there_is_not_is_refused(asked: str) -> None:
    with pytest.raises(ConfigError, match="PORTAL_FAILPOINTS"):
        Config.from_environment(environment("sqlite:///x", PORTAL_FAILPOINTS=asked))


def test_in_production_it_is_refused_in_one_line() -> None:
    settings = environment(
        "sqlite:///x",
        PORTAL_MODE="production",
        PORTAL_BASE_URL="https://portaal.example.org",
        PORTAL_FAILPOINTS=f"{FIRST}=raise",
    )
    with pytest.raises(ConfigError, match=r"^settings wrong: PORTAL_FAILPOINTS \(.*leave it out"):
        Config.from_environment(settings)
