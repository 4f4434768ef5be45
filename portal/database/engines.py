"""Which engine a database has, by its URL."""

from typing import TYPE_CHECKING, TypeAlias

from portal.database.sqlite import SCHEME, Sqlite

if TYPE_CHECKING:
    from portal.database.postgresql import Postgresql

Engine: TypeAlias = "Sqlite | Postgresql"


def engine_at(url: str, *, create: bool = False) -> Engine:
    """The database at ``url``, not yet connected to; raises ``DatabaseUnsound``."""
    if url.startswith(SCHEME):
        return Sqlite.at(url, create=create)
    # Imported here: its driver is large, and of no use to whoever keeps to SQLite.
    from portal.database.postgresql import Postgresql  # noqa: PLC0415

    return Postgresql.at(url)
