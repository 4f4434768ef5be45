"""The reference: what a requester can say on the phone, and nobody can guess."""

import re
import secrets
import unicodedata

# Crockford's base 32: no I, L, O or U, which are misread or misheard.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_SIGNS = 12  # of 5 bits: 60 bits
_MISREAD = str.maketrans("OIL", "011")


def new_reference() -> str:
    """A random reference such as ``EK-7K3M-Q9TX-2BHD``; it grants no right by itself."""
    # The lowest 5 of 8 random bits are as random.
    signs = "".join(_ALPHABET[octet % 32] for octet in secrets.token_bytes(_SIGNS))
    return _written(signs)


def read_reference(text: str) -> str | None:
    """The reference that somebody typed or was told, or None where it cannot be one.

    Capitals, spaces, dashes and the leading EK may be missing; O is read as 0, I and L as 1
    (Crockford's base 32).
    """
    signs = re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", text)).upper()
    if len(signs) == _SIGNS + len("EK"):
        signs = signs.removeprefix("EK")
    signs = signs.translate(_MISREAD)
    if len(signs) != _SIGNS or not set(signs) <= set(_ALPHABET):
        return None
    return _written(signs)


def _written(signs: str) -> str:
    return "-".join(("EK", *re.findall("....", signs)))


def is_reference(text: str) -> bool:
    """Whether this is a reference as ``new_reference`` makes them."""
    return read_reference(text) == text
