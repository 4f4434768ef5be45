"""The kinds of question a form can ask, each with its own check and the words that go with it."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

from email_validator import EmailNotValidError, validate_email
from wtforms import Field, RadioField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]  # not in the stubs yet
from wtforms.validators import ValidationError

SHORT = 100  # characters, as Python counts them: code points
LONG = 3000

_LINE_ENDS = re.compile(r"\r\n?")
# No language writes with these; they forge lines, poison letters or stop a database.
_CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)


class Asked:
    """What every question has: a hint, whether an answer is needed, and its words if it is not."""

    hint: str
    needed: str


class Line(Asked, StringField):
    """One line of text. Trimmed; otherwise kept as it was typed.

    ``needed`` is the error when it is left empty; an empty ``needed`` makes it optional.
    """

    longest = SHORT
    keeps_lines = False

    def __init__(self, label: str, *, hint: str = "", needed: str = "", **options: Any) -> None:
        self.hint, self.needed = hint, needed
        self.invisible = False
        super().__init__(label, **options)

    def process_formdata(self, valuelist: Sequence[Any]) -> None:
        text = _LINE_ENDS.sub("\n", str(valuelist[0])) if valuelist else ""
        unsafe = _CONTROL.search(text) or (not self.keeps_lines and "\n" in text.strip())
        self.invisible = bool(unsafe)
        text = _CONTROL.sub(" ", text)
        self.data = (text if self.keeps_lines else text.replace("\n", " ")).strip()

    def pre_validate(self, form: Any) -> None:  # noqa: ARG002
        """Refuse what is empty, too long or holds signs that cannot be seen; say what to do."""
        if self.invisible:
            raise ValidationError(
                "Er stonden tekens in die niemand kan zien. Die zijn weg. "
                "Kijk of de tekst nog klopt en verstuur opnieuw"
            )
        if self.needed and not _can_be_seen(self.data or ""):
            raise ValidationError(self.needed)
        too_many = len(self.data or "") - self.longest
        if too_many > 0:
            raise ValidationError(
                f"Maak de tekst korter. Er zijn {too_many} tekens te veel; {self.longest} passen er"
            )
        if self.data:
            self.check(self.data)

    def check(self, text: str) -> None:
        """Raise ``ValidationError`` where a text that is there will not do."""


class Story(Line, TextAreaField):
    """Text of more lines, counted as the visitor is told it is."""

    longest = LONG
    keeps_lines = True


class Email(Line):
    """An address that mail can go to, as far as its spelling tells."""

    longest = 254  # RFC 5321 section 4.5.3.1.3

    def check(self, text: str) -> None:
        try:
            validate_email(text, check_deliverability=False, allow_smtputf8=False)
        except EmailNotValidError:
            raise ValidationError(
                "Vul een e-mailadres in met een @ en een punt, bijvoorbeeld naam@example.org"
            ) from None


class Phone(Line):
    """A phone number, with or without country code, spaces, dots or dashes."""

    longest = 30

    def check(self, text: str) -> None:
        digits = re.sub(r"[\s./()+-]", "", unicodedata.normalize("NFKC", text))
        if not (digits.isascii() and digits.isdigit() and 9 <= len(digits) <= 15):
            raise ValidationError(
                "Vul een telefoonnummer in met alle cijfers, bijvoorbeeld 06 12 34 56 78"
            )


class Choice(Asked, RadioField):
    """One out of a few; nothing chosen is an empty text."""

    def __init__(
        self,
        label: str,
        choices: Sequence[tuple[str, str]],
        *,
        hint: str = "",
        needed: str = "",
        **options: Any,
    ) -> None:
        self.hint, self.needed = hint, needed
        super().__init__(label, default="", **options)
        self.offer(choices)

    def offer(self, choices: Iterable[tuple[str, str]], *taken: str) -> None:
        """Let these be chosen from; what is ``taken`` as well is shown nowhere."""
        offered = [SelectChoice(*choice) for choice in choices]
        self.choices = offered
        self.known = frozenset({*taken, *(choice.value for choice in offered)})

    def pre_validate(self, form: Any) -> None:  # noqa: ARG002
        """Refuse nothing chosen where a choice is needed, and what is not on the list."""
        if not self.data and not self.needed:
            return
        if self.data not in self.known:
            raise ValidationError(self.needed or "Kies een van de antwoorden hieronder")


class Choices(Asked, SelectMultipleField):
    """Any number out of a few, none included."""

    needed = ""

    def __init__(
        self, label: str, choices: Sequence[tuple[str, str]], *, hint: str = "", **options: Any
    ) -> None:
        self.hint = f"{hint} Meer dan één antwoord mag.".lstrip()
        self.known = frozenset(value for value, _ in choices)
        super().__init__(label, choices=[SelectChoice(*c) for c in choices], **options)

    def pre_validate(self, form: Any) -> None:  # noqa: ARG002
        """Refuse what is not on the list."""
        if not self.known.issuperset(self.data or ()):
            raise ValidationError("Kies uit de antwoorden hieronder")


def _can_be_seen(text: str) -> bool:
    return any(unicodedata.category(sign)[0] in "LNPSM" for sign in text)


def values_of(field: Field) -> tuple[str, ...]:
    """The answer as a tuple of texts, empty when there is none."""
    data = field.data or ()
    return (data,) if isinstance(data, str) else tuple(dict.fromkeys(data))


def in_words(field: Field) -> list[str]:
    """The answer as a reader sees it: a choice by its label, a text as it is."""
    labels = {choice.value: choice.label for choice in getattr(field, "choices", ())}
    return [labels.get(value, value) for value in values_of(field)]
