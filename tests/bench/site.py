"""A page of the site as it is deployed, beside the same web server with nothing else set."""

import shutil
import ssl
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.bench.asking import get
from tests.bench.measured import Measured
from tests.bench.served import ROOT, Family, listens, until
from tests.bench.table import Row
from tests.deploy.stack import Stack, prepare
from tests.deploy.units import Machine
from tests.machine import NGINX
from tests.portal_app import new_database
from tests.real_server import free_port

ROUNDS = 7
EACH = 1000
AT_ONCE = 4  # connections

_PAGES = {"the home page": "/", "a page of the site": "/privacy/"}
_BARE = """worker_processes auto; error_log {log}; pid {pid};
events {{}}
http {{
  access_log off; gzip_static on; types {{ text/html html; }} {spools}
  server {{
    listen 127.0.0.1:{port} ssl; root {site}; index index.html;
    ssl_certificate {tls}/fullchain.pem; ssl_certificate_key {tls}/privkey.pem;
  }}
}}
"""


def rows(_folder: Path, rounds: int = ROUNDS, each: int = EACH) -> Iterator[Row]:
    """Ask both for the same pages, in turn."""
    # A short name: the path of a socket has room for 107 octets.
    folder = Path(tempfile.mkdtemp(prefix="stack-"))
    machine = prepare(folder)
    new_database(machine.path("/var/lib/eigen-kracht"))
    stack = Stack(machine)
    try:
        stack.start_proxy()
        bare = _start_bare(machine)
        tls = ssl.create_default_context(
            cafile=str(machine.path("/etc/eigen-kracht/tls/fullchain.pem"))
        )
        for name, path in _PAGES.items():
            own, least = Measured(), Measured()
            requests = [get(path, {"Accept-Encoding": "gzip"})] * each
            for warm in (True, *(False for _ in range(rounds))):
                for found, server, port in (
                    (own, "nginx", stack.https),
                    (least, "bare", bare),
                ):
                    into = Measured() if warm else found
                    into.round(Family(machine.pid(server)), port, requests, 200, AT_ONCE, tls)
            row = f"{name}, as deployed beside a bare web server"
            yield Row(row, own.speed, "/s", least.speed, 0.9, more=True)
            yield Row(f"{name}: processor time", own.cost, "ms", least.cost)
    finally:
        machine.stop_all()
        shutil.rmtree(folder)


def _start_bare(machine: Machine) -> int:
    """nginx with the same pages and certificate; gives its port."""
    port, folder = free_port(), machine.folder
    conf = folder / "bare.conf"
    spools = " ".join(
        f"{kind}_temp_path {folder}/bare-{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    conf.write_text(
        _BARE.format(
            log=folder / "bare.log",
            pid=folder / "bare.pid",
            port=port,
            site=ROOT / "build" / "site",
            tls=machine.path("/etc/eigen-kracht/tls"),
            spools=spools,
        )
    )
    machine.run(
        "bare", [str(NGINX.find()), "-p", str(folder), "-c", str(conf), "-g", "daemon off;"]
    )
    until(lambda: listens(port))
    return port
