"""The page of the audit trail, for those who watch over the desk."""

from flask import Blueprint, current_app, render_template, request
from flask.typing import ResponseReturnValue

from portal.audit import trail
from portal.cases.reference import read_reference
from portal.casework import staff
from portal.casework.guard import open_to, tell
from portal.casework.people import StaffRole

blueprint = Blueprint("trail", __name__, url_prefix="/beheer/logboek")


@blueprint.get("/")
@open_to(StaffRole.ADMINISTRATOR, StaffRole.NATIONAL_DESK)
def show() -> ResponseReturnValue:
    """What was done at the desk, the newest first, or what was done about one case."""
    asked = request.args.get("kenmerk", "").strip()
    # What is no reference can be the key or page that stands in a line.
    subject = read_reference(asked) or asked
    page = trail.lines(subject, request.args.get("na", ""))
    tell(trail.Action.LOOKED)
    return render_template(
        "desk/sign_in/trail.html",
        asked=asked,
        subject=subject,
        page=page,
        names=staff.names(),
        pages={rule.endpoint: rule.rule for rule in current_app.url_map.iter_rules()},
    )
