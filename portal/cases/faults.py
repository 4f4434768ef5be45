"""What can be the matter with a conference's own question: a table of rules, for Dutch.

The rules know the plain cases and are silent where in doubt.
"""

import re
from enum import StrEnum


class Fault(StrEnum):
    """What leaves a question without room for a plan of the group's own.

    It can be answered with yes or no, it names a culprit, or it already holds the solution.
    """

    CLOSED = "closed"
    CULPRIT = "culprit"
    SOLUTION = "solution"


Rule = tuple[Fault, tuple[re.Pattern[str], ...], re.Pattern[str]]


def _words(pattern: str) -> re.Pattern[str]:
    # Nothing repeats without a bound: the time grows with the text and no faster.
    return re.compile(rf"(?<!\w)(?:{pattern})(?!\w)", re.IGNORECASE)


def _rule(fault: Fault, *holds: str, lacks: str = "(?!)") -> Rule:
    """A question in which all of ``holds`` is found, and not ``lacks``, has the fault."""
    return fault, tuple(map(_words, holds)), _words(lacks)


_WHO = (
    r"(?:boven|onder|over|achter)?(?:buur(?:man|mannen|vrouw|jongens?|kinderen|meisjes?)|buren)"
    r"|jongens?|jongeren|jeugd|hang(?:jongeren|jeugd|groep)|pubers?|meisjes?|leraren|leraar|lerares"
    r"|docenten|docent|juf|meester|mentor|baas|chef|directeur|directie|collega(?:'s)?|manager"
    r"|gemeente|wethouder|politie|verhuurder|huurders?|leerling(?:en)?|hij|zij|ze|hun|jullie"
    r"|(?:die|dat|zulke) (?:\w{1,15}e )?(?:mensen|kinderen|kind|man|vrouw|ouders|lui|types?|gezin)"
)
_NAME = r"(?-i:[A-ZÀ-Þ][a-zß-ÿ'-]{1,20})"
_THE = r"(?:(?:\w{1,15}e|dat|mijn|zijn|haar|hun|al) ){0,3}"
_THEM = rf"{_THE}(?:{_WHO})"
_WHOM = rf"{_THE}(?:{_WHO}|{_NAME})"
_SOME = r"(?:[\w'-]{1,20} ){0,3}"
_NUISANCE = r"\w{0,9}overlast|herrie|lawaai|rommel|troep|ellende|geschreeuw|onrust|muziek"
_STOPS = (
    r"ophou\w{0,4}|stop(?:t|pen)?|kap(?:t|pen)|weg\w{0,6}|oprot\w{0,4}|verhui\w{0,4}|gedra\w{1,3}"
    r"|eruit|vertrek\w{0,3}|aanpakken|straffen|gestraft|ontslagen|(?:straat|buurt|huis|klas) uit"
    r"|uit (?:de|het|zijn|haar|hun) (?:huis|woning|flat|straat|klas) (?:ga|word|moet)\w{0,3}"
)
_WRONGS = (
    r"altijd|nooit|steeds|telkens|alweer|elke (?:keer|dag|nacht|avond)|niets|niks|moeilijk|dwars"
    r"|vervelend|asociaal|lastig|agressief|luister\w{0,2}|schreeuw\w{0,3}|scheld\w{0,3}|pest\w{0,3}"
    r"|treiter\w{0,3}|gooi\w{0,3}|weiger\w{0,3}|lieg\w{0,3}|slaat|slaan|ruzie|herrie|lawaai|rommel"
)
_MEASURE = (
    r"hek(?:ken|werk)?|camera(?:'?s|toezicht)?|schutting|slagboom|\w{0,8}drempels?|paaltjes?"
    r"|verbodsbord(?:en)?|boetes?|\w{0,15}verbod|huisuitzetting|handhav(?:er|ers|ing)|boa(?:'?s)?"
    r"|beveilig(?:er|ers|ing)|buurtwacht|speeltuin|voetbalkooi|hangplek|jongerencentrum|jeugdhonk"
    r"|bankjes?|container|avondklok|bijles|huiswerkbegeleiding|therapie|medicijnen"
    r"|andere (?:woning|mentor|leraar|juf|meester)"
)
_NEW = (
    r"(?:een|meer|extra|geen|nieuwe|strengere|er|we|wij|hij|zij|ze|zoon|dochter|leerling|kind) "
    r"(?:(?!(?:de|het|die|dat|deze|onze|om|met|van|bij|door) )[\w'-]{1,20} ){0,2}"
)
_GETS = (
    r"komt|komen|krijg(?:en|t)?|plaats(?:en|t)|regel(?:en|t)|zetten|neerzetten|bouwen|betaalt"
    r"|betalen|kost|kopen|invoeren|aanvragen|aanleggen|ophangen"
)
_MOVE = r"(?:naar|op|in) een andere (?:school|klas|groep|afdeling|woning|wijk|buurt)"
_HERE = r"de|het|er|een|we|wij|hij|zij|ze|ik|iemand|dit|dat|die|deze|onze|mijn|jullie"
_VERB = (
    r"kan|kunnen|kun|kunt|ken|mag|mogen|moet|moeten|is|was|waren|ben|bent|wordt|worden|wil|willen"
    r"|wilt|zal|zullen|zou|zouden|heb|hebt|heeft|hebben|gaat|gaan|ga|komt|komen|doet|doen|hoeft"
    r"|hoeven|blijft|blijven|weet|weten|vindt|vinden|krijgt|krijgen|helpt|lukt|werkt|hoort|horen"
    rf"|bestaat|klopt|stopt|zijn (?:{_HERE})"
)
_OPEN_WITHIN = (
    r"hoe|welke|waarom|waarmee|waardoor"
    r"|wat (?:we|wij|er|iedereen|ons|kan|kunnen|moet|moeten|de|is|u|je|zij|ze|ik)"
)
_ASKING = r"hoe|wat|wie|welke?|waar\w{0,8}|wanneer"
_WHY = r"waarom|hoezo|waardoor|hoe (?:kan|komt|is) het (?:toch )?(?:mogelijk )?dat"

# The first that fits counts.
RULES = (
    _rule(Fault.CLOSED, rf"^(?:{_VERB}|of)", lacks=_OPEN_WITHIN),
    _rule(Fault.CLOSED, r"(?:toch|hè|niet waar|of niet|of wel) ?\?", lacks=_ASKING),
    _rule(
        Fault.CULPRIT,
        r"wiens schuld|wie (?:heeft|is|zijn|draagt|krijgt|z'n) .{0,20}schuld|wie begon"
        rf"|schuld van {_WHOM}|(?:zijn|haar|hun|jullie|z'n) schuld|wat bezielt|hoe durft"
        rf"|wie (?:heeft|hebben) (?:dit|dat|het) gedaan|ligt (?:het|dit) aan {_WHOM}",
        lacks=r"zonder|geen|niet",
    ),
    _rule(
        Fault.CULPRIT,
        _WHY,
        rf"{_WHO}|(?:doe[td]|maakt|pest|slaat|luistert|moet|wil|mag|dat) {_NAME}",
        _WRONGS,
        lacks=r"voel\w{0,3}|last|bang|onveilig|help\w{0,3}|lukt|elkaar|tussen|worden|wordt",
    ),
    _rule(Fault.CULPRIT, rf"(?:{_NUISANCE}) (?:van|door) {_THEM}"),
    _rule(Fault.CULPRIT, rf"(?:door|vanwege) (?:al )?(?:die|deze|dat|zulke) {_SOME}(?:{_WHO})"),
    _rule(Fault.CULPRIT, rf"(?:stoppen|straffen|pakken) w(?:e|ij) {_THEM}"),
    _rule(
        Fault.CULPRIT,
        rf"(?:dat|(?:krijgen|kunnen|moeten|gaan) w(?:e|ij)) {_WHOM} {_SOME}(?:{_STOPS})",
        lacks=r"niet|geen|zonder|samen|helpen|kan|(?:zijn|haar|hun|een) weg",
    ),
    _rule(Fault.SOLUTION, _GETS, _NEW + rf"(?:{_MEASURE})", lacks=r"zonder|plan|als|altijd"),
    _rule(
        Fault.SOLUTION,
        rf"wanneer (?:komt|komen|wordt|worden|staat|hangt|hangen) .{{0,30}}(?:{_MEASURE})",
    ),
    _rule(
        Fault.SOLUTION,
        rf"dat (?:[\w'-]{{1,20}} ){{1,3}}{_MOVE} (?:ga|ka|mag|moet|kom)\w{{0,2}}"
        rf"|(?:krijgen|regelen|zetten) w(?:e|ij) .{{1,40}}{_MOVE}"
        rf"|wanneer (?:gaat|mag|kan|moet) .{{1,40}}{_MOVE}",
    ),
)


def fault_of(question: str) -> Fault | None:
    """The fault of one question, or None.

    It is one line with single spaces and straight apostrophes, and begins with the question
    itself, or with "of" where that was asked in a roundabout way.
    """
    fitting = (fault for fault, holds, lacks in RULES if _fits(question, holds, lacks))
    return next(fitting, None)


def _fits(question: str, holds: tuple[re.Pattern[str], ...], lacks: re.Pattern[str]) -> bool:
    return all(one.search(question) for one in holds) and not lacks.search(question)
