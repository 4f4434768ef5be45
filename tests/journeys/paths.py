"""Who comes with what: each path through the house, with what is filled in on the way."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Path:
    """Which two answers lead to the form, what is filled in there, and who must hear of it.

    ``kind`` and ``role`` are read on the first page. A bar stands between choices of one question.
    """

    kind: str
    role: str
    answers: dict[str, str]
    manager: str
    region: str
    told: tuple[str, ...]
    intent: str = "Nieuwe aanvraag"


_LEARNING = "Over leren: het gaat om een leerling"
_COMMUNITY = "Over een groep, wijk of buurt"

PATHS = {
    "pupil": Path(
        _LEARNING,
        "De leerling",
        {
            "name": "Noor",
            "phone": "06 12 34 56 78",
            "call_when": "Na school",
            "postcode": "3511 AB",
            "age_band": "12-15",
            "story": "Ik wil leren lassen.",
            "safety": "Bel niet naar huis.",
        },
        "utrecht@example.org",
        "Utrecht",
        ("12 tot en met 15 jaar", "Ik wil leren lassen.", "Bel niet naar huis."),
    ),
    "relative": Path(
        _LEARNING,
        "Ouder of familie",
        {
            "name": "A. Jansen",
            "email": "ouder@example.org",
            "postcode": "3791",
            "school_type": "secondary",
            "pupil_knows": "knows",
            "reasons": "class|change",
            "good_at": "Zij tekent.",
        },
        "utrecht@example.org",
        "Utrecht",
        ("Het gaat niet goed in de klas", "Zij tekent."),
    ),
    "school with many pupils": Path(
        _LEARNING,
        "Iemand van een school",
        {
            "name": "M. de Wit",
            "email": "school@example.org",
            "voicemail": "yes",
            "postcode": "4675",
            "reasons": "new pupils",
            "pupils": "ongeveer 120",
        },
        "zeeland@example.org",
        "Zeeland",
        ("De school wil dit voor alle nieuwe leerlingen", "ongeveer 120"),
    ),
    "resident": Path(
        _COMMUNITY,
        "Bewoner van een straat, buurt of wijk",
        {
            "name": "B. Visser",
            "phone": "+31 6 12345678",
            "municipality": "Groningen",
            "setting": "street",
            "they_know": "do not know",
            "story": "Niemand slaapt meer.",
            "question": "Hoe wordt het rustig?",
            "participants": "neighbours|police",
        },
        "groningen@example.org",
        "Groningen",
        ("Niemand slaapt meer.", "Hoe wordt het rustig?", "Politie"),
    ),
    "member": Path(
        _COMMUNITY,
        "Lid van een groep",
        {
            "name": "D. Bos",
            "email": "lid@example.org",
            "postcode": "7705",
            "setting": "group",
            "story": "De club valt uit elkaar.",
            "follow_up": "yes",
        },
        "drenthe@example.org",
        "Drenthe",
        ("De club valt uit elkaar.", "In een groep, club of vereniging"),
    ),
    "school": Path(
        _COMMUNITY,
        "Iemand van een school",
        {
            "name": "E. Smit",
            "email": "klas@example.org",
            "postcode": "7411",
            "setting": "school",
            "they_know": "know and want it",
            "story": "De sfeer in de klas is weg.",
            "coordinator_wishes": "Iemand met geduld.",
        },
        "overijssel@example.org",
        "Overijssel",
        ("De sfeer in de klas is weg.", "Iemand met geduld."),
    ),
    "company": Path(
        _COMMUNITY,
        "Iemand van een bedrijf of instelling",
        {
            "name": "F. de Boer",
            "email": "bedrijf@example.org",
            "postcode": "1309",
            "setting": "company",
            "question": "Hoe werken we weer samen?",
            "financing": "other",
        },
        "flevoland@example.org",
        "Flevoland",
        ("Hoe werken we weer samen?", "In een bedrijf of instelling"),
    ),
    "authority": Path(
        _COMMUNITY,
        "Iemand van een gemeente of andere overheid",
        {
            "name": "G. Vos",
            "email": "gemeente@example.org",
            "phone": "030 123 45 67",
            "postcode": "4301",
            "setting": "authority",
            "story": "Het plan voor de weg verdeelt de wijk.",
            "participants": "municipality|business",
            "financing": "municipality",
        },
        "zeeland@example.org",
        "Zeeland",
        ("Het plan voor de weg verdeelt de wijk.", "Ondernemers"),
    ),
    "outsider": Path(
        _COMMUNITY,
        "Een buitenstaander: het gaat om anderen",
        {
            "role": "neighbour",
            "name": "C. Mol",
            "email": "buur@example.org",
            "postcode": "8388",
            "they_know": "do not know",
            "participants": "family|youth work",
            "story": "Er is ruzie over het plein.",
        },
        "fryslan@example.org",
        "Fryslân",
        ("Er is ruzie over het plein.", "Jongerenwerkers"),
        "Nieuw voorstel",
    ),
}
