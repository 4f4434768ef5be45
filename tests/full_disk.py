"""A server on a small disk that fills up and gets room again; tells in JSON how it went.

It mounts that disk itself, and so is run in a mount namespace of its own, which takes the disk with
it when it ends.
"""

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from portal import room
from portal.database import check_integrity, connection, open_database
from portal.delivery.outbox import Outcome, Outgoing, Result
from portal.delivery.worker import deliver_round
from portal.sealing import Keyring
from tests.conftest import DATA_KEY
from tests.portal_app import DOORS, cases, form_on, letters, new_database, required, urlencoded
from tests.real_server import Filled, Server, free_port, serving

SIZE = 48_000_000  # octets
PATH = DOORS["community"]
TYPED = required("community", story="Er is veel lawaai.")


def main(folder: Path) -> None:
    """Fill the disk, first nearly and then to its last octet, and make room again."""
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "none", str(folder)]
    subprocess.run(mount, check=True)  # noqa: S603
    url = new_database(folder)
    open_database(url, Keyring([DATA_KEY]))
    told: dict[str, Any] = {}
    with serving(url, free_port()) as server:
        server.send(server.fill_in(PATH, TYPED))
        told |= {"cases before": len(cases()), "letters before": len(letters())}
        last = server.fill_in(PATH, TYPED)
        ballast = folder / "ballast"
        _fill(ballast, leave=room.least(folder) - 1)
        told["nearly full"] = _look(server, last) | {"delivered": _deliver()}
        _fill(ballast, leave=0)
        told["full"] = _look(server, last)
        ballast.unlink()
        told["after"] = {"send": server.send(last)[0]}
    told["after"] |= {"sound": _is_sound(), "cases": len(cases())}
    sys.stdout.write(json.dumps(told))


def _fill(ballast: Path, leave: int) -> None:
    with ballast.open("ab") as file:
        while (free := room.free(ballast.parent)) > leave:
            if not file.write(b"x" * min(free - leave, 1_000_000)):
                break
            file.flush()


def _look(server: Server, last: Filled) -> dict[str, Any]:
    """What a visitor meets: another step, the last page, a page to read; and what health says."""
    path = last.path.replace("controleren", "3")
    status, _, page = server.ask("GET", path, headers=last.headers)
    form = form_on(page, path).fill({"story": "Iets anders."})
    body = urlencoded(form.data)
    step = server.ask("POST", path, body, last.headers)
    sent = server.ask("POST", last.path, last.body, last.headers)
    return {
        "read": status,
        "step": [step[0], "Iets anders." in step[2]],
        "send": [sent[0], "Er is veel lawaai." in sent[2]],
        "health": server.ask("GET", "/gezondheid")[0],
    }


def _deliver() -> int:
    def send(_: Outgoing) -> Outcome:
        return Outcome(Result.SENT, "250 ok")

    return deliver_round(lambda: datetime.now(UTC), send).sent


def _is_sound() -> bool:
    with connection():
        check_integrity(references=True)
    return True


if __name__ == "__main__":
    main(Path(sys.argv[1]))
