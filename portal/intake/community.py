"""The two forms about a group, district or neighbourhood: a request from within, and a proposal."""

from portal.cases.case import Intent, Kind
from portal.intake.forms import (
    KEEP_SAFE,
    ROLE_NEEDED,
    WHO,
    AdultIntake,
    Postcode,
    Step,
    Variant,
)
from portal.web import wording
from portal.web.fields import Choice, Choices, Line, Story

_ENOUGH = "De vier cijfers zijn genoeg. Zo weten we welke regiomanager daar werkt."
_OPEN = (
    "Een open vraag werkt het best. Bijvoorbeeld: hoe kan de overlast stoppen? Hoe wordt de sfeer "
    "weer goed? Hoe vinden we als groep onze plek in de buurt?"
)


class _AboutGroup(AdultIntake):
    """What is going on in a group, district or neighbourhood, without names."""

    postcode = Postcode("De postcode van de plek waar het speelt", hint=_ENOUGH)
    municipality = Line("Weet u de postcode niet? Vul dan de gemeente in")
    setting = Choice("Waar speelt het?", wording.SETTINGS)
    story = Story("Wat is er aan de hand?", hint=KEEP_SAFE)


_RESIDENT = Variant(
    words={
        "postcode": ("De postcode van uw straat, buurt of wijk", _ENOUGH),
        "they_know": ("Weten de andere bewoners dat u dit aanvraagt?", ""),
        "story": ("Wat is er aan de hand in uw straat, buurt of wijk?", KEEP_SAFE),
    }
)
_MEMBER = Variant(
    words={
        "postcode": ("De postcode van de plek waar de groep bij elkaar komt", _ENOUGH),
        "they_know": ("Weten de anderen in de groep dat u dit aanvraagt?", ""),
        "story": ("Wat is er aan de hand in de groep?", KEEP_SAFE),
    }
)
_SCHOOL = Variant(
    words={
        "postcode": ("De postcode van de school", _ENOUGH),
        "they_know": ("Weten leerlingen, ouders en collega’s dat u dit aanvraagt?", ""),
        "story": ("Wat is er aan de hand op school of in de klas?", KEEP_SAFE),
    }
)
_COMPANY = Variant(
    words={
        "postcode": ("De postcode van het bedrijf of de instelling", _ENOUGH),
        "they_know": ("Weten uw collega’s dat u dit aanvraagt?", ""),
        "story": ("Wat is er aan de hand op het werk?", KEEP_SAFE),
    }
)
_AUTHORITY = Variant(
    words={
        "postcode": ("De postcode van de buurt of plek waar het speelt", _ENOUGH),
        "they_know": ("Weten de inwoners dat u dit aanvraagt?", ""),
        "story": ("Wat speelt er tussen inwoners, of tussen inwoners en de overheid?", KEEP_SAFE),
    }
)


class CommunityRequest(_AboutGroup):
    """Somebody involved asks for a conference of a group, district or neighbourhood."""

    kind, intent = Kind.COMMUNITY, Intent.REQUEST
    steps = (
        Step("Wie bent u?", WHO),
        Step("Waar speelt het?", ("postcode", "municipality", "setting", "they_know")),
        Step("Wat is er aan de hand?", ("story", "question")),
        Step(
            "De conferentie zelf",
            ("participants", "financing", "safety", "coordinator_wishes", "follow_up"),
        ),
    )
    variants = {  # noqa: RUF012
        "resident": _RESIDENT,
        "member": _MEMBER,
        "school": _SCHOOL,
        "company": _COMPANY,
        "authority": _AUTHORITY,
    }

    role = Choice(
        "Wie bent u?",
        (
            ("resident", "Bewoner van de straat, buurt of wijk"),
            ("member", "Lid van de groep"),
            ("school", "Iemand van de school"),
            ("company", "Iemand van het bedrijf of de instelling"),
            ("authority", "Iemand van de gemeente of een andere overheid"),
            ("outsider", "Ik sta er zelf buiten: het gaat om anderen"),
            ("other", "Iemand anders"),
            wording.UNKNOWN,
        ),
        needed=ROLE_NEEDED,
    )
    they_know = Choice("Weten de anderen dat u dit aanvraagt?", wording.THEY_KNOW)
    question = Story("Welke vraag moet de conferentie beantwoorden?", hint=_OPEN)
    participants = Choices("Wie kunnen erbij zijn?", wording.PARTICIPANTS)
    financing = Choice(
        "Wie kan de conferentie misschien betalen?",
        wording.FINANCING,
        hint="Vaak loopt dit via een provincie, gemeente of school. U bespreekt het later samen.",
    )
    safety = Story("Wat is nodig om veilig mee te doen of contact te hebben?")
    coordinator_wishes = Story("Heeft u wensen over de coördinator?")
    follow_up = Choice(
        "Mogen we na drie maanden vragen hoe het met het plan gaat?",
        wording.YES_NO,
        hint="Dat is voor onderzoek. U kunt hier later altijd van afzien.",
    )


class Proposal(_AboutGroup):
    """An outsider proposes a conference to a group, district or neighbourhood."""

    kind, intent = Kind.COMMUNITY, Intent.PROPOSAL
    steps = (
        Step("Wie bent u?", WHO),
        Step("Waar speelt het?", ("postcode", "municipality", "setting")),
        Step("Om wie gaat het?", ("they_know", "participants")),
        Step("Wat is er aan de hand?", ("story", "question", "financing", "safety")),
    )

    role = Choice(
        "Wie bent u?",
        (
            ("neighbour", "Een buur of bekende"),
            ("professional", "Ik ben vanuit mijn werk betrokken"),
            ("involved", "Ik hoor er zelf bij"),
            ("other", "Iemand anders"),
            wording.UNKNOWN,
        ),
        needed=ROLE_NEEDED,
    )
    they_know = Choice(
        "Weten de betrokkenen van uw voorstel?",
        wording.THEY_KNOW,
        hint="Wie komt, moet dat zelf willen. Via dit formulier benaderen we niemand.",
    )
    participants = Choices(
        "Wie zijn erbij betrokken?",
        wording.PARTICIPANTS,
        hint="Kies rollen. Noem geen namen.",
    )
    question = Story("Welke vraag moet de conferentie beantwoorden?", hint=_OPEN)
    financing = Choice("Wie kan de conferentie misschien betalen?", wording.FINANCING)
    safety = Story("Wat is nodig om veilig contact te hebben?")
