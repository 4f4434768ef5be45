"""What does not open on a page: words stand in its place, and the log tells whoever can mend it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from flask import current_app

from portal import database
from portal.web import wording


@contextmanager
def reading_on(what: str) -> Iterator[list[str]]:
    """A block that shows what can be read, whatever does not open; the log tells of the rest.

    ``what`` is a reference or the name of a page: nothing personal.
    """
    with database.reading_on(wording.UNREAD) as unread:
        yield unread
    if unread:
        columns = sorted({place.partition(":")[0] for place in unread})
        current_app.logger.error(
            "%s: sealed text does not open (%s): add the key it was sealed with to "
            "PORTAL_DATA_KEYS, or take the row from a backup",
            what,
            ", ".join(columns),
        )


def masked(mask: Callable[[str], str], text: str) -> str:
    """The text as ``mask`` leaves it; what stands for one that does not open is no secret."""
    return text if text == wording.UNREAD else mask(text)
