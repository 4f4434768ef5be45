"""The reference: what a requester can say on the phone, and nobody can guess."""

import secrets

# Crockford's base 32: no I, L, O or U, which are misread or misheard.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_GROUPS = (4, 4, 4)  # 12 characters of 5 bits: 60 bits


def new_reference() -> str:
    """A random reference such as ``EK-7K3M-Q9TX-2BHD``; it grants no right by itself."""
    groups = ("".join(secrets.choice(_ALPHABET) for _ in range(size)) for size in _GROUPS)
    return "-".join(("EK", *groups))
