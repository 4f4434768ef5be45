"""The forms on which a manager writes down the road from the first talk to the plan."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from wtforms import HiddenField
from wtforms.validators import ValidationError

from portal.cases.case import Kind
from portal.cases.conference import (
    Agreed,
    Appointment,
    Conference,
    Coordinator,
    Outcome,
    Payer,
    Plan,
    attended,
)
from portal.casework.forms import Day
from portal.web import wording
from portal.web.buttons import Button
from portal.web.fields import Choice, Email, Line, Phone, Story
from portal.workdays import HERE

_CLOCK = re.compile(r"(?P<hour>\d{1,2})(?:[:. ]?(?P<minute>\d{2}))?(?: ?uur)?", re.ASCII)
_MOST = 999
_CAME = "came_"
_FAR = timedelta(days=731)

_LENGTHS = (("60", "Een uur"), ("90", "Anderhalf uur"), ("120", "Twee uur"))
# About learning it takes two hours at most; a neighbourhood may take a day.
_LONGER = (("180", "Drie uur"), ("240", "Vier uur"), ("480", "Een hele dag"))


class Seen(Button):
    """A form about what may change meanwhile; ``seen`` is when it had last changed then."""

    seen = HiddenField()


class AgreedForm(Seen):
    """Asks what the first talk led to; ``considered`` says that advice on the question was read."""

    considered = HiddenField()
    question = Story(
        "Welke vraag moet de conferentie beantwoorden?",
        hint="Schrijf de vraag op zoals u die samen hebt gekozen. Een open vraag werkt het best.",
    )
    payer = Choice("Wie betaalt de conferentie?", wording.PAYERS)
    payer_remark = Line("Wat is daarover afgesproken?")

    def agreed(self) -> Agreed:
        """What was filled in."""
        payer = self["payer"].data
        return Agreed(
            question=self["question"].data or "",
            payer=Payer(payer) if payer else None,
            payer_remark=self["payer_remark"].data or "",
        )


class CoordinatorForm(Seen):
    """Asks who coordinates, and whether the requester is told so by letter."""

    name = Line("Naam van de coördinator", needed="Vul de naam van de coördinator in")
    email = Email("E-mailadres")
    phone = Phone("Telefoonnummer")
    introduce = Choice(
        "Krijgt de aanvrager een brief met deze naam?",
        (("yes", "Ja, verstuur de brief"), ("no", "Nee, ik vertel het zelf")),
        hint="In de brief staan de naam, het nummer en het adres die u hier invult.",
        needed="Kies of de aanvrager een brief krijgt",
    )

    def coordinator(self) -> Coordinator:
        """Who was filled in."""
        return Coordinator(
            self["name"].data or "", self["email"].data or "", self["phone"].data or ""
        )


class Clock(Line):
    """A time of the day, as a browser sends it or as people write it: 19:30, 19.30, 19 uur."""

    longest = 12
    clock: time | None = None

    def check(self, text: str) -> None:
        found = _CLOCK.fullmatch(text)
        try:
            self.clock = time(int(found["hour"]), int(found["minute"] or 0)) if found else None
        except ValueError:
            self.clock = None
        if self.clock is None:
            raise ValidationError("Vul een tijd in, bijvoorbeeld 19:30")


class Place(Line):
    """Where it is."""

    longest = 200


class AppointmentForm(Seen):
    """Asks when and where the conference is."""

    day = Day("Op welke dag is het?", needed="Vul een datum in, bijvoorbeeld 3-12-2026")
    at = Clock("Hoe laat begint het?", needed="Vul een tijd in, bijvoorbeeld 19:30")
    minutes = Choice("Hoe lang duurt het?", (), needed="Kies hoe lang het duurt")
    place = Place("Waar is het?", hint="Bijvoorbeeld: Buurthuis De Kring, Dorpsstraat 1, Emmen.")

    def offer(self, kind: Kind) -> None:
        """Let the lengths be chosen that such a conference can have."""
        self["minutes"].offer(_LENGTHS if kind is Kind.LEARNING else (*_LENGTHS, *_LONGER))

    def check(self, today: date) -> bool:
        """Whether the day can be meant; says what to do where it cannot."""
        if abs(self["day"].day - today) > _FAR:
            self["day"].errors = ["Kies een dag binnen twee jaar. Kijk of het jaar klopt"]
        return not self.errors

    def appointment(self) -> Appointment:
        """When and where; only after the form was found sound."""
        local = datetime.combine(self["day"].day, self["at"].clock, HERE)
        # Times in an hour that the clocks skip or repeat are equal to none in another zone.
        return Appointment(
            local.astimezone(UTC), int(self["minutes"].data), self["place"].data or ""
        )


class Number(Line):
    """How many; nothing filled in is none."""

    longest = 12

    def check(self, text: str) -> None:
        if not (text.isascii() and text.isdigit() and int(text) <= _MOST):
            raise ValidationError(f"Vul een heel getal in, van 0 tot en met {_MOST}")


class OutcomeForm(Seen):
    """Asks how it went: how many came, by role, and whether there is a plan."""

    plan = Choice("Is er een plan?", wording.PLANS)

    def numbers(self) -> list[Number]:
        """The questions for how many, in the order in which they are asked."""
        return [field for field in self if isinstance(field, Number)]

    def outcome(self) -> Outcome:
        """What was filled in."""
        came = {_role_of(number): int(number.data or 0) for number in self.numbers()}
        plan = self["plan"].data
        return Outcome(came, Plan(plan) if plan else None)


def _role_of(number: Number) -> str:
    """Of which role it asks how many came."""
    return number.short_name.removeprefix(_CAME).replace("_", " ")


def _name_of(role: str) -> str:
    # With a beginning of their own, or "municipality" would be the place of that name.
    return _CAME + role.replace(" ", "_")


def outcome_form(kind: Kind, **options: Any) -> OutcomeForm:
    """The form for such a conference: a pupil is asked about only where there is one."""
    roles = [
        (role, label)
        for role, label in wording.ATTENDED
        if kind is Kind.LEARNING or role != wording.ATTENDED[0][0]
    ]
    fields = {_name_of(role): Number(label) for role, label in roles}
    form: OutcomeForm = type("OutcomeForm", (OutcomeForm,), fields)(**options)
    return form


def known(road: Conference) -> Mapping[str, object]:
    """What is known already, by the names of the questions on these forms."""
    local = road.starts_at.astimezone(HERE) if road.starts_at else None
    return {
        "question": road.question,
        "payer": road.payer,
        "payer_remark": road.payer_remark,
        "name": road.coordinator_name,
        "email": road.coordinator_email,
        "phone": road.coordinator_phone,
        "day": local and local.date().isoformat(),
        "at": local and f"{local:%H:%M}",
        "minutes": road.minutes and str(road.minutes),
        "place": road.place,
        "plan": road.plan,
        **{_name_of(role): str(number) for role, number in attended(road).items()},
    }
