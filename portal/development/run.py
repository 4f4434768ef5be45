"""Everything in one terminal: the site, the portal, its worker, and a mailbox for all letters."""

import http.client
import os
import signal
import socket
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from peewee import PeeweeException

from portal.casework.authenticator import in_groups
from portal.config import Config
from portal.database import DatabaseUnsound, open_database
from portal.development.catcher import LOOPBACK, catching
from portal.development.demonstration import demonstrators, furnish
from portal.development.programs import ProgramEnded, Programs, running
from portal.development.settings import SettingsTorn, mailbox_folder, renew_settings, with_own
from portal.sealing import Keyring

PORTAL = (sys.executable, "-m", "portal.cli")
PATIENCE = 60.0  # seconds in which the portal must begin to answer

PLACES = """
Eigen Kracht draait op deze machine. Brieven gaan nergens heen: ze blijven in het postvak.

  site        {url}/
  aanvragen   {url}/aanvragen/
  voorstellen {url}/voorstellen/
  postvak     {url}/postvak/
  gezondheid  {url}/gezondheid
  gegevens    {var}  (elke brief is een bestand in {mailbox})
{desk}
Stoppen: Ctrl-C
"""

DESK = """
  beheer      {url}/beheer/  (met een paar voorbeelden)
              1. Vraag een link voor {email}; voor andere rollen zie het postvak.
              2. De link komt in het postvak. Daar staat ook de code van nu: {code}
              3. Liever een eigen app met codes? De sleutel is {key}
"""


class Refused(Exception):
    """Nothing can be started like this; the message is one line that says what to do."""


_REFUSALS = (Refused, SettingsTorn, ProgramEnded, DatabaseUnsound, PeeweeException, OSError)


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
    except _REFUSALS as fault:
        sys.exit(f"make run: {fault}")


def _run(var: Path, port: int) -> None:
    _refuse_taken(port)
    # The database and its side files too are for this user alone.
    os.umask(0o077)
    var.mkdir(parents=True, exist_ok=True)
    with catching(mailbox_folder(var)) as mail_port:
        settings = renew_settings(var, port, mail_port)
        environment = with_own({**os.environ, **settings, "VAR": str(var)}, Path())
        with running(environment) as programs:
            _prepare(programs, settings["PORTAL_REGIONS"])
            config = Config.from_environment(environment)
            open_database(config.database_url, Keyring(config.data_keys))
            furnish(datetime.now(UTC), config)
            _start(programs, port)
            url, mailbox = config.base_url, mailbox_folder(var)
            _say(PLACES.format(url=url, var=var, mailbox=mailbox, desk=_desk(config)))
            programs.watch(until=lambda: False)


def _desk(config: Config) -> str:
    """How to come in at the desk, or nothing where nobody can."""
    people = demonstrators(datetime.now(UTC), config)
    if not people:
        return ""
    first = people[0]
    return DESK.format(
        url=config.base_url,
        email=first.email,
        code=first.code,
        key=in_groups(first.key),
    )


def _prepare(programs: Programs, regions: str) -> None:
    programs.run("portal migrate", *PORTAL, "migrate")
    programs.run("portal regions load", *PORTAL, "regions", "load", regions)


def _start(programs: Programs, port: int) -> None:
    programs.start("portal serve", *PORTAL, "serve", "--bind", f"{LOOPBACK}:{port}")
    programs.start("portal worker", *PORTAL, "worker")
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
