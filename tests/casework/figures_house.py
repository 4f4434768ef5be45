"""Cases for the figures: each as it was counted by hand, live or forgotten."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from portal.cases import progress
from portal.cases.case import Intent, Kind, Role, Status
from portal.cases.conference import Conference, Plan
from portal.cases.followup import Going, Reply
from portal.cases.life import ENDED
from portal.cases.register import Case
from portal.cases.tombstone import Tombstone
from portal.database import transaction
from tests.casework.desk_app import SOMEBODY
from tests.seed import one

_ROAD = (
    Status.ACKNOWLEDGED,
    Status.IN_CONVERSATION,
    Status.COORDINATOR_SOUGHT,
    Status.PLANNED,
    Status.HELD,
    Status.CLOSED,
)


@dataclass(frozen=True)
class Came:
    """How cases came in and what became of them; ``heard`` is in how many hours, None for never."""

    at: datetime
    kind: Kind = Kind.LEARNING
    intent: Intent = Intent.REQUEST
    role: Role = Role.RELATIVE
    region: str = "utrecht"
    heard: int | None = 3
    status: Status = Status.ACKNOWLEDGED
    plan: Plan | None = None


def live(came: Came) -> Case:
    """One such case in the register, on its own way through the life of a case."""
    case = one(came.at, came.region, kind=came.kind, intent=came.intent, role=came.role)
    with transaction():
        if came.heard is not None:
            heard = came.at + timedelta(hours=came.heard)
            progress.acknowledge(case, SOMEBODY, heard)
        ended = came.status in ENDED - {Status.CLOSED}
        road = [came.status] if ended else _ROAD[1 : _ROAD.index(came.status) + 1]
        for step in road if came.status is not Status.RECEIVED else ():
            progress.move(case, step, SOMEBODY, "x", came.at + timedelta(days=20))
        if came.plan:
            Conference.create(case=case, changed_at=came.at, plan=came.plan)
    return case


def forgotten(came: Came, month: str, *, in_time: bool | None = True) -> Tombstone:
    """What is left of one such case."""
    with transaction():
        return Tombstone.create(
            kind=came.kind,
            intent=came.intent,
            role=came.role,
            region=came.region,
            received_in=month,
            ended_as=came.status,
            heard_after=None if came.heard is None else 60 * came.heard,
            in_time=in_time,
            held=came.status is Status.CLOSED,
            plan=came.plan,
        )


def answered(going: Going, month: str, number: int = 1, region: str = "utrecht") -> None:
    """So many answers that it goes like this."""
    with transaction():
        for _ in range(number):
            Reply.create(
                kind=Kind.COMMUNITY, region=region, held_in=month, answered_in=month, going=going
            )


def moment(text: str) -> datetime:
    """A moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
