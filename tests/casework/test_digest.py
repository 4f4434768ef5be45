"""Each reader gets one overview each working day, also when all is well and when a part fails."""

import re
import threading
from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from peewee import IntegrityError, OperationalError

from portal.cases import progress, work
from portal.cases.register import withdraw
from portal.casework import digest as clock
from portal.casework import overview
from portal.casework.digest import Digest, digest
from portal.casework.overview import PARTS
from portal.config import Config
from portal.database import connection, database, open_database, transaction
from portal.delivery.letters import Envelope, Text
from portal.delivery.outbox import Letter, Outcome, Result, State, claim, post, record
from portal.routing import absences
from portal.routing.regions import managers
from portal.routing.rules import NATIONAL
from portal.routing.tables import ManagerRow
from portal.sealing import Keyring
from tests.casework.waiting import SOMEBODY, acknowledge, begin, current, here, receive
from tests.conftest import DATA_KEY
from tests.databases import allow, refuse, somebody_writing, url_in
from tests.language import NORMAL
from tests.portal_app import Written, letters

SEVEN = here("2026-11-23 07:00")  # a Monday
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
DESK = "landelijk@example.org"
DRENTHE = "drenthe@example.org"
JE = re.compile(r"\b(je|jij|jou|jouw|jezelf|jullie)\b", re.IGNORECASE)
ALL_IS_WELL = "Alles is in orde."


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """A portal that has run for a while: the day before has been seen to."""
    config = begin(tmp_path)
    digest(SEVEN - DAY, config)
    assert letters() == []
    return config


def sent(since: int = 0) -> list[Written]:
    return letters("digest")[since:]


def to(address: str) -> str:
    """The newest overview for somebody, its subject and its text, each item on one line."""
    newest = [letter for letter in sent() if letter.recipient == address][-1]
    return newest.subject + "\n" + re.sub(r"\n  (?!http)", " ", newest.body)


def readers() -> Counter[str]:
    """How many overviews went to each mailbox."""
    return Counter(letter.recipient.partition("@")[0] for letter in sent())


# When, and to whom


def test_everybody_who_answers_for_a_region_and_the_national_desk_get_one(config: Config) -> None:
    assert digest(SEVEN, config) == 13
    with connection():
        assert readers() == Counter([*managers(), "landelijk"])
    assert [letter.recipient for letter in sent()][-1] == DESK
    assert {letter.fallback for letter in sent()} == {DESK, None}


def test_it_goes_at_the_hour_and_once_a_day(config: Config) -> None:
    moments = [SEVEN - MINUTE, SEVEN, SEVEN + MINUTE, SEVEN + 10 * HOUR, SEVEN + 17 * HOUR - MINUTE]
    assert [digest(moment, config) for moment in moments] == [0, 13, 0, 0, 0]
    assert digest(SEVEN + DAY - MINUTE, config) == 0
    assert digest(SEVEN + DAY, config) == 13


def test_the_hour_is_a_setting(tmp_path: Path) -> None:
    config = begin(tmp_path, PORTAL_DIGEST_HOUR="9")
    assert [digest(SEVEN + n * HOUR, config) for n in (-24, 0, 1, 2)] == [0, 0, 0, 13]


@pytest.mark.parametrize(
    ("before", "seven"),
    [
        ("2026-03-27 07:00", "2026-03-30 07:00"),  # summer time begins on the Sunday
        ("2026-10-23 07:00", "2026-10-26 07:00"),  # and ends
    ],
)
def test_seven_is_seven_before_and_after_the_clocks_change(
    tmp_path: Path, before: str, seven: str
) -> None:
    config = begin(tmp_path)
    digest(here(before) - DAY, config)
    went = []
    moment = here(before) - HOUR
    while moment <= here(seven) + HOUR:
        if digest(moment, config):
            went.append(moment)
        moment += 30 * MINUTE
    assert went == [here(before), here(seven)]
    assert went[1] - went[0] != 3 * DAY


@pytest.mark.parametrize(
    "free",
    ["2026-11-21", "2026-11-22", "2026-12-25", "2026-04-06", "2026-04-27", "2026-05-14"],
)
def test_on_a_day_off_nobody_gets_one(config: Config, free: str) -> None:
    digest(here("2026-01-02 06:00"), config)
    assert [digest(here(f"{free} {hour}:00"), config) for hour in ("07", "12", "23")] == [0, 0, 0]


def test_one_that_the_machine_was_off_for_goes_later_that_day_and_none_of_days_gone_by(
    config: Config,
) -> None:
    digest(SEVEN, config)
    assert digest(SEVEN + 3 * DAY + 9 * HOUR, config) == 13
    assert "donderdag 26 november" in sent()[-1].subject
    assert digest(SEVEN + 3 * DAY + 10 * HOUR, config) == 0


@pytest.mark.parametrize(
    ("begins", "first"),
    [
        ("2026-11-23 06:59", "2026-11-23 07:00"),
        ("2026-11-23 07:00", "2026-11-24 07:00"),
        ("2026-11-23 15:00", "2026-11-24 07:00"),
        ("2026-11-22 15:00", "2026-11-23 07:00"),
        ("2026-11-20 23:00", "2026-11-23 07:00"),
    ],
)
def test_a_portal_that_begins_in_the_middle_of_a_day_begins_with_the_next_morning(
    tmp_path: Path, begins: str, first: str
) -> None:
    config = begin(tmp_path)
    moment = here(begins)
    while not digest(moment, config):
        moment += MINUTE
    assert moment == here(first)


def test_a_clock_that_is_set_back_doubles_nothing(config: Config) -> None:
    went = [
        digest(moment, config)
        for moment in (SEVEN, SEVEN - DAY, SEVEN - MINUTE, SEVEN, SEVEN + DAY, SEVEN, SEVEN + DAY)
    ]
    assert went == [13, 0, 0, 0, 13, 0, 0]


def test_workers_that_look_at_once_and_a_restart_send_one(
    config: Config, caplog: pytest.LogCaptureFixture
) -> None:
    together, faults = threading.Barrier(6), list[BaseException]()

    def work_on() -> None:
        try:
            for day in range(3):
                together.wait()
                digest(SEVEN + day * DAY, config)
        except BaseException as fault:  # noqa: BLE001 - told below
            faults.append(fault)
            together.abort()

    workers = [threading.Thread(target=work_on) for _ in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert faults == []
    assert set(readers().values()) == {3}
    assert "no overview" not in caplog.text
    database.close()
    open_database(config.database_url, Keyring([DATA_KEY]))
    assert digest(SEVEN + 2 * DAY, config) == 0


def test_a_day_is_written_down_once_for_a_reader_whoever_tries(config: Config) -> None:
    digest(SEVEN, config)
    with pytest.raises(IntegrityError):
        Digest.create(reader=NATIONAL, day=date(2026, 11, 23))


@pytest.mark.parametrize("table", ["letter", "digest"])
def test_neither_the_letter_nor_the_note_of_it_is_there_without_the_other(
    config: Config, table: str
) -> None:
    refuse(table)
    assert digest(SEVEN, config) == 0
    assert sent() == []
    assert not Digest.select().where(Digest.day == date(2026, 11, 23)).exists()
    allow(table)
    assert digest(SEVEN + MINUTE, config) == 13


def test_a_locked_database_ends_the_round_and_all_get_theirs_in_the_next(
    config: Config, tmp_path: Path
) -> None:
    database.close()
    with somebody_writing(url_in(tmp_path)), pytest.raises(OperationalError):
        digest(SEVEN, config)
    assert digest(SEVEN, config) == 13


def test_who_is_away_gets_none_and_who_stands_in_reads_of_both_regions(config: Config) -> None:
    absences.add("drenthe", SEVEN.date(), SEVEN.date(), None)
    case = receive(SEVEN - HOUR)
    digest(SEVEN, config)
    assert readers()["drenthe"] == 0
    assert readers()["groningen"] == 1
    assert "U neemt vandaag waar voor: Drenthe." in to("groningen@example.org")
    assert case.reference in to("groningen@example.org")
    assert case.reference not in to("utrecht@example.org")
    digest(SEVEN + DAY, config)
    assert readers()["drenthe"] == 1
    assert "U neemt vandaag waar" not in to("groningen@example.org")


def test_without_a_map_the_organisation_itself_gets_one(tmp_path: Path) -> None:
    config = begin(tmp_path)
    digest(SEVEN - DAY, config)
    for table in ("region", "manager", "national_desk"):
        database.execute_sql(f"DELETE FROM {table}")  # noqa: S608
    receive(SEVEN - HOUR, region=NATIONAL)
    assert digest(SEVEN, config) == 1


# What it says


def test_when_all_is_well_it_says_so(config: Config) -> None:
    digest(SEVEN, config)
    for letter in sent():
        assert letter.subject == "Overzicht van maandag 23 november: alles is in orde"
        assert letter.body.startswith(ALL_IS_WELL)
        assert f"\n{config.base_url}/beheer/\n" in letter.body
    assert len({letter.body for letter in sent()}) == 1


def test_a_case_without_a_sign_of_life_stands_in_it_with_the_time_it_has(config: Config) -> None:
    late, soon = receive(SEVEN - 7 * DAY), receive(SEVEN - 10 * HOUR)
    saturday, other = receive(SEVEN - 2 * DAY), receive(SEVEN - 3 * DAY, region="utrecht")
    today = receive(here("2026-11-19 16:00"))
    digest(SEVEN, config)
    said = to(DRENTHE)
    assert said.startswith("Overzicht van maandag 23 november: 4 punten\n")
    assert f"{late.reference} (Drenthe): te laat. Dat moest uiterlijk woensdag 18 november." in said
    assert f"{today.reference} (Drenthe): uiterlijk maandag 23 november." in said
    for case in (saturday, soon):
        assert f"{case.reference} (Drenthe): uiterlijk dinsdag 24 november." in said
        assert f"  {config.base_url}/beheer/zaak/{case.reference}/\n" in said
    # The longest waiting first.
    assert said.index(late.reference) < said.index(saturday.reference) < said.index(soon.reference)
    assert other.reference not in said
    assert all(case.reference in to(DESK) for case in (late, soon, saturday, other))
    assert ALL_IS_WELL in to("zeeland@example.org")


def test_who_got_a_sign_of_life_is_no_longer_in_it(config: Config) -> None:
    acknowledge(receive(SEVEN - 9 * DAY), SEVEN - HOUR)
    digest(SEVEN, config)
    assert ALL_IS_WELL in to(DRENTHE)


def test_a_task_that_is_due_stands_in_it_without_a_word_of_what_it_is(config: Config) -> None:
    cases = [receive(SEVEN - 9 * DAY) for _ in range(3)]
    today = date(2026, 11, 23)
    with transaction():
        for case, due in zip(cases, (today, today - DAY, today + DAY), strict=True):
            wanted = work.Wanted("Bel mevrouw Kanarie", due)
            work.set_task(case, wanted, form_key="k", by=SOMEBODY, now=SEVEN)
            progress.acknowledge(current(case), SOMEBODY, SEVEN - HOUR)
    digest(SEVEN, config)
    for said in (to(DRENTHE), to(DESK)):
        assert f"Taak bij {cases[0].reference}, voor vandaag, maandag 23 november." in said
        assert f"Taak bij {cases[1].reference}, te laat." in said
        assert cases[2].reference not in said
        assert "Kanarie" not in said
    assert ALL_IS_WELL in to("utrecht@example.org")


def test_a_case_that_lies_still_stands_in_it(config: Config) -> None:
    case = receive(SEVEN - 15 * DAY)
    acknowledge(case, SEVEN - 14 * DAY)
    digest(SEVEN, config)
    for said in (to(DRENTHE), to(DESK)):
        assert "Twee weken niets gebeurd" in said
        assert case.reference in said
    assert ALL_IS_WELL in to("utrecht@example.org")


def stick(reference: str, fallback: str | None = None) -> None:
    """A letter about this that its mail server refused for good."""
    envelope = Envelope("weg@example.org", fallback, "info@example.org", reference)
    with transaction():
        post("intake", Text("Nieuwe aanvraag", "Er is iets.\n"), envelope, SEVEN, "p@example.org")
    while claimed := claim(SEVEN, SEVEN + HOUR):
        refused = claimed.letter.case_reference == reference
        result = Result.REFUSED if refused else Result.SENT
        record(claimed, Outcome(result, "550 No such user"), SEVEN)
        if refused:
            return


def test_a_case_that_a_letter_keeps_from_being_forgotten_stands_in_that_of_the_desk(
    config: Config,
) -> None:
    held, young, gone = (receive(SEVEN - days * DAY) for days in (29, 27, 29))
    for case, days in ((held, 29), (young, 27), (gone, 29)):
        with transaction():
            withdraw(current(case), SEVEN - days * DAY)
    with transaction():
        sent = Letter.update(state=State.SENT, sent_at=SEVEN - DAY)
        sent.where(Letter.case_reference == gone.reference).execute()
    digest(SEVEN, config)
    heading = "Niet gewist, want een brief is niet verstuurd"
    assert f"{heading}\n{'-' * len(heading)}\n\n- {held.reference}" in to(DESK)
    assert young.reference not in to(DESK)
    assert gone.reference not in to(DESK)
    assert held.reference not in to(DRENTHE)


def test_that_letters_are_held_after_a_restore_stands_in_that_of_the_national_desk_alone(
    config: Config,
) -> None:
    receive(SEVEN - DAY)
    with transaction():
        Letter.update(state=State.HELD).execute()
        number = Letter.select().count()
    digest(SEVEN, config)
    assert f"- {number} brie" in to(DESK)
    assert "reservekopie" in to(DESK)
    assert "reservekopie" not in to(DRENTHE)


def test_letters_that_reach_nobody_stand_in_that_of_the_national_desk_alone(
    config: Config,
) -> None:
    stick("EK-0000-0000-0001")
    stick("own-door")
    stick("EK-0000-0000-0002", fallback=DESK)
    digest(SEVEN, config)
    assert "Overzicht van maandag 23 november: 2 punten" in to(DESK)
    assert "- Over EK-0000-0000-0001\n" in to(DESK)
    assert "- Over iets anders dan een aanvraag. Het staat onder de lijst met aanvragen.\n" in to(
        DESK
    )
    assert "EK-0000-0000-0002" not in to(DESK)
    assert ALL_IS_WELL in to(DRENTHE)


def test_regions_where_nobody_is_at_work_stand_in_that_of_the_national_desk(
    config: Config,
) -> None:
    absences.add("drenthe", SEVEN.date(), SEVEN.date(), "groningen")
    absences.add("groningen", SEVEN.date(), SEVEN.date(), "drenthe")
    with transaction():
        gone = ManagerRow.key.in_(["zeeland", "zuid-holland", "noord-brabant"])
        ManagerRow.update(active=False).where(gone).execute()
    digest(SEVEN, config)
    said = to(DESK)
    assert "- Drenthe: het landelijk bureau antwoordt\n" in said
    assert "- Groningen: het landelijk bureau antwoordt\n" in said
    assert "Zeeland: het landelijk bureau antwoordt" in said
    assert "Utrecht" not in said


def test_a_long_list_is_cut_and_says_so(config: Config) -> None:
    cases = [receive(SEVEN - n * MINUTE) for n in range(30)]
    digest(SEVEN, config)
    said = to(DRENTHE)
    assert "Overzicht van maandag 23 november: meer dan 20 punten" in said
    assert sum(case.reference in said for case in cases) == 20
    assert all(case.reference in said for case in cases[10:])
    assert "En er zijn er meer" in said


def test_nothing_that_anybody_told_is_in_it(config: Config) -> None:
    receive(SEVEN - HOUR)
    digest(SEVEN, config)
    for letter in sent():
        assert "Noor" not in letter.body.replace("Noord", "")
        assert "noor@" not in letter.body
        assert "tekenen" not in letter.body


# A part that fails


@pytest.mark.parametrize("broken", [part.name for part in PARTS])
def test_a_part_that_fails_costs_none_of_the_others_and_says_so(
    config: Config,
    broken: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    late = receive(SEVEN - 7 * DAY)
    still = receive(SEVEN - 20 * DAY)
    acknowledge(still, SEVEN - 20 * DAY)
    with transaction():
        work.set_task(late, work.Wanted("Bel", SEVEN.date()), form_key="k", by=SOMEBODY, now=SEVEN)
    stick("EK-0000-0000-0001")
    with transaction():
        gone = ManagerRow.key.in_(["limburg", "noord-brabant"])
        ManagerRow.update(active=False).where(gone).execute()
    monkeypatch.setattr(overview, "PARTS", [_broken(p) if p.name == broken else p for p in PARTS])
    assert digest(SEVEN, config) == 11
    said = to(DESK)
    assert "niet alles kon worden nagekeken" in said
    assert "Dit deel kon vandaag niet worden gemaakt." in said
    assert f"no part '{broken}' for landelijk: RuntimeError" in caplog.text
    assert "geheim" not in caplog.text + said
    found = {
        "regions": "- Limburg: het",
        "waiting": f"{late.reference} (Drenthe)",
        "tasks": f"Taak bij {late.reference}",
        "resting": f"- {still.reference}",
        "stuck": "- Over EK-0000-0000-0001",
    }
    for name, words in found.items():
        assert (words in said) == (name != broken), name


def _broken(part: overview.Part) -> overview.Part:
    def fail(*_: object) -> list[object]:
        raise RuntimeError("geheim")

    return overview.Part(part.name, part.heading, fail, part.national)


def test_a_table_that_is_gone_costs_its_own_part_alone(config: Config) -> None:
    case = receive(SEVEN - HOUR)
    database.execute_sql("ALTER TABLE task RENAME TO elders")
    assert digest(SEVEN, config) == 13
    assert case.reference in to(DRENTHE)
    assert "Dit deel kon vandaag niet worden gemaakt." in to(DRENTHE)


def test_one_readers_that_cannot_be_made_costs_the_others_nothing(
    config: Config, caplog: pytest.LogCaptureFixture
) -> None:
    whole = overview.text

    def text(reader: overview.Reader, morning: overview.Morning) -> Text:
        if reader.key == "drenthe":
            raise ValueError("drenthe@example.org")
        return whole(reader, morning)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "text", text)
        assert digest(SEVEN, config) == 12
    assert "no overview for drenthe: ValueError" in caplog.text
    assert "@" not in caplog.text


# How it reads


def test_it_reads_easily_on_a_phone_in_every_form(config: Config, tmp_path: Path) -> None:
    digest(SEVEN, config)
    receive(SEVEN - 7 * DAY)
    digest(SEVEN + DAY, config)
    still = receive(SEVEN - 20 * DAY)
    acknowledge(still, SEVEN - 20 * DAY)
    stick("EK-0000-0000-0001")
    absences.add("drenthe", date(2026, 11, 25), date(2026, 11, 25), None)
    absences.add("flevoland", date(2026, 11, 25), date(2026, 11, 25), "drenthe")
    for _ in range(25):
        receive(SEVEN)
    with transaction():
        wanted = work.Wanted("Bel", SEVEN.date())
        work.set_task(still, wanted, form_key="k", by=SOMEBODY, now=SEVEN)
    digest(SEVEN + 2 * DAY, config)
    for letter in sent():
        # References and addresses are no words.
        lines = re.sub(r"https?:\S+|EK(-\w{4}){3}", "EK", letter.body)
        text = re.sub(r"(?<!\n)\n(?!\n|-)", " ", lines)
        assert NORMAL.faults(text) == [], letter.body
        assert JE.findall(letter.body) == []
        assert "!" not in letter.body
        assert len(letter.subject) <= 80
        assert "\n\n\n" not in letter.body


def test_a_reader_without_a_letter_in_the_way_is_told_the_same_day(config: Config) -> None:
    """What the overview is about is looked up when it goes, not when the day began."""
    case = receive(SEVEN - HOUR)
    acknowledge(case, SEVEN - MINUTE)
    late = SEVEN + 2 * HOUR
    receive(late - MINUTE)
    digest(late, config)
    assert case.reference not in to(DRENTHE)
    assert "1 punt\n" in to(DRENTHE)
    with connection():
        written: list[datetime] = [row.created_at for row in Letter.select()]
    assert max(written) == late
