"""Who may sign in at the desk: taken on, shown, seen out, and let in when the mail is down."""

import argparse

from email_validator import EmailNotValidError

from portal.app import open_sound_database
from portal.audit.trail import Action, record
from portal.casework import employ, sign_in, staff
from portal.casework.people import StaffRole
from portal.casework.staff import Staff
from portal.commands.command import Command, Refused, now, settings
from portal.database import connection

# Who runs these commands has no account; the machine's own records say who that was.
OPERATOR = "operator"

_ROLES = [role.replace(" ", "-") for role in StaffRole]


def _add(asked: argparse.Namespace) -> None:
    config = settings()
    open_sound_database(config)
    newcomer = employ.Newcomer(asked.name, asked.email, asked.role, asked.manager)
    try:
        new = employ.invite(newcomer, now(), config)
    except employ.AlreadyThere:
        raise Refused(f"{asked.email} has an account: see 'portal staff list'") from None
    except EmailNotValidError:
        raise Refused(f"{asked.email} is no address that mail can go to") from None
    except ValueError as fault:
        raise Refused(f"{fault}") from None
    record(OPERATOR, Action.CHANGED, new.id, now())
    print(f"invited {asked.email}: the letter holds a link for three days")


def _disable(asked: argparse.Namespace) -> None:
    open_sound_database(settings())
    found = _member(asked.email)
    try:
        employ.disable(found, now())
    except employ.Hindered as hindered:
        raise Refused(f"{hindered}") from None
    record(OPERATOR, Action.CHANGED, found.id, now())
    print(f"disabled {asked.email}: signed out everywhere")


def _list(_asked: argparse.Namespace) -> None:
    open_sound_database(settings())
    for one in staff.everybody():
        state = "active" if one.authenticator else "invited"
        post = f"{one.role} {one.manager}" if one.manager else f"{one.role}"
        print(f"{one.id}  {one.name} <{one.email}>  {post}  {state if one.active else 'disabled'}")


def _link(asked: argparse.Namespace) -> None:
    config = settings()
    open_sound_database(config)
    found = _member(asked.email)
    if asked.new_authenticator:
        employ.take_proofs(found)
        found = _member(asked.email)
    make = sign_in.make_link if found.authenticator else employ.invitation_link
    link = make(found, now(), config)
    record(OPERATOR, Action.CHANGED, found.id, now())
    print(link)


def _member(email: str) -> Staff:
    """Somebody at work, by their address."""
    with connection():
        found = staff.find_by_email(email)
    if found is None or not found.active:
        raise Refused(f"nobody at work has the address {email}: see 'portal staff list'")
    return found


def _role(text: str) -> StaffRole:
    try:
        return StaffRole(text.replace("-", " "))
    except ValueError:
        raise argparse.ArgumentTypeError(f"give one of: {', '.join(_ROLES)}") from None


COMMANDS = (
    Command(
        "staff add",
        "open an account for the desk and mail its invitation",
        "portal staff add 'Ina de Wit' ina@example.org --role manager --manager utrecht",
        _add,
        {
            "name": {},
            "email": {},
            "--role": {"type": _role, "required": True, "help": ", ".join(_ROLES)},
            "--manager": {"metavar": "KEY", "help": "a manager's key in the map of regions"},
        },
    ),
    Command(
        "staff disable",
        "let somebody in no more and end what they have open",
        "portal staff disable ina@example.org",
        _disable,
        {"email": {}},
    ),
    Command("staff list", "show who has or had an account", "portal staff list", _list),
    Command(
        "staff link",
        "print a one-time link for somebody who cannot be mailed",
        "portal staff link ina@example.org",
        _link,
        {
            "email": {},
            "--new-authenticator": {
                "action": "store_true",
                "help": "for who lost theirs and the recovery codes",
            },
        },
    ),
)
