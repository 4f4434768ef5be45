"""Opening the database, and seeing that it is sound."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from portal.database.binding import DatabaseUnsound, database, use_keys
from portal.database.engines import Engine, engine_at
from portal.database.faults import FAULTS, in_words
from portal.database.keys import use_digest_key
from portal.database.moved import mark_of
from portal.database.schema import refuse_another
from portal.database.transactions import connection
from portal.sealing import Keyring

_DAMAGED = "the database is damaged: stop everything and restore a backup"


def open_database(url: str, keys: Keyring, *, create: bool = False, moving: bool = False) -> None:
    """Bind all tables to the database at ``url`` and connect once to see that it is sound.

    A missing or empty one is refused unless ``create``: an empty database in place of a lost
    one would hide the loss. One that was moved is, unless ``moving``. Raises ``DatabaseUnsound``.
    """
    # A statement in a log would hold what it stores; the steps of a migration are told by who asks.
    logging.getLogger("peewee").setLevel(logging.WARNING)
    if database.obj is not None and not database.is_closed():
        database.close()
    database.initialize(engine_at(url, create=create))
    use_keys(keys)
    with connected(database.obj), _refusing_in_words():
        if not create:
            _refuse_empty()
        if not moving:
            _refuse_moved()
        use_digest_key()


def check_integrity(*, references: bool = False) -> None:
    """Read the whole database; raises ``DatabaseUnsound``.

    With ``references`` also see that no row refers to one that is not there.
    """
    with _refusing_in_words(), connection():
        if not database.is_whole(references=references):
            raise DatabaseUnsound(_DAMAGED)


def _refuse_empty() -> None:
    # A database is there before anything is in it: on a server, or where a begin was cut off.
    if not database.get_tables():
        raise DatabaseUnsound(
            "the database is empty: restore a backup, or begin one with 'portal migrate'"
        )
    refuse_another(database.obj)


def _refuse_moved() -> None:
    if found := mark_of(database.obj):
        raise DatabaseUnsound(found.says())


@contextmanager
def connected(engine: Engine) -> Iterator[None]:
    """A connection of this thread to a database that keeps what it must; refuses in words."""
    with _refusing_closed(engine):
        opened = engine.connect(reuse_if_open=True)
    try:
        with _refusing_closed(engine):
            engine.check_settings()
        yield
    finally:
        if opened:
            engine.close()


@contextmanager
def _refusing_closed(engine: Engine) -> Iterator[None]:
    try:
        yield
    except FAULTS as fault:
        raise DatabaseUnsound(engine.why_closed(fault)) from fault


@contextmanager
def _refusing_in_words() -> Iterator[None]:
    try:
        yield
    except FAULTS as fault:
        raise DatabaseUnsound(in_words(fault)) from fault
