"""Forms that were filled in to their last page, made without asking for a page."""

from datetime import UTC, datetime

from flask import Flask, session
from flask_wtf.csrf import generate_csrf

from portal.intake import drafts, handles
from portal.intake.doors import DOORS
from tests.portal_app import required, urlencoded
from tests.real_server import Filled

_DOOR = DOORS["community"]


class Forms:
    """Makes the draft, the cookie and the token that a browser would have by then."""

    def __init__(self, secret_key: str) -> None:
        # Not the portal's own: each request of that one closes the connection that we work on.
        self._app = Flask(__name__)
        self._app.secret_key = secret_key

    def ready(self, name: str, **other: str) -> Filled:
        """A form of the community's door on its last page, ready to be sent."""
        handle, secret = handles.new_handle(), drafts.new_secret()
        typed = required("community", name=name, story=f"Er is lawaai, zegt {name}.", **other)
        answers = {question: [text] for question, text in typed.items()}
        drafts.save(secret, _DOOR.key, _DOOR.last - 1, answers, datetime.now(UTC))
        token, cookie = self._opens(handle, secret)
        path = f"{_DOOR.path}{handle}/controleren/"
        return Filled(path, urlencoded({"csrf_token": token}), cookie)

    def _opens(self, handle: str, secret: str) -> tuple[str, str]:
        """The token and the cookie that come with a page of this form."""
        with self._app.test_request_context():
            handles.hold(handle, secret)
            token: str = generate_csrf()
            signer = self._app.session_interface.get_signing_serializer(self._app)  # type: ignore[attr-defined]
            return token, f"portaal={signer.dumps(dict(session))}"
