"""The two forms about one pupil's learning: the pupil's own, and a relative's or a school's."""

from portal.cases.case import Intent, Kind, Role
from portal.intake.forms import (
    KEEP_SAFE,
    ROLE_NEEDED,
    WHO,
    AdultIntake,
    Intake,
    Postcode,
    Step,
    Variant,
)
from portal.web import wording
from portal.web.fields import Choice, Choices, Email, Line, Phone, Story


class PupilRequest(Intake):
    """A pupil asks, in six questions."""

    kind, intent, fixed_role, voice = Kind.LEARNING, Intent.REQUEST, Role.PUPIL, "je"
    steps = (
        Step("Wie ben je?", ("name", "email", "phone", "call_when")),
        Step("Je school en je leeftijd", ("postcode", "municipality", "age_band")),
        Step("Wat wil je vertellen?", ("story", "safety")),
    )

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
        "Waarover gaat het?",
        hint=(
            "Bijvoorbeeld: waar ben je goed in? Wat wil je leren? Hoe kan dat, en wat is daarvoor "
            "nodig? Schrijf geen achternamen of adressen op."
        ),
    )
    safety = Story(
        "Wat is nodig om veilig contact met je te hebben?",
        hint="Bijvoorbeeld: bel niet naar huis, of praat eerst met mijn mentor.",
    )


_RELATIVE = Variant(
    words={
        "pupil_knows": (
            "Weet de leerling dat u dit aanvraagt?",
            "De leerling is de hoofdpersoon. Daarom vragen we dit. U kunt altijd verder.",
        ),
        "good_at": ("Waar is hij of zij goed in?", KEEP_SAFE),
        "wants_to_learn": ("Wat wil hij of zij leren?", ""),
    },
    without=frozenset({"pupils"}),
    unasked={"reasons": frozenset({"network", "new pupils"})},
)
_SCHOOL = Variant(
    words={
        "postcode": (
            "De postcode van uw school",
            "De vier cijfers zijn genoeg. Zo komt uw aanvraag bij de regiomanager van die plaats.",
        ),
        "age_band": ("Hoe oud is de leerling, of zijn de meeste leerlingen?", ""),
        "pupil_knows": (
            "Weet de leerling van deze aanvraag?",
            "De leerling is de hoofdpersoon en beslist wie er komt. U kunt altijd verder.",
        ),
    },
)


class LearningRequest(AdultIntake):
    """A relative or a school asks for a conference about one pupil's learning."""

    kind, intent = Kind.LEARNING, Intent.REQUEST
    steps = (
        Step("Wie bent u?", WHO),
        Step(
            "De leerling en de school",
            ("postcode", "municipality", "age_band", "school_type", "education"),
        ),
        Step("Waarom nu?", ("pupil_knows", "reasons", "pupils")),
        Step(
            "Wat wilt u alvast vertellen?",
            ("good_at", "wants_to_learn", "how", "safety", "coordinator_wishes"),
        ),
    )
    variants = {"relative": _RELATIVE, "school": _SCHOOL}  # noqa: RUF012

    role = Choice(
        "Wie bent u?",
        (
            ("relative", "Ouder of familie van de leerling"),
            ("school", "Iemand van de school"),
            ("pupil", "De leerling zelf"),
            ("outsider", "Iemand anders: ik sta buiten familie en school"),
            wording.UNKNOWN,
        ),
        needed=ROLE_NEEDED,
    )
    postcode = Postcode(
        "De postcode van de school",
        hint="De vier cijfers zijn genoeg. Zo komt uw aanvraag bij de regiomanager van die plaats.",
    )
    municipality = Line("Weet u de postcode niet? Vul dan de gemeente in")
    age_band = Choice("Hoe oud is de leerling?", wording.AGE_BANDS)
    school_type = Choice("Wat voor school is het?", wording.SCHOOL_TYPES)
    education = Choice("Wat voor onderwijs is het?", wording.EDUCATIONS)
    pupil_knows = Choice(
        "Weet de leerling dat u dit aanvraagt?",
        wording.KNOWS,
        hint="De leerling is de hoofdpersoon. Daarom vragen we dit. U kunt altijd verder.",
    )
    reasons = Choices("Waarom denkt u nu aan een conferentie?", wording.REASONS)
    pupils = Line("Vraagt u dit voor meer leerlingen aan? Hoeveel ongeveer?")
    good_at = Story("Waar is de leerling goed in?", hint=KEEP_SAFE)
    wants_to_learn = Story("Wat wil de leerling leren?")
    how = Story("Hoe kan dat, en wat is daarvoor nodig?")
    safety = Story("Wat is nodig om veilig mee te doen of contact te hebben?")
    coordinator_wishes = Story("Heeft u wensen over de coördinator?")
