"""Who may leave: nobody as long as something still waits for them alone."""

from portal.cases import register
from portal.casework.staff import Staff
from portal.database import connection
from portal.routing.regions import regions_of


def may_disable(staff: Staff) -> str | None:
    """Why this account cannot be disabled now, in Dutch and with what to do; None if it can."""
    number = open_cases_of(staff.manager) if staff.manager else 0
    if not number or _has_colleague(staff):
        return None
    cases = "loopt nog 1 aanvraag" if number == 1 else f"lopen nog {number} aanvragen"
    return (
        f"Bij deze regiomanager {cases}. Draag die eerst over, of geef de regio eerst aan een ander"
    )


def open_cases_of(manager: str) -> int:
    """How many cases have not ended in the regions of this manager, by their key in the map."""
    counted = register.open_cases()
    return sum(counted[region] for region in regions_of(manager))


def _has_colleague(staff: Staff) -> bool:
    """Whether somebody else at work sees the same regions."""
    same = (Staff.manager == staff.manager) & Staff.active & (Staff.id != staff.id)
    with connection():
        return bool(Staff.select().where(same).exists())
