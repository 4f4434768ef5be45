"""Forms that do something when they are sent, and whether it was we who made them."""

from flask import Request
from flask_wtf import FlaskForm

from portal.config import Config
from portal.web.pages import comes_from_elsewhere


class Button(FlaskForm):  # type: ignore[misc]
    """A form that asks nothing: its button alone."""

    def is_ours(self, request: Request, config: Config) -> bool:
        """Whether this was sent from our own page, less than a day after that was made."""
        self.csrf_token.validate(self)
        return not self.csrf_token.errors and not comes_from_elsewhere(request, config)
