"""The whole stack as it is deployed: nginx, the portal behind its socket, and the worker."""

import contextlib
import http.client
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from tests.deploy.units import DEPLOY, Machine, install_release
from tests.machine import NGINX
from tests.portal_app import environment
from tests.real_server import Answering, free_port

HOST = "portaal.example.org"
PATIENCE = 20  # seconds
SPOOLS = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


class Stack(Answering):
    """A machine with all of it running, asked over TLS by its name."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.https, self.http = free_port(), free_port()

    def check_proxy(self) -> None:
        """``nginx -t``; raises ``RuntimeError`` with what it says."""
        result = subprocess.run([*self._nginx(), "-t"], capture_output=True, text=True, check=False)  # noqa: S603
        if result.returncode:
            raise RuntimeError(result.stderr)

    def start_proxy(self) -> None:
        """Start nginx with the configuration that is installed, and wait until it listens."""
        self.machine.run("nginx", [*self._nginx(), "-g", "daemon off;"])
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", self.https), 1).close()
                return
            time.sleep(0.05)
        raise RuntimeError(self.machine.log("nginx"))

    def reload_proxy(self) -> None:
        self._nginx()
        self.machine.tell("nginx", signal.SIGHUP)

    def _nginx(self) -> list[str]:
        """nginx, with the configuration that is installed as it must be here."""
        installed = self.machine.path("/etc/nginx/nginx.conf")
        here = installed.with_name("here.conf")
        here.write_text(self._here(installed.read_text()))
        return [str(NGINX.find()), "-p", str(self.machine.folder), "-c", str(here)]

    def _here(self, conf: str) -> str:
        """The configuration with other paths and ports, and as whoever runs the tests."""
        conf = self.machine.map(conf)
        user = "user root;" if os.geteuid() == 0 else ""
        spools = "".join(f"{s}_temp_path {self.machine.folder}/spool/{s}; " for s in SPOOLS)
        (self.machine.folder / "spool").mkdir(exist_ok=True)
        self.machine.path("/run/nginx.pid").parent.mkdir(exist_ok=True)
        for wanted, here in (
            (r"^user .*;$", user),
            (r"^http \{$", f"http {{ {spools}"),
            (r"listen (443|80) ", lambda m: f"listen 127.0.0.1:{self._port(m[1])} "),
            (r"listen \[::\]:(443|80) ", lambda m: f"{_no_ipv6()}listen [::1]:{self._port(m[1])} "),
        ):
            conf, times = re.subn(wanted, here, conf, flags=re.MULTILINE)
            assert times, wanted
        return conf

    def _port(self, real: str) -> int:
        return {"443": self.https, "80": self.http}[real]

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, dict[str, str], str]:
        line = http.client.HTTPConnection(HOST, timeout=PATIENCE)
        line.sock = self.connect()
        with contextlib.closing(line):
            line.request(method, path, body, dict(headers or {}))
            answer = line.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read().decode()

    def connect(self, source: str = "127.0.0.1", name: str = HOST) -> ssl.SSLSocket:
        """A line to the proxy, from an address of this machine."""
        line = socket.create_connection(
            ("127.0.0.1", self.https), PATIENCE, source_address=(source, 0)
        )
        context = ssl.create_default_context(
            cafile=str(self.machine.path("/etc/eigen-kracht/tls/fullchain.pem"))
        )
        return context.wrap_socket(line, server_hostname=name)

    def say(self, octets: bytes, source: str = "127.0.0.1") -> bytes:
        """Send octets as they are; gives all that comes back until the line is closed."""
        with self.connect(source) as line:
            with contextlib.suppress(OSError):
                line.sendall(octets)
            return listen(line)


def _no_ipv6() -> str:
    """What to begin a line with that only works with IPv6: nothing, or a comment."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET6) as probe:
        probe.bind(("::1", 0))
        return ""
    return "#"


def listen(line: socket.socket) -> bytes:
    """All that comes until the other side closes the line, or says nothing for long."""
    heard = b""
    with contextlib.suppress(OSError):
        while piece := line.recv(65536):
            heard += piece
    return heard


def prepare(folder: Path, **other: str) -> Machine:
    """A machine with a release, settings, a certificate and no database, and nothing running."""
    machine = Machine(folder)
    release = install_release(machine, "1")
    machine.path("/opt/eigen-kracht/current").symlink_to(release)
    for place in (*("/etc/nginx/nginx.conf", "/var/log/nginx/x"), "/var/lib/eigen-kracht/x"):
        machine.path(place).parent.mkdir(parents=True)
    shutil.copy(DEPLOY / "nginx.conf", machine.path("/etc/nginx/nginx.conf"))
    shutil.copytree(certificate(), machine.path("/etc/eigen-kracht/tls"))
    write_settings(machine, **other)
    return machine


def write_settings(machine: Machine, **other: str) -> None:
    """The settings of a test, in production, as the environment file gives them."""
    database = machine.path("/var/lib/eigen-kracht/portal.db")
    given = environment(f"sqlite:///{database}") | {
        "PORTAL_MODE": "production",
        "PORTAL_BASE_URL": f"https://{HOST}",
        "PORTAL_TRUSTED_PROXIES": "1",
    }
    file = machine.path("/etc/eigen-kracht/portal.env")
    file.write_text("".join(f"{name}='{value}'\n" for name, value in (given | other).items()))


@cache
def certificate() -> Path:
    """A folder with a key and a certificate of its own making, for a week."""
    folder = Path(tempfile.mkdtemp(prefix="stack-"))
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    words += ["-nodes", "-days", "7", "-subj", f"/CN={HOST}", "-addext"]
    words += [f"subjectAltName=DNS:{HOST}", "-keyout", "privkey.pem", "-out", "fullchain.pem"]
    subprocess.run(words, cwd=folder, check=True, capture_output=True)  # noqa: S603
    return folder
