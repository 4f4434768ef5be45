"""One command starts everything, says where it is, and leaves nothing running behind it."""

import contextlib
import http.client
import os
import re
import signal
import smtplib
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.development.settings import mailbox_folder, read_settings
from tests.site_build import ensure_built

SUMMARY_ENDS = "Stoppen: Ctrl-C"


@pytest.fixture(autouse=True)
def site() -> None:
    ensure_built()


def run(var: Path, port: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "portal.development.run"],
        env={"PATH": os.environ["PATH"], "VAR": str(var), "PORT": port},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def refusal(var: Path, port: str) -> str:
    """What is said by a start that fails; it must end by itself, with exit code 1."""
    with run(var, port) as process:
        said, _ = process.communicate(timeout=30)
    assert process.returncode == 1
    return said


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def ask(port: int, path: str) -> tuple[int, str]:
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as client:
        client.request("GET", path)
        answer = client.getresponse()
        return answer.status, answer.read().decode()


def summary(process: "subprocess.Popen[str]") -> str:
    """What is said until all is up; where it never is, what was said until the end."""
    assert process.stdout
    said = ""
    for line in process.stdout:
        said += line
        if line.strip() == SUMMARY_ENDS:
            break
    return said


def test_a_port_in_use_is_refused_in_one_line_and_nothing_is_made(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        said = refusal(tmp_path / "var", str(port))
    assert said.count("\n") == 1
    assert f"port {port} cannot be used" in said
    assert "PORT=" in said
    assert not (tmp_path / "var").exists()


@pytest.mark.parametrize("port", ["http", "0", "65536", "-1", "²"])
def test_a_port_that_is_none_is_refused_in_one_line(tmp_path: Path, port: str) -> None:
    said = refusal(tmp_path / "var", port)
    assert said == "make run: PORT is a number from 1 to 65535, such as PORT=8001\n"


def test_a_file_in_place_of_the_folder_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "var").touch()
    said = refusal(tmp_path / "var", str(free_port()))
    assert said.count("\n") == 1
    assert str(tmp_path / "var") in said


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("machine") / "var"


@pytest.fixture
def machine(var: Path) -> Iterator[tuple["subprocess.Popen[str]", int, str]]:
    """Everything, running; with its port, and what it said."""
    port = free_port()
    with run(var, str(port)) as process:
        try:
            yield process, port, summary(process)
        finally:
            process.send_signal(signal.SIGTERM)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_all_of_it_runs_and_stops_when_told(
    machine: tuple["subprocess.Popen[str]", int, str], var: Path, number: signal.Signals
) -> None:
    process, port, said = machine
    for place in ("/", "/aanvragen/", "/postvak/", "/gezondheid"):
        assert f"http://127.0.0.1:{port}{place}\n" in said
    assert f"http://127.0.0.1:{port}/beheer/ " in said
    assert re.search(r"code van nu: [0-9]{6}\n", said)
    assert re.search(r"De sleutel is ([A-Z2-7]{4} ?){8}\n", said)
    told = said.partition("  beheer ")[2]
    assert max(map(len, told.splitlines())) <= 110
    assert ask(port, "/gezondheid")[0] in {200, 503}

    with smtplib.SMTP("127.0.0.1", int(read_settings(var)["PORTAL_MAIL_PORT"])) as client:
        client.sendmail("a@example.org", ["b@example.org"], b"Subject: brief hier\r\n\r\n")
    assert len(list(mailbox_folder(var).glob("*.eml"))) >= 1
    status, page = ask(port, "/postvak/")
    assert (status, "brief hier" in page) == (200, True)
    assert var.stat().st_mode & 0o777 == 0o700

    process.send_signal(number)
    # The pipe ends only when every program that holds it is gone.
    rest, _ = process.communicate(timeout=20)
    assert process.returncode == 0, rest
    assert "Traceback" not in rest


def test_one_that_dies_is_named_and_takes_all_down(
    machine: tuple["subprocess.Popen[str]", int, str],
) -> None:
    process, _, _ = machine
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    if not children.exists():
        pytest.skip("this machine does not tell a program's children")
    worker = next(
        int(child)
        for child in children.read_text().split()
        if "worker" in Path(f"/proc/{child}/cmdline").read_text().split("\0")
    )
    os.kill(worker, signal.SIGKILL)
    rest, _ = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "portal worker ended by itself" in rest
