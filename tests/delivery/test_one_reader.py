"""A letter has one reader, whatever its envelope says, and no robot's answer brings another."""

import ast
from dataclasses import fields
from pathlib import Path

import pytest

from portal.delivery import smtp
from portal.delivery.letters import Envelope
from portal.delivery.outbox import Letter, Outgoing, Result, State
from portal.delivery.worker import deliver_round
from tests.delivery.conftest import Clock, config, outgoing, put
from tests.delivery.hostile_smtp import HostileServer, reply

PORTAL = Path(__file__).parents[2] / "portal"
SEVERAL = [
    f"{first}{between}{second}"
    for first, second in (
        ("a@example.org", "b@example.org"),
        ("A <a@example.org>", "b@example.org"),
    )
    for between in (",", ", ", ";", " ", "\n", "\r\n", ">,<", "\0", "\r\nRCPT TO:<")
] + ["allen: a@example.org, b@example.org;", "@b.example.org:a@example.org", "a@example.org>"]


def test_an_envelope_has_room_for_one_address_of_each_kind() -> None:
    for made in (Envelope, Outgoing):
        named = {field.name: field.type for field in fields(made)}
        assert named["recipient"] in {str, "str"}
        assert not {"cc", "bcc", "recipients"} & named.keys()


@pytest.mark.parametrize("address", SEVERAL)
def test_an_address_that_is_more_than_one_goes_to_nobody(address: str) -> None:
    with HostileServer() as server:
        outcome = smtp.sender(config(server.port))(outgoing(recipient=address))
    assert outcome.result is Result.REFUSED
    assert server.commands == []


def test_of_two_letters_about_one_case_the_refusal_of_one_reader_is_not_the_others(
    db: None, clock: Clock
) -> None:
    refused, taken = put(recipient="weg@example.org", fallback=None), put()

    def one_is_refused(talk: object) -> None:
        gone = "weg@example.org" in talk.recipients  # type: ignore[attr-defined]
        reply("550 5.1.1 no such user" if gone else "250 ok")(talk)  # type: ignore[arg-type]

    with HostileServer({"RCPT": one_is_refused}) as server:
        deliver_round(clock, smtp.sender(config(server.port)))
    assert Letter.get_by_id(refused).state is State.STUCK
    assert Letter.get_by_id(taken).state is State.SENT
    assert [len(one.recipients) for one in server.received] == [1]
    assert sum(command.startswith("RCPT") for command in server.commands) == 2


def test_whatever_a_robot_answers_it_gets_no_other_letter(db: None, clock: Clock) -> None:
    put()
    with HostileServer() as server:
        hand_over = smtp.sender(config(server.port))
        deliver_round(clock, hand_over)
        (letter,) = server.received
        # A robot that knows its manners (RFC 3834 section 2) does not answer this; one that does
        # not writes to the sender, where people read and the portal does not.
        assert letter.message["Auto-Submitted"] == "auto-generated"
        assert letter.sender == config(server.port).mail_sender
        for _ in range(3):
            clock.move(days=1)
            deliver_round(clock, hand_over)
        assert len(server.received) == 1


def test_the_portal_reads_no_mail() -> None:
    readers = {"imaplib", "poplib", "aiosmtpd", "smtpd", "mailbox", "nntplib"}
    found = {
        (str(path.relative_to(PORTAL)), name)
        for path in PORTAL.rglob("*.py")
        for name in _imported(path) & readers
    }
    # On a development machine every letter is caught, and none is answered.
    assert found == {("development/catcher.py", "aiosmtpd")}


def _imported(path: Path) -> set[str]:
    names: set[str] = set()
    for part in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(part, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in part.names}
        elif isinstance(part, ast.ImportFrom) and part.module:
            names.add(part.module.partition(".")[0])
    return names
