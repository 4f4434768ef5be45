"""The database and the keys that this process works with."""

from peewee import DatabaseProxy

from portal.sealing import Keyring

database = DatabaseProxy()
_keyring: Keyring | None = None


class DatabaseUnsound(Exception):
    """The database cannot be used as it is; the message says what to do about it."""


def use_keys(keys: Keyring) -> None:
    """Seal and open with these from now on."""
    global _keyring  # noqa: PLW0603 - one process, one database, one keyring
    _keyring = keys


def keyring() -> Keyring:
    """The keys in use; raises ``RuntimeError`` before ``open_database``."""
    if _keyring is None:
        raise RuntimeError("open_database() comes first")
    return _keyring
