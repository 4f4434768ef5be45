"""The four forms at the public's door; the name of every field is a promise to the outside."""

import re
import secrets
from typing import Any

from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import Field, HiddenField

from portal.cases.case import Answers, Intent, Kind, Role, Submission
from portal.web import wording
from portal.web.fields import Choice, Choices, Email, Line, Phone, Story, values_of

_KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")

# What a case keeps beside its answers; the rest of a form's fields are answers.
_OWN = frozenset(
    {"csrf_token", "form_key", "role", "name", "email", "phone", "postcode", "municipality"}
)

REACH = "Geef een e-mailadres of een telefoonnummer. Dan kunnen we contact opnemen"
PLACE = "Vul vier cijfers van de postcode in, bijvoorbeeld 3511. Of vul de gemeente in"


def new_key() -> str:
    """A form's own key, too long to guess."""
    return secrets.token_urlsafe(24)


class Postcode(Line):
    """The postcode; that it is not a known one is a question of place, never an error."""

    longest = 20


class Intake(FlaskForm):  # type: ignore[misc]
    """What all four forms ask: who is asking, how to reach them, and where it is."""

    kind: Kind
    intent: Intent
    fixed_role: Role | None = None
    voice = "u"

    form_key = HiddenField()

    def __init__(self, sent: MultiDict[str, str] | None = None, **data: Any) -> None:
        self._sent = MultiDict() if sent is None else sent
        super().__init__(sent, **data)

    def submission(self) -> Submission:
        """All that was typed, as a value; nothing is looked up, and nothing needs to be valid."""
        return Submission(
            form_key=self.form_key.data or "",
            kind=self.kind,
            intent=self.intent,
            role=self._role(),
            postcode=self["postcode"].data or "",
            municipality=self["municipality"].data or "",
            name=self["name"].data or "",
            email=self["email"].data or "",
            phone=self["phone"].data or "",
            answers=self._answers(),
        )

    def has_key(self) -> bool:
        """Whether the form came with a key of the kind that we give out."""
        return bool(_KEY.fullmatch(self.form_key.data or ""))

    def visible(self) -> list[Field]:
        """The questions, in the order in which they are asked."""
        return [field for field in self if not isinstance(field, HiddenField)]

    def token_holds(self) -> bool:
        """Whether the form is ours and less than a day old."""
        self.csrf_token.validate(self)
        return not self.csrf_token.errors

    def validate(self, extra_validators: Any = None) -> bool:
        """Check every question; a way to be reached and a place need one of two each."""
        sound = super().validate(extra_validators)
        reach, place = self["email"], self["postcode"]
        if not (self["email"].data or self["phone"].data):
            reach.errors = [REACH]
        if not self["municipality"].data and len(re.findall(r"\d", place.data or "")) < 4:
            place.errors = [PLACE]
        return bool(sound and not reach.errors and not place.errors)

    def _role(self) -> Role:
        chosen = self.fixed_role or self["role"].data
        return Role(chosen) if chosen in set(Role) else Role.UNKNOWN

    def _answers(self) -> Answers:
        filled = ((f.short_name, values_of(f)) for f in self if f.short_name not in _OWN)
        return tuple((name, values) for name, values in (*filled, *self._carried()) if values)

    def _carried(self) -> list[tuple[str, tuple[str, ...]]]:
        """Answers typed in another form before the switch to this one: kept all the same."""
        elsewhere = [name for name in self._sent if name in wording.ANSWERS and name not in self]
        return [(name, tuple(filter(None, self._sent.getlist(name)))) for name in elsewhere]


_KEEP_SAFE = "Schrijf geen namen, adressen of gezondheidsgegevens van anderen op."


class PupilRequest(Intake):
    """A pupil asks, in six questions."""

    kind, intent, fixed_role, voice = Kind.LEARNING, Intent.REQUEST, Role.PUPIL, "je"

    name = Line("Wat is je voornaam?", needed="Vul je voornaam in")
    email = Email(
        "Je e-mailadres",
        hint="Vul je e-mailadres of je telefoonnummer in. Een van de twee is genoeg.",
    )
    phone = Phone("Je telefoonnummer")
    call_when = Line("Wanneer kunnen we je bellen?")
    postcode = Postcode(
        "De postcode van je school",
        hint="De vier cijfers zijn genoeg. Zo weten we wie bij jou in de buurt werkt.",
    )
    municipality = Line("Weet je de postcode niet? In welke gemeente is je school?")
    age_band = Choice("Hoe oud ben je?", wording.AGE_BANDS)
    story = Story(
        "Wat wil je vertellen?",
        hint=(
            "Bijvoorbeeld: waar ben je goed in? Wat wil je leren? Hoe kan dat, en wat is daarvoor "
            "nodig? Schrijf geen achternamen of adressen op."
        ),
    )
    safety = Story("Wat is nodig om veilig contact met je te hebben?")


class _Reachable(Intake):
    """How an adult wants to be reached, and where it is."""

    name = Line("Uw naam", needed="Vul uw naam in")
    email = Email(
        "Uw e-mailadres",
        hint="Vul een e-mailadres of een telefoonnummer in. Een van de twee is genoeg.",
    )
    phone = Phone("Uw telefoonnummer")
    call_when = Line("Wanneer kunnen we u bellen?")
    voicemail = Choice("Mogen we een bericht inspreken?", wording.YES_NO)


class LearningRequest(_Reachable):
    """A relative or a school asks for a conference about one pupil's learning."""

    kind, intent = Kind.LEARNING, Intent.REQUEST

    role = Choice(
        "Wie bent u?",
        (
            ("relative", "Ouder of familie van de leerling"),
            ("school", "Iemand van de school"),
            ("pupil", "De leerling zelf"),
            wording.UNKNOWN,
        ),
        needed="Kies wie u bent. Weet u het niet? Kies dan ‘Weet ik niet’",
    )
    postcode = Postcode(
        "De postcode van de school",
        hint="De vier cijfers zijn genoeg. Zo komt uw aanvraag bij de regiomanager van die plaats.",
    )
    municipality = Line("Weet u de postcode niet? Vul dan de gemeente in")
    pupil_knows = Choice("Weet de leerling dat u dit aanvraagt?", wording.KNOWS)
    age_band = Choice("Hoe oud is de leerling?", wording.AGE_BANDS)
    school_type = Choice("Wat voor school is het?", wording.SCHOOL_TYPES)
    education = Choice("Wat voor onderwijs is het?", wording.EDUCATIONS)
    reasons = Choices("Waarom denkt u nu aan een conferentie?", wording.REASONS)
    pupils = Line("Vraagt u dit voor meer leerlingen aan? Hoeveel ongeveer?")
    good_at = Story("Waar is de leerling goed in?", hint=_KEEP_SAFE)
    wants_to_learn = Story("Wat wil de leerling leren?")
    how = Story("Hoe kan dat, en wat is daarvoor nodig?")
    safety = Story("Wat is nodig om veilig mee te doen of contact te hebben?")
    coordinator_wishes = Story("Heeft u wensen over de coördinator?")


class _AboutGroup(_Reachable):
    """What is going on in a group, district or neighbourhood, without names."""

    postcode = Postcode(
        "De postcode van de plek waar het speelt",
        hint="De vier cijfers zijn genoeg. Zo weten we welke regiomanager daar werkt.",
    )
    municipality = Line("Weet u de postcode niet? Vul dan de gemeente in")
    setting = Choice("Waar speelt het?", wording.SETTINGS)
    story = Story("Wat is er aan de hand?", hint=_KEEP_SAFE)


class CommunityRequest(_AboutGroup):
    """Somebody involved asks for a conference of a group, district or neighbourhood."""

    kind, intent = Kind.COMMUNITY, Intent.REQUEST

    role = Choice(
        "Wie bent u?",
        (
            ("resident", "Bewoner van de straat, buurt of wijk"),
            ("member", "Lid van de groep"),
            ("school", "Iemand van een school"),
            ("company", "Iemand van een bedrijf of instelling"),
            ("authority", "Iemand van de gemeente of een andere overheid"),
            ("other", "Iemand anders"),
            wording.UNKNOWN,
        ),
        needed="Kies wie u bent. Weet u het niet? Kies dan ‘Weet ik niet’",
    )
    they_know = Choice("Weten de anderen dat u dit aanvraagt?", wording.THEY_KNOW)
    question = Story(
        "Welke vraag moet de conferentie beantwoorden?",
        hint="Een open vraag werkt het best. Bijvoorbeeld: hoe kan de overlast stoppen?",
    )
    participants = Choices("Wie kunnen erbij zijn?", wording.PARTICIPANTS)
    financing = Choice("Wie kan de conferentie misschien betalen?", wording.FINANCING)
    coordinator_wishes = Story("Heeft u wensen over de coördinator?")
    safety = Story("Wat is nodig om veilig mee te doen of contact te hebben?")
    follow_up = Choice("Mogen we na drie maanden vragen hoe het met het plan gaat?", wording.YES_NO)


class Proposal(_AboutGroup):
    """An outsider proposes a conference to a group, district or neighbourhood."""

    kind, intent = Kind.COMMUNITY, Intent.PROPOSAL

    role = Choice(
        "Wie bent u?",
        (
            ("neighbour", "Een buur of bekende"),
            ("professional", "Ik ben vanuit mijn werk betrokken"),
            ("other", "Iemand anders"),
            wording.UNKNOWN,
        ),
        needed="Kies wie u bent. Weet u het niet? Kies dan ‘Weet ik niet’",
    )
    they_know = Choice("Weten de betrokkenen van uw voorstel?", wording.THEY_KNOW)
    participants = Choices(
        "Wie zijn erbij betrokken?",
        wording.PARTICIPANTS,
        hint="Kies rollen. Noem geen namen.",
    )
    question = Story("Welke vraag moet de conferentie beantwoorden?")
    financing = Choice("Wie kan de conferentie misschien betalen?", wording.FINANCING)
    safety = Story("Wat is nodig om veilig contact te hebben?")
