"""What the page of a case shows: all that is known about it, for whoever has to act on it."""

import re
import unicodedata
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import quote

from portal.cases import keeping, register, work
from portal.cases.case import Happening, Intent, Stage, Status
from portal.cases.life import ENDED, MOVES
from portal.cases.register import Case
from portal.cases.work import Errand
from portal.casework import road_pages
from portal.casework.signs import deceits
from portal.delivery.tracing import letters_about
from portal.routing.regions import destination_of, national_desk, region_names
from portal.routing.rules import NATIONAL
from portal.web import wording
from portal.workdays import QUARANTINE, add_workdays, day_of


def of(case: Case, now: datetime, within: int) -> dict[str, Any]:
    """Everything on the page of a case, by the name that the page knows it by.

    A sign of life is expected ``within`` so many working days.
    """
    answers = register.answers_of(case)
    awaiting = case.stage is Stage.AWAITING
    by_when = add_workdays(case.idle_since, within) if awaiting else None
    events = register.history(case)
    shown: dict[str, Any] = {
        "destination": destination_of(case.region),
        "by_when": by_when,
        "late": by_when is not None and by_when < now,
        "now": now,
        "today": day_of(now),
        "doubts": register.doubts_of(case),
        "by_itself": add_workdays(case.idle_since, QUARANTINE),
        "know": wording.how_much_they_know(answers),
        "safety": wording.safety(answers),
        "when_calling": wording.when_calling(answers),
        "phone_link": phone_link,
        "mail_link": mail_link,
        "told": wording.told(answers),
        "additions": register.additions(case),
        "history": events,
        "regions": {NATIONAL: national_desk().function, **region_names()},
        "letters": letters_about(case.reference),
        "notes": work.notes(case),
        "tasks": work.tasks(case),
        "steps": steps(case),
        "endings": ENDED,
        "forgotten_on": keeping.forgotten_on(case) if case.stage is Stage.ENDED else None,
        "may_reopen": not any(event.what is Happening.WITHDRAWN for event in events),
    }
    shown |= road_pages.of(case, now)
    shown["inform"] = _should_inform(case, shown["tasks"])
    return shown | {"odd": deceits(_texts(case, shown))}


def steps(case: Case) -> tuple[Status, ...]:
    """What a case can come to by its manager's word.

    Only an end comes before the sign of life, and nothing before it left quarantine.
    """
    if case.stage is Stage.QUARANTINED:
        return ()
    moves = MOVES[case.status]
    if case.stage is Stage.AWAITING:
        return tuple(status for status in moves if status in ENDED)
    return moves


def regions_besides(case: Case) -> list[tuple[str, str]]:
    """To whom a case can be passed on: key and name, the national desk last."""
    everywhere = [*region_names().items(), (NATIONAL, national_desk().function)]
    return [(key, name) for key, name in everywhere if key != case.region]


def phone_link(phone: str) -> str:
    """What a phone dials for a number as it was typed; empty where there is none."""
    digits = re.sub(r"[^0-9+]", "", unicodedata.normalize("NFKC", phone))
    return f"tel:{digits}" if digits else ""


def mail_link(address: str) -> str:
    """What a mail program writes to; empty without an address.

    An address may hold signs that would add headers here, such as ``?bcc=`` (RFC 6068).
    """
    known = address and address != wording.UNREAD
    return f"mailto:{quote(address, safe='@')}" if known else ""


def _should_inform(case: Case, tasks: list[work.Task]) -> bool:
    """Whether somebody has yet to think of the people that an outsider wrote about."""
    thought_of = any(task.errand is Errand.INFORM for task in tasks)
    return case.intent is Intent.PROPOSAL and not thought_of


def _texts(case: Case, shown: dict[str, Any]) -> Iterator[str]:
    """Every text on the page that somebody typed."""
    yield from (case.name, case.email, case.phone, case.municipality, shown["know"])
    for name in ("safety", "when_calling", "told"):
        yield from (text for _, text in shown[name])
    for addition in shown["additions"]:
        yield from (addition.name, addition.email, addition.phone)
        yield from (text for _, text in wording.told(addition.answers))
    yield from (event.reason or "" for event in shown["history"])
    yield from (text.text for text in (*shown["notes"], *shown["tasks"]))
    for letter in shown["letters"]:
        yield from (letter.recipient or "", letter.answer or "")
    yield from road_pages.texts(shown)
