"""Everything in one terminal: the site, the portal, its worker, and a mailbox for all letters."""

import http.client
import os
import signal
import socket
import sys
import time
from pathlib import Path

from portal.development.catcher import LOOPBACK, catching
from portal.development.programs import ProgramEnded, Programs, running
from portal.development.settings import SettingsTorn, mailbox_folder, renew_settings

PATIENCE = 60.0  # seconds in which the portal must begin to answer

PLACES = """
Eigen Kracht draait op deze machine. Brieven gaan nergens heen: ze blijven in het postvak.

  site        {url}/
  aanvragen   {url}/aanvragen/
  voorstellen {url}/voorstellen/
  postvak     {url}/postvak/
  gezondheid  {url}/gezondheid
  gegevens    {var}  (elke brief is een bestand in {mailbox})

Stoppen: Ctrl-C
"""


class Refused(Exception):
    """Nothing can be started like this; the message is one line that says what to do."""


def main() -> None:
    """Start everything, say where it is, and stop it at Ctrl-C or SIGTERM.

    Reads ``VAR`` (the folder of all state) and ``PORT`` from the environment. Exit code 0 when
    told to stop, 1 when something was refused, failed or ended by itself.
    """
    # A shell that starts this in the background lets it ignore Ctrl-C; both must stop it.
    for asked in (signal.SIGTERM, signal.SIGINT):
        signal.signal(asked, signal.default_int_handler)
    try:
        var = Path(os.environ.get("VAR") or "var").absolute()
        _run(var, _port(os.environ.get("PORT") or "8000"))
    except KeyboardInterrupt:
        _say("Gestopt.")
    except (Refused, SettingsTorn, ProgramEnded, OSError) as fault:
        sys.exit(f"make run: {fault}")


def _run(var: Path, port: int) -> None:
    _refuse_taken(port)
    # The database and its side files too are for this user alone.
    os.umask(0o077)
    var.mkdir(parents=True, exist_ok=True)
    with catching(mailbox_folder(var)) as mail_port:
        settings = renew_settings(var, port, mail_port)
        with running({**os.environ, **settings, "VAR": str(var)}) as programs:
            _start(programs, port, settings["PORTAL_REGIONS"])
            url, mailbox = settings["PORTAL_BASE_URL"], mailbox_folder(var)
            _say(PLACES.format(url=url, var=var, mailbox=mailbox))
            programs.watch(until=lambda: False)


def _start(programs: Programs, port: int, regions: str) -> None:
    portal = (sys.executable, "-m", "portal.cli")
    programs.run("portal migrate", *portal, "migrate")
    programs.run("portal regions load", *portal, "regions", "load", regions)
    programs.start("portal serve", *portal, "serve", "--bind", f"{LOOPBACK}:{port}")
    programs.start("portal worker", *portal, "worker")
    deadline = time.monotonic() + PATIENCE
    programs.watch(until=lambda: _answers(port) or time.monotonic() > deadline)
    if not _answers(port):
        raise Refused(f"no answer from the portal in {PATIENCE:.0f} seconds: see its lines above")


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise Refused("PORT is a number from 1 to 65535, such as PORT=8001")
    return int(text)


def _refuse_taken(port: int) -> None:
    try:
        socket.create_server((LOOPBACK, port)).close()
    except OSError as fault:
        raise Refused(
            f"port {port} cannot be used ({fault.strerror}): give another, PORT=8001 for example"
        ) from None


def _answers(port: int) -> bool:
    """Whether anything is said at all: right after the start not every check is green yet."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=5)
    try:
        connection.request("GET", "/gezondheid")
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
