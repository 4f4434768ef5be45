"""Whether a conference fits: at most four plain questions, and an honest answer at the end."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from portal.cases.case import Role


@dataclass(frozen=True)
class Question:
    """One question, under the name its answer goes by, with the answers there are."""

    name: str
    text: str
    answers: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Outcome:
    """Where the answers lead: a template's name, and the form and role that go with it."""

    name: str
    door: str = ""
    role: str | None = None


DANGER = Question(
    "danger",
    "Is er nu gevaar of geweld?",
    (("no", "Nee"), ("yes", "Ja, of daar zijn zorgen over")),
)
ABOUT = Question(
    "about",
    "Waar gaat het over?",
    (
        ("learning", "Over leren, op school of daarbuiten: het gaat om één leerling"),
        ("community", "Over meer mensen samen: een straat, buurt, klas, groep of bedrijf"),
        ("other", "Over iets anders"),
    ),
)
WHO_LEARNING = Question(
    "who",
    "Wie vult dit in?",
    (
        (Role.PUPIL, "De leerling"),
        (Role.RELATIVE, "Ouder of familie"),
        (Role.SCHOOL, "Iemand van de school"),
        ("outsider", "Iemand anders"),
    ),
)
WHO_COMMUNITY = Question(
    "who",
    "Wie vult dit in?",
    (
        (Role.RESIDENT, "Bewoner van de straat, buurt of wijk"),
        (Role.MEMBER, "Lid van de groep"),
        (Role.SCHOOL, "Iemand van de school"),
        (Role.COMPANY, "Iemand van het bedrijf of de instelling"),
        (Role.AUTHORITY, "Iemand van de gemeente of een andere overheid"),
        ("outsider", "Een buitenstaander: het gaat om anderen"),
    ),
)
PLAN = Question(
    "plan",
    "Wat is er nodig?",
    (
        ("own", "Een plan dat de mensen zelf maken, met anderen om hen heen"),
        ("decision", "Iemand anders moet een besluit nemen"),
        ("unknown", "Dat is nog niet duidelijk"),
    ),
)


def next_after(given: Mapping[str, str]) -> Question | Outcome:
    """The next question to these answers, or what they come to; unknown answers count as none."""
    for question in _asked(given):
        if not _is_answer(question, given):
            return question
    if given["danger"] == "yes":
        return Outcome("danger")
    if given["about"] == "other":
        return Outcome("other")
    if given["plan"] == "decision":
        return Outcome("decision")
    return _form(given["about"], given["who"])


def answered(given: Mapping[str, str]) -> list[tuple[str, str]]:
    """The answers given so far, by name, in the order of their questions."""
    return [(q.name, given[q.name]) for q in _asked(given) if _is_answer(q, given)]


def _asked(given: Mapping[str, str]) -> Iterator[Question]:
    """The questions that these answers call for."""
    yield DANGER
    if given.get("danger") == "no":
        yield ABOUT
        if given.get("about") in _WHO:
            yield _WHO[given["about"]]
            yield PLAN


def _is_answer(question: Question, given: Mapping[str, str]) -> bool:
    return given.get(question.name) in dict(question.answers)


def _form(about: str, who: str) -> Outcome:
    if who == "outsider":
        return Outcome("propose", "proposal") if about == "community" else Outcome("tell")
    return Outcome("fits", about, who)


_WHO = {"learning": WHO_LEARNING, "community": WHO_COMMUNITY}
