"""Each rule of the house sees what breaks it, lets pass what does not, and the portal breaks none.

What is caught here would else have to be noticed by whoever reads the change.
"""

import pytest

from tests.rules import findings, in_code, in_template

CAUGHT = [
    "{{ story | safe }}",
    "{{ story|upper|safe }}",
    "{% if a %}<p>{{ b|safe }}</p>{% endif %}",
    "{% filter safe %}{{ story }}{% endfilter %}",
    "{% autoescape false %}{{ story }}{% endautoescape %}",
    "{%- autoescape off_or_on -%}{{ story }}{%- endautoescape -%}",
]
LET_PASS = ["{{ safe }}", "{{ words.safe(story) }}", "{# {{ a|safe }} #}", "{{ '|safe' }}"]

BROKEN = {
    "markup of a value": "Markup(text)",
    "markup of a text with a value": 'Markup(f"<p>{text}</p>")',
    "markup by another name": "markupsafe.Markup('<p>' + text)",
    "host of a request": "link = request.host + path",
    "root of a request": "link = f'{request.url_root}beheer/'",
    "address made with the host": "url_for('own.ask', _external=True)",
    "address and form mixed": "given = request.values.get('role')",
    "f-string": 'database.execute_sql(f"DELETE FROM draft WHERE id = {key}")',
    "f-string that begins with a value": 'database.execute_sql(f"{verb} FROM draft")',
    "percent": 'database.execute_sql("DELETE FROM draft WHERE id = %s" % key)',
    "plus": 'database.execute_sql("DELETE FROM draft WHERE id = " + key)',
    "format": 'database.execute_sql("DELETE FROM draft WHERE id = {}".format(key))',
    "condition of a value": "QuotaUse.where(f'\"digest\" = {digest}')",
    "condition with another call": "Letter.where(f'\"id\" = {key()} {locking()}')",
    "SQL of a value": 'SQL(f"id = {key}")',
    "random": "import random",
    "random and others": "import os, random",
    "of random": "from random import choice",
}
SOUND = [
    "Markup('<p>')",
    "Markup()",
    "link = config.base_url + path",
    "url_for('own.ask', reference=reference)",
    "request.path",
    "request.args.values()",
    'database.execute_sql("DELETE FROM draft WHERE id = ?", (key,))',
    'database.execute_sql(f"PRAGMA {name}")',
    "QuotaUse.where(f'\"digest\" IN ({marks})', *digests)",
    "Letter.where(f'\"id\" = ? {locking()}', key)",
    "Case.select().where((Case.id == key) & Case.doubts)",
    "import secrets",
    "from secrets import choice",
]


@pytest.mark.parametrize("source", CAUGHT)
def test_a_template_that_does_not_escape_is_caught(source: str) -> None:
    assert list(in_template(source))


@pytest.mark.parametrize("source", LET_PASS)
def test_a_template_that_escapes_is_not(source: str) -> None:
    assert not list(in_template(source))


@pytest.mark.parametrize("source", BROKEN.values(), ids=BROKEN)
def test_code_that_breaks_a_rule_is_caught_once_at_its_line(source: str) -> None:
    within = f"def function() -> None:\n    {source}\n"
    assert [line for line, _ in in_code(within, "portal/web/some.py")] == [2]


@pytest.mark.parametrize("source", SOUND)
def test_code_that_breaks_none_is_not(source: str) -> None:
    assert not list(in_code(source, "portal/web/some.py"))


def test_an_exception_goes_for_one_function_and_not_for_its_neighbour() -> None:
    source = (
        "def picture(code):\n    return Markup(code)\n\ndef other(code):\n    return Markup(code)\n"
    )
    assert [line for line, _ in in_code(source, "portal/casework/authenticator.py")] == [5]


def test_the_portal_breaks_no_rule() -> None:
    assert list(findings()) == []
