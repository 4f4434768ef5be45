"""The one database: how it is opened, what a transaction is, and what its columns can hold."""

from portal.database.binding import DatabaseUnsound, database, keyring
from portal.database.columns import Moment, Table, Word
from portal.database.faults import FAULTS, in_words
from portal.database.keys import KeyProof, check_key
from portal.database.opening import check_integrity, connected, open_database
from portal.database.plain import Plain
from portal.database.schema import MIGRATIONS, migrate, pending_migrations
from portal.database.sealed import FORGOTTEN, Sealed, SealedBytes, reading_on, sealed_place
from portal.database.sqlite import PRAGMAS
from portal.database.transactions import (
    NearlyFull,
    Rows,
    beside,
    connection,
    holding,
    in_line,
    locking,
    settle,
    spare,
    stay_connected,
    transaction,
    turn,
)

__all__ = [
    "FAULTS",
    "FORGOTTEN",
    "MIGRATIONS",
    "PRAGMAS",
    "DatabaseUnsound",
    "KeyProof",
    "Moment",
    "NearlyFull",
    "Plain",
    "Rows",
    "Sealed",
    "SealedBytes",
    "Table",
    "Word",
    "beside",
    "check_integrity",
    "check_key",
    "connected",
    "connection",
    "database",
    "holding",
    "in_line",
    "in_words",
    "keyring",
    "locking",
    "migrate",
    "open_database",
    "pending_migrations",
    "reading_on",
    "sealed_place",
    "settle",
    "spare",
    "stay_connected",
    "transaction",
    "turn",
]
