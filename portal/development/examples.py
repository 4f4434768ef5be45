"""What the example cases say, and what was done with each: in plain Dutch, about nobody real."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from portal.cases.case import Answers, Intent, Kind, Role, Status
from portal.cases.register import Case, find
from portal.cases.work import Wanted
from portal.casework import handle
from portal.casework.people import Person
from portal.config import Config
from portal.intake import own_door
from portal.routing.rules import NATIONAL


@dataclass(frozen=True)
class Scene:
    """One case at one moment, and the manager who has it."""

    reference: str
    manager: Person
    at: datetime
    today: date
    config: Config

    @property
    def case(self) -> Case:
        """The case as it is now."""
        case = find(self.reference)
        if case is None:
            raise LookupError(self.reference)
        return case


Act = Callable[[Scene], object]


@dataclass(frozen=True)
class Then:
    """What was done so many days before the example is made, at this hour in the Netherlands."""

    days_ago: int
    hour: int
    act: Act


@dataclass(frozen=True)
class Example:
    """A case: who asks what, how many days ago it came in, and what was done since.

    ``late`` ones came in so long ago that a reminder is due; ``refused`` is what the mail server
    said to the letter for the manager, where it took none.
    """

    role: Role
    name: str
    email: str
    phone: str
    answers: Answers
    days_ago: int = 0
    kind: Kind = Kind.LEARNING
    intent: Intent = Intent.REQUEST
    late: bool = False
    refused: str = ""
    then: tuple[Then, ...] = field(default=())


def picked_up(scene: Scene) -> None:
    """The manager gives the first sign of life."""
    handle.acknowledge(scene.manager, scene.reference, scene.at)


def moved(to: Status, reason: str = "") -> Act:
    """The manager says how it stands."""

    def act(scene: Scene) -> None:
        seen = scene.case.status
        handle.move(scene.manager, scene.reference, to, seen=seen, reason=reason, now=scene.at)

    return act


def noted(text: str) -> Act:
    """The manager writes a note."""
    return lambda scene: handle.note(scene.manager, scene.reference, text, text, scene.at)


def to_do(text: str, in_days: int) -> Act:
    """The manager sets a task, due so many days from today."""

    def act(scene: Scene) -> None:
        wanted = Wanted(text, scene.today + timedelta(days=in_days))
        handle.task(scene.manager, scene.reference, wanted, text, scene.at)

    return act


def to_inform(scene: Scene) -> None:
    """The manager puts it on the list to tell a third person."""
    handle.inform(scene.manager, scene.reference, scene.at)


def given_to_the_national_desk(reason: str) -> Act:
    """The manager passes it on."""

    def act(scene: Scene) -> None:
        handle.pass_on(
            scene.manager,
            scene.reference,
            NATIONAL,
            reason=reason,
            now=scene.at,
            config=scene.config,
        )

    return act


def added(text: str) -> Act:
    """The requester adds something at their own door."""
    return lambda scene: own_door.add(scene.case, text, scene.at, scene.config)


def _said(**answers: str | tuple[str, ...]) -> Answers:
    return tuple(
        (name, (said,) if isinstance(said, str) else said) for name, said in answers.items()
    )


_COMMUNITY: dict[str, Any] = {"kind": Kind.COMMUNITY}
_PROPOSAL: dict[str, Any] = {"kind": Kind.COMMUNITY, "intent": Intent.PROPOSAL}

EXAMPLES = (
    Example(
        Role.PUPIL,
        "Sam",
        "sam@example.org",
        "",
        _said(
            age_band="12-15",
            story=(
                "Ik ben goed in tekenen. Ik wil leren plannen, want mijn huiswerk komt nooit af. "
                "Mijn oma en mijn mentor mogen meedenken."
            ),
            safety="Mail me liever. Thuis weten ze het nog niet.",
        ),
    ),
    Example(
        Role.RELATIVE,
        "Mieke",
        "",
        "06 12 34 56 01",
        _said(
            call_when="Na vijf uur ’s middags",
            voicemail="no",
            pupil_knows="knows",
            age_band="8-11",
            school_type="primary",
            education="regular",
            reasons=("class", "teachers"),
            good_at="Voetballen, en goed voor zijn zusje zorgen.",
            wants_to_learn="Rustig blijven als het druk is in de klas.",
            how="Met een vaste plek, en met iemand die met hem oefent.",
        ),
        late=True,
    ),
    Example(
        Role.MEMBER,
        "Ans",
        "ans@example.org",
        "06 12 34 56 02",
        _said(
            they_know="know and want it",
            setting="group",
            story=(
                "Onze moestuin heeft twintig leden. De ene helft wil een hek om de tuin, de "
                "andere niet. Op het feest in de zomer kwam bijna niemand meer."
            ),
            question="Hoe maken we er weer een tuin van ons allemaal van?",
            participants=("neighbours", "municipality"),
            follow_up="yes",
        ),
        days_ago=1,
        refused="550 5.2.2 The mailbox is full",
        **_COMMUNITY,
    ),
    Example(
        Role.SCHOOL,
        "Joris",
        "joris@example.org",
        "06 12 34 56 03",
        _said(
            call_when="In de pauze, tussen half een en een",
            voicemail="yes",
            pupil_knows="knows and wants it",
            age_band="16-19",
            school_type="secondary",
            education="regular",
            reasons=("dropout", "goal"),
            good_at="Techniek. Hij maakt fietsen voor de hele straat.",
            wants_to_learn="Weten welk diploma bij hem past.",
            coordinator_wishes="Iemand die ook van sleutelen houdt.",
        ),
        days_ago=4,
        then=(
            Then(3, 10, picked_up),
            Then(1, 12, added("Zijn broer wil er ook graag bij zijn. Die werkt op vrijdag.")),
        ),
    ),
    Example(
        Role.RESIDENT,
        "Fatima",
        "fatima@example.org",
        "06 12 34 56 04",
        _said(
            they_know="know and want it",
            setting="street",
            story=(
                "Op het plein is het ’s avonds laat nog druk. Er is lawaai en er blijft afval "
                "liggen. Buren durven er niets van te zeggen. De jongeren voelen zich weggestuurd."
            ),
            question="Hoe kan het plein ’s avonds fijn zijn voor iedereen?",
            participants=("neighbours", "youth work", "municipality"),
            financing="municipality",
            follow_up="yes",
        ),
        days_ago=9,
        then=(
            Then(8, 10, picked_up),
            Then(7, 11, moved(Status.IN_CONVERSATION)),
            Then(7, 12, noted("Goed gesprek gehad. De jongerenwerker denkt graag mee.")),
            Then(3, 14, to_do("Bellen met de jongerenwerker over de avond zelf", 3)),
        ),
        **_COMMUNITY,
    ),
    Example(
        Role.RESIDENT,
        "Henk",
        "henk@example.org",
        "",
        _said(
            they_know="know",
            setting="street",
            story="Sinds de weg is veranderd, rijdt al het verkeer langs onze stoep.",
            question="Hoe wordt onze straat weer veilig om in te spelen?",
            participants=("neighbours", "municipality", "police"),
        ),
        days_ago=24,
        then=(Then(23, 9, picked_up), Then(20, 10, moved(Status.IN_CONVERSATION))),
        **_COMMUNITY,
    ),
    Example(
        Role.PROFESSIONAL,
        "Petra",
        "petra@example.org",
        "06 12 34 56 05",
        _said(
            they_know="do not know",
            setting="street",
            story=(
                "In een trapportiek waar ik voor mijn werk kom, groeten mensen elkaar niet meer. "
                "Het begon met geluid, nu gaat het over alles."
            ),
            participants=("neighbours", "family"),
        ),
        days_ago=12,
        then=(
            Then(11, 9, picked_up),
            Then(11, 10, to_inform),
            Then(10, 11, moved(Status.IN_CONVERSATION)),
            Then(8, 12, moved(Status.WAITING, "Petra vraagt eerst of de bewoners dit willen.")),
        ),
        **_PROPOSAL,
    ),
    Example(
        Role.RELATIVE,
        "Carla",
        "carla@example.org",
        "06 12 34 56 06",
        _said(
            pupil_knows="knows and wants it",
            age_band="12-15",
            school_type="secondary",
            education="special",
            reasons=("change",),
            good_at="Koken. Ze onthoudt elk recept.",
            wants_to_learn="Zelf met de bus naar haar nieuwe school gaan.",
            how="Samen oefenen, en iemand die ze kan bellen.",
        ),
        days_ago=35,
        then=(
            Then(34, 9, picked_up),
            Then(33, 10, moved(Status.IN_CONVERSATION)),
            Then(28, 11, moved(Status.COORDINATOR_SOUGHT)),
            Then(6, 12, moved(Status.PLANNED)),
            Then(6, 13, to_do("Vragen of de zaal op school vrij is", 1)),
        ),
    ),
    Example(
        Role.COMPANY,
        "Wim",
        "wim@example.org",
        "06 12 34 56 07",
        _said(
            they_know="know",
            setting="company",
            story="Twee vestigingen gaan samen. De ploegen vertrouwen elkaar niet.",
            question="Hoe worden we één ploeg waar iedereen graag werkt?",
            participants=("colleagues",),
        ),
        days_ago=3,
        then=(
            Then(1, 11, given_to_the_national_desk("De vestigingen liggen in twee provincies.")),
        ),
        **_COMMUNITY,
    ),
    Example(
        Role.SCHOOL,
        "Lotte",
        "lotte@example.org",
        "",
        _said(
            pupil_knows="knows and wants it",
            age_band="8-11",
            school_type="primary",
            education="regular",
            reasons=("results",),
            good_at="Verhalen verzinnen.",
            wants_to_learn="Lezen, zodat ze haar eigen verhalen kan voorlezen.",
        ),
        days_ago=70,
        then=(
            Then(69, 9, picked_up),
            Then(68, 10, moved(Status.IN_CONVERSATION)),
            Then(60, 11, moved(Status.COORDINATOR_SOUGHT)),
            Then(50, 12, moved(Status.PLANNED)),
            Then(22, 13, moved(Status.HELD)),
            Then(15, 14, moved(Status.CLOSED)),
        ),
    ),
    Example(
        Role.NEIGHBOUR,
        "Bram",
        "bram@example.org",
        "",
        _said(they_know="do not know", setting="street", story="De buren maken al jaren ruzie."),
        days_ago=18,
        then=(
            Then(17, 10, picked_up),
            Then(16, 11, moved(Status.STOPPED, "De buren hebben het zelf uitgepraat.")),
        ),
        **_PROPOSAL,
    ),
)
