"""However a case goes its way, it keeps to the table, and it can always be brought to an end."""

from itertools import pairwise

import hypothesis.strategies as st
from hypothesis import given

from portal.cases.case import Status
from portal.cases.life import ENDED, MOVES, before_the_end, may_move

ROAD = [
    Status.RECEIVED,
    Status.ACKNOWLEDGED,
    Status.IN_CONVERSATION,
    Status.COORDINATOR_SOUGHT,
    Status.PLANNED,
    Status.HELD,
    Status.CLOSED,
]
WAYS_OUT = {Status.STOPPED, Status.REFERRED, Status.WITHDRAWN}


@st.composite
def walks(draw: st.DrawFn) -> list[Status]:
    """A life from the beginning, as far as it happens to come."""
    walk = [Status.RECEIVED]
    for _ in range(draw(st.integers(0, 30))):
        if not MOVES[walk[-1]]:
            break
        walk.append(draw(st.sampled_from(MOVES[walk[-1]])))
    return walk


def test_every_status_has_its_line_in_the_table() -> None:
    assert MOVES.keys() == set(Status)
    assert all(len(set(moves)) == len(moves) for moves in MOVES.values())


def test_the_ordinary_next_step_stands_first_all_along_the_road() -> None:
    assert [MOVES[status][0] for status in ROAD[:-1]] == ROAD[1:]


def test_every_way_out_is_open_from_anywhere_on_the_way_and_nothing_leaves_an_end() -> None:
    assert WAYS_OUT | {Status.CLOSED} == ENDED
    for status in Status:
        assert set(MOVES[status]) & WAYS_OUT == (set() if status in ENDED else WAYS_OUT)
        assert not (status in ENDED and MOVES[status])


def test_waiting_can_be_gone_back_from_to_each_step_that_it_interrupts() -> None:
    interrupted = {status for status in Status if may_move(status, Status.WAITING)}
    assert interrupted - {Status.ACKNOWLEDGED} == set(MOVES[Status.WAITING]) - WAYS_OUT


@given(walks())
def test_no_walk_misses_the_first_sign_of_life_or_the_conference(walk: list[Status]) -> None:
    for before, after in pairwise(walk):
        assert before not in ENDED
        if before is Status.RECEIVED:
            assert after is Status.ACKNOWLEDGED or after in WAYS_OUT
        if after is Status.CLOSED:
            assert before is Status.HELD
        if after is Status.HELD:
            assert before is Status.PLANNED
    assert walk.count(Status.RECEIVED) == 1
    assert walk.count(Status.ACKNOWLEDGED) <= 1


@given(walks())
def test_from_wherever_a_walk_comes_there_is_a_way_to_a_held_conference(walk: list[Status]) -> None:
    if walk[-1] in ENDED:
        return
    reached, edge = {walk[-1]}, {walk[-1]}
    while edge:
        edge = {after for before in edge for after in MOVES[before]} - reached
        reached |= edge
    assert Status.CLOSED in reached


@given(walks())
def test_who_is_opened_again_goes_on_where_it_was(walk: list[Status]) -> None:
    on_the_way = [status for status in walk if status not in ENDED]
    assert before_the_end(walk) is on_the_way[-1]
    assert before_the_end(walk[1:]) is on_the_way[-1]
