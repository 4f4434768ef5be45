"""Forms that were filled in to the last page, and wait for its button."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, session
from flask_wtf.csrf import generate_csrf

from portal.app import create_app, open_sound_database
from portal.config import Config
from portal.database import transaction
from portal.intake import drafts, handles
from portal.intake.doors import DOORS
from tests.bench.asking import get, post

# As long as such texts are, as far as they are known.
_STORY = "Noor wil graag leren hoe een motor werkt, en de school weet niet goed hoe dat kan. " * 4
ANSWERS = {
    "role": "relative",
    "name": "Noor",
    "phone": "06 12 34 56 78",
    "call_when": "na vier uur",
    "voicemail": "yes",
    "postcode": "3511",
    "pupil_knows": "knows and wants it",
    "good_at": "tekenen en sleutelen",
    "wants_to_learn": _STORY,
    "how": _STORY,
}
_STEPS = len(DOORS["learning"].form.steps)


class Ready:
    """Forms on the database of these settings; each is by somebody else."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        self._settings, self._made = settings, 0

    def to_send(self, number: int) -> list[bytes]:
        """So many posts of the last page."""
        return [self._send(form) for form in self._filled_in(number)]

    def to_check(self, number: int) -> list[bytes]:
        """So many looks at the last page."""
        return [get(form.path, {"Cookie": form.cookie}) for form in self._filled_in(number)]

    def _filled_in(self, number: int) -> list["_Form"]:
        app = opened(self._settings)
        forms = [_form(app) for _ in range(number)]
        with transaction():
            for form in forms:
                form.save()
        return forms

    def _send(self, form: "_Form") -> bytes:
        self._made += 1
        sent = {"csrf_token": form.token, "form_key": form.key, "website": ""}
        headers = {"Cookie": form.cookie, **_from(self._made)}
        return post(form.path, urlencode(sent).encode(), headers)


@dataclass
class _Form:
    """What a browser holds of a form, and the token that goes with it."""

    handle: str
    secret: str
    cookie: str
    token: str
    key: str = ""

    @property
    def path(self) -> str:
        return f"{DOORS['learning'].path}{self.handle}/controleren/"

    def save(self) -> None:
        # Longer ago than a robot takes.
        begun = datetime.now(UTC) - timedelta(minutes=5)
        given = ANSWERS | {"email": f"{self.handle}@example.org"}
        answers = {name: [value] for name, value in given.items()}
        self.key = drafts.save(self.secret, "learning", _STEPS, answers, begun).form_key


def _from(number: int) -> dict[str, str]:
    """An address of its own: of many who send from one, doubts arise."""
    return {"X-Forwarded-For": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"}


def opened(settings: Mapping[str, str]) -> Flask:
    """The application with these settings, and its database from now on."""
    app = _made(tuple(sorted(settings.items())))
    open_sound_database(app.config["PORTAL"])
    return app


@cache
def _made(settings: tuple[tuple[str, str], ...]) -> Flask:
    return create_app(Config.from_environment(dict(settings)))


def _form(app: Flask) -> _Form:
    handle, secret = handles.new_handle(), drafts.new_secret()
    with app.test_request_context("/"):
        token = generate_csrf()
        handles.hold(handle, secret)
        answer = Response()
        held: Any = session
        app.session_interface.save_session(app, held, answer)
    return _Form(handle, secret, answer.headers["Set-Cookie"].partition(";")[0], token)
