"""At the desk a doubted request is the national desk's to look at, and of nobody else's concern."""

from datetime import timedelta
from http import HTTPStatus

import pytest

from portal.cases import progress, work
from portal.cases.case import Doubt, Happening, Stage, Status
from portal.cases.keeping import forgotten_on, kept_until
from portal.cases.register import Case, history
from portal.cases.tombstone import Tombstone
from portal.casework import guard, handle
from portal.casework.chase import chase
from portal.casework.figures import counting
from portal.casework.handle import NotTheirs
from portal.casework.overview import Morning, Reader, text
from portal.casework.people import StaffRole
from portal.config import Config
from portal.database import connection, transaction
from portal.health import examine
from portal.retention.cases import Cases
from portal.routing.regions import destination_of, national_desk
from portal.routing.rules import NATIONAL
from portal.web import wording
from portal.workdays import QUARANTINE, add_workdays
from tests.casework.desk_app import DESK, SOMEBODY, at, came_in, fill, fresh, press, trail, who
from tests.casework.doors import LOOKING, doors
from tests.casework.staff_house import House
from tests.casework.test_desk import listed
from tests.conftest import NOON
from tests.portal_app import Browser, controls, forms, letters

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TRAP = (Doubt.TRAP, Doubt.FAST)
REAL, JUNK = "Dit is echt", "Dit is geen echte aanvraag"


@pytest.fixture
def doubted(house: House) -> Case:
    return came_in(doubts=TRAP)


def written() -> list[str]:
    """The letters about cases, by name."""
    return [one.name for one in letters() if one.case_reference.startswith("EK-")]


def config(house: House) -> Config:
    settings: Config = house.app.config["PORTAL"]
    return settings


# Who sees it


def test_the_national_desk_sees_it_at_once_and_first(desk: Browser, doubted: Case) -> None:
    other = came_in(5 * DAY)
    page = desk.get(DESK).text
    assert listed(page) == [doubted.reference, other.reference]
    assert listed(page, "quarantined") == [doubted.reference]
    assert "Wacht op een blik (1)" in page
    assert "na dinsdag 24 november 2026 om 12:00 uur" in page


def test_its_page_says_why_in_words_and_has_two_buttons(desk: Browser, doubted: Case) -> None:
    page = desk.get(at(doubted)).text
    for doubt in TRAP:
        assert wording.DOUBTS[doubt] in page
    for button in (REAL, JUNK):
        assert button in page
    assert "Ik pak dit op" not in page
    assert set(wording.DOUBTS) == set(Doubt)


def test_a_manager_finds_it_nowhere(house: House, anna: Browser, doubted: Case) -> None:
    with connection():
        work.set_task(doubted, work.Wanted("bel", NOON.date()), form_key="k", by=SOMEBODY, now=NOON)
    assert doubted.reference not in anna.get(DESK).text
    assert anna.get(f"{DESK}?list=quarantined").status_code == HTTPStatus.NOT_FOUND
    assert anna.get(f"{DESK}?reference={doubted.reference}").status_code == HTTPStatus.NOT_FOUND
    open_to_a = [d for d in doors(house.app) if "reference" in d.parts and d.method != "OPTIONS"]
    house.__dict__["case"] = doubted
    assert len(open_to_a) > 20
    for door in open_to_a:
        status = anna.open(door.path(house), method=door.method).status_code
        assert status == HTTPStatus.NOT_FOUND, door


def test_what_was_no_real_request_never_comes_into_a_managers_lists(
    desk: Browser, anna: Browser, doubted: Case
) -> None:
    press(desk, at(doubted), JUNK)
    assert doubted.reference not in anna.get(f"{DESK}?state=ended").text
    assert anna.get(at(doubted)).status_code == HTTPStatus.NOT_FOUND
    assert listed(desk.get(f"{DESK}?state=ended").text) == [doubted.reference]


def test_once_it_is_let_through_it_is_as_any_other(
    desk: Browser, anna: Browser, doubted: Case
) -> None:
    press(desk, at(doubted), REAL)
    assert listed(anna.get(DESK).text, "awaiting") == [doubted.reference]
    assert anna.get(at(doubted)).status_code == HTTPStatus.OK
    assert press(anna, at(doubted), "Ik pak dit op").status_code == HTTPStatus.SEE_OTHER


@pytest.mark.parametrize("name", ["a", "b", "admin"])
def test_only_the_national_desk_decides(house: House, doubted: Case, name: str) -> None:
    person = who(house, name)
    with pytest.raises(NotTheirs):
        handle.let_through(person, doubted.reference, NOON, lambda _case, _now: None)
    with pytest.raises(NotTheirs):
        handle.refuse(person, doubted.reference, NOON)
    assert fresh(doubted).stage is Stage.QUARANTINED


# The two buttons


def test_what_is_real_goes_on_once_with_its_letters(desk: Browser, doubted: Case) -> None:
    page = desk.get(at(doubted)).text
    for _ in range(2):
        again = desk.post(at(doubted, "doorsturen/"), data=token(page))
        assert again.status_code == HTTPStatus.SEE_OTHER
    assert written() == ["intake", "confirmation"]
    assert [line for line in trail() if line[0] == "changed"] == [("changed", doubted.reference)]
    with connection():
        last = history(doubted)[-1]
    assert (last.what, last.function) == (Happening.LET_THROUGH, national_desk().function)
    assert wording.DOUBTS[Doubt.TRAP] in last.reason


def token(page: str) -> dict[str, str]:
    return controls(forms(page)[-1]).to_dict()


def test_where_a_letter_cannot_be_written_nothing_is_let_through(
    house: House, doubted: Case
) -> None:
    def fail(_case: Case, _now: object) -> None:
        raise LookupError

    with pytest.raises(LookupError):
        handle.let_through(who(house, "desk"), doubted.reference, NOON, fail)
    assert (fresh(doubted).stage, fresh(doubted).doubts) == (Stage.QUARANTINED, doubted.doubts)


def test_what_is_not_real_ends_without_a_word_to_anybody(desk: Browser, doubted: Case) -> None:
    page = desk.get(at(doubted)).text
    for _ in range(2):
        desk.post(at(doubted, "niet-echt/"), data=token(page))
    case = fresh(doubted)
    assert (case.status, case.stage, written()) == (Status.STOPPED, Stage.ENDED, [])
    with connection():
        assert "Geen echte aanvraag" in history(case)[-1].reason
        assert len(history(case)) == 2
        assert forgotten_on(case) == (NOON + timedelta(weeks=4)).date()


def test_whoever_comes_second_with_the_other_button_is_told(desk: Browser, doubted: Case) -> None:
    page = desk.get(at(doubted)).text
    desk.post(at(doubted, "niet-echt/"), data=token(page))
    late = desk.post(at(doubted, "doorsturen/"), data=token(page))
    assert late.status_code == HTTPStatus.CONFLICT
    assert written() == []
    other = came_in(doubts=TRAP)
    desk.post(at(other, "doorsturen/"), data=token(page))
    assert desk.post(at(other, "niet-echt/"), data=token(page)).status_code == HTTPStatus.CONFLICT
    assert fresh(other).stage is Stage.AWAITING


def test_a_mistake_is_put_right_by_opening_it_again_and_letting_it_through(
    desk: Browser, doubted: Case
) -> None:
    press(desk, at(doubted), JUNK)
    answer = fill(desk, at(doubted, "heropenen/"), reason="Het was toch echt.")
    assert answer.status_code == HTTPStatus.SEE_OTHER
    assert (fresh(doubted).stage, written()) == (Stage.QUARANTINED, [])
    assert wording.DONE["back in quarantine"] in desk.get(answer.location).text
    press(desk, at(doubted), REAL)
    assert written() == ["intake", "confirmation"]


@pytest.mark.parametrize("page", ["oppakken/", "stap/", "overdragen/"])
def test_nothing_else_moves_it(desk: Browser, doubted: Case, page: str) -> None:
    said = {"status": "stopped", "seen": "received", "reason": "x", "region": "drenthe"}
    answer = desk.post(at(doubted, page), data=token(desk.get(at(doubted)).text) | said)
    assert answer.status_code in {HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY}
    assert (fresh(doubted).stage, fresh(doubted).region) == (Stage.QUARANTINED, "utrecht")


def test_a_note_does_not_put_off_the_day_on_which_it_goes_by_itself(
    desk: Browser, doubted: Case
) -> None:
    fill(desk, at(doubted, "notitie/"), text="Gebeld, geen gehoor.")
    assert fresh(doubted).idle_since == doubted.received_at


# The clocks, the counts and the term


def test_nobody_is_chased_about_it_before_it_is_let_through(
    house: House, desk: Browser, doubted: Case
) -> None:
    assert chase(NOON + 20 * DAY, config(house)) == 0
    with connection(), transaction():
        progress.let_through(fresh(doubted), SOMEBODY, "", NOON)
    assert chase(add_workdays(doubted.received_at, 2), config(house)) == 1


def test_the_overview_names_it_to_the_national_desk_alone(house: House, doubted: Case) -> None:
    with connection():
        names = {"utrecht": "Utrecht", NATIONAL: "Landelijk bureau"}
        morning = Morning(NOON, config(house), names)
        national = text(Reader(national_desk(), None), morning)
        to = destination_of("utrecht")
        manager = text(Reader(to, frozenset({"utrecht"})), morning)
    assert "Wacht op een blik" in national.body
    assert "gaat vanzelf door op dinsdag 24 november" in " ".join(national.body.split())
    assert doubted.reference not in manager.body + manager.subject


def test_it_is_counted_nowhere_until_it_is_let_through(house: House, doubted: Case) -> None:
    def counted() -> int:
        return sum(found.number for found in counting.cases(NOON.year))

    assert counted() == 0
    with connection(), transaction():
        progress.let_through(fresh(doubted), SOMEBODY, "", NOON)
    assert counted() == 1


def test_what_was_no_real_request_leaves_no_tombstone(house: House, doubted: Case) -> None:
    with connection(), transaction():
        assert kept_until(fresh(doubted)) is None
        progress.refuse(fresh(doubted), SOMEBODY, "", NOON)
    assert Cases(NOON + timedelta(weeks=4) - HOUR).forget() == 0
    assert Cases(NOON + timedelta(weeks=4)).forget() == 1
    with connection():
        assert (Case.select().count(), Tombstone.select().count()) == (0, 0)


def test_health_is_red_when_it_stays_longer_than_it_may(house: House, doubted: Case) -> None:
    due = add_workdays(doubted.received_at, QUARANTINE)
    for wait, ok in ((timedelta(minutes=14), True), (timedelta(minutes=16), False)):
        moment = due + wait
        assert examine(lambda at=moment: at)["quarantine"].ok is ok  # type: ignore[misc]


def test_who_may_look_and_who_may_decide_are_both_the_national_desk(house: House) -> None:
    for endpoint in ("case.let_through", "case.refuse"):
        assert guard.RULES[endpoint] == {StaffRole.NATIONAL_DESK}
        found = [door for door in doors(house.app) if door.endpoint == endpoint]
        assert {door.method for door in found} - LOOKING == {"POST"}
        assert "GET" not in {door.method for door in found}
