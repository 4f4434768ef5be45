"""The forms for coming in, and for taking on staff."""

import re
import unicodedata
from typing import Any

from wtforms.fields import SelectChoice  # type: ignore[attr-defined]  # not in the stubs yet
from wtforms.validators import ValidationError

from portal.casework.employ import Newcomer
from portal.casework.people import StaffRole
from portal.routing.regions import managers
from portal.web.buttons import Button
from portal.web.fields import Choice, Email, Line
from portal.web.wording import STAFF_ROLES

WRONG_CODE = "Deze code klopt niet of is al gebruikt. Wacht op een nieuwe code in de app"
WRONG_RECOVERY_CODE = "Deze herstelcode klopt niet of is al gebruikt. Neem een andere"
WRONG_EITHER = "Deze code klopt niet of is al gebruikt. Neem een nieuwe code"
WRONG_SET_UP = (
    "Deze code klopt niet. Neem de nieuwste code uit de app, en kijk of uw telefoon gelijk loopt"
)


class LinkAsked(Button):
    """Asks where the link must go."""

    email = Email(
        "E-mailadres",
        hint="Het adres waarop u bent uitgenodigd.",
        needed="Vul het e-mailadres in waarop u bent uitgenodigd",
    )


class AppCode(Line):
    """The six digits that an authenticator shows."""

    longest = 20

    def check(self, text: str) -> None:
        digits = re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", text))
        if not (digits.isascii() and digits.isdigit() and len(digits) == 6):
            raise ValidationError("Vul de zes cijfers in die de app nu laat zien")


class Proving(Button):
    """Asks for a code."""

    def refuse(self, words: str) -> None:
        """Say that the code is not right."""
        self["code"].errors = [words]


class CodeAsked(Proving):
    """Asks for the authenticator's code."""

    code = AppCode(
        "Code uit de app",
        hint="Zes cijfers. Om de halve minuut komt er een nieuwe code.",
        needed="Vul de zes cijfers in die de app nu laat zien",
    )


class RecoveryCodeAsked(Proving):
    """Asks for a recovery code."""

    code = Line(
        "Herstelcode",
        hint="Tien letters en cijfers. Het streepje en hoofdletters hoeven niet.",
        needed="Vul een van uw herstelcodes in",
    )


class EitherCodeAsked(Proving):
    """Asks for a code of either kind."""

    code = Line(
        "Code uit de app, of een herstelcode",
        needed="Vul de zes cijfers uit de app in, of een herstelcode",
    )


class Invitation(Button):
    """Asks who is to be invited, and as what."""

    name = Line("Naam", needed="Vul de naam van uw collega in")
    email = Email(
        "E-mailadres",
        hint="Hierheen gaan de uitnodiging en de links om in te loggen.",
        needed="Vul het e-mailadres van uw collega in",
    )
    role = Choice(
        "Wat wordt uw collega?",
        [(role.value, STAFF_ROLES[role].capitalize()) for role in StaffRole],
        hint="Een beheerder ziet geen aanvragen. Het landelijk bureau ziet ze allemaal.",
        needed="Kies wat uw collega wordt",
    )
    manager = Choice("Bij welke regiomanager hoort dit?", [], hint="Alleen voor een regiomanager.")

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        known = managers()
        self["manager"].choices = [SelectChoice(*pair) for pair in known.items()]
        self["manager"].known = frozenset(known)

    def validate(self, extra_validators: Any = None) -> bool:
        """Check each; a regional manager alone belongs to one in the map."""
        sound = bool(super().validate(extra_validators))
        role, manager = self["role"].data, self["manager"].data
        if role == StaffRole.MANAGER and not manager:
            self["manager"].errors = ["Kies bij welke regiomanager dit hoort"]
            return False
        return sound

    def newcomer(self) -> Newcomer:
        """What was filled in."""
        role = StaffRole(self["role"].data)
        return Newcomer(
            name=self["name"].data,
            email=self["email"].data,
            role=role,
            manager=self["manager"].data if role is StaffRole.MANAGER else None,
        )

    def refuse(self) -> None:
        """Say that somebody has this address already."""
        self["email"].errors = ["Er is al een account met dit e-mailadres"]
