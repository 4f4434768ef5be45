"""The second proof of who somebody is: codes from an authenticator app, and recovery codes."""

import hmac
import re
import secrets
import unicodedata
from datetime import datetime

import pyotp
import segno
from markupsafe import Markup

from portal.casework.staff import RecoveryCode, Staff
from portal.database import keyring, transaction
from portal.web import quota

ISSUER = "Eigen Kracht"
RECOVERY_CODES = 10
# Right and wrong ones. Only who reads somebody's mail gets as far as to use these up, and the
# owner still has the recovery codes, which nobody guesses.
CODES_A_DAY = 30

_WEEK = 7  # days
_STEP = 30  # seconds; RFC 6238 section 4.1
# Read aloud or copied from paper, so without signs that are taken for another; 50 bits.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH = 10
_MISREAD = str.maketrans("OIL", "011")


def new_secret() -> str:
    """A secret of 160 random bits, in base 32 (RFC 4226 section 4)."""
    return pyotp.random_base32()


def uri(secret: str, email: str) -> str:
    """What an app is told by the picture: secret, whose it is and of whom."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)


def picture(uri: str) -> Markup:
    """The QR code as an ``<svg>`` without styles, dark on light with its quiet zone."""
    code = segno.make(uri, error="m", micro=False)
    # Nothing of what it says is text in it.
    return Markup(code.svg_inline(scale=5, border=4, dark="#000", light="#fff"))  # noqa: S704


def in_groups(secret: str) -> str:
    """A secret as it is typed over: in groups of four."""
    return " ".join(re.findall(".{1,4}", secret))


def step_of(secret: str, typed: str, now: datetime) -> int | None:
    """The time step that a code belongs to: this one or the one beside it; None if wrong."""
    code = _signs(typed)
    this = int(now.timestamp()) // _STEP
    codes = {step: pyotp.HOTP(secret).at(step) for step in (this - 1, this, this + 1)}
    fitting = [step for step, right in codes.items() if _same(code, right)]
    return max(fitting, default=None)


def accept_code(staff: Staff, typed: str, now: datetime) -> bool:
    """Whether a code of the app is right and newer than the last; it is used up by asking.

    In the caller's transaction. A code, or an older one, is never accepted again.
    """
    step = step_of(staff.authenticator, typed, now) if staff.authenticator else None
    free = quota.take(
        quota.Purpose.CODE, staff.id, now, a_day=CODES_A_DAY, a_week=CODES_A_DAY * _WEEK
    )
    if step is None or not free:
        return False
    newer = (Staff.id == staff.id) & (Staff.last_step < step)
    return bool(Staff.update(last_step=step).where(newer).execute())


def accept_recovery_code(staff: Staff, typed: str, now: datetime) -> bool:  # noqa: ARG001
    """Whether this is a recovery code of theirs; it is used up by asking."""
    mine = RecoveryCode.digest == _digest(staff, typed)  # whose it is, is part of it
    return bool(RecoveryCode.delete().where(mine).execute())  # type: ignore[misc]


def accept_either(staff: Staff, typed: str, now: datetime) -> bool:
    """Whether this is a code of theirs, of either kind; it is used up by asking."""
    return accept_code(staff, typed, now) or accept_recovery_code(staff, typed, now)


def new_recovery_codes(staff: Staff) -> list[str]:
    """Make recovery codes in place of those there were; these are the only copies."""
    codes = [_new_code() for _ in range(RECOVERY_CODES)]
    with transaction():
        RecoveryCode.delete().where(RecoveryCode.staff == staff).execute()  # type: ignore[misc]
        for code in codes:
            RecoveryCode.create(staff=staff, digest=_digest(staff, code))
    return codes


def recovery_codes_left(staff: Staff) -> int:
    """How many recovery codes have not been used."""
    return int(RecoveryCode.select().where(RecoveryCode.staff == staff).count())


def _new_code() -> str:
    signs = "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
    return f"{signs[:5]}-{signs[5:]}"


def _digest(staff: Staff, code: str) -> str:
    plain = _signs(code).upper().translate(_MISREAD)
    return keyring().digest(plain, f"recovery code {staff.id}")


def _signs(typed: str) -> str:
    """Letters and digits alone: spaces and dashes are there to read by."""
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", typed))


def _same(typed: str, right: str) -> bool:
    return hmac.compare_digest(typed.encode("utf-8", "replace"), right.encode())
