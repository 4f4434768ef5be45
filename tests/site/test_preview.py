"""An editor sees each saved change, and a fault stops nothing but itself."""

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.real_server import free_port
from tests.site.conftest import OURS
from tests.site.test_build import change, give, tree

__all__ = ["tree"]

PATIENCE = 20  # seconds


@dataclass(frozen=True)
class Preview:
    """A running preview of the tree at ``root``."""

    root: Path
    address: str
    process: subprocess.Popen[str]

    def shows(self, path: str) -> str:
        try:
            with urllib.request.urlopen(self.address + path, timeout=PATIENCE) as answer:  # noqa: S310
                return str(answer.read().decode())
        except urllib.error.HTTPError as error:
            return str(error.read().decode())
        except OSError:
            return ""


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.1)


@pytest.fixture
def preview(tree: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Preview]:
    port = free_port()
    monkeypatch.setenv("PORT", str(port))
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, str(tree / "site" / "preview.py")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    running = Preview(tree, f"http://127.0.0.1:{port}", process)
    until(lambda: "Contact" in running.shows("/contact/"))
    yield running
    process.kill()
    process.communicate()


def test_what_is_saved_is_shown_and_a_fault_waits_to_be_mended(preview: Preview) -> None:
    page = preview.root / "content" / "contact.md"
    assert OURS["telefoon"] in preview.shows("/contact/")
    assert "Deze pagina is er niet" in preview.shows("/nergens/")

    change(page, "Bellen is gratis.", "[Bellen](nergens.md) is gratis.")
    said = preview.process.stderr
    assert said
    assert any("Verbeter het en bewaar opnieuw" in line for line in said)

    give(preview.root, "telefoon_woord", '"0800-LATER EK"')
    change(page, "[Bellen](nergens.md)", "Vandaag bellen")
    until(lambda: "Vandaag bellen is gratis." in preview.shows("/contact/"))
    assert "0800-LATER EK" in preview.shows("/contact/")
    assert preview.process.poll() is None


def test_a_port_that_is_taken_is_named_in_one_line(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        monkeypatch.setenv("PORT", str(other.getsockname()[1]))
        command = [sys.executable, str(tree / "site" / "preview.py")]
        result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1].endswith("is bezet. Probeer: make preview PORT=8080")
    assert "Traceback" not in result.stderr
