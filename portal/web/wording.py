"""The Dutch for every stored word, in one table: on screen, in letters and at the desk alike."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

Answer = tuple[str, tuple[str, ...]]
Answers = Sequence[Answer]

UNKNOWN = ("unknown", "Weet ik niet")

KINDS = {
    "learning": "leervraag",
    "community": "groep, wijk of buurt",
}

ROLES = {
    "pupil": "leerling",
    "relative": "ouder of familie",
    "school": "school",
    "resident": "bewoner",
    "member": "lid van de groep",
    "company": "bedrijf of instelling",
    "authority": "gemeente of andere overheid",
    "neighbour": "buur of bekende",
    "professional": "betrokken vanuit het werk",
    "other": "iemand anders",
    "unknown": "weet ik niet",
}

STATES = {
    "received": "binnen",
    "withdrawn": "ingetrokken",
}
HAPPENINGS = {
    "received": "binnengekomen",
    "added to": "aangevuld",
    "corrected": "contactgegevens gewijzigd",
    "withdrawn": "ingetrokken",
}

AGE_BANDS = (
    ("4-7", "4 tot en met 7 jaar"),
    ("8-11", "8 tot en met 11 jaar"),
    ("12-15", "12 tot en met 15 jaar"),
    ("16-19", "16 tot en met 19 jaar"),
    ("other", "Een andere leeftijd"),
    UNKNOWN,
)
SCHOOL_TYPES = (
    ("primary", "Basisonderwijs"),
    ("secondary", "Voortgezet onderwijs"),
    ("other", "Een andere school"),
    UNKNOWN,
)
EDUCATIONS = (
    ("regular", "Regulier onderwijs: een gewone school"),
    ("special", "Bijzonder onderwijs: een school voor leerlingen die extra hulp nodig hebben"),
    UNKNOWN,
)
REASONS = (
    ("class", "Het gaat niet goed in de klas"),
    ("teachers", "Het contact met leraren is moeilijk"),
    ("dropout", "De leerling dreigt te stoppen met school"),
    ("goal", "De leerling heeft geen duidelijk doel"),
    ("network", "De school wil de leerling, de familie of hun netwerk meer betrekken"),
    ("results", "De resultaten kunnen beter"),
    ("change", "De leerling gaat naar een andere school of richting"),
    ("new pupils", "De school wil dit voor alle nieuwe leerlingen"),
    ("other", "Iets anders"),
)
KNOWS = (
    ("knows and wants it", "Ja, en de leerling wil het ook"),
    ("knows", "Ja, maar of de leerling het wil, is niet duidelijk"),
    ("does not know", "Nee, nog niet"),
    UNKNOWN,
)
THEY_KNOW = (
    ("know and want it", "Ja, en zij willen het ook"),
    ("know", "Ja, maar of zij het willen, is niet duidelijk"),
    ("do not know", "Nee, nog niet"),
    UNKNOWN,
)
SETTINGS = (
    ("street", "In een straat, buurt of wijk"),
    ("group", "In een groep, club of vereniging"),
    ("school", "Op een school of in een klas"),
    ("company", "In een bedrijf of instelling"),
    ("authority", "Tussen inwoners en de overheid"),
    ("other", "Ergens anders"),
    UNKNOWN,
)
PARTICIPANTS = (
    ("family", "Familie en vrienden"),
    ("neighbours", "Buren"),
    ("colleagues", "Collega’s"),
    ("school", "Schoolleiding of leraren"),
    ("municipality", "Mensen van de gemeente, zoals een ambtenaar of wethouder"),
    ("police", "Politie"),
    ("business", "Ondernemers"),
    ("youth work", "Jongerenwerkers"),
    ("other", "Anderen"),
)
FINANCING = (
    ("province", "De provincie"),
    ("municipality", "De gemeente"),
    ("school", "Een school"),
    ("other", "Iemand anders"),
    UNKNOWN,
)
YES_NO = (("yes", "Ja"), ("no", "Nee"))

# How each optional answer is called where a manager reads it, and the words for its choices.
_ANSWERS: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    "place": ("De plaats, zoals die is getypt", ()),
    "call_when": ("Beste moment om te bellen", ()),
    "voicemail": ("Bericht inspreken mag", YES_NO),
    "pupil_knows": ("Weet en wil de leerling het", KNOWS),
    "they_know": ("Weten en willen de betrokkenen het", THEY_KNOW),
    "age_band": ("Leeftijd van de leerling", AGE_BANDS),
    "school_type": ("Soort school", SCHOOL_TYPES),
    "education": ("Soort onderwijs", EDUCATIONS),
    "pupils": ("Aantal leerlingen", ()),
    "reasons": ("Waarom nu", REASONS),
    "setting": ("Waar het speelt", SETTINGS),
    "story": ("Het verhaal", ()),
    "addition": ("De aanvulling", ()),
    "good_at": ("Waar de leerling goed in is", ()),
    "wants_to_learn": ("Wat de leerling wil leren", ()),
    "how": ("Hoe dat kan en wat daarvoor nodig is", ()),
    "question": ("De vraag voor de conferentie", ()),
    "participants": ("Wie erbij kunnen zijn", PARTICIPANTS),
    "financing": ("Wie misschien kan betalen", FINANCING),
    "coordinator_wishes": ("Wensen over de coördinator", ()),
    "safety": ("Nodig om veilig mee te doen of contact te hebben", ()),
    "follow_up": ("Contact na drie maanden mag", YES_NO),
}


ANSWERS = frozenset(_ANSWERS)

# How to call, and whether those involved know of it, stand beside the contact data in a letter.
_WHEN_CALLING = frozenset({"call_when", "voicemail"})
_KNOWING = frozenset({"pupil_knows", "they_know"})


def when_calling(answers: Answers) -> list[tuple[str, str]]:
    """What a manager needs who is about to call, in words."""
    return labelled(answer for answer in answers if answer[0] in _WHEN_CALLING)


def story(answers: Answers) -> list[tuple[str, str]]:
    """What the requester tells of the matter itself, in words."""
    beside = _WHEN_CALLING | _KNOWING
    return labelled(answer for answer in answers if answer[0] not in beside)


def labelled(answers: Iterable[Answer]) -> list[tuple[str, str]]:
    """What each answer is called where a manager reads it, and the answer in words."""
    return [(_ANSWERS[name][0], _in_words(name, values)) for name, values in answers]


def _in_words(name: str, values: tuple[str, ...]) -> str:
    words = dict(_ANSWERS[name][1])
    return "; ".join(words.get(value, value) for value in values)


def how_much_they_know(answers: Answers) -> str:
    """Whether those involved know of it, in words; the first thing a manager needs to see."""
    said = {name: _in_words(name, values) for name, values in answers}
    return said.get("pupil_knows") or said.get("they_know") or "Niet ingevuld"


_HERE = ZoneInfo("Europe/Amsterdam")
_MONTHS = (
    *("januari", "februari", "maart", "april", "mei", "juni"),
    *("juli", "augustus", "september", "oktober", "november", "december"),
)


def day(moment: datetime) -> str:
    """The day on which a moment fell in the Netherlands: ``3 november 2026``."""
    local = moment.astimezone(_HERE)
    return f"{local.day} {_MONTHS[local.month - 1]} {local.year}"


STAFF_ROLES = {
    "manager": "regiomanager",
    "national desk": "landelijk bureau",
    "administrator": "beheerder",
}
ACTIONS = {
    "looked": "bekeken",
    "changed": "gewijzigd",
    "exported": "meegenomen in een bestand",
    "refused": "geweigerd",
    "signed in": "ingelogd",
    "signed out": "uitgelogd",
}


def day_and_time(at: datetime) -> str:
    """A day and time in the Netherlands: ``3 november 2026, 14:05``."""
    return f"{day(at)}, {at.astimezone(_HERE):%H:%M}"
