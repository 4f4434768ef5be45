"""The catcher keeps every letter it accepts exactly as it came, and accepts what it can keep."""

import re
import smtplib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.development.catcher import catching

SENDER, RECIPIENT = "portaal@example.org", "manager@example.org"
LETTER = b"Subject: Aanvraag\r\n\r\nEr is een aanvraag.\r\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "mailbox"


@pytest.fixture
def client(folder: Path) -> Iterator[smtplib.SMTP]:
    with catching(folder) as port, smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
        yield client


def send(client: smtplib.SMTP, letter: bytes) -> None:
    client.sendmail(SENDER, [RECIPIENT], letter)


def caught(folder: Path) -> list[bytes]:
    return [file.read_bytes() for file in sorted(folder.glob("*.eml"))]


@pytest.mark.parametrize(
    "letter",
    [
        LETTER,
        b"Subject: =?utf-8?q?=0D=0ABcc:_x@example.org?=\r\nX: \x00\x0b\x0c\x7f\r\n\r\n\r\n",
        b"Subject: 8-bit \xe9\xff\r\nContent-Type: text/plain\r\n\r\n\xc3\xa9\xff\r\n",
        b".\r\n..\r\n.verborgen\r\n\r\nMAIL FROM:<ander@example.org>\r\nQUIT\r\n",
        b"\r\n",
        b"Subject: groot\r\n\r\n" + b"0123456789\r\n" * 400_000,
    ],
    ids=["plain", "hostile headers", "8-bit", "dots and commands", "empty", "5 MB"],
)
def test_a_letter_is_kept_byte_for_byte(client: smtplib.SMTP, folder: Path, letter: bytes) -> None:
    send(client, letter)
    assert caught(folder) == [letter]


def test_names_sort_as_letters_arrive_and_tell_nothing_else(
    client: smtplib.SMTP, folder: Path
) -> None:
    letters = [b"X: %d\r\n\r\n\r\n" % number for number in range(25)]
    for letter in letters:
        send(client, letter)
    assert caught(folder) == letters
    names = [file.name for file in folder.iterdir()]
    assert all(re.fullmatch(r"\d{20}-\d{6}\.eml", name) for name in names), names


def test_letters_of_an_earlier_start_stay_and_come_first(folder: Path) -> None:
    for letter in (b"X: 1\r\n\r\n\r\n", b"X: 2\r\n\r\n\r\n"):
        with catching(folder) as port, smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
            send(client, letter)
    assert caught(folder) == [b"X: 1\r\n\r\n\r\n", b"X: 2\r\n\r\n\r\n"]


def test_a_letter_that_is_too_big_is_refused_and_leaves_nothing(
    client: smtplib.SMTP, folder: Path
) -> None:
    with pytest.raises(smtplib.SMTPSenderRefused) as refusal:
        send(client, bytes(33 * 2**20))
    assert refusal.value.smtp_code == 552
    assert list(folder.iterdir()) == []


def test_a_letter_that_cannot_be_written_is_to_come_back_later(
    client: smtplib.SMTP, folder: Path
) -> None:
    folder.rmdir()
    with pytest.raises(smtplib.SMTPDataError) as refusal:
        send(client, LETTER)
    assert refusal.value.smtp_code == 452
    folder.mkdir()
    send(client, LETTER)
    assert caught(folder) == [LETTER]


def test_the_folder_is_for_its_owner_alone(client: smtplib.SMTP, folder: Path) -> None:
    assert folder.stat().st_mode & 0o777 == 0o700


def test_leaving_the_block_ends_a_talk_that_hangs_and_frees_the_port(folder: Path) -> None:
    with catching(folder) as port:
        hanging = socket.create_connection(("127.0.0.1", port), timeout=10)
        assert hanging.recv(100).startswith(b"220 ")
    with hanging:
        assert hanging.recv(100) == b""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=10)
