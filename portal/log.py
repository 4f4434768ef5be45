"""The log: one line a record, with these fields and no others, and nothing that somebody typed."""

import json
import linecache
import logging
import re
import sys
import threading
import traceback
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

# What stands for a text that is not repeated: a library's, made of what it was working on.
WITHHELD = "withheld"

_OURS = str(Path(__file__).parent)
_LONGEST = 1000  # characters of one event
_DEEPEST = 12  # places of one fault, the innermost first
_REFERENCE = re.compile(r"[A-Za-z0-9._-]{1,40}")


def begin(level: str) -> None:
    """Write what this process has to say from ``level`` on to its standard error.

    Where a log is being kept already, as in a test, that one is left as it is.
    """
    if logging.root.handlers:
        return
    handler = logging.StreamHandler()
    handler.setFormatter(Line())
    logging.basicConfig(level=level, handlers=[handler])
    # A record that cannot be written would else be shown with all its values.
    logging.raiseExceptions = False
    logging.captureWarnings(capture=True)
    threading.excepthook = lambda ended: _ended(*ended[:3])
    sys.excepthook = _ended


class Line(logging.Formatter):
    """A record as one line of JSON in ASCII, so that nothing in it can begin another.

    ``time`` (UTC), ``level``, ``logger`` and ``event`` always; ``reference`` where the record has
    that of a case; ``at``, the place in the code, where the event is not ours; ``error``, the
    classes of what was raised and what it came from, and ``raised``, where it came through.
    """

    def format(self, record: logging.LogRecord) -> str:
        # JSON lets DEL stand as it is.
        return json.dumps(dict(_fields(record))).replace("\x7f", "\\u007f")


def _fields(record: logging.LogRecord) -> Iterable[tuple[str, object]]:
    moment = datetime.fromtimestamp(record.created, UTC)
    yield "time", moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    yield "level", record.levelname
    yield "logger", record.name
    yield "event", _event(record)[:_LONGEST]
    reference = getattr(record, "reference", None)
    if isinstance(reference, str) and _REFERENCE.fullmatch(reference):
        yield "reference", reference
    if not _is_ours(record.pathname):
        yield "at", f"{_short(record.pathname)}:{record.lineno} {record.funcName}"
    if record.exc_info and record.exc_info[1]:
        yield "error", classes(record.exc_info[1])
        yield "raised", places(record.exc_info[1])


def classes(fault: BaseException) -> str:
    """The class of a fault and of what it came from: its message may hold what somebody typed."""
    chain: list[str] = []
    came: BaseException | None = fault
    while came and len(chain) < _DEEPEST:
        chain.append(type(came).__name__)
        came = came.__cause__ or (None if came.__suppress_context__ else came.__context__)
    return " from ".join(chain)


def places(fault: BaseException) -> list[str]:
    """Where in the code a fault came through, the innermost first."""
    frames = [
        f"{_short(frame.f_code.co_filename)}:{line} {frame.f_code.co_name}"
        for frame, line in traceback.walk_tb(fault.__traceback__)
    ]
    return frames[::-1][:_DEEPEST]


def _event(record: logging.LogRecord) -> str:
    """The text of a record: ours whole, another's as far as it stands literally in its code."""
    ours = _is_ours(record.pathname)
    if not ours and not _stands_in_code(record):
        return WITHHELD
    show = _own if ours else _number
    try:
        return str(record.msg) % _shown(record.args, show) if record.args else str(record.msg)
    except (TypeError, ValueError, KeyError):
        return WITHHELD


def _shown(arguments: Any, show: Any) -> Any:
    if isinstance(arguments, Mapping):
        return {name: show(value) for name, value in arguments.items()}
    return tuple(show(value) for value in arguments)


def _own(value: object) -> object:
    return classes(value) if isinstance(value, BaseException) else value


def _number(value: object) -> object:
    return value if isinstance(value, int | float) else "…"


def _stands_in_code(record: logging.LogRecord) -> bool:
    code = "".join(linecache.getlines(record.pathname))
    return isinstance(record.msg, str) and any(f"{q}{record.msg}{q}" in code for q in "'\"")


def _is_ours(path: str) -> bool:
    return Path(path).is_relative_to(_OURS)


def _short(path: str) -> str:
    """A file by its last names: where a machine keeps its programs is nobody's business."""
    return "/".join(Path(path).parts[-3:])


def _ended(
    kind: type[BaseException], fault: BaseException | None, _place: TracebackType | None
) -> None:
    """Tell of a fault that nobody caught, without its message."""
    if fault is not None and not issubclass(kind, KeyboardInterrupt | SystemExit):
        logging.getLogger(__name__).critical("ended by a fault", exc_info=fault)
