"""What the pages of a case show of its road, and what to write down next."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from portal.cases import conference, followup
from portal.cases.case import Kind, Stage, Status
from portal.cases.conference import Conference
from portal.cases.register import Case, answer_of
from portal.casework import road
from portal.web import wording


def of(case: Case, now: datetime) -> dict[str, Any]:
    """The road of a case, by the names that the page of the case knows it by."""
    found = conference.of(case)
    begun = found.changed_at is not None
    talking = case.status not in {Status.RECEIVED, Status.ACKNOWLEDGED}
    return {
        "road": found,
        "road_version": road.version(found),
        "on_the_road": road.is_open(case),
        "has_road": begun or (road.is_open(case) and talking),
        "missing": _missing(case, found, now),
        "came": list(_came(found)),
        "wishes": answer_of(case, "coordinator_wishes"),
        "may_ask": conference.may_ask(case),
        "has_contact": conference.has_contact_afterwards(case),
        "community": case.kind is Kind.COMMUNITY,
        "asked": followup.of(case),
        "standing": followup.standing(case, now),
    }


def _missing(case: Case, found: Conference, now: datetime) -> str:
    """The part to write down next, by the name of its page; empty where none is due."""
    if case.stage is not Stage.UNDER_WAY:
        return ""
    return next((part for part, due in _due(case, found, now) if due), "")


def _due(case: Case, found: Conference, now: datetime) -> Iterator[tuple[str, bool]]:
    talking = case.status is Status.IN_CONVERSATION
    sought = case.status in {Status.COORDINATOR_SOUGHT, Status.PLANNED}
    over = found.starts_at is not None and found.starts_at <= now
    held = case.status is Status.HELD or (case.status is Status.PLANNED and over)
    yield "agree", talking and not (found.question or found.payer)
    yield "appoint", sought and not found.coordinator_name
    yield "set_date", (sought or held) and found.starts_at is None
    yield "look_back", held and over and found.attended is None and found.plan is None


def _came(found: Conference) -> Iterator[tuple[str, int]]:
    words = dict(wording.ATTENDED)
    for role, number in conference.attended(found).items():
        yield words.get(role, role), number


def texts(shown: dict[str, Any]) -> Iterator[str]:
    """Every text of the road that somebody typed."""
    found: Conference = shown["road"]
    yield from (
        text or ""
        for text in (
            found.question,
            found.payer_remark,
            found.coordinator_name,
            found.coordinator_email,
            found.coordinator_phone,
            found.place,
        )
    )
