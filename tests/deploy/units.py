"""A machine in a folder: what systemd would do with our units, done with the units themselves."""

import contextlib
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from configparser import RawConfigParser
from ctypes.util import find_library
from functools import cache
from pathlib import Path

from tests.deploy import sandbox

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
PATIENCE = 20  # seconds
FIRST_SOCKET = 3  # sd_listen_fds(3)

# What stands on a real machine and here in the folder.
MAPPED = re.compile(
    r"(?<![\w/.])(/opt/eigen-kracht|/etc/(?:eigen-kracht|systemd|nginx/nginx\.conf)|/srv/eigen-kracht"
    r"|/var/(?:lib|www)/eigen-kracht|/var/log/nginx|/run/eigen-kracht|/run/nginx\.pid|/usr/local/sbin)"
)


class Machine:
    """A folder in the place of ``/``, and the programs that run on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._programs: dict[str, subprocess.Popen[bytes]] = {}
        self._sockets: dict[str, socket.socket] = {}

    def path(self, text: str) -> Path:
        """Where this path of a real machine is."""
        return Path(self.map(text))

    def map(self, text: str) -> str:
        """A text with the machine's paths in it as they are here."""
        # After a third slash, in the address of a SQLite file, an absolute path begins.
        text = text.replace("sqlite:////var/lib/", f"sqlite:///{self.folder}/var/lib/")
        return MAPPED.sub(rf"{self.folder}\1", text)

    def environment(self, unit: str) -> dict[str, str]:
        """What a service of this unit has in its environment."""
        service = self._unit(unit)["Service"]
        file = self.map(service["EnvironmentFile"])
        given = dict(line.split("=", 1) for line in service["Environment"].split())
        return given | settings(Path(file))

    def listen(self, unit: str) -> None:
        """Listen as a ``.socket`` unit says, until the machine is stopped."""
        path = self.path(self._unit(unit)["Socket"]["ListenStream"])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(str(path))
        listening.listen(4096)
        self._sockets[unit.removesuffix(".socket")] = listening

    def start(self, unit: str, **other: str) -> None:
        """Start a service as its unit says, and wait where it is one that says when it is ready."""
        name, service = unit.removesuffix(".service"), self._unit(unit)["Service"]
        with _ready() as (address, wait):
            environment = self.environment(unit) | {"NOTIFY_SOCKET": address} | other
            command = shlex.join(confined(unit)) + " " + service["ExecStart"]
            self._programs[name] = self._spawn(name, command, environment)
            if service.get("Type") == "notify":
                wait(self._programs[name])

    def _spawn(
        self, name: str, command: str, environment: Mapping[str, str]
    ) -> "subprocess.Popen[bytes]":
        words = shlex.split(self.map(command))
        listening = self._sockets.get(name)
        handed: dict[str, object] = {}
        if listening:
            number = listening.fileno()
            # LISTEN_PID is the process's own, which only it knows.
            words = ["sh", "-c", 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"', "sh", *words]
            handed = {
                "preexec_fn": lambda: os.dup2(number, FIRST_SOCKET),
                "pass_fds": (FIRST_SOCKET,),
            }
        with (self.folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(  # type: ignore[call-overload, no-any-return]  # noqa: S603
                words,
                env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environment},
                cwd=ROOT,
                stderr=log,
                stdout=log,
                start_new_session=True,
                **handed,
            )

    def run(self, name: str, command: list[str]) -> None:
        """Run another program until the machine is stopped."""
        self._programs[name] = self._spawn(name, shlex.join(command), {})

    def pid(self, name: str) -> int:
        return self._programs[name].pid

    def log(self, name: str) -> str:
        """What a program said."""
        return (self.folder / f"{name}.log").read_text()

    def close(self, unit: str) -> None:
        """No longer listen as this ``.socket`` unit said."""
        self._sockets.pop(unit.removesuffix(".socket")).close()

    def runs(self, name: str) -> bool:
        return name in self._programs

    def tell(self, name: str, number: signal.Signals) -> None:
        self._programs[name].send_signal(number)

    def stop(self, name: str, patience: float = PATIENCE) -> int:
        """SIGTERM to its first process, SIGKILL to what is left; gives its exit code."""
        program = self._programs.pop(name)
        program.terminate()
        try:
            return program.wait(patience)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(program.pid, signal.SIGKILL)
            program.wait()

    def wait(self, name: str) -> int:
        """The exit code of a program that ends by itself."""
        return self._programs.pop(name).wait(PATIENCE)

    def restart(self, unit: str, **other: str) -> None:
        """As ``systemctl restart``: the old one ends in its own time, then the new one begins."""
        self.stop(unit.removesuffix(".service"))
        self.start(unit, **other)

    def stop_all(self) -> None:
        for name in list(self._programs):
            self.stop(name)
        for listening in self._sockets.values():
            listening.close()

    def _unit(self, name: str) -> RawConfigParser:
        # Where a unit is told twice the last holds, which is enough for what is read here.
        unit = RawConfigParser(strict=False)
        unit.optionxform = str  # type: ignore[assignment, method-assign]
        installed = self.path(f"/etc/systemd/system/{name}")
        unit.read(installed if installed.exists() else DEPLOY / name)
        return unit


@cache
def confined(unit: str) -> tuple[str, ...]:
    """What runs a command under the limits of a unit; nothing where this machine cannot do so."""
    if not (shutil.which("systemd-analyze") and find_library("seccomp")):
        return ()
    told = (DEPLOY / unit).read_text()
    filters = re.findall(r"^SystemCallFilter=(.+)$", told, re.MULTILINE)
    (families,) = re.findall(r"^RestrictAddressFamilies=(.+)$", told, re.MULTILINE)
    allowed = ",".join(sorted(sandbox.calls(filters)))
    return sys.executable, str(Path(sandbox.__file__)), allowed, ",".join(families.split())


def settings(file: Path) -> dict[str, str]:
    """What an environment file of systemd says."""
    lines = file.read_text().splitlines()
    pairs = (line.split("=", 1) for line in lines if line and not line.startswith("#"))
    return {name: "".join(shlex.split(value)) for name, value in pairs}


@contextlib.contextmanager
def _ready() -> Iterator[tuple[str, "Wait"]]:
    """systemd's ear: where a service tells that it is ready, and a way to wait for that."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind("")  # Linux gives it an abstract name.
        ear.settimeout(0.1)
        yield "@" + ear.getsockname()[1:].decode(), Wait(ear)


class Wait:
    """Waits until a program says that it is ready; raises ``RuntimeError`` where it does not."""

    def __init__(self, ear: socket.socket) -> None:
        self._ear = ear

    def __call__(self, program: "subprocess.Popen[bytes]") -> None:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and program.poll() is None:
            with contextlib.suppress(TimeoutError):
                if b"READY=1" in self._ear.recv(1024):
                    return
        raise RuntimeError("it did not start")


def install_release(machine: Machine, version: str) -> Path:
    """What a checkout with ``make site`` done holds, without making it once more."""
    release = machine.path(f"/opt/eigen-kracht/{version}")
    (release / "build").mkdir(parents=True)
    (release / ".venv").mkdir()
    (release / ".venv" / "bin").symlink_to(Path(sys.executable).parent)
    for name in ("deploy", "portal", "gegevens.toml"):
        (release / name).symlink_to(ROOT / name)
    (release / "build" / "site").symlink_to(ROOT / "build" / "site")
    shutil.copytree(_proxy_files(), release / "build" / "proxy")
    return release


@cache
def _proxy_files() -> Path:
    """As ``make site`` makes them, once the site is built."""
    folder = Path(tempfile.mkdtemp(prefix="stack-"))
    command = [sys.executable, str(DEPLOY / "proxy.py"), str(folder)]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)})  # noqa: S603
    return folder
