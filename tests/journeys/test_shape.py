"""How a form lies on the screen: one column, each label above its box, the button first in line."""

import pytest

from tests.journeys.conftest import OpenTab
from tests.journeys.walking import DOORS, walk
from tests.portal_app import required

SHAPE = """() => {
    const box = node => node.getBoundingClientRect(), faults = [];
    const form = [...document.querySelectorAll('main form')].pop(), start = box(form).left;
    let end = -Infinity;
    for (const asked of form.querySelectorAll('.question')) {
        const name = asked.querySelector('[name]').name, words = box(asked.firstElementChild);
        if (box(asked).top < end) faults.push(`${name} stands beside another`);
        if (box(asked).left !== start) faults.push(`${name} is not at the start of the line`);
        end = box(asked).bottom;
        for (const input of asked.querySelectorAll('input, textarea, select'))
            if (box(input).top < words.bottom) faults.push(`${name} is not under its label`);
        const choices = [...asked.querySelectorAll('.choice')].map(box);
        if (choices.some((one, at) => at && one.top < choices[at - 1].bottom))
            faults.push(`${name} has choices beside each other`);
    }
    const button = box(form.querySelector('button'));
    if (button.left !== start || button.top < end) faults.push('the button is not first in line');
    return faults;
}"""


@pytest.mark.parametrize("door", DOORS)
def test_a_form_is_one_column_with_labels_above_and_the_button_at_the_start(
    open_tab: OpenTab, door: str
) -> None:
    tab = open_tab(1280)
    tab.goto(DOORS[door])
    assert tab.evaluate(SHAPE) == []
    steps = 1
    for _ in walk(tab, required(door)):
        if "/controleren/" not in tab.url:
            assert tab.evaluate(SHAPE) == []
            steps += 1
    assert steps >= 3
