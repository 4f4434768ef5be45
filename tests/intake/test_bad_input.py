"""Whatever is typed: words that say what to do and all of it kept, or taken in as it was typed."""

import unicodedata
from collections.abc import Callable
from urllib.parse import quote_plus

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markupsafe import escape
from werkzeug.test import TestResponse

from portal.intake.doors import DOORS as FORMS
from portal.web.fields import Choice, Choices
from tests.intake.walking import drafts, go_on, reach, shown
from tests.portal_app import (
    DOORS,
    PHONE,
    Browser,
    Form,
    answers,
    error_of,
    keeps,
    only_case,
    required,
    rows,
    sent_by,
    urlencoded,
)

FORM = "application/x-www-form-urlencoded"
OPTIONAL = {
    "pupil": ["call_when", "age_band", "story", "safety"],
    "learning": ["call_when", "voicemail", "pupil_knows", "reasons", "good_at", "how", "pupils"],
    "community": ["setting", "story", "they_know", "question", "participants", "follow_up"],
    "proposal": ["setting", "story", "they_know", "participants", "question", "financing"],
}


def stays(browser: Browser, answer: TestResponse, typed: dict[str, str]) -> bool:
    """Whether a page still holds what was typed in it, now and when it is opened again."""
    mine = {name: text for name, text in typed.items() if name in shown(answer).names}
    return keeps(answer.text, mine) and keeps(browser.get(answer.request.path).text, mine)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("empty", ["name", "email", "postcode", "role"])
def test_each_answer_that_is_needed_is_asked_for_again(
    browser: Browser, door: str, empty: str
) -> None:
    typed = required(door, story="Dit blijft.", safety="Dit ook.", call_when="na vieren")
    if empty not in typed:
        return
    answer = browser.walk(DOORS[door], typed | {empty: ""})
    assert answer.status_code == 422
    assert "<title>Fout: " in answer.text
    assert error_of(answer.text, empty)
    # The summary repeats the words and leads to the field.
    assert answer.text.count(error_of(answer.text, empty).rstrip(".")) == 2
    assert stays(browser, answer, {name: text for name, text in typed.items() if name != empty})
    assert rows() == (0, 0, 0, 0)
    # Put right, it leads on, and no step has lost anything.
    last = browser.to_the_end(go_on(browser, shown(answer).fill(typed)).action, typed)
    assert browser.post_form(last).status_code == 303
    assert answers(only_case())["safety"] == ("Dit ook.",)


@pytest.mark.parametrize("door", DOORS)
def test_everything_empty_is_an_error_for_each_answer_needed(browser: Browser, door: str) -> None:
    for name in required(door):
        step = reach(browser, DOORS[door], name, required(door))
        answer = browser.post_form(step.fill(dict.fromkeys(required(door), "")))
        assert answer.status_code == 422
        assert error_of(answer.text, name)


WRONG = [
    ("email", "noor"),
    ("email", "noor@example"),
    ("email", "a@b@example.org"),
    ("email", "noor@example.org, anna@example.org"),
    ("email", "Noor <noor@example.org>"),
    ("email", "n@" + "e" * 250 + ".org"),
    ("email", "ñoor@example.org"),
    ("phone", "bel me"),
    ("phone", "12345"),
    ("phone", "0612345678901234567"),
    ("phone", "06 12 34 56 78" + " " * 20 + "x"),
    ("name", "n" * 101),
    ("call_when", "n" * 101),
    ("story", "n" * 3001),
    ("story", "👩‍👩‍👧" * 700),
    ("postcode", "5" * 21),
    ("postcode", "driekwart"),
    ("municipality", "m" * 101),
    ("age_band", "12"),
]


@pytest.mark.parametrize(("field", "text"), WRONG)
def test_what_will_not_do_comes_back_with_words_and_as_it_was_typed(
    browser: Browser, field: str, text: str
) -> None:
    typed = required("pupil", call_when="na school", story="Mijn verhaal.") | {field: text}
    answer = browser.walk(DOORS["pupil"], typed)
    assert answer.status_code == 422
    assert error_of(answer.text, field)
    assert stays(browser, answer, {k: v for k, v in typed.items() if k != "age_band"})
    assert rows() == (0, 0, 0, 0)


@pytest.mark.parametrize(
    "phone", ["0612345678", "06-12345678", "+31 6 12 34 56 78", "(030) 2345678"]
)
def test_a_phone_number_may_be_written_in_any_usual_way(browser: Browser, phone: str) -> None:
    browser.send(DOORS["pupil"], required("pupil", email="", phone=phone))
    assert only_case().phone == phone


@pytest.mark.parametrize(
    "postcode", ["3511", "3511ab", "3511 AB", " 35 11 ", "NL-3511 AB", "35.11"]
)
def test_a_postcode_may_be_written_in_any_usual_way(browser: Browser, postcode: str) -> None:
    browser.send(DOORS["pupil"], required("pupil", postcode=postcode))
    assert only_case().postcode == "3511"


CONTROLS = ["\x00", "\x0b", "\x0c", "\x1b", "\x1c", "\x7f", "\x85", "\u2028", "\u2029", "\ufffe"]


@pytest.mark.parametrize("sign", CONTROLS, ids=ascii)
@pytest.mark.parametrize("field", ["name", "email", "phone", "postcode", "municipality", "story"])
def test_a_sign_that_nobody_can_see_is_taken_away_and_told_of(
    browser: Browser, field: str, sign: str
) -> None:
    typed = required("pupil", phone="0612345678", municipality="Utrecht", story="Mijn verhaal")
    typed[field] = typed[field][:3] + sign + typed[field][3:]
    answer = browser.walk(DOORS["pupil"], typed)
    assert answer.status_code == 422
    assert "niemand kan zien" in error_of(answer.text, field)
    assert sign not in answer.text
    assert stays(browser, answer, {name: text.replace(sign, " ") for name, text in typed.items()})
    assert rows() == (0, 0, 0, 0)


@pytest.mark.parametrize("field", ["name", "email", "phone", "postcode", "municipality"])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"], ids=ascii)
def test_one_line_stays_one_line(browser: Browser, field: str, end: str) -> None:
    typed = required("pupil", phone="0612345678", municipality="Utrecht")
    typed[field] = typed[field][:3] + end + "Bcc: x@example.org"
    assert browser.walk(DOORS["pupil"], typed).status_code == 422
    assert rows() == (0, 0, 0, 0)


SCRIPTS = [
    "محمد أمين",
    "שלום",
    "Зоя",
    "王小明",
    "👩‍👩‍👧 Noor",
    "Noo\u200br",
    "\u202eNoor\u202c",
    "e\u0301 é",
    "<b onclick='x'>Noor</b>",
    "{{ 7*7 }} %s {0} ${x}",
    "=1+1",
    'O\'Brien "de" \\ `x`; --',
]


@pytest.mark.parametrize("text", SCRIPTS, ids=ascii)
def test_every_script_is_kept_as_it_was_typed(browser: Browser, text: str) -> None:
    typed = required("pupil", name=text, story=f"{text}\n{text}", call_when=text)
    assert browser.send(DOORS["pupil"], typed).status_code == 303
    case = only_case()
    assert case.name == text
    assert answers(case) == {"call_when": (text,), "story": (f"{text}\n{text}",)}


@pytest.mark.parametrize("text", SCRIPTS, ids=ascii)
def test_every_script_comes_back_as_it_was_typed(browser: Browser, text: str) -> None:
    typed = {"name": text, "email": text, "call_when": text}
    answer = browser.walk(DOORS["pupil"], typed)
    assert answer.status_code == 422
    assert stays(browser, answer, typed)


@pytest.mark.parametrize("text", SCRIPTS, ids=ascii)
def test_every_script_stands_on_the_last_page_as_it_was_typed(browser: Browser, text: str) -> None:
    typed = required("pupil", name=text, story=f"{text}\n{text}", call_when=text)
    page = browser.walk(DOORS["pupil"], typed).text
    assert page.count(f'<p dir="auto">{escape(text)}</p>') == 2
    assert f'<p dir="auto">{escape(text)}\n{escape(text)}</p>' in page


@pytest.mark.parametrize(
    "octets", ["%FF", "%ED%A0%80", "%C3", "%F5%80%80%80", "%C0%AF", "%", "%zz"]
)
def test_octets_that_are_no_text_are_no_fault_of_ours(browser: Browser, octets: str) -> None:
    first = browser.form(DOORS["pupil"]).fill(required("pupil", name="Noor"))
    body = urlencoded(first.data).replace(b"Noor", f"Noor{octets}".encode())
    answer = browser.post(first.action, data=body, content_type=FORM)
    assert answer.status_code in {303, 422}
    assert sent_by(browser.get(first.action).text)["name"].startswith("Noor")
    if answer.status_code == 303:
        browser.send(answer.location, required("pupil"))
        assert only_case().name.startswith("Noor")


def test_nothing_within_a_text_is_cut_or_changed(browser: Browser) -> None:
    text = "  a\n\n  b\tc  " + "d" * 2980
    browser.send(DOORS["pupil"], required("pupil", story=text.replace("\n", "\r\n")))
    assert answers(only_case())["story"] == (text.strip(),)


@pytest.mark.parametrize("door", DOORS)
def test_a_choice_that_was_never_offered_is_refused(browser: Browser, door: str) -> None:
    for name in OPTIONAL[door]:
        answer = browser.send(DOORS[door], required(door, **{name: "verzonnen"}))
        if issubclass(getattr(FORMS[door].form, name).field_class, Choice | Choices):
            assert answer.status_code == 422
            assert error_of(answer.text, name)
        else:
            assert answer.status_code == 303


@pytest.mark.parametrize("role", ["pupil", "authority", "verzonnen", "RELATIVE", ""])
def test_a_form_takes_only_its_own_roles(browser: Browser, role: str) -> None:
    answer = browser.walk(DOORS["proposal"], required("proposal", role=role))
    assert answer.status_code == 422
    assert error_of(answer.text, "role")


anything = st.text(st.characters(), max_size=60) | st.text(
    st.characters(categories=["Cc", "Cf", "Zl", "Zp", "Mn", "So"]), max_size=12
)


@pytest.mark.parametrize("door", DOORS)
@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(data=st.data())
def test_no_text_whatever_is_a_fault_of_ours(
    browser: Browser, door: str, data: st.DataObject
) -> None:
    """Each step in turn with anything in it, then the last page; what can be read stays."""
    form = browser.form(DOORS[door])
    path = form.action.removesuffix("1/")
    for number in range(1, len(FORMS[door].form.steps) + 1):
        form = browser.form(f"{path}{number}/").fill(required(door))
        names = [*form.names, "place", "looked", "decision", "form_key"]
        typed = data.draw(st.dictionaries(st.sampled_from(names), anything, max_size=5))
        answer = browser.post(form.action, data=encoded(form, typed), content_type=FORM)
        assert answer.status_code in {200, 303, 422}
        if answer.status_code != 303:
            back = sent_by(answer.text)
            for name in {"name", "story", "call_when", "safety", "good_at"} & typed.keys():
                assert _seen(typed[name]) == _seen(back.get(name, ""))
        if answer.status_code == 422 and "csrf_token" in typed:
            browser.post_form(shown(answer))
    last = browser.get(f"{path}controleren/")
    assert last.status_code in {200, 303}
    if last.status_code == 200:
        body = encoded(shown(last), data.draw(st.dictionaries(st.just("form_key"), anything)))
        sent = browser.post(f"{path}controleren/", data=body, content_type=FORM)
        assert sent.status_code == 303
        assert browser.get(sent.location).status_code == 200


def encoded(form: Form, typed: dict[str, str]) -> bytes:
    """A body with lone surrogates in it, as only a hostile client sends."""
    whole = {name: values[0] for name, values in form.data.items() if values} | typed
    pairs = [f"{name}={quote_plus(text, errors='surrogatepass')}" for name, text in whole.items()]
    return "&".join(pairs).encode()


def _seen(text: str) -> str:
    """What a reader would see of it: no controls, no octets that are no text, no white space."""
    kept = (c for c in text if unicodedata.category(c) not in {"Cc", "Cs", "Cn", "Zl", "Zp", "Zs"})
    return "".join(kept).replace("\ufffd", "")


TOO_MUCH = [{"story": "x" * 600_000}, {f"f{n}": "x" for n in range(60_000)}]
STEP, LAST = "/voorstellen/abcdefghijkl/1/", "/voorstellen/abcdefghijkl/controleren/"


@pytest.mark.parametrize(
    ("status", "ask"),
    [
        (404, lambda b: b.get("/bestaat-niet/")),
        (404, lambda b: b.get("/ontvangen/verzonnen")),
        (404, lambda b: b.get("/verder/verzonnen/")),
        (404, lambda b: b.get("/.git/config")),
        (404, lambda b: b.get("/portaal/../../portal.db")),
        (405, lambda b: b.put(STEP)),
        (405, lambda b: b.put(LAST)),
        (405, lambda b: b.post("/voorstellen/")),
        (405, lambda b: b.post("/aanvragen/")),
        *((413, lambda b, d=d, p=p: b.post(p, data=d)) for d in TOO_MUCH for p in (STEP, LAST)),
        (400, lambda b: b.get(STEP, base_url="http://evil.example")),
        (400, lambda b: b.post(STEP, base_url="http://evil.example")),
        (400, lambda b: b.get(LAST, headers={"Host": "127.0.0.1:8000@evil"})),
    ],
)
def test_a_page_that_says_no_is_dressed_and_names_the_phone(
    browser: Browser, status: int, ask: Callable[[Browser], TestResponse]
) -> None:
    answer = ask(browser)
    assert answer.status_code == status
    assert PHONE in answer.text
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "evil" not in answer.text
    assert rows() == (0, 0, 0, 0)
    assert drafts() == []


def test_a_form_full_to_the_brim_in_four_octets_a_sign_is_taken_in(browser: Browser) -> None:
    full = dict.fromkeys(("good_at", "wants_to_learn", "how", "safety"), "𐍈" * 3000)
    answer = browser.send(DOORS["learning"], required("learning", name="𐍈" * 100, **full))
    assert answer.status_code == 303
