"""The portal: where a conference is asked for, and followed until nothing of it need be kept."""

import importlib
import sys


def _load_peewee_alone() -> None:
    # It takes in each driver that is installed: 15 MB in every process, for nothing on SQLite.
    # Whoever has a database on PostgreSQL loads that driver in portal.database.postgresql.
    if "psycopg" in sys.modules:
        return
    sys.modules["psycopg"] = None  # type: ignore[assignment] # what "not installed" looks like
    try:
        for part in ("peewee", "playhouse.migrations"):
            importlib.import_module(part)
    finally:
        del sys.modules["psycopg"]


_load_peewee_alone()
