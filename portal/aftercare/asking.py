"""Asking how it goes three months after a conference: when, whom, and once."""

import logging
from datetime import date, datetime

from peewee import OperationalError

from portal.cases import followup, work
from portal.cases.register import By, Case
from portal.config import Config
from portal.database import connection, transaction
from portal.delivery.letters import compose, to_one_reader
from portal.delivery.outbox import post
from portal.organisation import organisation
from portal.web import times, tokens, wording
from portal.workdays import HERE, day_of, is_workday, last_day

log = logging.getLogger(__name__)

# Who sets a task that nobody thought of.
_PORTAL = By("portaal", "het portaal")


def follow_up(now: datetime, config: Config) -> int:
    """Ask or remind every requester for whom it is time; gives how many letters and tasks came.

    On working days and from the hour of the overview on, so that who calls back is answered.
    Whether it is time is taken from the case as it is at that moment, so it moves with the date
    and is off when that is. Each step is written down in the transaction of its letter or task.
    """
    local = now.astimezone(HERE)
    if not is_workday(local.date()) or local.hour < config.digest_hour:
        return 0
    with connection():
        return sum(_step_surely(key, now, config) for key in followup.perhaps_due(now))


def _step_surely(key: str, now: datetime, config: Config) -> bool:
    try:
        with transaction():
            return _take_a_step(key, now, config)
    except OperationalError:
        raise  # The database: it would be the same with the next case, and it passes.
    except Exception as fault:  # noqa: BLE001 - one case must not keep the others waiting
        log.error("nobody could be asked about case %s: %s", key, type(fault).__name__)
        return False


def _take_a_step(key: str, now: datetime, config: Config) -> bool:
    case = Case.get_or_none(Case.id == key)
    if case is None:
        return False
    if held_on := followup.to_ask(case, now):
        return _ask(case, held_on, now, config)
    held_on = followup.to_remind(case, now)
    if held_on and case.email:
        followup.note_reminded(case, now)
        _write("follow_up_reminder", case, held_on, now, config)
    return bool(held_on and case.email)


def _ask(case: Case, held_on: date, now: datetime, config: Config) -> bool:
    followup.note_asked(case, held_on, now, by_phone=not case.email)
    if case.email:
        _write("follow_up", case, held_on, now, config)
        return True
    today = day_of(now)
    wanted = work.Wanted(wording.CALL_AFTERWARDS, today, work.Errand.FOLLOW_UP)
    key = f"contact after {held_on.isoformat()}"
    return work.set_task(case, wanted, form_key=key, by=_PORTAL, now=now)


def _write(letter: str, case: Case, held_on: date, now: datetime, config: Config) -> None:
    """Post a letter with a link of its own; it holds nothing that anybody typed."""
    until = followup.open_until(held_on)
    secret = tokens.issue(tokens.Purpose.FOLLOW_UP, case.reference, now, until - now)
    link = f"{config.base_url}/na-drie-maanden/{secret}/"
    text = compose(
        letter,
        reference=case.reference,
        link=link,
        stop=f"{link}stop/",
        until=times.date_in_words(last_day(until)),
        organisation=organisation(),
    )
    # Nobody else may answer, or read that there was a conference.
    envelope = to_one_reader(case.email, case.reference)
    post(letter, text, envelope, now, config.mail_sender)
