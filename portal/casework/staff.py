"""The accounts of staff: who may be let in, as what, and by which proof."""

from datetime import datetime, timedelta

from peewee import BigIntegerField, BooleanField, CharField, ForeignKeyField

from portal.cases.contact import same_mailbox
from portal.casework.chase import called_in
from portal.casework.people import Person, StaffRole
from portal.database import Moment, Rows, Sealed, Table, Word, connection, keyring
from portal.routing.regions import regions_of, regions_where_standing_in

# As long as the audit trail may name them.
KEPT_AFTER_LEAVING = timedelta(days=366)


class Staff(Table):
    """An account; its id is the key by which the trail knows its owner.

    ``authenticator`` is the secret of the codes, None until it has been set up. ``last_step``
    is the time step of the last code that was accepted. ``link_mailed_at`` is set while a link
    to sign in is under way.
    """

    name = Sealed()
    email = Sealed()
    email_hash = CharField(max_length=64, unique=True)
    role = Word(StaffRole)
    manager = CharField(max_length=40, null=True, index=True)
    active = BooleanField(default=True)
    invited_at = Moment()
    disabled_at = Moment(null=True)
    link_mailed_at = Moment(null=True)
    authenticator = Sealed(null=True)
    last_step = BigIntegerField(default=0)


class RecoveryCode(Table):
    """What is kept of a code that lets its owner in once without an authenticator."""

    staff = ForeignKeyField(Staff, backref="recovery_codes", on_delete="CASCADE")
    digest = CharField(max_length=64, unique=True)


def email_hash(address: str) -> str:
    """What an account is found by."""
    return keyring().digest(same_mailbox(address), "staff email")


def find(key: str) -> Staff | None:
    """The account with this key, or None."""
    return Staff.get_or_none(Staff.id == key)


def get(key: str) -> Staff:
    """The account with this key, of whose existence the caller is sure."""
    found: Staff = Staff.get_by_id(key)
    return found


def find_by_email(address: str) -> Staff | None:
    """The account with this address, in any spelling, or None."""
    return Staff.get_or_none(Staff.email_hash == email_hash(address))


def everybody() -> list[Staff]:
    """All accounts, those at work first, by name."""
    with connection():
        found = list(Staff.select())
    return sorted(found, key=lambda staff: (not staff.active, staff.name.casefold()))


def names() -> dict[str, str]:
    """The names of all accounts by their keys."""
    return {staff.id: staff.name for staff in everybody()}


def person(staff: Staff) -> Person:
    """Who this is, and what they see as the map stands now."""
    return Person(
        key=staff.id,
        name=staff.name,
        email=staff.email,
        role=StaffRole(staff.role),
        manager=staff.manager,
        regions=_regions(staff),
    )


def _regions(staff: Staff) -> frozenset[str] | None:
    if staff.role is StaffRole.NATIONAL_DESK:
        return None
    if staff.role is StaffRole.ADMINISTRATOR or staff.manager is None:
        return frozenset()
    own = regions_of(staff.manager) | regions_where_standing_in(staff.manager)
    return own | called_in(staff.manager)


def past(before: datetime) -> Rows:
    """The accounts that were disabled before this moment."""
    return Rows(Staff, ~Staff.active & (Staff.disabled_at < before))
