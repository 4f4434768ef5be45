"""Whatever a stranger types is shown at the desk as it was typed, and does nothing."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page

from portal.cases import progress, register, work
from portal.cases.case import Submission
from portal.cases.register import By, Case
from portal.casework.signs import pieces
from portal.database import connection, database, transaction
from portal.delivery.letters import Envelope, Text
from portal.delivery.outbox import Letter, State, post
from portal.web import wording
from tests.casework.desk_app import DESK, at
from tests.casework.staff_house import House, secret_of
from tests.databases import hurry
from tests.portal_app import build, new_database
from tests.real_server import Server, free_port
from tests.seed import one

PAYLOADS = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//example.net/x.js></SCRIPT>",
    "<script>alert(1)",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src=x onerror=alert(1)>",
    "<img src=x onerror=alert(1)//",
    '<img src="x" onerror="alert(1)">',
    "<img/src=x/onerror=alert(1)>",
    "<IMG SRC=javascript:alert(1)>",
    "<svg onload=alert(1)>",
    "<svg/onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<body onload=alert(1)>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data=javascript:alert(1)></object>",
    "<embed src=javascript:alert(1)>",
    "<a href=javascript:alert(1)>klik</a>",
    "<a href=' javascript:alert(1)'>klik</a>",
    "<details open ontoggle=alert(1)>",
    "<video><source onerror=alert(1)></video>",
    "<audio src=x onerror=alert(1)>",
    "<input autofocus onfocus=alert(1)>",
    "<select autofocus onfocus=alert(1)>",
    "<textarea autofocus onfocus=alert(1)>",
    "<marquee onstart=alert(1)>",
    "<form action=//example.net><button>Verder</button></form>",
    "<base href=//example.net/>",
    "<meta http-equiv=refresh content='0;url=//example.net'>",
    "<link rel=stylesheet href=//example.net/x.css>",
    "<style>@import '//example.net/x.css';</style>",
    "<p style=background:url(javascript:alert(1))>",
    "<template><script>alert(1)</script></template>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<xmp><img src=x onerror=alert(1)></xmp>",
    "</textarea><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "</dd></dl></section></main><script>alert(1)</script>",
    "<!--<img src=x onerror=alert(1)>-->",
    "--><script>alert(1)</script>",
    "]]><script>alert(1)</script>",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?php alert(1) ?>",
    '" onmouseover=alert(1) x="',
    "' onmouseover=alert(1) x='",
    '" autofocus onfocus=alert(1) x="',
    "`onmouseover=alert(1)`",
    "javascript:alert(1)",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "&amp;&quot;&#x27;",
    "\\u003cscript\\u003ealert(1)\\u003c/script\\u003e",
    "%3Cscript%3Ealert(1)%3C/script%3E",
    "{{ 7*7 }}{{ config }}{% raw %}",
    "${7*7} #{7*7} <%= 7*7 %>",
    "%s %(name)s {0} {name.__class__}",
    "＜script＞alert(1)＜/script＞",
    "\u202e<script>\u2066alert(1)</script>\u200b",
]

# What stands on the page besides what the signs of a text cause.
COUNT = """() => {
    const odd = document.querySelector('[aria-labelledby=tekens]');
    const marks = document.querySelectorAll('main mark.sign').length;
    const within = odd ? odd.querySelectorAll('*:not(mark.sign)').length + 1 : 0;
    return document.querySelectorAll('*').length - marks - within;
}"""
HANDLERS = """() => [...document.querySelectorAll('*')].flatMap(node =>
    [...node.attributes].map(a => a.name).filter(name => name.startsWith('on')))"""
TARGETS = """() => [...document.querySelectorAll('[href], [src], [action]')].map(node =>
    node.getAttribute('href') ?? node.getAttribute('src') ?? node.getAttribute('action'))"""
MEDIA: list[Literal["screen", "print"]] = ["screen", "print"]
OURS = re.compile(r"(?:/|#|tel:|mailto:|https?://127\.0\.0\.1:)")


def test_there_are_sixty() -> None:
    assert len(set(PAYLOADS)) == 60


def _filled(text: str, now: datetime) -> Case:
    """A case that holds a text wherever a text can be."""
    answers = tuple((name, (text,)) for name in sorted(wording.ANSWERS))
    said: dict[str, Any] = {"name": text, "email": text, "phone": f"06 {text}"}
    case = one(now, answers=answers, **said)
    by = By("somebody", "Regiomanager")
    with transaction():
        case.municipality = text
        progress.acknowledge(case, by, now)
        progress.pass_on(case, "utrecht2", by, text, now)
        progress.pass_on(case, "utrecht", by, text, now)
        register.add(case, _further(case, text), now)
        work.write_note(case, text, "k", by, now)
        work.set_task(case, work.Wanted(text, now.date()), form_key="k", by=by, now=now)
        case.save()
    to = Envelope(text, None, "info@example.org", case.reference)
    letter = Letter.get_by_id(post("intake", Text("Nieuw", "x"), to, now, "a@example.org"))
    letter.state, letter.last_answer = State.STUCK, text
    letter.save()
    return case


def _further(case: Case, text: str) -> Submission:
    other = text + "!"
    return Submission(
        *("k", case.kind, case.intent, case.role, "", "", other, other, other),
        answers=(("addition", (text,)), ("safety", (text,)), ("call_when", (text,))),
    )


@pytest.fixture(scope="module")
def cases() -> dict[str, Case]:
    return {}


@pytest.fixture(scope="module")
def heard() -> list[str]:
    """Every dialog, report and outgoing request."""
    return []


@pytest.fixture(scope="module")
def tab(
    tmp_path_factory: pytest.TempPathFactory,
    browser: Browser,
    cases: dict[str, Case],
    heard: list[str],
) -> Iterator[Page]:
    url, now = new_database(tmp_path_factory.mktemp("payloads")), datetime.now(UTC)
    house, port = House(build(url)), free_port()
    house.take_on("a")
    with connection():
        hurry()
        cases |= {text: _filled(text, now) for text in ("gewoon", *PAYLOADS)}
    server = Server(url, port)
    base = f"http://127.0.0.1:{port}"
    context = browser.new_context(base_url=base)
    secret = secret_of(house.signed_in("a"))
    context.add_cookies([{"name": "desk", "value": secret, "url": base}])
    tab = context.new_page()
    tab.on("dialog", lambda dialog: heard.append(dialog.message))
    tab.on("console", lambda message: heard.append(message.text))
    tab.on("pageerror", lambda error: heard.append(str(error)))
    tab.on("request", lambda r: None if r.url.startswith(base) else heard.append(r.url))
    try:
        yield tab
    finally:
        context.close()
        server.kill()
        if not database.is_closed():
            database.close()


def _shown(text: str) -> str:
    """How a text stands on the page: the signs that deceive by their code points."""
    return "".join(p.text + (f"⟦{p.code}⟧" if p.code else "") for p in pieces(text))


def _elements(tab: Page, cases: dict[str, Case], text: str) -> int:
    tab.goto(at(cases[text]))
    return int(tab.evaluate(COUNT))


def test_what_was_typed_is_shown_as_it_was_typed_and_does_nothing(
    tab: Page, cases: dict[str, Case], heard: list[str]
) -> None:
    plain, faults = _elements(tab, cases, "gewoon"), []
    times = tab.locator("main").inner_text().count("gewoon")
    assert times > 35
    for text in PAYLOADS:
        if _elements(tab, cases, text) != plain:
            faults.append(f"more or fewer elements: {text}")
        for media in MEDIA:
            tab.emulate_media(media=media)
            whole = str(tab.evaluate("document.querySelector('main').textContent"))
            if whole.count(_shown(text)) < times:
                faults.append(f"not all is shown on {media}: {text}")
        tab.emulate_media(media="screen")
        targets = [target for target in tab.evaluate(TARGETS) if not OURS.match(target)]
        faults += [f"leads to {target}: {text}" for target in targets]
        faults += [f"has {name}: {text}" for name in tab.evaluate(HANDLERS)]
        if not re.fullmatch(rf"{cases[text].reference}: \w+ – Eigen Kracht", tab.title()):
            faults.append(f"in the title: {text}")
    assert not faults, "\n".join(faults)
    assert heard == []


def test_it_does_nothing_on_the_desk_either(
    tab: Page, cases: dict[str, Case], heard: list[str]
) -> None:
    seen = ""
    tab.goto(DESK)
    while True:
        assert tab.evaluate(HANDLERS) == []
        assert [target for target in tab.evaluate(TARGETS) if not OURS.match(target)] == []
        seen += str(tab.evaluate("document.querySelector('main').textContent"))
        further = tab.get_by_role("link", name="Volgende bladzijde")
        if not further.count():
            break
        further.click()
    assert [text for text in PAYLOADS if _shown(text) not in seen] == []
    assert heard == []


def test_it_does_nothing_in_a_form_that_comes_back(
    tab: Page, cases: dict[str, Case], heard: list[str]
) -> None:
    for text in PAYLOADS:
        tab.goto(f"{DESK}?reference={quote(text)}")
        assert tab.get_by_label("Kenmerk").input_value() == text
    every = "\n".join(PAYLOADS)
    tab.goto(at(cases["gewoon"], "notitie/"))
    tab.get_by_label("De notitie").fill(every)
    tab.eval_on_selector(".form [name=csrf_token]", "box => { box.value = ''; }")
    with tab.expect_navigation():
        tab.get_by_role("button", name="Bewaar").click()
    assert tab.get_by_label("De notitie").input_value() == every
    meant = "the server responded with a status of 4"
    assert [line for line in heard if meant not in line] == []
