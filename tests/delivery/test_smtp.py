"""Whatever the mail server does, the talk ends in time and tells whose fault it was."""

import contextlib
import re
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from time import monotonic

import flask_mail
import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.config import ConfigError, MailSecurity
from portal.delivery import smtp, worker
from portal.delivery.outbox import Outcome, Outgoing, Result
from portal.organisation import organisation
from tests.delivery.certificates import Authority, self_signed_context
from tests.delivery.conftest import MANAGER, REQUESTER, SENDER, config, outgoing, utc_now
from tests.delivery.hostile_smtp import (
    LAX,
    STRICT,
    Action,
    HostileServer,
    Received,
    Talk,
    TalkOver,
    drip,
    drop,
    endless,
    hang,
    reply,
    then,
)

pytestmark = pytest.mark.usefixtures("pipelining")

SHORT = 0.25  # seconds for a talk that is meant to run out of time

HEADERS = [
    "Auto-Submitted",
    "Content-Transfer-Encoding",
    "Content-Type",
    "Date",
    "From",
    "MIME-Version",
    "Message-ID",
    "Reply-To",
    "Subject",
    "To",
]


def send(server: HostileServer, letter: Outgoing | None = None, talk: float = 5.0) -> Outcome:
    return smtp.sender(config(server.port), talk)(letter or outgoing())


def delivered(letter: Outgoing, end_of_data: bytes = STRICT) -> Received:
    with HostileServer(end_of_data=end_of_data) as server:
        outcome = send(server, letter)
    assert outcome.result is Result.SENT
    (received,) = server.received
    assert server.commands[3:] == ["DATA", "QUIT"]
    return received


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    before = threading.active_count()
    yield
    assert threading.active_count() == before


# -- what goes over the wire


def test_a_letter_arrives_whole_with_these_headers_and_no_others() -> None:
    body = "Beste mevrouw Pöttgens,\n\n\tEén regel\n.\n..\n.punt\nFrom hier\nslot  \n"
    received = delivered(outgoing(body))
    message = received.message
    assert (received.sender, received.recipients) == (SENDER, (MANAGER,))
    assert sorted(message.keys()) == HEADERS
    assert message["Subject"] == "Aanvraag EK-7K2M-9QXT"
    assert message["From"] == f"{organisation().name} <{SENDER}>"
    assert (message["To"], message["Reply-To"]) == (MANAGER, REQUESTER)
    assert message["Message-ID"] == "<0123@example.org>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Type"] == 'text/plain; charset="utf-8"'
    assert abs(parsedate_to_datetime(message["Date"]) - utc_now()) < timedelta(seconds=30)
    assert received.body == body
    assert f"\r\nFrom: {organisation().name} <".encode() in received.octets


def test_the_portal_names_itself_by_its_own_address_without_looking_it_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(socket, "getfqdn", lambda *_: pytest.fail("a name was looked up"))
    for base_url, name in [
        ("https://portaal.example.org", "portaal.example.org"),
        ("http://127.0.0.1:8000", "[127.0.0.1]"),
        ("http://[::1]:8000", "[IPv6:::1]"),
        ("http://localhost:8000", "localhost"),
        ("https://zórg.example.org", "xn--zrg-gna.example.org"),
    ]:
        with HostileServer() as server:
            smtp.sender(config(server.port, base_url=base_url))(outgoing())
        assert server.commands[0] == f"EHLO {name}"


def test_no_test_setting_of_another_app_silences_it() -> None:
    other = Flask("other")
    other.testing = True
    flask_mail.Mail(other)
    with other.app_context():
        delivered(outgoing())


@pytest.mark.parametrize(
    "subject",
    [
        "Aanvraag " + "é" * 100,
        "a" * 120,
        "Aanvraag: a, b; <c> \"d\" 'e' (f) — 100 %",
        "Één ß 😀",
    ],
)
def test_a_subject_is_read_as_it_was_written(subject: str) -> None:
    received = delivered(outgoing(subject=subject))
    assert received.message["Subject"] == subject
    assert sorted(received.message.keys()) == HEADERS


NASTY = [
    f"{start}{end}Bcc: dief@example.org{end}{end}<p>"
    for start in ("a@example.org", "", "=?utf-8?q?a=0D=0A?=")
    for end in [
        "\r\n", "\r", "\n", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029", "\0",
    ]
]  # fmt: skip


@pytest.mark.parametrize("nasty", NASTY)
def test_no_text_of_a_visitor_makes_a_header_or_a_reader(nasty: str) -> None:
    received = delivered(outgoing(body=nasty, reply_to=nasty), end_of_data=LAX)
    assert (received.sender, received.recipients) == (SENDER, (MANAGER,))
    assert sorted(received.message.keys()) == HEADERS
    assert received.message["Reply-To"] == SENDER
    assert received.body.removesuffix("\n") == nasty
    with HostileServer() as server:
        assert send(server, outgoing(recipient=nasty)).result is Result.REFUSED
    assert server.talks == 0


DOTS = [f"{a}.{b}" for a in ("\r\n", "\n", "\r", "\r\r\n") for b in ("\r\n", "\n", "\r", "")]


@pytest.mark.parametrize("dot", DOTS)
@pytest.mark.parametrize("end_of_data", [STRICT, LAX])
def test_a_body_cannot_end_its_letter_and_begin_another(dot: str, end_of_data: bytes) -> None:
    smuggled = (
        f"een{dot}MAIL FROM:<x@example.org>\r\nRCPT TO:<y@example.org>\r\nDATA\r\ntwee{dot}drie\n"
    )
    with HostileServer(end_of_data=end_of_data) as server:
        assert send(server, outgoing(body=smuggled)).result is Result.SENT
    (received,) = server.received
    assert received.body == smuggled
    assert len(server.commands) == 5


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60
)
@given(st.text(alphabet=st.sampled_from("ab é😀\n\r\t.=_?\0\x0b\x1c\x85\u2028 "), max_size=300))
def test_any_body_is_one_letter_in_short_ascii_lines(body: str) -> None:
    received = delivered(outgoing(body), end_of_data=LAX)
    assert received.body.removesuffix("\n") == body.removesuffix("\n")
    assert received.octets.isascii()
    assert re.search(rb"(?<!\r)\n|\r(?!\n)", received.octets) is None
    assert max(map(len, received.octets.split(b"\r\n"))) <= 100


@pytest.mark.parametrize(
    ("address", "ascii_address"),
    [
        ("o'brien+regio{x}@example.org", "o'brien+regio{x}@example.org"),
        ("post@zórg.example", "post@xn--zrg-gna.example"),
        ("a" * 64 + "@" + "b" * 60 + ".example.org", "a" * 64 + "@" + "b" * 60 + ".example.org"),
        ("beheer@intranet", "beheer@intranet"),
    ],
)
def test_an_unusual_address_is_reached(address: str, ascii_address: str) -> None:
    received = delivered(outgoing(recipient=address, reply_to=address))
    assert received.recipients == (ascii_address,)
    assert received.message["To"] == received.message["Reply-To"] == ascii_address


@pytest.mark.parametrize(
    "address",
    [
        "", " ", "niemand", "@example.org", "a@", "a b@example.org", "<a@example.org>",
        "é@example.org", "Jan <a@example.org>", "a@example.org, b@example.org",
        "a@exa mple.org", "a@b..org", "a@-.org",
        "a@" + "x" * 300 + ".org", "a@[127.0.0.1]", '"a b"@example.org',
        "a@ex\ud800.org", "a\ud800@example.org",
    ],
)  # fmt: skip
def test_an_address_that_is_none_is_refused_before_anyone_is_called(address: str) -> None:
    with HostileServer() as server:
        outcome = send(server, outgoing(recipient=address))
    assert outcome.result is Result.REFUSED
    assert server.talks == 0


def test_an_own_address_that_cannot_stand_in_a_letter_stops_the_start() -> None:
    with pytest.raises(ConfigError, match="PORTAL_MAIL_SENDER"):
        smtp.sender(config(25, mail_sender="pörtaal@example.org"))


# -- what came of it

STEPS_OF_A_SERVER = ["banner", "EHLO"]
STEPS_OF_A_LETTER = ["MAIL", "RCPT", "DATA", "dot"]


@pytest.mark.parametrize("step", STEPS_OF_A_LETTER)
@pytest.mark.parametrize("code", [421, 452])
def test_a_letter_is_tried_later_where_the_server_says_so(step: str, code: int) -> None:
    with HostileServer({step: reply(f"{code} 4.7.1 not now")}) as server:
        assert send(server) == Outcome(Result.DEFERRED, f"{code} 4.7.1 not now")


@pytest.mark.parametrize("step", STEPS_OF_A_LETTER[1:])
@pytest.mark.parametrize("code", [450, 451, 454])
def test_a_greylisted_letter_is_tried_later(step: str, code: int) -> None:
    with HostileServer({step: reply(f"{code}-grey\r\n{code} listed")}) as server:
        assert send(server) == Outcome(Result.DEFERRED, f"{code} grey listed")


@pytest.mark.parametrize("step", STEPS_OF_A_LETTER[1:])
@pytest.mark.parametrize("code", [550, 552, 554])
def test_a_letter_is_refused_for_good_where_the_server_says_so(step: str, code: int) -> None:
    with HostileServer({step: reply(f"{code} 5.1.1 <{MANAGER}> no")}) as server:
        assert send(server) == Outcome(Result.REFUSED, f"{code} 5.1.1 <{MANAGER}> no")
    assert server.accepted == []


def test_a_letter_that_is_too_big_is_that_letters_fault() -> None:
    with HostileServer({"MAIL": reply("552 5.3.4 too big")}) as server:
        assert send(server) == Outcome(Result.REFUSED, "552 5.3.4 too big")
    assert re.search(r"size=\d{3}", server.commands[1])


@pytest.mark.parametrize("code", [450, 451, 501, 530, 550, 553, 554])
def test_a_sender_that_is_refused_is_refused_for_every_letter(code: int) -> None:
    with HostileServer({"MAIL": reply(f"{code} who are you")}) as server:
        assert send(server) == Outcome(Result.UNAVAILABLE, f"{code} who are you")


@pytest.mark.parametrize("step", STEPS_OF_A_LETTER)
@pytest.mark.parametrize("action", [hang, drip("250-x"), endless("250-x")])
def test_a_server_that_does_not_finish_its_answer_is_left_in_time(
    step: str, action: Action
) -> None:
    with HostileServer({step: action}) as server:
        before = monotonic()
        outcome = send(server, talk=SHORT)
        assert monotonic() - before < SHORT + smtp._GOODBYE + 0.5
    assert outcome.result is Result.DEFERRED
    assert "time" in outcome.answer or "do not end" in outcome.answer


@pytest.mark.parametrize("step", STEPS_OF_A_LETTER[1:])
@pytest.mark.parametrize("code", [b"250", b"354", b"550"])
def test_an_answer_that_breaks_off_is_no_answer(step: str, code: bytes) -> None:
    with HostileServer({step: then(lambda talk: talk.send(code), drop)}) as server:
        broke_off = "Connection unexpectedly closed: in the midst of an answer"
        assert send(server) == Outcome(Result.DEFERRED, broke_off)


def test_a_server_that_stops_listening_is_left_in_time() -> None:
    def deaf(talk: Talk) -> None:
        talk.say("354 go ahead")
        talk.closing.wait(10)
        raise TalkOver

    with HostileServer({"DATA": deaf}) as server:
        before = monotonic()
        assert send(server, outgoing("x" * 8_000_000), talk=1.0).result is Result.DEFERRED
        assert monotonic() - before < 2.5


@pytest.mark.parametrize("step", STEPS_OF_A_LETTER)
def test_a_server_that_hangs_up_on_a_letter_gets_it_again_later(step: str) -> None:
    too_long = reply("250" + "x" * 9000)
    for action in (drop, then(reply("25"), drop), reply("spam and eggs"), too_long):
        with HostileServer({step: action}) as server:
            assert send(server).result is Result.DEFERRED


@pytest.mark.parametrize("step", STEPS_OF_A_SERVER)
@pytest.mark.parametrize(
    "action",
    [
        hang,
        drop,
        drip("220-x"),
        endless("220-x"),
        reply("421 too busy"),
        reply("554 go away"),
        reply("spam and eggs"),
        reply("220" + "x" * 9000),
        then(reply("554 go away"), drop),
    ],
)
def test_a_server_that_does_not_get_to_the_letter_is_unavailable(step: str, action: Action) -> None:
    script = {step: action, "HELO": reply("554 nor this")}
    if step == "EHLO" and action.__name__ == "hang":
        del script["HELO"]
    with HostileServer(script) as server:
        before = monotonic()
        assert send(server, talk=SHORT).result is Result.UNAVAILABLE
        assert monotonic() - before < SHORT + 0.5
    assert not any(command.startswith("MAIL") for command in server.commands)


def test_a_server_of_before_ehlo_takes_letters_too() -> None:
    with HostileServer({"EHLO": reply("500 what")}) as server:
        assert send(server).result is Result.SENT


def test_a_server_that_is_not_there_is_unavailable() -> None:
    with HostileServer(listen=False) as server:
        outcome = send(server)
    assert outcome.result is Result.UNAVAILABLE
    assert "refused" in outcome.answer


def test_a_line_that_does_not_even_open_is_given_up_in_time() -> None:
    with HostileServer(listen=False) as server, contextlib.ExitStack() as full:
        server._socket.listen(0)
        for _ in range(3):  # the kernel drops who comes after these
            waiting = full.enter_context(socket.socket())
            waiting.setblocking(False)  # noqa: FBT003
            with contextlib.suppress(BlockingIOError):
                waiting.connect(("127.0.0.1", server.port))
        before = monotonic()
        outcome = send(server, talk=SHORT)
        assert monotonic() - before < SHORT + 0.5
    assert outcome.result is Result.UNAVAILABLE
    assert "in time" in outcome.answer


def test_a_name_that_is_not_found_is_the_servers_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    outcome = smtp.sender(config(25, server="mail.example.org"))(outgoing())
    assert outcome.result is Result.UNAVAILABLE
    assert "Name or service not known" in outcome.answer


def test_a_name_service_that_hangs_is_given_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    answered = threading.Event()
    threads: list[threading.Thread] = []

    def silent(*_: object, **__: object) -> list[object]:
        threads.append(threading.current_thread())
        answered.wait(10)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", silent)
    before = monotonic()
    outcome = smtp.sender(config(25, server="mail.example.org"), SHORT)(outgoing())
    assert monotonic() - before < SHORT + 0.5
    assert outcome.result is Result.UNAVAILABLE
    answered.set()
    threads[0].join()


def test_the_next_address_of_a_server_is_tried_where_the_first_is_dead(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with HostileServer() as server, HostileServer(listen=False) as dead:
        tcp = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
        monkeypatch.setattr(
            socket,
            "getaddrinfo",
            lambda *_, **__: [(*tcp, ("127.0.0.1", each.port)) for each in (dead, server)],
        )
        assert send(server).result is Result.SENT


@pytest.mark.parametrize(
    "last",
    [drop, hang, drip("221-x"), endless("221-x"), reply("554 no"), reply("spam and eggs")],
)
def test_after_the_final_250_the_letter_is_sent_whatever_comes(last: Action) -> None:
    with HostileServer({"QUIT": last}) as server:
        before = monotonic()
        assert send(server, talk=30.0) == Outcome(Result.SENT, "250 2.0.0 taken")
        assert monotonic() - before < smtp._GOODBYE + 0.5
    with HostileServer({"dot": then(reply("250 ok queued as 4B"), drop)}) as server:
        assert send(server) == Outcome(Result.SENT, "250 ok queued as 4B")


def test_any_yes_to_the_letter_itself_is_a_yes_and_any_to_data_is_none() -> None:
    with HostileServer({"dot": reply("252 so be it")}) as server:
        assert send(server).result is Result.SENT
    with HostileServer({"DATA": reply("250 fine")}) as server:
        assert send(server).result is Result.DEFERRED


@pytest.mark.parametrize("step", ["DATA", "RSET"])
def test_a_refusal_is_not_kept_waiting_for_a_server_that_hangs_after_it(step: str) -> None:
    with HostileServer({"RCPT": reply("550 no"), step: hang}) as server:
        before = monotonic()
        assert send(server, talk=30.0).result is Result.REFUSED
        assert monotonic() - before < smtp._GOODBYE + 0.5


def test_the_servers_answer_is_kept_in_bounds_and_fit_to_print() -> None:
    with HostileServer({"RCPT": reply("550 \x1b[2Jrood\0\udcff\u202e" + "x" * 5000)}) as server:
        answer = send(server).answer
    assert answer.isprintable()
    assert answer.startswith("550")
    assert len(answer) <= 1000


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=80
)
@given(
    st.sampled_from([*STEPS_OF_A_SERVER, *STEPS_OF_A_LETTER, "QUIT"]),
    st.one_of(
        st.binary(max_size=60),
        st.from_regex(rb"([1-5][0-9][0-9][ -]?[a-zA-Z0-9 =\-]{0,9}\r\n){1,3}", fullmatch=True),
    ),
)
def test_no_answer_of_a_server_is_beyond_the_worker(step: str, octets: bytes) -> None:
    def say(talk: Talk) -> None:
        talk.said = octets.decode("latin-1")
        talk.send(octets)
        raise TalkOver

    with HostileServer({step: say}) as server:
        outcome = send(server)
    assert outcome.answer.isprintable()
    assert outcome.result is Result.SENT or step != "QUIT"


# -- secrecy


def secured(security: MailSecurity, server: HostileServer, talk: float = 5.0) -> Outcome:
    settings_ = config(server.port, security=security, username="portaal", password="geheim")
    return smtp.sender(settings_, talk)(outgoing())


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    authority = Authority.make(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    return authority


SECURITIES = pytest.mark.parametrize("security", [MailSecurity.STARTTLS, MailSecurity.TLS])


@SECURITIES
def test_a_letter_goes_encrypted_to_a_server_that_proves_its_name(
    security: MailSecurity, authority: Authority
) -> None:
    tls = authority.server_context("127.0.0.1")
    with HostileServer(tls=tls, implicit=security is MailSecurity.TLS) as server:
        assert secured(security, server).result is Result.SENT
    assert any(command.startswith("AUTH PLAIN") for command in server.commands)


@SECURITIES
@pytest.mark.parametrize("flaw", ["self-signed", "expired", "wrong name", "unknown authority"])
def test_a_server_that_does_not_prove_its_name_gets_nothing(
    security: MailSecurity, flaw: str, authority: Authority, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    tls = {
        "self-signed": lambda: self_signed_context(tmp_path, "127.0.0.1"),
        "expired": lambda: authority.server_context("127.0.0.1", timedelta(days=-1)),
        "wrong name": lambda: authority.server_context("127.0.0.2"),
        "unknown authority": lambda: Authority.make(tmp_path / "other").server_context("127.0.0.1"),
    }[flaw]()
    with HostileServer(tls=tls, implicit=security is MailSecurity.TLS) as server:
        outcome = secured(security, server)
    assert outcome.result is Result.UNAVAILABLE
    assert "certificate verify failed" in outcome.answer
    assert {command.split()[0] for command in server.commands} <= {"EHLO", "STARTTLS"}


def test_where_starttls_is_stripped_nothing_goes_in_the_clear() -> None:
    for script in ({}, {"STARTTLS": reply("454 not now")}, {"STARTTLS": reply("500 what?")}):
        with HostileServer(script) as server:
            assert secured(MailSecurity.STARTTLS, server).result is Result.UNAVAILABLE
        assert {command.split()[0] for command in server.commands} <= {"EHLO", "STARTTLS"}


def test_where_starttls_is_promised_but_not_meant_nothing_goes_in_the_clear(
    authority: Authority,
) -> None:
    for shake in (hang, drop, drip("x"), reply("250 never mind")):
        tls = authority.server_context("127.0.0.1")
        with HostileServer({"STARTTLS": then(reply("220 go"), shake, hang)}, tls=tls) as server:
            before = monotonic()
            assert secured(MailSecurity.STARTTLS, server, SHORT).result is Result.UNAVAILABLE
            assert monotonic() - before < SHORT + 0.5
        assert [command.split()[0] for command in server.commands] == ["EHLO", "STARTTLS"]


@pytest.mark.parametrize("step", ["banner", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "dot"])
@pytest.mark.parametrize("action", [hang, drip("250-x")])
def test_the_deadline_holds_under_encryption_too(
    step: str, action: Action, authority: Authority
) -> None:
    tls = authority.server_context("127.0.0.1")
    with HostileServer({step: action}, tls=tls, implicit=True) as server:
        before = monotonic()
        # Long enough to come as far as the step, keys and all, on a busy machine.
        talk = 4 * SHORT
        result = secured(MailSecurity.TLS, server, talk).result
        assert monotonic() - before < talk + smtp._GOODBYE + 0.5
    unavailable = step in {"banner", "EHLO", "AUTH"}
    assert result is (Result.UNAVAILABLE if unavailable else Result.DEFERRED)


def test_a_server_that_says_nothing_where_tls_is_spoken_is_left_in_time() -> None:
    with HostileServer({"banner": hang}) as server:
        before = monotonic()
        assert secured(MailSecurity.TLS, server, SHORT).result is Result.UNAVAILABLE
        assert monotonic() - before < SHORT + 0.5


def test_a_password_that_is_refused_stops_the_queue_and_not_a_letter() -> None:
    with HostileServer({"AUTH": reply("535 5.7.8 wrong password")}) as server:
        outcome = secured(MailSecurity.NONE, server)
    assert outcome == Outcome(Result.UNAVAILABLE, "535 5.7.8 wrong password")
    assert [command.split()[0] for command in server.commands] == ["EHLO", "AUTH"]


def test_a_password_that_cannot_be_said_stops_the_queue_and_not_a_letter() -> None:
    with HostileServer() as server:
        settings_ = config(server.port, username="portaal", password="gehéim")
        assert smtp.sender(settings_)(outgoing()).result is Result.UNAVAILABLE


# -- what must hold between the parts


def test_a_talk_ends_well_before_its_lease() -> None:
    assert timedelta(seconds=smtp.TALK + smtp._GOODBYE) < worker.LEASE / 2


def test_encryption_checks_certificates_as_the_platform_does(
    monkeypatch: pytest.MonkeyPatch, authority: Authority
) -> None:
    made: list[ssl.SSLContext] = []
    original = ssl.create_default_context

    def noted() -> ssl.SSLContext:
        made.append(original())
        return made[-1]

    monkeypatch.setattr(ssl, "create_default_context", noted)
    tls = authority.server_context("127.0.0.1")
    for security in (MailSecurity.STARTTLS, MailSecurity.TLS):
        with HostileServer(tls=tls, implicit=security is MailSecurity.TLS) as server:
            assert secured(security, server).result is Result.SENT
    assert [context.verify_mode for context in made] == [ssl.CERT_REQUIRED] * 2
    assert all(context.check_hostname for context in made)
