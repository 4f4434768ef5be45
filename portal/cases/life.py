"""The life of a case: one table of the moves that it can make."""

from collections.abc import Iterable, Mapping

from portal.cases.case import Status

# From anywhere on the way; what a manager hears on the phone ends a case as a button does.
_WAYS_OUT = (Status.STOPPED, Status.REFERRED, Status.WITHDRAWN)

# The ordinary next step stands first. A step back is there because coordinators fall ill, and
# because what was recorded too early must not stay untrue. Who was waited for picks up the thread
# where it was, so waiting leads to each step that it interrupts; picking up is never repeated.
_STEPS: Mapping[Status, tuple[Status, ...]] = {
    Status.RECEIVED: (Status.ACKNOWLEDGED,),
    Status.ACKNOWLEDGED: (Status.IN_CONVERSATION, Status.WAITING),
    Status.IN_CONVERSATION: (Status.COORDINATOR_SOUGHT, Status.WAITING),
    Status.COORDINATOR_SOUGHT: (Status.PLANNED, Status.WAITING, Status.IN_CONVERSATION),
    Status.PLANNED: (Status.HELD, Status.WAITING, Status.COORDINATOR_SOUGHT),
    Status.HELD: (Status.CLOSED, Status.PLANNED),
    Status.WAITING: (Status.IN_CONVERSATION, Status.COORDINATOR_SOUGHT, Status.PLANNED),
}

ENDED = frozenset({Status.CLOSED, *_WAYS_OUT})

MOVES: Mapping[Status, tuple[Status, ...]] = {
    status: (*_STEPS[status], *_WAYS_OUT) if status in _STEPS else () for status in Status
}


def may_move(before: Status, after: Status) -> bool:
    """Whether a case can go from the one to the other; nothing leaves an ended case."""
    return after in MOVES[before]


def leads_to(before: Status, after: Status) -> bool:
    """Whether the ordinary road goes from the one to the other, by one step or by more."""
    while before in _STEPS:
        before = _STEPS[before][0]
        if before is after:
            return True
    return False


def before_the_end(states: Iterable[Status]) -> Status:
    """Where a case goes on that is opened again: where it last was, of these in order."""
    return [Status.RECEIVED, *(status for status in states if status not in ENDED)][-1]
