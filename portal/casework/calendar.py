"""The date of a conference for a calendar; no name of anybody stands in it."""

from datetime import datetime, timedelta

from portal.cases.case import Status
from portal.cases.conference import Conference
from portal.config import Config

# Where the date no longer holds, a calendar that reads this takes the appointment out.
_OFF = frozenset({Status.STOPPED, Status.REFERRED, Status.WITHDRAWN})


def entry(road: Conference, now: datetime, config: Config) -> str:
    """The appointment as RFC 5545 has it; ``road`` has a date.

    The same conference has the same UID however often its date moves, and a higher SEQUENCE each
    time, so that a calendar moves the appointment instead of adding one.
    """
    # Imported here: a process that makes no appointment has no need of it.
    import icalendar  # noqa: PLC0415

    event = icalendar.Event()
    event.add("uid", f"{road.case.reference}@{config.host.partition(':')[0]}")
    event.add("dtstamp", now)
    event.add("sequence", road.sequence)
    event.add("dtstart", road.starts_at)
    event.add("duration", timedelta(minutes=road.minutes or 0))
    event.add("summary", f"Conferentie {road.case.reference}")
    event.add("class", "PRIVATE")
    if road.case.status in _OFF:
        event.add("status", "CANCELLED")
    if road.place:
        event.add("location", road.place)
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//Eigen Kracht Centrale//portal//NL")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(event)
    return str(calendar.to_ical().decode())
