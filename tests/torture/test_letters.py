"""A letter goes while the worker fails, dies or hangs at each step of sending it."""

from portal.delivery.outbox import Letter, State
from portal.failpoints import Action
from tests.torture.house import House
from tests.torture.places import TALKING, actions

# A fault of ours there is caught: after its 250 the letter counts as sent, and before it as one
# that cannot go, so that the fallback gets a copy.
CAUGHT = {"smtp: introduced", "smtp: sender named", "smtp: reader named"}


@actions
def test_no_letter_is_lost_at_any_step_and_only_after_its_250_does_one_go_twice(
    house: House, action: Action
) -> None:
    faults = house.faults(action, *TALKING)
    written = {place: _written(house, action, place, faults) for place in TALKING}
    verdict = house.check()
    doubled = {place for place, key in written.items() if key in verdict.doubled}
    allowed = {place for place, twice in TALKING.items() if twice}
    assert doubled == (allowed - {"smtp: accepted"} if action is Action.RAISE else allowed)
    copied = {place for place, key in written.items() if _state(key) is State.STUCK}
    assert copied == (CAUGHT if action is Action.RAISE else set())
    assert len(house.mail.accepted) == len(TALKING) + len(doubled)


def _written(house: House, action: Action, place: str, faults: dict[str, str]) -> str:
    """The Message-ID of a letter at whose sending this happened."""
    case = house.take_in(email="")
    house.expect(place)
    round_ = house.start("deliver", **faults)
    house.struck(action, place)
    round_.join()
    assert house.verdict().holds, place
    # The next round is to be about the next letter alone.
    house.deliver_all()
    return str(Letter.get(Letter.case_reference == case.reference).message_id)


def _state(message_id: str) -> State:
    return State(Letter.get(Letter.message_id == message_id).state)
