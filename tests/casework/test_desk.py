"""The desk shows first who waits, the longest first, and is as quick with many as with few."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

import html5lib
import pytest
import time_machine

from portal.cases import progress, work
from portal.cases.case import Kind, Stage, Status
from portal.cases.listing import SIZE, Place, Wanted, page
from portal.cases.register import Case
from portal.casework.desk import Asked
from portal.database import connection, database, transaction
from portal.routing.tables import ManagerRow
from tests.casework.desk_app import DESK, SOMEBODY, at, came_in, trail
from tests.casework.staff_house import House
from tests.conftest import NOON
from tests.databases import raw
from tests.plans import Statement, costly, heard
from tests.portal_app import Browser
from tests.seed import one, seed

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
REFERENCE = re.compile(r"EK-[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}")


def listed(text: str, section: str = "") -> list[str]:
    """The references on a page, in order, or in one section of it."""
    tree = html5lib.parse(text, namespaceHTMLElements=False)
    heads = [h for h in tree.iter("section") if h.get("aria-labelledby") == section]
    within = heads if section else list(tree.iter("main"))
    return [str(a.text) for part in within for a in part.iterfind(".//h3/a")]


def under_way(ago: timedelta, region: str = "utrecht", status: Status | None = None) -> Case:
    """A case that was picked up so long ago."""
    with connection(), transaction():
        case = one(NOON - ago - HOUR, region)
        progress.acknowledge(case, SOMEBODY, NOON - ago)
        if status:
            progress.move(case, status, SOMEBODY, "", NOON - ago)
    return case


# What stands where


def test_who_waits_for_a_sign_of_life_stands_first_and_the_longest_waiting_first(
    anna: Browser,
) -> None:
    cases = [came_in(ago) for ago in (HOUR, 5 * DAY, 2 * DAY)]
    running = [under_way(ago) for ago in (DAY, 30 * DAY)]
    text = anna.get(DESK).text
    assert listed(text) == [
        c.reference for c in (cases[1], cases[2], cases[0], running[1], running[0])
    ]
    assert listed(text, "awaiting") == [c.reference for c in (cases[1], cases[2], cases[0])]
    assert "Wacht op een teken van leven (3)" in text
    assert "Loopt (2)" in text


def test_the_time_left_is_told_and_what_is_late(anna: Browser) -> None:
    came_in(HOUR)
    text = anna.get(DESK).text
    assert "nog 47 uur" in text
    assert "Voor woensdag 25 november 2026 om 12:00 uur" in text
    came_in(10 * DAY)
    text = anna.get(DESK).text
    assert "te laat" in text
    assert "card--late" in text


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (4 * DAY - HOUR, "nog 60 minuten"),  # since Thursday noon and an hour
        (4 * DAY - timedelta(minutes=119), "nog 119 minuten"),
        (4 * DAY - timedelta(hours=2), "nog 2 uur"),
        (4 * DAY, "1 minuut te laat"),
        (4 * DAY + HOUR, "60 minuten te laat"),
        (timedelta(0), "nog 2 dagen"),
    ],
)
def test_the_time_left_is_told_in_a_measure_that_fits(
    anna: Browser, ago: timedelta, words: str
) -> None:
    came_in(ago)
    assert words in anna.get(DESK).text


def test_what_the_requester_added_since_is_in_sight(anna: Browser) -> None:
    case = under_way(DAY)
    assert "Nieuw van de aanvrager" not in anna.get(DESK).text
    with connection():
        Case.update(heard_at=NOON).where(Case.id == case.id).execute()
    assert "Nieuw van de aanvrager" in anna.get(DESK).text


def test_a_list_holds_nothing_by_which_a_requester_is_known(anna: Browser) -> None:
    came_in(name="Kanarie", email="kanarie@example.org", phone="0611111111")
    text = anna.get(DESK).text
    assert not re.search(r"kanarie|0611111111", text, re.IGNORECASE)


def test_an_empty_desk_says_so_kindly(anna: Browser) -> None:
    text = anna.get(DESK).text
    assert "Er ligt niets op u te wachten." in text
    assert '<h2 id="awaiting"' not in text


def test_tasks_of_this_week_stand_there_and_later_ones_do_not(anna: Browser) -> None:
    case = under_way(DAY)
    today = NOON.date()
    with connection():
        for text, due in (("te laat", today - DAY), ("straks", today + 7 * DAY)):
            wanted = work.Wanted(f"taak {text}", due)
            work.set_task(case, wanted, form_key="k", by=SOMEBODY, now=NOON)
        later = work.Wanted("taak later", today + 8 * DAY)
        work.set_task(case, later, form_key="k", by=SOMEBODY, now=NOON)
    text = anna.get(DESK).text
    assert "taak te laat" in text
    assert "taak straks" in text
    assert "taak later" not in text


# Only theirs


def test_another_regions_cases_and_tasks_are_not_on_the_desk(house: House) -> None:
    mine, other = came_in(), came_in(region="zeeland")
    with connection():
        wanted = work.Wanted("taak in zeeland", NOON.date())
        work.set_task(other, wanted, form_key="k", by=SOMEBODY, now=NOON)
    text = house.signed_in("a").get(DESK).text
    assert listed(text) == [mine.reference]
    assert "taak in zeeland" not in text
    text = house.signed_in("desk").get(DESK).text
    assert set(listed(text)) == {mine.reference, other.reference}


def test_who_stands_in_sees_the_cases_of_both_in_one_order(house: House) -> None:
    deputy = "utrecht"
    cases = [came_in(ago, region) for ago, region in ((HOUR, "utrecht"), (DAY, "zeeland"))]
    cases.append(came_in(2 * DAY, "utrecht"))
    with connection():
        rows = ManagerRow.update(deputy=deputy, active=False)
        rows.where(ManagerRow.key == "zeeland").execute()
    text = house.signed_in("a").get(DESK).text
    assert listed(text) == [c.reference for c in (cases[2], cases[1], cases[0])]
    assert "Regio: Zeeland" in text


@pytest.mark.parametrize(
    "asked",
    [
        "region=zeeland",
        "region=nergens",
        "region=landelijk",
        "state=x",
        "state=ended%20",
        "kind=x",
        "age=x",
        "list=x",
        "list=ended",
        "after=x",
        "list=awaiting&after=x",
        "list=awaiting&after=2026-11-23T12:00:00~x",
        "list=awaiting&after=~",
        "after=2026-11-23T12:00:00%2B00:00~x",
        "state=stopped&list=awaiting",
    ],
)
def test_what_is_not_on_offer_is_not_there_and_written_down(anna: Browser, asked: str) -> None:
    came_in(region="zeeland")
    answer = anna.get(f"{DESK}?{asked}")
    assert answer.status_code == HTTPStatus.NOT_FOUND
    assert trail() == [("refused", "desk.overview")]


# Finding


@pytest.mark.parametrize("change", [str, str.lower, lambda r: r[3:], lambda r: r.replace("-", " ")])
def test_a_reference_is_found_however_it_is_written(
    anna: Browser, change: Callable[[str], str]
) -> None:
    case = came_in()
    answer = anna.get(DESK, query_string={"reference": f" {change(case.reference)} "})
    assert answer.location == at(case)


def test_another_regions_reference_is_as_unknown_as_one_that_is_not_there(anna: Browser) -> None:
    other = came_in(region="zeeland").reference
    answers = [anna.get(DESK, query_string={"reference": r}) for r in (other, "EK-0000-0000-0000")]
    assert {answer.status_code for answer in answers} == {HTTPStatus.NOT_FOUND}
    pages = {REFERENCE.sub("", answer.text) for answer in answers}
    assert len(pages) == 1
    assert "vinden we niets dat u mag zien" in pages.pop()
    assert trail() == [("refused", other), ("refused", "EK-0000-0000-0000")]


def test_what_is_no_reference_is_given_back_with_how_to_write_it(anna: Browser) -> None:
    answer = anna.get(DESK, query_string={"reference": "<b>iets</b>"})
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert 'value="&lt;b&gt;iets&lt;/b&gt;"' in answer.text
    assert "<title>Fout: " in answer.text
    assert 'href="#reference"' in answer.text


def test_a_filter_shows_what_it_says_and_stays_chosen(house: House) -> None:
    planned = under_way(DAY)
    with connection():
        Case.update(status=Status.PLANNED, kind=Kind.COMMUNITY).execute()
    other = under_way(2 * DAY, "zeeland")
    old = under_way(100 * DAY)
    browser = house.signed_in("desk")
    shown = {
        "state=planned": [planned],
        "state=acknowledged": [old, other],
        "kind=community": [planned],
        "kind=learning&region=utrecht": [old],
        "region=zeeland": [other],
        "age=week": [other, planned],
        "age=month": [old],
        "age=quarter": [old],
        "state=ended": [],
        "region=landelijk": [],
    }
    for asked, cases in shown.items():
        text = browser.get(f"{DESK}?{asked}").text
        assert listed(text) == [case.reference for case in cases], asked
        assert text.count(" selected>") == 4, asked
        assert "U ziet een deel" in text


def test_what_has_ended_is_behind_a_filter_the_newest_first(anna: Browser) -> None:
    ended = [under_way(ago, status=Status.STOPPED) for ago in (DAY, HOUR, 9 * DAY)]
    assert "Er ligt niets op u te wachten." in anna.get(DESK).text
    for asked in ("state=ended", "state=stopped", "state=stopped&list=ended"):
        text = anna.get(f"{DESK}?{asked}").text
        assert listed(text) == [c.reference for c in (ended[1], ended[0], ended[2])]
    assert listed(anna.get(f"{DESK}?state=closed").text) == []


# Paging


def pages(browser: Browser, asked: str) -> Iterator[list[str]]:
    """Each page of a list, gone through by its own links."""
    path: str | None = f"{DESK}?{asked}"
    while path:
        text = browser.get(path).text
        yield listed(text)
        links = html5lib.parse(text, namespaceHTMLElements=False).iter("a")
        path = next(
            (a.get("href") for a in links if str(a.text).startswith("Volgende bladzijde")), None
        )


@pytest.mark.parametrize("asked", ["list=awaiting", "list=under_way", "state=ended"])
@pytest.mark.parametrize("name", ["a", "desk"])
def test_the_pages_of_a_list_hold_every_case_once_and_in_order(
    house: House, asked: str, name: str
) -> None:
    with connection():
        seed(300, NOON, ("utrecht", "zeeland"))
        # Many at the very same moment: the order must not hang on that alone.
        Case.update(idle_since=NOON).where(
            Case.received_at > NOON - timedelta(minutes=200)
        ).execute()
        wanted = [c for c in Case.select() if name == "desk" or c.region == "utrecht"]
    stages = {"list=awaiting": Stage.AWAITING, "list=under_way": Stage.UNDER_WAY}
    stage = stages.get(asked, Stage.ENDED)
    wanted = sorted(
        (c for c in wanted if c.stage is stage),
        key=lambda c: (c.idle_since, c.id),
        reverse=stage is Stage.ENDED,
    )
    found = list(pages(house.signed_in(name), asked))
    assert [len(page) for page in found[:-1]] == [SIZE] * (len(found) - 1)
    assert [r for page in found for r in page] == [c.reference for c in wanted]


def test_cases_that_come_and_go_between_two_pages_neither_hide_nor_double_another(
    house: House,
) -> None:
    with connection():
        seed(3 * SIZE, NOON, states=(Status.RECEIVED,))
        wanted = Wanted(frozenset({"utrecht"}))
        first = page(Stage.AWAITING, wanted)
        for case in first.cases[5:15]:
            with transaction():
                progress.acknowledge(case, SOMEBODY, NOON)
        one(NOON - 365 * DAY)  # before them all
        one(NOON)
        second = page(Stage.AWAITING, wanted, first.after)
        third = page(Stage.AWAITING, wanted, second.after)
    seen = [case.id for part in (first, second, third) for case in part.cases]
    assert len(set(seen)) == len(seen) == 3 * SIZE
    assert third.after is not None  # the newest one
    assert Place.read(str(third.after)) == third.after


def test_the_links_to_a_next_page_keep_the_filter(house: House) -> None:
    with connection():
        seed(4 * SIZE, NOON, states=(Status.RECEIVED,))
    text = house.signed_in("desk").get(f"{DESK}?kind=learning&region=utrecht").text
    (link,) = re.findall(r'href="(/beheer/\?[^"]*after=[^"]*)"', text)
    asked = parse_qs(urlsplit(link.replace("&amp;", "&")).query)
    assert asked["kind"] + asked["region"] + asked["list"] == ["learning", "utrecht", "awaiting"]
    assert "meer dan 25" in text


# As quick with many as with few


ASKED = ["", "state=ended", "state=planned", "kind=community", "age=month", "list=under_way"]
# What an index leads straight to: few cases are not looked for among all the others.
NARROW = {
    "state=planned": "status=?",
    "state=referred+elsewhere": "status=?",
    "age=week": "idle_since>?",
}
ASKED += ["age=week", "state=referred+elsewhere"]


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("name", ["a", "desk"])
def test_the_number_of_statements_does_not_grow_with_the_number_of_cases(
    house: House, name: str, asked: str
) -> None:
    browser, counts = house.signed_in(name), []
    for more in (30, 600):
        with connection():
            seed(more, NOON)
            for case in Case.select().limit(more // 10):
                wanted = work.Wanted("taak", NOON.date())
                work.set_task(case, wanted, form_key=str(more), by=SOMEBODY, now=NOON)
        with heard() as statements:
            assert browser.get(f"{DESK}?{asked}").status_code == HTTPStatus.OK
        counts.append(len(statements))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("name", ["a", "desk"])
def test_no_list_is_sorted_or_read_whole(house: House, name: str, asked: str) -> None:
    lists = lists_of(house, name, asked)
    with connection():
        assert lists
        assert not [step for sql, values in lists for step in costly(sql, values)]


@pytest.mark.parametrize("asked", NARROW)
@pytest.mark.parametrize("name", ["a", "desk"])
@pytest.mark.sqlite
def test_few_cases_are_not_looked_for_among_all_others(house: House, name: str, asked: str) -> None:
    with connection():
        plans = {
            str(step[3])
            for sql, values in lists_of(house, name, asked)
            for step in database.execute_sql(f"EXPLAIN QUERY PLAN {sql}", values).fetchall()
        }
    used = [plan for plan in plans if "USING INDEX case_" in plan]
    assert used
    assert all(NARROW[asked] in plan for plan in used)


@pytest.mark.postgresql
@pytest.mark.parametrize("stage", [Stage.AWAITING, Stage.UNDER_WAY, Stage.ENDED])
def test_of_what_came_in_lately_no_more_is_read_than_is_shown(house: House, stage: Stage) -> None:
    with connection():
        seed(10_000, NOON)
        raw("ANALYZE")
        with heard() as statements:
            page(stage, Wanted(None, since=NOON - timedelta(days=1)))
        ((statement, values),) = statements
        plan = str(database.execute_sql(f"EXPLAIN {statement}", values).fetchall())
    assert "case_stage_idle_since_id" in plan
    assert "Sort" not in plan


def lists_of(house: House, name: str, asked: str) -> list[Statement]:
    """What is asked of the database for the lists on somebody's desk."""
    browser = house.signed_in(name)
    with heard() as statements:
        browser.get(f"{DESK}?{asked}")
    lists = [s for s in statements if "LIMIT" in s[0]]
    return [s for s in lists if 'FROM "case"' in s[0] or 'FROM "task"' in s[0]]


def test_a_thousand_cases_are_seeded_quickly_and_are_whole(
    house: House, clock: time_machine.Traveller
) -> None:
    with connection():
        seed(1000, NOON)
        assert Case.select().count() == 1000
        case = Case.get()
        assert (case.name, case.municipality) == ("Noor", "Utrecht")
    assert house.signed_in("a").get(at(case)).status_code == HTTPStatus.OK


def test_what_is_asked_for_is_kept_in_the_address_alone() -> None:
    assert Asked(state="planned", after="x").filters == {"state": "planned"}
