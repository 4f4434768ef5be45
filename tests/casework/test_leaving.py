"""Nobody goes while something still waits for them alone."""

from datetime import datetime, timedelta
from http import HTTPStatus

import pytest

from portal.cases import progress
from portal.cases.case import Status
from portal.casework import employ
from portal.casework.chase import chase
from portal.casework.employ import Hindered, disable
from portal.casework.leaving import may_disable, open_cases_of
from portal.casework.people import StaffRole
from portal.casework.staff import Staff, person
from portal.database import connection, transaction
from portal.routing.absences import add
from portal.routing.tables import ManagerRow
from tests.casework.desk_app import SOMEBODY, at, came_in, fresh, press
from tests.casework.staff_house import House
from tests.portal_app import letters


def account(house: House, name: str) -> Staff:
    with connection():
        found: Staff = Staff.get_by_id(house.staff[name].id)
        return found


def test_a_manager_with_open_cases_is_not_disabled_before_these_are_handed_over(
    house: House, now: datetime
) -> None:
    cases = [came_in(), came_in(), came_in(region="zeeland")]
    with transaction():
        progress.acknowledge(fresh(cases[0]), SOMEBODY, now)
    assert (open_cases_of("utrecht"), open_cases_of("zeeland"), open_cases_of("limburg")) == (
        *(2, 1),
        0,
    )
    with pytest.raises(Hindered, match="lopen nog 2 aanvragen"):
        disable(account(house, "a"), now)
    assert account(house, "a").active
    with transaction():
        progress.pass_on(fresh(cases[0]), "zeeland", SOMEBODY, "verhuisd", now)
    assert "loopt nog 1 aanvraag" in (may_disable(account(house, "a")) or "")
    with transaction():
        progress.move(fresh(cases[1]), Status.STOPPED, SOMEBODY, "klaar", now)
    disable(account(house, "a"), now)
    assert not account(house, "a").active


def test_who_shares_a_region_with_a_colleague_may_go_and_the_colleague_may_not(
    house: House, now: datetime
) -> None:
    came_in()
    config = house.app.config["PORTAL"]
    newcomer = employ.Newcomer("Ina", "ina@example.org", StaffRole.MANAGER, "utrecht")
    employ.invite(newcomer, now, config)
    disable(account(house, "a"), now)
    colleague = next(s for s in Staff.select() if s.manager == "utrecht" and s.active)
    with pytest.raises(Hindered):
        disable(colleague, now)


@pytest.mark.parametrize("name", ["desk", "admin"])
def test_who_has_no_region_may_go(house: House, now: datetime, name: str) -> None:
    came_in()
    disable(account(house, name), now)


def test_who_stands_in_sees_the_region_by_the_day(house: House, now: datetime) -> None:
    add("zeeland", now.date(), now.date() + timedelta(days=1), "utrecht")
    with connection():
        assert person(account(house, "a")).regions == frozenset({"utrecht", "zeeland"})
        assert person(account(house, "b")).regions == frozenset({"zeeland"})


def test_who_is_asked_to_step_in_can_open_the_case_that_the_letter_leads_to(
    house: House, now: datetime
) -> None:
    with transaction():
        ManagerRow.update(deputy="utrecht").where(ManagerRow.key == "zeeland").execute()
    case = came_in(timedelta(days=6), region="zeeland")
    browser = house.signed_in("a")
    assert browser.get(at(case)).status_code == HTTPStatus.NOT_FOUND
    assert chase(now, house.app.config["PORTAL"]) == 1
    (letter,) = letters("stand_in")
    assert letter.recipient == "utrecht@example.org"
    assert at(case) in letter.body
    assert browser.get(at(case)).status_code == HTTPStatus.OK
    press(browser, at(case), "Ik pak dit op")
    assert browser.get(at(case)).status_code == HTTPStatus.OK
    with transaction():
        progress.move(fresh(case), Status.STOPPED, SOMEBODY, "klaar", now)
    assert browser.get(at(case)).status_code == HTTPStatus.NOT_FOUND
