"""Forms that do something when they are sent, and whether it was we who made them."""

from flask import Request
from flask_wtf import FlaskForm

from portal.config import Config
from portal.web.pages import comes_from_elsewhere


class Button(FlaskForm):  # type: ignore[misc]
    """A form that asks nothing: its button alone."""

    def token_holds(self) -> bool:
        """Whether the form is ours and less than a day old."""
        self.csrf_token.validate(self)
        return not self.csrf_token.errors

    def is_ours(self, request: Request, config: Config) -> bool:
        """Whether this was sent from our own page, and not too long after that was made."""
        return not comes_from_elsewhere(request, config) and self.token_holds()
