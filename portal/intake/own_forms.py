"""The forms at the requester's own door; they address nobody, for any requester gets them."""

from typing import Any

from markupsafe import Markup
from wtforms.validators import ValidationError

from portal.cases.case import Contact
from portal.cases.reference import read_reference
from portal.web import wording
from portal.web.buttons import Button
from portal.web.fields import Choice, Email, Line, Phone, Story

# The templates leave it out of a pair of which one is enough; here neither is needed.
_OPTIONAL = Markup(' <span class="optional">(niet verplicht)</span>')

NOT_FOUND = "Bij dit telefoonnummer en dit kenmerk vinden we geen aanvraag. Kijk of allebei kloppen"
NOTHING_NEW = "Vul in wat er anders is"


class LinkAsked(Button):
    """Asks where the link must go."""

    email = Email(
        "E-mailadres",
        hint="Het e-mailadres dat in de aanvraag staat.",
        needed="Vul het e-mailadres in dat in de aanvraag staat",
    )


class Reference(Line):
    """A reference, however it is written."""

    def check(self, text: str) -> None:
        if read_reference(text) is None:
            raise ValidationError(
                "Vul het hele kenmerk in: EK en dan twaalf letters en cijfers, "
                "zoals EK-7K3M-Q9TX-2BHD"
            )


class PhoneEntry(Button):
    """Asks for the phone number and the reference of one case."""

    phone = Phone(
        "Telefoonnummer",
        hint="Het nummer dat in de aanvraag staat.",
        needed="Vul het telefoonnummer in dat in de aanvraag staat",
    )
    reference = Reference(
        "Kenmerk",
        hint="Bijvoorbeeld EK-7K3M-Q9TX-2BHD. Streepjes en hoofdletters hoeven niet.",
        needed="Vul het kenmerk in. Het staat op de bevestiging",
    )

    def refuse(self) -> None:
        """Say, whichever of the two is wrong, that they do not belong together."""
        self["reference"].errors = [NOT_FOUND]


class Addition(Button):
    """Asks what to add."""

    text = Story(
        "Wat moet erbij?",
        hint="Schrijf geen namen, adressen of gezondheidsgegevens van anderen op.",
        needed="Schrijf op wat erbij moet",
    )


class Correction(Button):
    """Asks what is different about the contact data."""

    name = Line("De nieuwe naam")
    email = Email("Het nieuwe e-mailadres" + _OPTIONAL)
    phone = Phone("Het nieuwe telefoonnummer" + _OPTIONAL)

    def validate(self, extra_validators: Any = None) -> bool:
        """Check each; one of them at least must be filled in."""
        sound = bool(super().validate(extra_validators))
        if not any(field.data for field in (self["name"], self["email"], self["phone"])):
            self["name"].errors = [NOTHING_NEW]
            return False
        return sound

    def contact(self) -> Contact:
        """What was filled in."""
        return Contact(self["name"].data or "", self["email"].data or "", self["phone"].data or "")


class ContactAfterwards(Button):
    """Asks whether there may be contact three months after the conference."""

    follow_up = Choice(
        "Mogen we na drie maanden vragen hoe het met het plan gaat?",
        wording.YES_NO,
        hint="Dat is voor onderzoek. Het mag later altijd anders.",
        needed="Kies ja of nee",
    )


# What a visitor may have typed when the visit turns out to be over, and what it is called.
TYPED = {
    "text": "De aanvulling",
    "name": "De nieuwe naam",
    "email": "Het nieuwe e-mailadres",
    "phone": "Het nieuwe telefoonnummer",
}
