"""How a case goes on: each step of its life, with who took it and when.

Every function works in its caller's transaction, on a case that was read in it.
"""

from datetime import datetime, timedelta

from portal.cases import life
from portal.cases.case import Happening, Stage, Status
from portal.cases.register import By, Case, history, record
from portal.failpoints import failpoint
from portal.workdays import sign_of_life_by

_MINUTE = timedelta(minutes=1)


class NotAllowed(Exception):
    """The life of the case does not lead there from where it is now; nothing was changed."""


def acknowledge(case: Case, by: By, now: datetime) -> bool:
    """Give the first sign of life; False where it was given already or the case has ended.

    Raises ``NotAllowed`` in quarantine.
    """
    if case.stage is Stage.QUARANTINED:
        raise NotAllowed("first see whether a person sent it")
    if case.stage is not Stage.AWAITING:
        return False
    if case.status is Status.RECEIVED:
        case.status = Status.ACKNOWLEDGED
    if case.heard_after is None:
        case.heard_after = (now - case.received_at) // _MINUTE
        case.in_time = now <= sign_of_life_by(case.received_at)
    _set(case, Stage.UNDER_WAY, now)
    record(case, Happening.ACKNOWLEDGED, now, by, status=case.status)
    return True


def move(case: Case, to: Status, by: By, reason: str, now: datetime) -> bool:
    """Let a case come to another status; False where it is there already.

    Only an end can come before the sign of life, and in quarantine nothing. Raises ``NotAllowed``.
    """
    if case.status is to:
        return False
    ends = to in life.ENDED
    early = case.stage is Stage.QUARANTINED or (case.stage is Stage.AWAITING and not ends)
    if early or not life.may_move(case.status, to):
        raise NotAllowed(f"{case.status.value} → {to.value}")
    case.status = to
    _set(case, Stage.ENDED if ends else Stage.UNDER_WAY, now)
    record(case, Happening.MOVED, now, by, status=to, reason=reason)
    return True


def reach(case: Case, to: Status, by: By, now: datetime) -> bool:
    """Let a case come to where the facts show it to be, over steps that nobody took one by one.

    False where the ordinary road does not lead there: it is there, or beyond. Raises
    ``NotAllowed`` while a sign of life is awaited and after the end.
    """
    if case.stage is not Stage.UNDER_WAY:
        raise NotAllowed(f"{case.stage.value} → {to.value}")
    if not life.leads_to(case.status, to):
        return False
    case.status = to
    _set(case, Stage.UNDER_WAY, now)
    record(case, Happening.MOVED, now, by, status=to)
    return True


def pass_on(case: Case, region: str, by: By, reason: str, now: datetime) -> None:
    """Give a case to another region, where a sign of life is awaited anew; raises ``NotAllowed``.

    Its status stays: what was done is not undone by who does the rest.
    """
    if case.stage in {Stage.ENDED, Stage.QUARANTINED} or case.region == region:
        raise NotAllowed(f"to {region}")
    case.region = region
    _set(case, Stage.AWAITING, now)
    record(case, Happening.PASSED_ON, now, by, region=region, reason=reason)


def reopen(case: Case, by: By, reason: str, now: datetime) -> None:
    """Take an end back: the case is where it was before, and awaits a sign of life again.

    What was taken for no real request goes back into quarantine, to be looked at once more. What
    its requester withdrew stays so, whoever asks. Raises ``NotAllowed``.
    """
    events = history(case)
    if case.stage is not Stage.ENDED or any(e.what is Happening.WITHDRAWN for e in events):
        raise NotAllowed("only what the desk ended can be opened again")
    case.status = life.before_the_end(event.status for event in events if event.status)
    _set(case, Stage.QUARANTINED if case.doubts else Stage.AWAITING, now)
    record(case, Happening.REOPENED, now, by, status=case.status, reason=reason)


def let_through(case: Case, by: By, reason: str, now: datetime) -> bool:
    """End the quarantine; False where it was ended so before.

    A sign of life is awaited since the case came in: its requester knows of no quarantine. Raises
    ``NotAllowed`` where the case has ended.
    """
    if case.stage is not Stage.QUARANTINED:
        if case.doubts:
            raise NotAllowed("it has ended")
        return False
    case.doubts = ""
    _set(case, Stage.AWAITING, case.idle_since)
    record(case, Happening.LET_THROUGH, now, by, reason=reason)
    failpoint("quarantine: let through")
    return True


def refuse(case: Case, by: By, reason: str, now: datetime) -> bool:
    """End a case that no person sent; False where that was done before.

    Raises ``NotAllowed`` where it was let through or withdrawn.
    """
    if case.stage is not Stage.QUARANTINED:
        if case.doubts and case.status is Status.STOPPED:
            return False
        raise NotAllowed("it is not in quarantine")
    case.status = Status.STOPPED
    _set(case, Stage.ENDED, now)
    record(case, Happening.MOVED, now, by, status=Status.STOPPED, reason=reason)
    return True


def touch(case: Case, now: datetime) -> None:
    """Note that somebody at the desk did something with a case, short of a step in its life."""
    # A note is no sign of life to the requester: who waits for one is not put back in the line.
    if case.stage not in {Stage.QUARANTINED, Stage.AWAITING}:
        _set(case, Stage(case.stage), now)


def was_just_passed_on(case: Case, region: str, by: By) -> bool:
    """Whether the last that befell a case is that this person passed it on to this region."""
    passed = (Happening.PASSED_ON, region, by.key)
    return any((last.what, last.region, last.by) == passed for last in history(case)[-1:])


def _set(case: Case, stage: Stage, now: datetime) -> None:
    case.stage, case.idle_since = stage, now
    case.save()
