"""Taking on staff and seeing them out: invitations, and accounts that are disabled."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from portal.address import plain_address
from portal.casework import sessions
from portal.casework.leaving import may_disable
from portal.casework.people import StaffRole
from portal.casework.staff import RecoveryCode, Staff, email_hash, find, find_by_email
from portal.config import Config
from portal.database import transaction
from portal.delivery.letters import compose, to_one_reader
from portal.delivery.outbox import post
from portal.organisation import organisation
from portal.routing.regions import managers
from portal.web import tokens, wording

INVITATION_LIFETIME = timedelta(days=3)

# What letters about an account stand under, because they are about no case.
NO_CASE = "staff"


class AlreadyThere(Exception):
    """Somebody at work has this address."""


class Hindered(Exception):
    """The account cannot be disabled now; the message says why, in Dutch and with what to do."""


@dataclass(frozen=True)
class Newcomer:
    """Somebody to be taken on; ``manager`` is the key of a manager in the map, or None.

    ``check`` raises ``ValueError`` unless role and key go together.
    """

    name: str
    email: str
    role: StaffRole
    manager: str | None

    def check(self) -> None:
        known = managers()
        if self.role is StaffRole.MANAGER and self.manager not in known:
            keys = ", ".join(sorted(known)) or "none yet; load the regions first"
            raise ValueError(f"a manager needs their key in the map of regions: {keys}")
        if self.role is not StaffRole.MANAGER and self.manager is not None:
            raise ValueError("only a manager has a key in the map of regions")


def invite(newcomer: Newcomer, now: datetime, config: Config) -> Staff:
    """Open an account and mail its invitation; a disabled account of this address opens again.

    Raises ``AlreadyThere``, ``ValueError`` where role and manager do not go together, and
    ``email_validator.EmailNotValidError``.
    """
    newcomer.check()
    address = plain_address(newcomer.email)
    with transaction():
        staff = find_by_email(address)
        if staff and staff.active:
            raise AlreadyThere
        new = staff is None
        staff = staff or Staff(email_hash=email_hash(address), invited_at=now)
        staff.name, staff.email = newcomer.name, address
        staff.role, staff.manager = newcomer.role, newcomer.manager
        staff.active, staff.disabled_at = True, None
        staff.save(force_insert=new)
        _mail_invitation(staff, now, config)
    return staff


def invite_again(staff: Staff, now: datetime, config: Config) -> None:
    """Mail a new invitation; authenticator, recovery codes and sessions end at once."""
    with transaction():
        take_proofs(staff)
        _mail_invitation(staff, now, config)


def invitation_link(staff: Staff, now: datetime, config: Config) -> str:
    """A new invitation, in place of any earlier one, for who has no authenticator."""
    with transaction():
        Staff.update(invited_at=now).where(Staff.id == staff.id).execute()
        subject = _invitation(staff.id, now)
        secret = tokens.issue(tokens.Purpose.INVITATION, subject, now, INVITATION_LIFETIME)
    return f"{config.base_url}/beheer/uitnodiging/{secret}/"


def invited(secret: str, now: datetime) -> Staff | None:
    """Who is invited by this link, if it is their last and has not been used."""
    subject = tokens.look(tokens.Purpose.INVITATION, secret, now)
    staff = find(subject.partition(" ")[0]) if subject else None
    if staff is None or not staff.active:
        return None
    return staff if subject == _invitation(staff.id, staff.invited_at) else None


def disable(staff: Staff, now: datetime) -> None:
    """Let somebody in no more, and end what they have open; a second time does nothing.

    Raises ``Hindered``.
    """
    with transaction():
        hindrance = may_disable(staff)
        if hindrance:
            raise Hindered(hindrance)
        take_proofs(staff)
        at_work = (Staff.id == staff.id) & Staff.active
        Staff.update(active=False, disabled_at=now).where(at_work).execute()


def take_proofs(staff: Staff) -> None:
    """End what lets somebody in: sessions, recovery codes and authenticator."""
    with transaction():
        sessions.end_all(staff)
        RecoveryCode.delete().where(RecoveryCode.staff == staff).execute()  # type: ignore[misc]
        Staff.update(authenticator=None, link_mailed_at=None).where(Staff.id == staff.id).execute()


def _invitation(key: str, invited_at: datetime) -> str:
    """What an invitation is for; a later one makes it another, so that this one is dead."""
    return f"{key} {invited_at.astimezone(UTC).isoformat()}"


def _mail_invitation(staff: Staff, now: datetime, config: Config) -> None:
    text = compose(
        "invitation",
        link=invitation_link(staff, now, config),
        days=INVITATION_LIFETIME.days,
        role=wording.STAFF_ROLES[staff.role],
        organisation=organisation(),
    )
    # Nobody else may come in.
    envelope = to_one_reader(staff.email, NO_CASE)
    post("invitation", text, envelope, now, config.mail_sender)
