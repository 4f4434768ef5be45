"""Coming in: a mailed link and a code, and setting up the authenticator that makes the codes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.address import plain_address
from portal.casework import authenticator, sessions
from portal.casework.employ import NO_CASE, invited
from portal.casework.staff import Staff, email_hash, find
from portal.config import Config
from portal.database import transaction
from portal.delivery.letters import compose, to_one_reader
from portal.delivery.outbox import post
from portal.organisation import organisation
from portal.web import quota, tokens

LINK_LIFETIME = timedelta(minutes=10)
# While a link to an address is under way no other is mailed to it, whoever asks, so its mailbox
# can be filled no faster than this. There is no limit a day: it would be a lock that a stranger
# can turn. Whoever waits so long has had the earlier link, which holds for as long again.
BETWEEN_LINKS = timedelta(minutes=5)
CODE_LIFETIME = timedelta(minutes=10)
SET_UP_LIFETIME = timedelta(hours=1)

WRONG_CODES_A_LINK = 5

Proof = Callable[[Staff, str, datetime], bool]


@dataclass(frozen=True)
class SettingUp:
    """An authenticator that is being set up: whose, its secret, and by which invitation.

    ``invitation`` is empty where somebody who is in replaces their own.
    """

    staff: Staff
    secret: str
    invitation: str


@dataclass(frozen=True, repr=False)  # its parts are secrets
class SetUp:
    """What comes of it: a session's secret, and the recovery codes, which are shown once."""

    session: str
    recovery_codes: list[str]


class _Nobody(Exception):
    """No link goes to this address now, so that its letter is taken back."""


def send_link(address: str, now: datetime, config: Config) -> None:
    """Mail a link to somebody's address; one that nobody has costs the same work.

    Either way the same is made, sealed and written, statement by statement. Only at the end is the
    letter kept or rolled back: where the address is unknown, its account disabled or not yet set
    up, or a link under way already.
    """
    address = plain_address(address)
    with transaction():
        hashed = email_hash(address)
        secret = tokens.issue(tokens.Purpose.SIGN_IN, hashed, now, LINK_LIFETIME)
        try:
            with transaction():
                _write_link(address, _link(secret, config), now, config)
                if not _is_to_be_mailed(hashed, now):
                    raise _Nobody
        except _Nobody:
            pass


def make_link(staff: Staff, now: datetime, config: Config) -> str:
    """A link for somebody who cannot be mailed; it needs a code like any other."""
    secret = tokens.issue(tokens.Purpose.SIGN_IN, staff.email_hash, now, LINK_LIFETIME)
    return _link(secret, config)


def link_holds(secret: str, now: datetime) -> bool:
    """Whether a link can still be used; looking changes nothing."""
    return tokens.look(tokens.Purpose.SIGN_IN, secret, now) is not None


def use_link(secret: str, now: datetime) -> str | None:
    """Use a link up; gives the secret by which a code may now be tried, None if it is dead."""
    with transaction():
        hashed = tokens.consume(tokens.Purpose.SIGN_IN, secret, now)
        staff = Staff.get_or_none(Staff.email_hash == hashed) if hashed else None
        if staff is None:
            return None
        Staff.update(link_mailed_at=None).where(Staff.id == staff.id).execute()
        return tokens.issue(tokens.Purpose.CODE, staff.id, now, CODE_LIFETIME)


def waiting(pending: str, now: datetime) -> str | None:
    """The key of whoever may still try a code, or None."""
    return tokens.look(tokens.Purpose.CODE, pending, now)


def enter(pending: str, typed: str, accept: Proof, earlier: str, now: datetime) -> str | None:
    """Begin a session if the code is right; gives its secret.

    It takes the place of the ``earlier`` session of the same browser. After a few wrong codes the
    link that led here is dead, and nothing else: another can be mailed at once.
    """
    with transaction():
        key = waiting(pending, now)
        staff = find(key) if key else None
        if staff and staff.active and accept(staff, typed, now):
            tokens.consume(tokens.Purpose.CODE, pending, now)
            return sessions.begin(staff, earlier, now)
        if not _may_try_again(pending, now):
            tokens.consume(tokens.Purpose.CODE, pending, now)
        return None


def begin_set_up(invitation: str, now: datetime) -> str | None:
    """Make an authenticator's secret for who is invited; None if the invitation is dead.

    The invitation holds until a code has shown that the authenticator works: a program that
    forgets its cookies must not cost somebody their only way in.
    """
    with transaction():
        staff = invited(invitation, now)
        return _issue_set_up(staff, invitation, now) if staff else None


def begin_renewal(staff: Staff, typed: str, now: datetime) -> str | None:
    """Make another authenticator's secret for who is in and gives a right code of either kind."""
    with transaction():
        proven = authenticator.accept_either(staff, typed, now)
        return _issue_set_up(staff, "", now) if proven else None


def renew_recovery_codes(staff: Staff, typed: str, now: datetime) -> list[str] | None:
    """Make other recovery codes for who is in and gives a right code of either kind."""
    with transaction():
        proven = authenticator.accept_either(staff, typed, now)
        return authenticator.new_recovery_codes(staff) if proven else None


def setting_up(pending: str, whose: str, now: datetime) -> SettingUp | None:
    """What is being set up, as long as it may be.

    ``whose`` is the key of who is in and replaces their own; empty for who is invited.
    """
    subject = tokens.look(tokens.Purpose.SET_UP, pending, now)
    key, secret, invitation = subject.split(" ") if subject else ("", "", "")
    staff = find(key)
    if staff is None:
        return None
    theirs = key == whose and not invitation if whose else bool(invited(invitation, now))
    return SettingUp(staff, secret, invitation) if theirs else None


def finish_set_up(
    pending: str, typed: str, whose: str, earlier: str, now: datetime
) -> SetUp | None:
    """Put the authenticator into use if the code is its own; every other session ends.

    None where the code is wrong, and where there is nothing to be set up any more.
    """
    with transaction():
        found = setting_up(pending, whose, now)
        step = authenticator.step_of(found.secret, typed, now) if found else None
        if found is None or step is None:
            return None
        tokens.consume(tokens.Purpose.SET_UP, pending, now)
        tokens.consume(tokens.Purpose.INVITATION, found.invitation, now)
        staff = found.staff
        staff.authenticator, staff.last_step = found.secret, step
        staff.save(only=[Staff.authenticator, Staff.last_step])
        sessions.end_all(staff)
        codes = authenticator.new_recovery_codes(staff)
        return SetUp(sessions.begin(staff, earlier, now), codes)


def _may_try_again(pending: str, now: datetime) -> bool:
    others = WRONG_CODES_A_LINK - 1
    return quota.take(quota.Purpose.WRONG_CODE, pending, now, a_day=others, a_week=others)


def _issue_set_up(staff: Staff, invitation: str, now: datetime) -> str:
    subject = f"{staff.id} {authenticator.new_secret()} {invitation}"
    return tokens.issue(tokens.Purpose.SET_UP, subject, now, SET_UP_LIFETIME)


def _is_to_be_mailed(hashed: str, now: datetime) -> bool:
    """Whether this is somebody's address and no link is under way; one is from now on."""
    free = Staff.link_mailed_at.is_null() | (Staff.link_mailed_at <= now - BETWEEN_LINKS)
    theirs = (Staff.email_hash == hashed) & Staff.active & ~Staff.authenticator.is_null()
    return bool(Staff.update(link_mailed_at=now).where(theirs & free).execute())


def _link(secret: str, config: Config) -> str:
    return f"{config.base_url}/beheer/inloggen/link/{secret}/"


def _write_link(address: str, link: str, now: datetime, config: Config) -> None:
    text = compose(
        "sign_in",
        link=link,
        door=f"{config.base_url}/beheer/inloggen/",
        minutes=LINK_LIFETIME // timedelta(minutes=1),
        organisation=organisation(),
    )
    # Nobody else may come in.
    envelope = to_one_reader(address, NO_CASE)
    post("sign_in", text, envelope, now, config.mail_sender)
