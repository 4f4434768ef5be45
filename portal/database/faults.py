"""What an operator is told when a database fails: what it said, and what to do about it."""

import re
import sqlite3

from peewee import EXCEPTIONS, ExceptionWrapper, PeeweeException  # type: ignore[attr-defined]

# A block in which a driver's own faults are raised as peewee's, where peewee sees to no such thing.
as_peewees = ExceptionWrapper(EXCEPTIONS)

# Most come as peewee's; what goes wrong while SQLite reads rows comes as its own.
FAULTS = (PeeweeException, sqlite3.Error)

# By PostgreSQL's code where there is one, else by what was said: a server that lets nobody in tells
# no code, and SQLite has the same words everywhere. The first that fits.
_CURES = (
    (r"^XX00[12]|malformed|not a database", "stop everything; check its file or restore a backup"),
    (r"^42501|permission denied", "the portal's role must own it: ALTER DATABASE … OWNER TO …"),
    (r"^25006", "it only reads: give the server that writes"),
    (r"^53100|disk is full|No space left", "make room on its disk"),
    (r"^58|disk I/O error", "see that its disk works, or restore a backup"),
    (r"^55P03|^57014|^40P01|is locked", "another program holds it: end that, or try again"),
    (r"^42(P01|703)|no such (table|column)", "run 'portal migrate', or install the version it had"),
    (
        r"readonly|unable to open|not authorized",
        "check its file, its folder and their rights",
    ),
    (r"^53300|too many|connection slots", "end other programs, or raise max_connections"),
    (r"starting up|shutting down|not (yet )?accepting|recovery", "wait until it is ready"),
    (r"pg_hba\.conf|(Peer|Ident) auth", "see pg_hba.conf, and which user the portal runs as"),
    (r"password", "see the password, in ~/.pgpass or in the URL"),
    (r'database "[^"]*" does not', "make it, or give the URL of one that is there"),
    (r'role "[^"]*" does not', "make it, or give the URL with one that is there"),
    (r"resolve|invalid|sslmode|certificate", "see the URL"),
    (r"^57P|^08|server closed|connection|terminat", "see that it runs, and the URL"),
)


def said_by(fault: BaseException) -> str:
    """The first line of what it says: on further lines PostgreSQL shows the row it was about."""
    said = f"{fault}".partition("\n")[0].strip()
    return re.sub("^connection (failed|is bad): ", "", said)


def cure_of(fault: BaseException) -> str:
    """What to do about a fault of a database; empty where that is not known."""
    own = fault
    while inner := getattr(own, "orig", None):  # told as peewee's, perhaps twice over
        own = inner
    code = getattr(own, "sqlstate", None)
    told = f"{code or ''} {fault}".strip().partition("\n")[0]
    return next((cure for known, cure in _CURES if re.search(known, told)), "")


def in_words(fault: BaseException) -> str:
    """One line: what went wrong, and what to do."""
    if isinstance(fault, PeeweeException) and not cure_of(fault) and not hasattr(fault, "orig"):
        return said_by(fault)  # Our own, and it says what to do.
    cure = cure_of(fault) or "nothing more was done; see 'portal doctor'"
    return f"the database failed ({said_by(fault)}): {cure}"
