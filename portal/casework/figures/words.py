"""The Dutch for what is counted."""

from portal.casework.figures.small import LEAST, Mark

MARKS = {Mark.FEW: f"minder dan {LEAST}", Mark.WITHHELD: "niet getoond"}

INTENTS = {"request": "Aanvraag", "proposal": "Voorstel"}
SIGNS = {
    "in time": "Binnen twee werkdagen",
    "late": "Later",
    "none": "Nog niet, of nooit",
}
COURSES = {
    "plan": "Conferentie met plan",
    "in the making": "Conferentie, plan volgt",
    "no plan": "Conferentie zonder plan",
    "under way": "Loopt nog",
    "ended": "Ging niet door",
}
GOING = {
    "as agreed": "Zoals afgesproken",
    "partly": "Voor een deel",
    "not": "Niet",
    "no conference": "Er was geen conferentie",
    "still going": "Het loopt nog",
}
# Why figures are missing, and what else one may wonder about.
EXPLAINED = (
    (
        f"Een getal van 1 tot en met {LEAST - 1} tonen we niet. "
        f"Er staat dan: {MARKS[Mark.FEW]}. Zo wijst geen getal een persoon aan."
    ),
    (
        f"Soms staat er: {MARKS[Mark.WITHHELD]}. "
        "Wie dat getal zou weten, kan een klein getal uitrekenen."
    ),
    (
        "Ook aanvragen die al zijn gewist, tellen mee. "
        "Daarvan is alleen nog bewaard wat hier wordt geteld."
    ),
)


def hours(number: int) -> str:
    """A span of time: ``19 uur``, ``3 dagen en 4 uur``."""
    days, rest = divmod(number, 24)
    if days < 2:
        return f"{number} uur"
    return f"{days} dagen en {rest} uur" if rest else f"{days} dagen"


def percentage(share: float) -> str:
    """A share of one in whole hundredths: ``82%``."""
    return f"{share:.0%}"
