"""Many letters go in one talk, and what becomes of one is never what becomes of another."""

from pathlib import Path

import pytest

from portal.config import MailSecurity
from portal.delivery import smtp
from portal.delivery.outbox import Outcome, Result
from portal.delivery.worker import Report, deliver_round
from tests.delivery.certificates import Authority
from tests.delivery.conftest import MANAGER, Clock, config, outgoing, put
from tests.delivery.hostile_smtp import Action, HostileServer, Talk, drop, hang, reply, then

pytestmark = pytest.mark.usefixtures("pipelining")

SENT = Outcome(Result.SENT, "250 2.0.0 taken")
STEPS = ["MAIL", "RCPT", "DATA", "dot"]


def send(server: HostileServer, number: int = 3, talk: float = 5.0) -> list[Outcome]:
    """What came of so many letters, handed over one after the other."""
    with smtp.sender(config(server.port), talk) as hand_over:
        return [hand_over(outgoing(f"brief {one}\n")) for one in range(number)]


def at_the_second(action: Action, otherwise: str = "250 ok") -> Action:
    """Do this the second time only."""
    times: list[Talk] = []

    def act(talk: Talk) -> None:
        times.append(talk)
        if len(times) == 2:
            action(talk)
        else:
            talk.say(otherwise)

    return act


def bodies(server: HostileServer) -> list[str]:
    return [received.body for received in server.accepted]


ALL = ["brief 0\n", "brief 1\n", "brief 2\n"]
OTHERS = ["brief 0\n", "brief 2\n"]


def test_a_round_of_letters_is_one_talk(db: None, clock: Clock) -> None:
    for _ in range(5):
        put()
    with HostileServer() as server:
        assert deliver_round(clock, smtp.sender(config(server.port))) == Report(sent=5)
    assert server.talks == 1
    assert [word.partition(" ")[0] for word in server.commands] == [
        "EHLO", *(["MAIL", "RCPT", "DATA"] * 5), "QUIT",
    ]  # fmt: skip
    assert len({received.message["Message-ID"] for received in server.received}) == 5


def test_letters_outside_a_round_have_a_talk_each() -> None:
    with HostileServer() as server:
        hand_over = smtp.sender(config(server.port))
        assert [hand_over(outgoing()), hand_over(outgoing())] == [SENT, SENT]
    assert server.talks == 2


@pytest.mark.parametrize("step", STEPS[1:])
@pytest.mark.parametrize(("code", "result"), [(450, Result.DEFERRED), (550, Result.REFUSED)])
def test_one_that_is_refused_leaves_the_talk_to_the_others(
    step: str, code: int, result: Result
) -> None:
    otherwise = {"DATA": "354 go ahead", "dot": "250 2.0.0 taken"}.get(step, "250 ok")
    with HostileServer({step: at_the_second(reply(f"{code} no"), otherwise)}) as server:
        assert send(server) == [SENT, Outcome(result, f"{code} no"), SENT]
    assert bodies(server) == OTHERS
    assert (server.talks, server.commands.count("RSET")) == (1, 1)


def test_a_server_is_told_ahead_where_it_says_that_it_hears_so_and_nowhere_else(
    pipelining: bool,
) -> None:
    def wait_for_all(talk: Talk) -> None:
        while b"data\r\n" not in talk.heard:
            talk.hear()
        talk.say("250 ok")

    with HostileServer({"MAIL": wait_for_all}) as server:
        results = {outcome.result for outcome in send(server, talk=2.0 if pipelining else 0.5)}
    assert results == {Result.SENT if pipelining else Result.DEFERRED}


@pytest.mark.parametrize("code", [450, 550])
@pytest.mark.parametrize("dot", ["250 2.0.0 taken", "554 no valid recipients", "spam"])
def test_a_server_that_waits_for_a_letter_whose_reader_it_refused_gets_none(
    code: int, dot: str
) -> None:
    def take(talk: Talk) -> None:
        talk.say("250 2.0.0 taken" if talk.recipients else dot)

    script = {
        "RCPT": at_the_second(reply(f"{code} no")),
        "DATA": reply("354 go ahead"),
        "dot": take,
    }
    with HostileServer(script) as server:
        first, second, third = send(server)
    assert (first, second.answer, third) == (SENT, f"{code} no", SENT)
    assert [(got.recipients, got.body) for got in server.received] == [
        ((MANAGER,), "brief 0\n"),
        ((MANAGER,), "brief 2\n"),
    ]
    assert server.talks == 1


def test_a_talk_that_ends_on_a_refusal_leaves_no_word_that_could_be_a_letters() -> None:
    heard: list[bytes] = []

    def listen(talk: Talk) -> None:
        talk.say("354 go ahead")
        try:
            hang(talk)
        finally:
            heard.append(talk.heard)

    with HostileServer({"RCPT": reply("550 no"), "DATA": listen}) as server:
        assert send(server, 1) == [Outcome(Result.REFUSED, "550 no")]
    assert heard == [b""] * HostileServer.pipelining


@pytest.mark.parametrize("step", ["DATA", "RSET"])
def test_silence_about_a_refused_letter_costs_the_next_one_nothing(
    step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp, "_PATIENCE", 0.2)
    script = {"RCPT": at_the_second(reply("550 no")), "RSET": hang}
    if step == "DATA" and HostileServer.pipelining:
        script["DATA"] = at_the_second(hang, "354 go ahead")
    with HostileServer(script) as server:
        assert send(server) == [SENT, Outcome(Result.REFUSED, "550 no"), SENT]
    assert server.talks == 2


def test_after_a_refused_letter_a_slow_server_is_waited_for_as_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def slow(talk: Talk) -> None:
        talk.closing.wait(0.6)
        talk.say("250 2.0.0 taken")

    monkeypatch.setattr(smtp, "_PATIENCE", 0.3)
    with HostileServer({"RCPT": at_the_second(reply("550 no")), "dot": slow}) as server:
        assert send(server, talk=20.0) == [SENT, Outcome(Result.REFUSED, "550 no"), SENT]
    assert server.talks == 1


def test_where_a_refusal_is_not_forgotten_there_is_another_talk() -> None:
    script = {"RCPT": at_the_second(reply("550 no")), "RSET": reply("500 what?")}
    with HostileServer(script) as server:
        assert [outcome.result for outcome in send(server)] == [
            Result.SENT, Result.REFUSED, Result.SENT,
        ]  # fmt: skip
    assert server.talks == 2


@pytest.mark.parametrize(
    "action", [drop, reply("421 enough"), then(reply("421 enough"), drop), reply("452 4.5.3 many")]
)
def test_a_server_that_takes_no_more_in_a_talk_gets_the_next_letter_in_another(
    action: Action,
) -> None:
    with HostileServer({"MAIL": at_the_second(action)}) as server:
        assert send(server) == [SENT, SENT, SENT]
    assert bodies(server) == ALL
    assert server.talks == 2


def test_a_server_that_is_gone_after_a_letter_costs_the_next_nothing() -> None:
    with HostileServer({"dot": then(reply("250 2.0.0 taken"), drop)}) as server:
        assert send(server) == [SENT, SENT, SENT]
    assert bodies(server) == ALL
    assert server.talks == 3


@pytest.mark.parametrize("step", STEPS[1:])
def test_a_letter_that_was_named_when_the_server_left_is_tried_later_and_not_at_once(
    step: str,
) -> None:
    otherwise = {"DATA": "354 go ahead", "dot": "250 2.0.0 taken"}.get(step, "250 ok")
    with HostileServer({step: at_the_second(drop, otherwise)}) as server:
        assert [outcome.result for outcome in send(server)] == [
            Result.SENT, Result.DEFERRED, Result.SENT,
        ]  # fmt: skip
    assert bodies(server) == OTHERS
    assert server.talks == 2


@pytest.mark.parametrize("step", STEPS[1:3])
def test_a_server_whose_answers_make_no_sense_is_not_listened_to_any_further(step: str) -> None:
    # Every later answer would be taken for that to the next question, up to "taken".
    nonsense = then(reply("spam"), *[reply("250 2.0.0 taken")] * 3, reply("354 go ahead"))
    otherwise = {"DATA": "354 go ahead"}.get(step, "250 ok")
    with HostileServer({step: at_the_second(nonsense, otherwise)}) as server:
        results = [outcome.result for outcome in send(server)]
    assert results == [Result.SENT, Result.DEFERRED, Result.SENT]
    assert bodies(server) == OTHERS
    assert server.talks == 2


@pytest.mark.parametrize("step", STEPS)
def test_a_server_that_hangs_at_a_later_letter_is_left_in_time(step: str) -> None:
    otherwise = {"DATA": "354 go ahead", "dot": "250 2.0.0 taken"}.get(step, "250 ok")
    with HostileServer({step: at_the_second(hang, otherwise)}) as server:
        outcomes = send(server, talk=1.5)
    assert [outcome.result for outcome in outcomes] == [
        Result.SENT, Result.DEFERRED, Result.SENT,
    ]  # fmt: skip
    assert "time" in outcomes[1].answer


def test_no_talk_has_more_letters_than_servers_allow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "_LETTERS", 2)
    with HostileServer() as server:
        assert send(server, 5) == [SENT] * 5
    assert server.talks == 3


def test_no_letter_is_begun_in_the_second_half_of_a_talk() -> None:
    def slow(talk: Talk) -> None:
        talk.closing.wait(0.3)
        talk.say("250 2.0.0 taken")

    with HostileServer({"dot": slow}) as server:
        assert send(server, 2, talk=0.5) == [SENT, SENT]
    assert server.talks == 2


def test_a_server_that_is_not_there_any_more_is_unavailable_to_the_next_letter() -> None:
    server = HostileServer({"dot": then(reply("250 2.0.0 taken"), drop)})
    with server, smtp.sender(config(server.port), 5.0) as hand_over:
        assert hand_over(outgoing()) == SENT
        server.script["banner"] = reply("554 go away")
        assert hand_over(outgoing()).result is Result.UNAVAILABLE


def test_a_talk_that_is_begun_again_is_encrypted_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = Authority.make(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    tls = authority.server_context("127.0.0.1")
    with HostileServer({"MAIL": at_the_second(drop)}, tls=tls) as server:
        settings = config(server.port, security=MailSecurity.STARTTLS)
        with smtp.sender(settings, 5.0) as hand_over:
            assert [hand_over(outgoing()) for _ in range(3)] == [SENT, SENT, SENT]
    assert (server.talks, server.commands.count("STARTTLS")) == (2, 2)
