"""Show the site while it is written: a saved file builds it anew and refreshes the browser."""

import logging
import os
import subprocess
import sys
from pathlib import Path

from mkdocs.exceptions import Abort
from mkdocs.livereload import LiveReloadServer

HERE = Path(__file__).parent
ROOT = HERE.parent
OUTPUT = ROOT / "build" / "site"
WATCHED = ("content", "site", "gegevens.toml", "mkdocs.yml")


def main() -> int:
    """Serve on loopback until Ctrl-C; the port is ``PORT``, 8000 if it is not given."""
    port = int(os.environ.get("PORT", "8000"))
    os.environ["PORTAL_BASE_URL"] = f"http://127.0.0.1:{port}"
    server = LiveReloadServer(build, "127.0.0.1", port, str(OUTPUT))
    # What is wrong is said by the build and by us, in Dutch.
    logging.getLogger("mkdocs.livereload").disabled = True
    server.error_handler = lambda _: not_found()
    for name in WATCHED:
        server.watch(str(ROOT / name))
    try:
        attempt()
        print(f"De site staat op http://127.0.0.1:{port}/ en volgt wat u bewaart. Stoppen: Ctrl-C.")
        sys.stdout.flush()
        server.serve()  # type: ignore[no-untyped-call]
    except OSError:
        print(f"Poort {port} is bezet. Probeer: make preview PORT=8080", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        server.shutdown()
    return 0


def build() -> None:
    """Run the whole build; raises ``Abort``, which the server shows and survives."""
    command = [sys.executable, str(HERE / "build.py")]
    if subprocess.run(command, cwd=ROOT, check=False).returncode:  # noqa: S603 - our own script
        raise Abort("Er is iets mis (zie hierboven). Verbeter het en bewaar opnieuw.")


def attempt() -> None:
    """The first build; a fault is shown and waits to be mended, like any later one."""
    try:
        build()
    except Abort as fault:
        print(fault, file=sys.stderr)


def not_found() -> bytes | None:
    """The site's own page for an address that is not there."""
    page = OUTPUT / "404.html"
    return page.read_bytes() if page.is_file() else None


if __name__ == "__main__":
    sys.exit(main())
