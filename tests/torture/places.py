"""All failpoints, by what is being done when one comes by them, and what must be so after each."""

import pytest

from portal.failpoints import Action
from tests.databases import on_postgresql

# On a server who hangs is killed like any other; where only files are made, so is who fails.
actions = pytest.mark.parametrize(
    "action", [Action.RAISE, Action.KILL] if on_postgresql() else list(Action)
)
kills = pytest.mark.parametrize("action", [Action.KILL] if on_postgresql() else list(Action))

# Of both: whether the commit is behind it by then.
SENDING = {
    "send: lock taken": False,
    "receive: case written": False,
    "receive: event written": False,
    "accept: manager written to": False,
    "accept: confirmation counted": False,
    "accept: requester written to": False,
    "send: draft closed": False,
    "send: committed": True,
}
KEEPING = {"draft: written": False, "draft: committed": True}
# Whether the letter goes twice then: only from its 250 until that is recorded.
TALKING = {
    "claim: written": False,
    "worker: claimed": False,
    "smtp: introduced": False,
    "smtp: sender named": False,
    "smtp: reader named": False,
    "smtp: accepted": True,
    "worker: tried": True,
    "record: written": True,
    "worker: recorded": False,
}
RELEASING = ("quarantine: let through", "quarantine: announced")
SWEEPING = (
    "sweep: case forgotten",
    "sweep: some rows forgotten",
    "sweep: kind forgotten",
    "sweep: settled",
    "sweep: remembered",
)
ROTATING = (
    "rotation: both keys needed",
    "rotation: rows sealed",
    "rotation: pass done",
    "rotation: newest key needed",
)
# Whether the file has its name by then.
BACKING_UP = {
    "backup: file begun": False,
    "backup: written": False,
    "backup: examined": False,
    "backup: synced": False,
    "backup: named": True,
}
RESTORING = {
    "restore: copied": False,
    "restore: letters held": False,
    "backup: synced": False,
    "backup: named": True,
}
# On a server a database is filled from such a file; nothing of it is there before the end.
FILLING = {"restore: filled": False}
MIGRATING = ("migrate: step taken", "migrate: keys begun")

TRIED = frozenset(
    {
        *(*SENDING, *KEEPING, *TALKING, *RELEASING, *SWEEPING),
        *(*ROTATING, *BACKING_UP, *RESTORING, *FILLING, *MIGRATING),
    }
)
