"""Which engine a database has, by its URL."""

from portal.database.postgresql import SCHEME, Postgresql
from portal.database.sqlite import Sqlite

Engine = Sqlite | Postgresql


def engine_at(url: str, *, create: bool = False) -> Engine:
    """The database at ``url``, not yet connected to; raises ``DatabaseUnsound``."""
    return Postgresql.at(url) if url.startswith(SCHEME) else Sqlite.at(url, create=create)
