"""Failpoints: named places in the code where a fault can be made to happen on purpose."""

import os
import signal
import time
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

# Every place there is, in the order in which it is come by.
NAMES = (
    # A step of a form is kept.
    "draft: written",
    "draft: committed",
    # A form is sent.
    "send: lock taken",
    "receive: case written",
    "receive: event written",
    "accept: manager written to",
    "accept: confirmation counted",
    "accept: requester written to",
    "send: draft closed",
    "send: committed",
    # A letter goes.
    "claim: written",
    "worker: claimed",
    "smtp: introduced",
    "smtp: sender named",
    "smtp: reader named",
    "smtp: accepted",
    "worker: tried",
    "record: written",
    "worker: recorded",
    # A case leaves quarantine.
    "quarantine: let through",
    "quarantine: announced",
    # What is past its period is forgotten.
    "sweep: case forgotten",
    "sweep: some rows forgotten",
    "sweep: kind forgotten",
    "sweep: settled",
    "sweep: remembered",
    # Everything is sealed anew.
    "rotation: both keys needed",
    "rotation: rows sealed",
    "rotation: pass done",
    "rotation: newest key needed",
    # A backup is made, or put back.
    "backup: file begun",
    "backup: written",
    "backup: examined",
    "restore: copied",
    "restore: letters held",
    "backup: synced",
    "backup: named",
    "restore: filled",
    # The schema is brought to head.
    "migrate: step taken",
    "migrate: keys begun",
)

_LONGEST_HANG = 600.0  # seconds: what nobody comes to kill must still end


class Action(StrEnum):
    """What a process does at a failpoint: raise, kill itself with SIGKILL, or hang."""

    RAISE = "raise"
    KILL = "kill"
    HANG = "hang"


class FailpointRaised(Exception):
    """A fault that was asked for; the message is the failpoint's name."""


@dataclass(frozen=True)
class Fault:
    """What is to happen at a failpoint: every time, or once where ``flag`` is given.

    The fault makes that file, with the id of its process in it, and does not happen while it is
    there. So whoever asked for it can wait for the file, and remove it to ask again.
    """

    name: str
    action: Action
    flag: Path | None = None

    def happen(self) -> None:
        """Raise ``FailpointRaised``, never come back, or do nothing where it happened before."""
        if self.flag and not _raised(self.flag):
            return
        if self.action is Action.KILL:
            os.kill(os.getpid(), signal.SIGKILL)
        if self.action is Action.HANG:
            time.sleep(_LONGEST_HANG)
        raise FailpointRaised(self.name)


_armed: dict[str, Fault] = {}


def failpoint(name: str) -> None:
    """Do nothing, unless a fault was asked for at this place."""
    fault = _armed.get(name)
    if fault:
        fault.happen()


def arm(faults: Iterable[Fault]) -> None:
    """Let these faults happen in this process, and no others from before."""
    _armed.clear()
    _armed.update({fault.name: fault for fault in faults})


def faults_in(text: str) -> tuple[Fault, ...]:
    """The faults that are asked for by ``name=action`` or ``name=action:flag``, ``;`` between.

    Raises ``ValueError``.
    """
    return tuple(_fault(part) for part in text.split(";") if part.strip())


def _fault(part: str) -> Fault:
    name, _, asked = part.strip().partition("=")
    action, _, flag = asked.partition(":")
    if name not in NAMES or action not in set(Action):
        raise ValueError(f"give name=raise, kill or hang, of a name that there is, not '{part}'")
    return Fault(name, Action(action), Path(flag) if flag else None)


def _raised(flag: Path) -> bool:
    """Whether the flag was not up yet, and is now."""
    try:
        with flag.open("x") as raised:
            raised.write(str(os.getpid()))
    except FileExistsError:
        return False
    return True
