"""Traces of other people in a text, so that the writer can be asked whether they belong there.

Names are not looked for: no list tells a name from a word often enough to be of help.
"""

import re
import unicodedata
from enum import StrEnum


class Trace(StrEnum):
    """What in a text may lead to one person."""

    CITIZEN_NUMBER = "citizen number"
    PHONE = "phone"
    ADDRESS = "address"
    EMAIL = "email"


_WORDS = {
    Trace.CITIZEN_NUMBER: "een burgerservicenummer",
    Trace.PHONE: "een telefoonnummer",
    Trace.ADDRESS: "een adres",
    Trace.EMAIL: "een e-mailadres",
}
_WHOSE = (
    "Hier lijkt {} te staan. Is dat de naam, het nummer of het adres van iemand anders? "
    "Haal het dan liever weg."
)


def passes_eleven_test(number: str) -> bool:
    """Whether eight or nine ASCII digits can be a burgerservicenummer; other signs are skipped.

    Nine digits, of which at most the first is a zero that is often left out. Times 9, 8, 7 … 2
    and the last times -1, they add up to a multiple of eleven. The law that made the number (Wet
    algemene bepalingen burgerservicenummer) leaves its form to lower rules; these weights are how
    government publishes and software everywhere applies them. One in eleven numbers passes.
    """
    digits = [int(sign) for sign in number if sign in "0123456789"]
    weights = (9, 8, 7, 6, 5, 4, 3, 2, -1)[9 - len(digits) :]
    return sum(map(int.__mul__, weights, digits)) % 11 == 0


# After a digit and a sign stands the rest of a date, a time or an amount, not a new number.
_ALONE = r"(?<!\w)(?<![0-9][-.,:/])"
_ENDS = r"(?![0-9]|[.,:][0-9])"
_GAP = r"[ \t./()–‐-]{0,3}"

# 111222333, 111.222.333, 1112.22.333 and the same without a leading zero. Not 12.345.678, which is
# an amount; not eight digits that are a day, two years or the rest of a phone number.
_CITIZEN = (
    r"(?<!€)(?<!€ )(?<![0-9] )(?<![0-9]\) )(?!00)(?:[0-9]{9}"
    r"|[0-9]{3}([ .-])[0-9]{3}\1[0-9]{3}|[0-9]{4}([ .-])[0-9]{2}\2[0-9]{3}"
    r"|(?!(?:19|20)[0-9]{6}|[0-3][0-9][01][0-9](?:19|20))[1-9][0-9]{7}"
    r"|[1-9][0-9] [0-9]{3} [0-9]{3}|[1-9][0-9]{2}([ .-])[0-9]{2}\3[0-9]{3})"
    r"(?!\w|/|[-.,:][0-9-]| ?(?:euro|€))"
)

# Ten digits, of which 06 is mobile; 01 to 05 and 07 begin an area code of three or four digits
# (Nummerplan telefoon- en ISDN-diensten). 0800, 0900, 088 and 112 belong to no single person.
_NOT_A_DATE = r"(?![-./ ](?:[0-3]?[0-9][-./ ])?(?:19|20)[0-9]{2}(?![0-9]))"
_MOBILE = rf"\(?0 ?6{_NOT_A_DATE}{_GAP}[1-9](?:{_GAP}[0-9]){{7}}"
_LAND = rf"\(?0[1-57][0-9](?:{_GAP}[0-9](?:[ .-]?[0-9]){{6}}|[0-9]{_GAP}[0-9](?:[ .-]?[0-9]){{5}})"
_ABROAD = rf"(?:\+ ?[1-9][0-9]|00 ?31)(?:{_GAP}[0-9]){{8,12}}"

# What a number after the name of a street can count, when it is not the number of a house.
_UNITS = (
    r"uur|keer|maal|x|jaar|maand(?:en)?|weken|week|dag(?:en)?|min(?:uten)?|m|meter|km|kilometer"
    r"|mensen|personen|jongens|jongeren|kinderen|huizen|woningen|gezinnen|bewoners|buren|winkels"
    r"|bomen|auto['’]s|procent|euro|graden|januari|februari|maart|april|mei|juni|juli|augustus"
    r"|september|oktober|november|december"
)
_HOUSE = (
    r",?[ \t](?:nr\.? ?|no\.? ?|(?:huis)?nummer )?(?!(?:19|20)[0-9]{2}\b)[1-9][0-9]{0,3}"
    rf"(?:[ -]?[a-h]|bis|-?hs|[-/][0-9]{{1,3}})?(?!\w|[.,:/-][0-9]| ?(?:%|(?:{_UNITS})\b))"
)
_STREET = r"(?:straat|str\.?|laan|weg|plein|kade|gracht|singel|dijk|plantsoen|dreef|steeg|pad)"
_NAMED = r"(?:hof|markt|wal|boulevard|strjitte|dyk)"  # in lower case these are mostly other things
_COMMON = (
    r"(?!(?:onder|snel|auto|uit|half|spoor)weg|(?:fiets|voet|wandel|zebra)pad"
    r"|(?:school|speel|parkeer)plein|(?:winkel|zij)straat"
    r"|(?:super|rommel|jaar|kerst|arbeids|woning)markt|kerkhof|gerechtshof)"
)
_CAPITAL = r"(?-i:[A-ZÀ-Þ])[\w'’-]{1,30}"
_OF = r"(?:de |den |der |het |'t )?"
_ARTICLE = r"(?!(?:de|het|een|die|dat|deze|dit|onze|in|op|elke|iedere|geen)\b)"
_PLURAL = r"(?! [a-z]{1,20}(?:en|s)\b)"
_SQUARE = r"(?-i:Dam|Markt|Brink|Spui|Rokin|Damrak|Singel|Hof|Kade|Dijk|Plein|Haven|Gracht|Laan)"

# Four digits and two capitals (SA, SD and SS are not given out); a small pair must follow at once.
_MEASURE = r"(?!(?:[kmg][bgm]|cc|ml|cm|de|er|en|st|eu)\b)"
_YEAR = r"(?!(?:19|20)[0-9]{2} (?:EN|IN|OP|IS|DE|TE|OF|WE|AL|TL|BV|NV)\b)"
_POSTCODE = (
    rf"{_YEAR}[1-9][0-9]{{3}}(?:(?-i: {{0,2}}(?!S[ADS]|[KMG][BGM])[A-Z]{{2}})|{_MEASURE}[a-z]{{2}})"
)


def _rule(trace: Trace, pattern: str) -> tuple[Trace, re.Pattern[str]]:
    return trace, re.compile(pattern, re.IGNORECASE)


# No pattern repeats without a bound: the time grows with the text and no faster.
RULES = (
    _rule(Trace.CITIZEN_NUMBER, _ALONE + _CITIZEN),
    _rule(Trace.PHONE, _ALONE + _MOBILE + _ENDS),
    _rule(Trace.PHONE, _ALONE + _LAND + _ENDS),
    _rule(Trace.PHONE, _ALONE + _ABROAD + _ENDS),
    _rule(Trace.ADDRESS, rf"\b{_COMMON}{_CAPITAL}(?:{_STREET}|{_NAMED}){_HOUSE}"),
    _rule(Trace.ADDRESS, rf"\b{_COMMON}[\w'’-]{{2,30}}{_STREET}{_HOUSE}{_PLURAL}"),
    _rule(Trace.ADDRESS, rf"\b{_ARTICLE}{_CAPITAL} (?:{_STREET}|{_NAMED}){_HOUSE}{_PLURAL}"),
    _rule(Trace.ADDRESS, rf"\b{_STREET} van {_OF}{_CAPITAL}(?: {_CAPITAL}){{0,2}}{_HOUSE}"),
    _rule(Trace.ADDRESS, rf"\b{_SQUARE}{_HOUSE}{_PLURAL}"),
    _rule(Trace.ADDRESS, r"\bhuisnummer:? ?[1-9]"),
    _rule(Trace.ADDRESS, rf"(?<!\w)(?<!artikel ){_POSTCODE}(?!\w)"),
    _rule(Trace.EMAIL, r"[\w.%\+-]{1,64}@(?:[\w-]{1,63}\.){1,5}[a-z]{2,24}"),
)


def find(text: str) -> frozenset[Trace]:
    """What traces of a person stand in a text; it is for a question, never for a refusal."""
    plain = _fold(text)
    return frozenset(
        trace
        for trace, pattern in RULES
        if any(_counts(trace, found[0]) for found in pattern.finditer(plain))
    )


def whose(text: str) -> str:
    """What to ask the writer of a text with traces of a person; empty where there are none."""
    traces = find(text)
    return _WHOSE.format(" en ".join(w for t, w in _WORDS.items() if t in traces)) if traces else ""


def _counts(trace: Trace, found: str) -> bool:
    return trace is not Trace.CITIZEN_NUMBER or passes_eleven_test(found)


def _fold(text: str) -> str:
    """Full-width digits as plain ones, and without the invisible marks that phones paste along."""
    # Sign by sign: as a whole, a long run of combining marks would take quadratic time.
    folded = (unicodedata.normalize("NFKC", sign) for sign in text)
    return "".join(sign for sign in folded if unicodedata.category(sign[0]) != "Cf")
