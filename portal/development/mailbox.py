"""The mailbox page: every caught letter, readable in the browser and as it came."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from pathlib import Path

from flask import Blueprint, Response, abort, render_template, request

SHOWN = 200  # letters on one page

_NAME = re.compile(r"[0-9]{20}-[0-9]{6}")
# HTML has no place for these; the source shows them as they are.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


@dataclass(frozen=True)
class Letter:
    """One caught letter as a page shows it; ``text`` is None where it holds no plain text."""

    name: str
    caught: datetime
    headers: list[tuple[str, str]]
    text: str | None

    def header(self, name: str) -> str:
        """The first header of this name, decoded; empty where there is none."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


def mailbox(folder: Path, people: Callable[[], Sequence[object]]) -> Blueprint:
    """Pages under ``/postvak/`` for the ``.eml`` files in ``folder``; they change nothing.

    ``people`` gives whoever can sign in at the desk to try it, with the code of that moment.
    """
    blueprint = Blueprint("mailbox", __name__, url_prefix="/postvak")

    @blueprint.get("/")
    def overview() -> str:
        names = sorted((name for name in _names(folder)), reverse=True)
        letters = [_letter(name, _source(folder, name)) for name in names[:SHOWN]]
        return render_template(
            "development/mailbox.html",
            letters=letters,
            total=len(names),
            people=people(),
        )

    @blueprint.get("/<name>/")
    def letter(name: str) -> str:
        found = _letter(name, _source(folder, name))
        ours = _links(found.text or "", request.host_url)
        return render_template("development/letter.html", letter=found, links=ours)

    @blueprint.get("/<name>/bron")
    def source(name: str) -> Response:
        answer = Response(_source(folder, name), content_type="text/plain; charset=utf-8")
        answer.headers["X-Content-Type-Options"] = "nosniff"
        return answer

    return blueprint


def _names(folder: Path) -> list[str]:
    return [file.stem for file in folder.glob("*.eml") if _NAME.fullmatch(file.stem)]


def _source(folder: Path, name: str) -> bytes:
    if not _NAME.fullmatch(name):
        abort(404)
    try:
        return (folder / f"{name}.eml").read_bytes()
    except FileNotFoundError:
        abort(404)


def _letter(name: str, source: bytes) -> Letter:
    message = message_from_bytes(source)
    caught = datetime.fromtimestamp(int(name.partition("-")[0]) / 1e9, UTC)
    return Letter(
        name=name,
        caught=caught.astimezone(),
        headers=[(_showable(key), _decoded(value)) for key, value in message.items()],
        text=_plain_text(message),
    )


def _links(text: str, ours: str) -> list[str]:
    """The addresses of the portal itself that a text holds, each once."""
    return list(dict.fromkeys(re.findall(rf"{re.escape(ours)}\S+", text)))


def _decoded(value: object) -> str:
    """A header's text; one that cannot be decoded is shown as it came."""
    try:
        text = str(make_header(decode_header(value)))  # type: ignore[arg-type]
    except (HeaderParseError, LookupError, ValueError):
        text = str(value)
    return _showable(" ".join(text.split()))


def _plain_text(message: Message) -> str | None:
    for part in message.walk():
        if part.get_content_type() == "text/plain":
            octets = part.get_payload(decode=True)
            if isinstance(octets, bytes):
                return _showable(_text(octets, part.get_content_charset("utf-8")))
    return None


def _text(octets: bytes, charset: str) -> str:
    try:
        return octets.decode(charset, "replace")
    except (LookupError, ValueError):
        return octets.decode("utf-8", "replace")


def _showable(text: str) -> str:
    """Without lone surrogates, which no page can be sent with, and without control characters."""
    return _CONTROLS.sub("\ufffd", text.encode("utf-8", "replace").decode())
