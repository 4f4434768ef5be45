"""Forms that do something when they are sent, and whether it was we who made them."""

from typing import Any

from flask import Request
from flask_wtf import FlaskForm
from wtforms import HiddenField
from wtforms.csrf.core import CSRFTokenField

from portal.config import Config
from portal.web.pages import comes_from_elsewhere


class _Token(CSRFTokenField):
    """A form's token, signed where it is shown: what is sent is mostly answered without a form."""

    def process(self, *args: Any, **kwargs: Any) -> None:
        HiddenField.process(self, *args, **kwargs)

    def _value(self) -> str:
        return str(self.csrf_impl.generate_csrf_token(self))


class _Tokens(FlaskForm.Meta.csrf_class):  # type: ignore[misc]
    field_class = _Token


class Button(FlaskForm):  # type: ignore[misc]
    """A form that asks nothing: its button alone."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        csrf_class = _Tokens

    def is_ours(self, request: Request, config: Config) -> bool:
        """Whether this was sent from our own page, less than a day after that was made."""
        self.csrf_token.validate(self)
        return not self.csrf_token.errors and not comes_from_elsewhere(request, config)
