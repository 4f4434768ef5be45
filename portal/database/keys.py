"""That the keys in use are those of this database, and the key of its hashes."""

import secrets
from contextlib import suppress

from portal.database.binding import DatabaseUnsound, database, keyring, use_keys
from portal.database.columns import Table
from portal.database.sealed import Sealed
from portal.database.transactions import connection
from portal.sealing import SealBroken


class KeyProof(Table):
    """One sealed word: whoever opens it holds the key that the database was sealed with."""

    proof = Sealed()


class DigestKey(Table):
    """One row: the key of all keyed hashes, in hexadecimal.

    What was hashed cannot be hashed anew. So this key stays, and is sealed like anything else.
    """

    key = Sealed()


def check_key() -> None:
    """Raise ``DatabaseUnsound`` unless the keys open what this database holds."""
    with connection():
        try:
            proven = [row.proof for row in KeyProof.select()]
        except SealBroken:
            proven = []
    if not proven and not has_key():
        raise DatabaseUnsound("the database was not begun to its end: run 'portal migrate'")
    if not proven:
        raise DatabaseUnsound("PORTAL_DATA_KEYS does not open this database: give its own key")


def has_key() -> bool:
    """Whether a key was ever proven here."""
    return _is_there(KeyProof) and KeyProof.select().exists()


def begin_keys(*, fresh: bool) -> None:
    """Prove the key in use and begin that of the hashes, each unless that was done."""
    if not KeyProof.select().exists():
        KeyProof.create(proof="open")
    if not DigestKey.select().exists():
        # What was hashed before this key had a row of its own must be found again.
        key = secrets.token_bytes(32) if fresh else keyring().digest_key
        DigestKey.create(key=key.hex())


def use_digest_key() -> None:
    """Make keyed hashes with this database's own key, where it has one that opens."""
    if not _is_there(DigestKey):
        return
    found = DigestKey.get_or_none()
    # With the wrong keys check_key() refuses, in words.
    with suppress(SealBroken):
        if found:
            use_keys(keyring().digesting_with(bytes.fromhex(found.key)))


def _is_there(table: type[Table]) -> bool:
    return table._meta.table_name in database.get_tables()
