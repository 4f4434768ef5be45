"""Every page of the portal in every state, each reached as a visitor reaches it."""

from collections.abc import Iterator

from playwright.sync_api import Page

from portal.intake import fitting
from tests.journeys.conftest import House
from tests.journeys.walking import (
    DOORS,
    Answers,
    Met,
    Walk,
    fill,
    follow,
    forge_token,
    go,
    on,
    press,
    walk,
)
from tests.portal_app import required

# What the name of a state ends with says what kind of page it is.
FAILING = (
    *(", empty", ", wrong", ", expired", ", unavailable"),
    *(", nothing chosen", ", closed", ", too late"),
)
ASKING = (" place", ", thoughts")
# Whoever reads these, a pupil or another, they address nobody.
FOR_ALL = ("begin", "wiped", "gone", "fitting", "own", "error")

LONG = "x" * 3001
TELLING = "Bel mijn broer: 06 12345678. Hij was erbij.\nDaarna is het misgegaan."
CLOSED = "Kan de gemeente het plein opruimen?"
FULL = {
    "phone": "06 12 34 56 78",
    "call_when": "Na vier uur",
    "voicemail": "yes",
    "age_band": "other",
    "school_type": "secondary",
    "education": "regular",
    "pupil_knows": "knows",
    "reasons": "class|results|other",
    "pupils": "ongeveer 25",
    "setting": "street",
    "they_know": "know",
    "participants": "neighbours|municipality|police",
    "financing": "municipality",
    "follow_up": "yes",
    "story": "Er is veel ruzie over het plein.\n\nNiemand groet elkaar nog.",
    "question": "Hoe wordt het weer rustig op het plein?",
    "good_at": "Tekenen en uitleggen aan anderen.",
    "wants_to_learn": "Rustig blijven in een drukke klas.",
    "how": "Met een plek om even weg te gaan.",
    "safety": "Praat eerst met de mentor.",
    "coordinator_wishes": "Iemand uit een andere plaats.",
}
LEAST = dict.fromkeys((*FULL, "municipality"), "")

BOXES = {
    "niets": "main form :is(input[type=email], input[type=tel])",
    LONG: "main form :is(input[type=text], textarea)",
}


def begin(tab: Page, _house: House) -> Iterator[Met]:
    yield "begin", go(tab, "/aanvragen/")
    yield "begin, nothing chosen", on(tab)
    yield "advice", go(tab, "/aanvragen/?kind=unknown&role=unknown")
    yield "advice on a pupil", go(tab, "/aanvragen/?kind=learning&role=outsider")


def fit(tab: Page, _house: House) -> Iterator[Met]:
    """Every question of the guide, with and without an answer, and every end."""
    ways: list[dict[str, str]] = [{}]
    while ways:
        given = ways.pop()
        name = "fitting" + "".join(f" {answer}" for answer in given.values())
        yield name, go(tab, "/keuzehulp/?" + "&".join(f"{k}={v}" for k, v in given.items()))
        found = fitting.next_after(given)
        if isinstance(found, fitting.Question):
            yield f"{name}, nothing chosen", on(tab)
            ways += [given | {found.name: answer} for answer, _ in found.answers]


def steps_of(door: str) -> Walk:
    """Each step as it is first met, sent empty, and sent with what will not do."""

    def steps(tab: Page, _house: House) -> Iterator[Met]:
        answer = go(tab, DOORS[door])
        while "/controleren/" not in tab.url:
            name = f"{door} {_step(tab)}"
            yield name, answer
            if tab.locator("main form :is([name=name], [name=postcode])").count():
                yield f"{name}, empty", on(tab)
            wrong = _wrong(tab)
            if wrong:
                fill(tab, wrong)
                yield f"{name}, wrong", on(tab)
            fill(tab, LEAST | required(door))
            answer = on(tab)
        yield f"{door} check with the least", answer

    return steps


def _step(tab: Page) -> str:
    return tab.url.partition("?")[0].split("/")[-2]


def _wrong(tab: Page) -> Answers:
    """What will not do, for every line and every story on the page."""
    return {
        name: text
        for text, boxes in BOXES.items()
        for name in tab.locator(boxes).evaluate_all("all => all.map(box => box.name)")
    }


def as_role(door: str, role: str, last: int) -> Walk:
    """The steps whose words differ from role to role, for one who was known before the form."""

    def ways(tab: Page, _house: House) -> Iterator[Met]:
        go(tab, f"{DOORS[door]}?role={role}")
        for number in range(2, last + 1):
            fill(tab, required(door))
            yield f"{door} {number} as {role}", on(tab)

    return ways


def known(tab: Page, _house: House) -> Iterator[Met]:
    """The first step for one who told before the form who is asking."""
    for door in ("learning", "community"):
        yield f"{door} 1 as school", go(tab, f"{DOORS[door]}?role=school")


def full_check(door: str) -> Walk:
    def checked(tab: Page, _house: House) -> Iterator[Met]:
        go(tab, DOORS[door])
        *_, last = walk(tab, FULL | required(door))
        yield f"{door} check with all", last

    return checked


def asked_once_more(door: str) -> Walk:
    """The place that settles nothing, and words that may say too much or ask too little."""

    def questions(tab: Page, _house: House) -> Iterator[Met]:
        for what, code in (("unknown place", "0000"), ("which place", "2451")):
            _to_second_step(tab, door)
            fill(tab, {"postcode": code})
            yield f"{door} 2, {what}", on(tab)
        fill(tab, required(door))
        on(tab)
        fill(tab, {"story": TELLING, "question": CLOSED})
        yield f"{door} 3, thoughts", on(tab)

    return questions


def _to_second_step(tab: Page, door: str) -> None:
    go(tab, DOORS[door])
    fill(tab, required(door))
    on(tab)


def carried(tab: Page, _house: House) -> Iterator[Met]:
    """What no step asks stands on the last page too."""
    _to_second_step(tab, "pupil")
    fill(tab, {"postcode": "2451"})
    on(tab)
    for _ in range(2):
        last = on(tab)
    yield "pupil check with the place as first typed", last


def confirmed(door: str) -> Walk:
    def confirmations(tab: Page, _house: House) -> Iterator[Met]:
        reached = {"": {"email": f"{door}@example.org"}, " by phone": {"phone": "0612345678"}}
        for means, way in reached.items():
            _to_check(tab, door, {"email": ""} | way)
            yield f"{door} confirmed{means}", press(tab, "Verstuur")

    return confirmations


def _to_check(tab: Page, door: str, other: Answers) -> None:
    go(tab, DOORS[door])
    for _ in walk(tab, {**required(door), **other}):
        pass


def sent_again(door: str) -> Walk:
    """A step that was open in one tab comes in, with other words, after another tab sent it all."""

    def again(tab: Page, _house: House) -> Iterator[Met]:
        _to_check(tab, door, {})
        check = tab.url
        go(tab, check.replace("controleren", "1"))
        other = tab.context.new_page()
        go(other, check)
        press(other, "Verstuur")
        other.close()
        fill(tab, {"name": "Nora"})
        yield f"{door} again", on(tab)
        yield f"{door} added", press(tab, "Verstuur als aanvulling")

    return again


def notices(tab: Page, _house: House) -> Iterator[Met]:
    for door in ("pupil", "proposal"):
        yield f"{door} 1, lost", go(tab, f"{DOORS[door]}somebodyelse/2/")
    go(tab, DOORS["learning"])
    yield "pupil 1, switched", press(tab, "Ik ben zelf de leerling")
    go(tab, DOORS["community"])
    yield "proposal 1, switched", press(tab, "Ik sta erbuiten")


def expired(tab: Page, _house: House) -> Iterator[Met]:
    go(tab, DOORS["learning"])
    tab.context.clear_cookies()
    yield "learning 1, expired", on(tab)
    _to_check(tab, "pupil", {})
    forge_token(tab)
    yield "pupil check, expired", press(tab, "Verstuur")
    go(tab, tab.url.replace("controleren", "2"))
    press(tab, "Later verder")
    forge_token(tab)
    yield "pupil later, expired", on(tab)


def old_cookie(tab: Page, house: House) -> Iterator[Met]:
    """The browser still has its cookie, the form's day is over."""
    _to_check(tab, "community", {})
    house.execute("UPDATE draft SET changed_at = '2020-01-01 00:00:00.000000'")
    answer = tab.reload()
    assert answer
    yield "community check with an old cookie", answer


def unavailable(tab: Page, house: House) -> Iterator[Met]:
    """The database takes nothing, or is not to be read."""
    go(tab, DOORS["pupil"])
    with house.refusing("draft"):
        yield "pupil 1, unavailable", on(tab)
    _to_check(tab, "proposal", {})
    with house.refusing("case"):
        yield "proposal check, unavailable", press(tab, "Verstuur")
    go(tab, tab.url.replace("controleren", "2"))
    press(tab, "Later verder")
    with house.refusing("quota_use"):
        yield "proposal later, unavailable", on(tab)
    with house.without("draft"):
        yield "error 503", go(tab, tab.url)


def later(door: str) -> Walk:
    """Leaving, and coming back by a link in a letter."""

    def ways(tab: Page, house: House) -> Iterator[Met]:
        address = f"{door}-later@example.org"
        _to_second_step(tab, door)
        yield f"{door} later", press(tab, "Later verder")
        fill(tab, {"email": address})
        yield f"{door} mailed", on(tab)
        yield f"{door} resume", go(tab, house.link_for(address))

    return ways


def never(tab: Page, _house: House) -> Iterator[Met]:
    """Leaving for good."""
    _to_second_step(tab, "pupil")
    press(tab, "Later verder")
    back = tab.url
    for name, text in (("empty", ""), ("wrong", "niets")):
        fill(tab, {"email": text})
        yield f"pupil later, {name}", on(tab)
    yield "wiped", press(tab, "Wis alle antwoorden")
    yield "gone", go(tab, back)


def errors(tab: Page, _house: House) -> Iterator[Met]:
    yield "error 404", go(tab, "/bestaat-niet/")
    go(tab, "/aanvragen/")
    tab.locator("main form").evaluate("form => { form.method = 'post'; }")
    yield "error 405", on(tab)
    _to_second_step(tab, "pupil")
    fill(tab, required("pupil"))
    on(tab)
    fill(tab, {"story": "x" * 600_000})
    yield "error 413", on(tab)


def mailbox(tab: Page, _house: House) -> Iterator[Met]:
    yield "mailbox", go(tab, "/postvak/")
    yield "letter", follow(tab, tab.locator("td a").last)


WALKS: tuple[Walk, ...] = (
    begin,
    fit,
    *(steps_of(door) for door in DOORS),
    known,
    # The steps above are a relative's and a resident's.
    *(as_role("learning", role, 4) for role in ("school", "unknown")),
    *(
        as_role("community", role, 3)
        for role in ("member", "school", "company", "authority", "unknown")
    ),
    *(full_check(door) for door in DOORS),
    *(asked_once_more(door) for door in ("pupil", "community")),
    carried,
    *(confirmed(door) for door in DOORS),
    *(sent_again(door) for door in ("pupil", "proposal")),
    notices,
    expired,
    old_cookie,
    unavailable,
    *(later(door) for door in ("pupil", "learning")),
    never,
    errors,
    mailbox,
)
