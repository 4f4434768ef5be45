"""A letter as octets: in ASCII only, with these headers and no others."""

import binascii
import re
from email.mime.nonmultipart import MIMENonMultipart
from email.policy import Compat32
from email.utils import formataddr
from typing import Any

import flask_mail
from email_validator import EmailNotValidError

from portal.address import plain_address
from portal.delivery.outbox import Outgoing
from portal.organisation import organisation


class _AsWritten(Compat32):
    """Headers go over the wire as they are written: folding takes each apart, and has changed."""

    def fold_binary(self, name: str, value: Any) -> bytes:
        if isinstance(value, str) and value.isascii() and not _LINE_END.search(value):
            return f"{name}: {value}{self.linesep}".encode("ascii")
        return super().fold_binary(name, value)


_LINE_END = re.compile("[\r\n]")
_AS_WRITTEN = _AsWritten(linesep="\r\n", max_line_length=None)


class Message(flask_mail.Message):
    """A letter to one reader; ``envelope_sender`` hears of it when it bounces later.

    Raises ``email_validator.EmailNotValidError`` where no mail can go to the recipient. It needs
    an app context, as all of Flask-Mail does.
    """

    def __init__(self, outgoing: Outgoing, own_address: str) -> None:
        # The library's own beginning is left out: it asks DNS for this machine's name, to make a
        # Message-ID that is not wanted here, and may wait for the answer outside any deadline.
        self.envelope_sender = own_address
        self.subject = outgoing.text.subject
        self.sender = formataddr((organisation().name, own_address))
        self.recipients = [plain_address(outgoing.recipient)]
        self.reply_to = _reply_address(outgoing.reply_to, own_address)
        self.msgId = outgoing.message_id
        self.date = None  # the moment it is sent
        self.extra_headers = {"Auto-Submitted": "auto-generated"}  # RFC 3834: no robot answers it
        self.body = outgoing.text.body
        self.charset = "us-ascii"  # of headers: what is not ASCII becomes UTF-8 all the same
        self.alts, self.attachments, self.cc, self.bcc = {}, [], [], []
        self.mail_options, self.rcpt_options = [], []

    def _mimetext(  # type: ignore[override]
        self, text: str | None, subtype: str = "plain"
    ) -> MIMENonMultipart:
        part = MIMENonMultipart("text", subtype, charset="utf-8")
        part["Content-Transfer-Encoding"] = "quoted-printable"
        part.set_payload(_quoted_printable(text or ""))
        return part

    def as_bytes(self) -> bytes:
        return self._message().as_bytes(policy=_AS_WRITTEN)


def _reply_address(address: str, own_address: str) -> str:
    # The only address here that a visitor may have typed: it must not keep the letter back.
    try:
        return plain_address(address)
    except EmailNotValidError:
        return own_address


def _quoted_printable(text: str) -> str:
    """Encode line by line (RFC 2045 section 6.7), so that a stray CR or a lone dot is no line."""
    lines = text.encode("utf-8", "replace").split(b"\n")
    return b"\n".join(binascii.b2a_qp(line, istext=False) for line in lines).decode("ascii")
