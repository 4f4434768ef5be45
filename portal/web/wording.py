"""The Dutch for every stored word, in one table: on screen, in letters and at the desk alike."""

from collections.abc import Iterable, Sequence

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
    "acknowledged": "opgepakt",
    "in conversation": "in gesprek",
    "waiting for those involved": "wacht op betrokkenen",
    "coordinator sought": "coördinator gezocht",
    "planned": "gepland",
    "held": "gehouden",
    "closed": "afgerond",
    "stopped": "gestopt",
    "referred elsewhere": "doorverwezen",
    "withdrawn": "ingetrokken",
}
# How far it is as a requester reads it in one word; the page tells the rest.
OWN_STATES = STATES | dict.fromkeys(
    ("in conversation", "waiting for those involved", "coordinator sought", "planned", "held"),
    "in behandeling",
)
# What a manager says by each of them.
STEPS = {
    "acknowledged": "Ik pak dit op",
    "in conversation": "Er is een gesprek met de aanvrager",
    "waiting for those involved": "We wachten op de mensen om wie het gaat",
    "coordinator sought": "We zoeken een coördinator",
    "planned": "De conferentie is gepland",
    "held": "De conferentie is gehouden",
    "closed": "Alles is afgerond",
    "stopped": "Het gaat niet door",
    "referred elsewhere": "Iemand anders kan hier beter bij helpen",
    "withdrawn": "De aanvrager trekt het in",
}
# What a manager writes down next on the way to a conference, by the page for it.
ROAD = {
    "agree": "Leg vast wat is afgesproken",
    "appoint": "Vul de coördinator in",
    "set_date": "Vul dag, tijd en plaats in",
    "look_back": "Vul in hoe het ging",
}
# Where it stands and what comes next, to a requester of whichever age; they address nobody.
STANDING = {
    "acknowledged": ("Er is iemand mee bezig.", "Er volgt een gesprek."),
    "in conversation": (
        "We praten erover met elkaar.",
        "Gaat het door? Dan zoeken we een coördinator.",
    ),
    "waiting for those involved": (
        "We wachten op de mensen om wie het gaat.",
        "Daarna gaan we verder.",
    ),
    "coordinator sought": (
        "We zoeken een coördinator die past.",
        "Die helpt dan om alles te regelen.",
    ),
    "planned": (
        "De dag van de conferentie staat vast.",
        "De coördinator helpt om alles klaar te maken.",
    ),
    "held": ("De conferentie is geweest.", "Daarna ronden we alles af."),
    "closed": ("De conferentie is geweest. Alles is afgerond.", ""),
    "stopped": ("We gaan hier niet mee verder.", ""),
    "referred elsewhere": ("Iemand anders kan hier beter bij helpen.", ""),
}
HAPPENINGS = {
    "received": "binnengekomen",
    "added to": "aangevuld",
    "corrected": "contactgegevens gewijzigd",
    "withdrawn": "ingetrokken",
    "acknowledged": "opgepakt",
    "passed on": "overgedragen",
    "reopened": "weer geopend",
    "agreed": "afspraken uit het gesprek bewaard",
    "coordinator found": "coördinator gevonden",
    "appointed": "datum bewaard",
    "called off": "datum vervallen",
    "looked back": "verloop bewaard",
    "may ask": "contact na drie maanden mag",
    "may not ask": "geen contact na drie maanden",
    "let through": "doorgestuurd naar de regiomanager",
}
# Why a case is in quarantine, to the national desk.
DOUBTS = {
    "a field that nobody sees": "Een veld is ingevuld dat mensen niet zien",
    "a link for a name": "Bij de naam staat een link",
    "faster than a person": "Het formulier is sneller ingevuld dan een mens kan",
    "many from one address": "Die dag kwamen er al veel formulieren van hetzelfde internetadres",
}

# How long ago a case came in.
AGES = {
    "week": "korter dan een week",
    "fortnight": "langer dan twee weken",
    "month": "langer dan een maand",
    "quarter": "langer dan drie maanden",
}

LETTERS = {
    "intake": "Bericht aan de regiomanager: er is iets nieuws",
    "addition": "Bericht aan de regiomanager: er is iets toegevoegd",
    "corrected": "Bericht aan de regiomanager: andere contactgegevens",
    "withdrawn": "Bericht aan de regiomanager: ingetrokken",
    "moved_to_you": "Bericht aan wie het nu heeft",
    "confirmation": "Bevestiging aan de aanvrager",
    "passed_on": "Bericht aan de aanvrager: wie het nu heeft",
    "address_changed": "Bericht aan het oude adres van de aanvrager: er is een ander",
    "returned": "Kopie van een bericht dat niet aankwam",
    "reminder": "Herinnering: er is nog geen teken van leven",
    "stand_in": "Vraag aan wie invalt: er is nog geen teken van leven",
    "desk_takes_over": "Vraag aan het landelijk bureau: er is nog geen teken van leven",
    "introduction": "Bericht aan de aanvrager: wie de coördinator is",
    "coordinator": "Bericht aan de coördinator: dag, tijd en plaats",
    "called_off": "Bericht aan de coördinator: het gaat niet door",
    "relieved": "Bericht aan wie coördinator was: iemand anders doet het",
    "follow_up": "Vraag aan de aanvrager: hoe gaat het na drie maanden?",
    "follow_up_reminder": "Herinnering aan de aanvrager: hoe gaat het na drie maanden?",
    "link": "Link naar de eigen aanvraag",
    "resume": "Link om een formulier later af te maken",
    "sign_in": "Link om in te loggen",
    "invitation": "Uitnodiging aan een medewerker",
    "digest": "Dagoverzicht",
}
LETTER_STATES = {
    "queued": "staat klaar",
    "sending": "wordt nu verstuurd",
    "sent": "aangenomen door de mailserver",
    "deferred": "uitgesteld; we proberen het opnieuw",
    "stuck": "niet bezorgd",
    "set aside": "niet bezorgd, en blijft liggen",
    "held": "wacht; een beheerder zette een reservekopie terug",
}

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

# What a manager is shown about a sign that deceives the eye.
DECEITS = {
    "turns the direction of the text": "een onzichtbaar teken dat de leesrichting omkeert",
    "cannot be seen": "een teken dat niet te zien is",
    "looks like another letter": "een letter die op een andere lijkt",
    "is piled upon a letter": "een teken dat over een letter heen staat",
}

# What is shown in the place of a text that does not open.
UNREAD = "niet te lezen"

# What a manager is told after something was done.
DONE = {
    "acknowledged": "U hebt dit opgepakt. De aanvrager kan dat nu zien.",
    "moved": "De stap is bewaard.",
    "noted": "De notitie is bewaard.",
    "tasked": "De taak staat erbij.",
    "informed": "De taak staat erbij.",
    "finished": "De taak is klaar.",
    "resent": "De brief wordt opnieuw verstuurd.",
    "set_aside_besides": "De brief blijft liggen.",
    "set_aside": "De brief blijft liggen. U kunt hem hier later nog versturen.",
    "passed on": "Het is overgedragen. Wie het nu heeft, krijgt bericht.",
    "reopened": "Dit is weer open. De regiomanager krijgt bericht.",
    "let through": "Dit is doorgestuurd. De regiomanager krijgt bericht.",
    "refused": "Dit is gestopt. Niemand krijgt er bericht van.",
    "back in quarantine": "Dit wacht weer op een blik. Is het echt? Stuur het dan door.",
    "agreed": "De afspraken zijn bewaard.",
    "coordinator found": "De coördinator is bewaard.",
    "appointed": "De datum is bewaard.",
    "called off": "De datum is vervallen.",
    "looked back": "Het verloop is bewaard.",
    "consent": "Dat is bewaard.",
    "answered": "De antwoorden zijn bewaard, los van deze aanvraag.",
}

INFORM = (
    "Vertel de ander over wie hier iets staat dat wij die gegevens hebben, en waarom "
    "(AVG, artikel 14)"
)

# The task for a requester who cannot be asked by letter.
CALL_AFTERWARDS = (
    "Bel de aanvrager: hoe gaat het drie maanden na de conferentie? Meedoen is vrij. Wil de "
    "aanvrager geen contact meer? Noteer dat dan hier."
)
GOING = (
    ("as agreed", "Zoals we hebben afgesproken"),
    ("partly", "Een deel lukt, een deel niet"),
    ("not", "Het lukt niet"),
    ("still going", "We zijn er nog mee bezig"),
    ("no conference", "Er is geen conferentie geweest"),
)

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
PAYERS = (*FINANCING[:-1], ("open", "Dat is nog open"))
PLANS = (
    ("made", "Ja, er is een plan"),
    ("in the making", "Er wordt nog aan gewerkt"),
    ("none", "Nee, er kwam geen plan"),
)
# Who can be at a conference, in the order of the circle; of each a number and never a name.
ATTENDED = (("pupil", "Leerlingen"), *PARTICIPANTS)
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
_SAFETY = frozenset({"safety"})


def when_calling(answers: Answers) -> list[tuple[str, str]]:
    """What a manager needs who is about to call, in words."""
    return labelled(answer for answer in answers if answer[0] in _WHEN_CALLING)


def story(answers: Answers) -> list[tuple[str, str]]:
    """What the requester tells of the matter itself, in words."""
    beside = _WHEN_CALLING | _KNOWING
    return labelled(answer for answer in answers if answer[0] not in beside)


def safety(answers: Answers) -> list[tuple[str, str]]:
    """What to heed before making contact, in words."""
    return labelled(answer for answer in answers if answer[0] in _SAFETY)


def told(answers: Answers) -> list[tuple[str, str]]:
    """What a requester tells of the matter, but for what a manager has read above it."""
    above = _WHEN_CALLING | _KNOWING | _SAFETY
    return labelled(answer for answer in answers if answer[0] not in above)


def happening(what: str, status: str | None) -> str:
    """What befell a case, in words; a step by what it came to."""
    return STATES[status] if what == "moved" and status else HAPPENINGS[what]


def labelled(answers: Iterable[Answer]) -> list[tuple[str, str]]:
    """What each answer is called where a manager reads it, and the answer in words."""
    return [(_called(name)[0], _in_words(name, values)) for name, values in answers]


def _called(name: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    # What an older form asked can still be read by the name it had.
    return _ANSWERS.get(name, (name, ()))


def _in_words(name: str, values: tuple[str, ...]) -> str:
    words = dict(_called(name)[1])
    return "; ".join(words.get(value, value) for value in values)


def how_much_they_know(answers: Answers) -> str:
    """Whether those involved know of it, in words; the first thing a manager needs to see."""
    said = {name: _in_words(name, values) for name, values in answers}
    return said.get("pupil_knows") or said.get("they_know") or "Niet ingevuld"
