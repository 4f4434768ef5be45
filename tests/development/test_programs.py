"""Programs started together stop together, whatever ends first."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from portal.development import programs as programs_module
from portal.development.programs import ProgramEnded, Programs, running

ENVIRONMENT = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path.cwd())}

# A program that says its number, after its preparations, and then waits to be stopped.
READY = "import os, signal; {}; open({!r}, 'w').write(str(os.getpid())); signal.pause()"


def start(programs: Programs, name: str, file: Path, preparation: str = "pass") -> None:
    """Start a program and wait until it is ready."""
    programs.start(name, sys.executable, "-c", READY.format(preparation, str(file)))
    programs.watch(until=lambda: file.exists() and bool(file.read_text()))


def lives(file: Path) -> bool:
    try:
        os.kill(int(file.read_text()), 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
def one(tmp_path: Path) -> Path:
    return tmp_path / "one"


@pytest.fixture
def two(tmp_path: Path) -> Path:
    return tmp_path / "two"


def test_none_outlives_the_block(one: Path, two: Path) -> None:
    with pytest.raises(KeyboardInterrupt), running(ENVIRONMENT) as programs:
        start(programs, "one", one)
        start(programs, "two", two)
        raise KeyboardInterrupt
    assert not lives(one)
    assert not lives(two)


def test_the_one_that_ends_by_itself_is_named_and_the_other_stopped(one: Path) -> None:
    with pytest.raises(ProgramEnded, match=r"^two ended by itself, exit code 7"):  # noqa: SIM117
        with running(ENVIRONMENT) as programs:
            start(programs, "one", one)
            programs.start("two", sys.executable, "-c", "raise SystemExit(7)")
            programs.watch(until=lambda: False)
    assert not lives(one)


def test_a_step_that_fails_is_named(one: Path) -> None:
    with pytest.raises(ProgramEnded, match=r"^step failed with exit code 3"):  # noqa: SIM117
        with running(ENVIRONMENT) as programs:
            start(programs, "one", one)
            programs.run("step", sys.executable, "-c", "")
            programs.run("step", sys.executable, "-c", "raise SystemExit(3)")
    assert not lives(one)


def test_one_that_will_not_stop_is_made_to(
    one: Path, two: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs_module, "GRACE", 0.2)
    with running(ENVIRONMENT) as programs:
        start(programs, "one", one, "signal.signal(signal.SIGTERM, signal.SIG_IGN)")
        start(programs, "two", two)
    assert not lives(one)
    assert not lives(two)


def test_an_asked_program_has_time_to_finish(one: Path) -> None:
    finish = f"os.rename({str(one)!r}, {str(one) + '.done'!r})"
    handler = f"signal.signal(signal.SIGTERM, lambda *a: {finish} or os._exit(0))"
    with running(ENVIRONMENT) as programs:
        start(programs, "one", one, handler)
    assert one.with_name("one.done").exists()


def test_an_impatient_second_signal_leaves_nobody_behind(
    one: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = f"signal.signal(signal.SIGTERM, lambda *a: os.kill({os.getpid()}, signal.SIGINT))"
    monkeypatch.setattr(programs_module, "GRACE", 0.2)
    with running(ENVIRONMENT) as programs:
        start(programs, "one", one, again)
    assert not lives(one)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's own")
def test_none_outlives_a_parent_that_is_killed(one: Path) -> None:
    parent = (
        "import os, signal, sys\n"
        "from portal.development.programs import running\n"
        f"with running({ENVIRONMENT!r}) as programs:\n"
        f"    programs.start('one', sys.executable, '-c', {READY.format('pass', str(one))!r})\n"
        f"    programs.watch(until=lambda: os.path.exists({str(one)!r}))\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    # The pipe that both hold is at its end only when both are gone.
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", parent],
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        timeout=20,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
