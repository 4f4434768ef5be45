"""The talk with the mail server: Flask-Mail, held to a deadline, to certificates, to the answer."""

import io
import smtplib
import socket
import ssl
from collections import deque
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from ipaddress import ip_address
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import flask_mail
from email_validator import EmailNotValidError
from flask import Flask

from portal.address import plain_address
from portal.config import Config, ConfigError, MailSecurity
from portal.delivery.deadline import Deadline, connect
from portal.delivery.outbox import Outcome, Outgoing, Result
from portal.delivery.wire import Message
from portal.failpoints import failpoint

TALK = 120.0  # seconds for a whole talk, looking up the server's name and all

_LETTERS = 100  # in one talk; servers allow some number, which they do not tell
_GOODBYE = 1.0  # seconds
_PATIENCE = 5.0  # seconds for each answer about a letter that was refused already
_ANSWER = 1000  # characters of the server's answer that are kept
_ANSWERS = 65536  # octets that a server may say before it is taken for mad

# The library also makes up a 500 of its own, for a line it finds too long: not one of these.
_REFUSALS = (smtplib.SMTPSenderRefused, smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError)


class ServerUnavailable(Exception):
    """The server itself cannot be used, whatever letter is handed to it; says what it answered."""


def sender(config: Config, talk: float = TALK) -> "Sender":
    """Make what hands letters to the mail server, each within ``talk`` seconds.

    It gives an outcome for whatever the server does. Raises ``ConfigError`` where the portal's
    own address cannot stand in a letter.
    """
    try:
        own_address = plain_address(config.mail_sender)
    except EmailNotValidError as fault:
        raise ConfigError(f"settings wrong: PORTAL_MAIL_SENDER ({fault})") from fault
    return Sender(_Mail(config, talk), own_address)


class Sender:
    """Hands a letter to the mail server when called, in a talk of its own.

    Within a ``with`` one talk goes on from letter to letter, as long as all goes well in it, for
    so many letters and so much of its time.
    """

    def __init__(self, mail: "_Mail", own_address: str) -> None:
        self._mail, self._own_address = mail, own_address
        self._lasting = False
        self._line: _Connection | None = None

    def __enter__(self) -> "Sender":
        self._lasting = True
        return self

    def __exit__(self, *_: object) -> None:
        self._lasting = False
        self._hang_up()

    def __call__(self, outgoing: Outgoing) -> Outcome:
        with self._mail.own_app.app_context():
            try:
                message = Message(outgoing, self._own_address)
            except EmailNotValidError as fault:
                return Outcome(Result.REFUSED, f"no mail can go to this address: {fault}")
            try:
                return self._hand_over(message)
            finally:
                if not (self._lasting and self._line and self._line.goes_on):
                    self._hang_up()

    def _hand_over(self, message: Message) -> Outcome:
        try:
            if self._line:
                return self._line.hand_over(message)
        except _LineGone:
            self._hang_up()
        try:
            self._line = self._mail.connect().__enter__()
        except ServerUnavailable as fault:
            return Outcome(Result.UNAVAILABLE, str(fault))
        return self._line.hand_over(message)

    def _hang_up(self) -> None:
        line, self._line = self._line, None
        if line:
            line.__exit__(None, None, None)


def greet(config: Config, talk: float = 30.0) -> str | None:
    """Talk with the mail server as before a letter, and leave, within ``talk`` seconds.

    Gives why it cannot be used, or None where it can. Raises ``ConfigError`` as ``sender`` does.
    """
    sender(config)
    mail = _Mail(config, talk)
    connection = mail.connect()
    try:
        with connection:
            return None
    except ServerUnavailable as fault:
        return str(fault)


class _Mail(flask_mail.Mail):
    """Flask-Mail with its own small app, so that no other app's TESTING silences it."""

    def __init__(self, config: Config, talk: float) -> None:
        self.talk = talk
        self.hello = _hello(config.base_url)
        self.own_app = Flask(__name__, static_folder=None)
        self.own_app.config.update(
            MAIL_SERVER=config.mail_server,
            MAIL_PORT=config.mail_port,
            MAIL_USE_TLS=config.mail_security is MailSecurity.STARTTLS,
            MAIL_USE_SSL=config.mail_security is MailSecurity.TLS,
            MAIL_USERNAME=config.mail_username,
            MAIL_PASSWORD=config.mail_password,
            MAIL_SUPPRESS_SEND=False,
        )
        super().__init__(self.own_app)

    def connect(self) -> "_Connection":
        return _Connection(self, self.hello, Deadline(self.talk))


class _LineGone(Exception):
    """The server left, or would hear no more, between two letters: of the next it heard nothing."""


class _Connection(flask_mail.Connection):
    """One talk. What goes wrong before its first letter is named is the server's fault."""

    def __init__(self, mail: _Mail, hello: str, deadline: Deadline) -> None:
        super().__init__(mail)
        self.hello = hello
        self.deadline = deadline
        self._letters = 0
        self._sound = self._refused = False

    def __enter__(self) -> "_Connection":
        with ExitStack() as on_failure:
            on_failure.enter_context(self.deadline)
            self.host = self.talk = self.configure_host()
            failpoint("smtp: introduced")
            on_failure.pop_all()
        return self

    @property
    def goes_on(self) -> bool:
        """Whether another letter can be named in this talk, with time enough to be taken."""
        fresh = self.deadline.remaining > self.deadline.seconds / 2
        return self._sound and fresh and self._letters < _LETTERS

    def hand_over(self, message: Message) -> Outcome:
        """Hand over a letter; raises ``_LineGone`` where the talk was over before it."""
        again, self._letters, self._sound = self._letters > 0, self._letters + 1, False
        try:
            self.talk.begin(reset=self._refused)
            self.send(message, envelope_from=message.envelope_sender)
        except OSError as fault:
            if again and not self.talk.named and self.deadline.remaining > 0:
                raise _LineGone from fault
            self._sound = self._refused = _is_of_this_letter(fault)
            return Outcome(_result(fault), _explain(fault, self.deadline))
        self._sound, self._refused = True, False
        return Outcome(Result.SENT, self.talk.accepted)

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        # The letter's fate is settled: neither a hang nor a fault at QUIT may change it.
        with suppress(OSError):
            self.talk.say_goodbye()
        with suppress(OSError):
            self.talk.close()
        self.deadline.__exit__()

    def send(self, message: flask_mail.Message, envelope_from: Any = None) -> None:
        try:
            super().send(message, envelope_from)
        except Exception:
            # After its 250 it went, whatever fails here: put off or refused, it would go twice.
            if not self.talk.accepted:
                raise

    def configure_host(self) -> "_Talk":
        try:
            with ExitStack() as on_failure:
                talk = self._dial()
                on_failure.callback(talk.close)
                self._introduce(talk)
                on_failure.pop_all()
                return talk
        except (OSError, ValueError) as fault:
            raise ServerUnavailable(_explain(fault, self.deadline)) from fault

    def _dial(self) -> "_Talk":
        kind = _SecureTalk if self.mail.use_ssl else _Talk
        return kind(self.deadline, self.mail.server, self.mail.port, self.hello)

    def _introduce(self, talk: "_Talk") -> None:
        if self.mail.use_tls:
            # Raises where the server does not offer it: a letter never goes in the clear.
            talk.starttls(context=ssl.create_default_context())
        talk.ehlo_or_helo_if_needed()
        if self.mail.username and self.mail.password:
            talk.login(self.mail.username, self.mail.password)


class _Talk(smtplib.SMTP):
    """smtplib with a deadline on all of it, and without what can go wrong after the answer.

    A server that offers PIPELINING (RFC 2920) is told from whom, for whom and that a letter comes
    in one go: on a road of some milliseconds that halves the time a letter takes.
    """

    accepted = ""
    named = False  # the server knows from whom there is a letter, and has taken that

    def __init__(self, deadline: Deadline, host: str, port: int, hello: str) -> None:
        self._deadline = deadline
        self._reader = ""
        self._ahead: deque[str] = deque()  # commands that were said, and not yet answered
        super().__init__(host, port, local_hostname=hello)

    def _get_socket(self, host: str, port: int, *_: object) -> socket.socket:
        return connect(host, port, self._deadline)

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None and self.sock is not None:
            self.file = _Answers(self.sock.makefile("rb", buffering=0))
        return super().getreply()

    def sendmail(self, from_addr: str, to_addrs: Any, msg: Any, *options: Any) -> Any:
        (self._reader,) = to_addrs
        return super().sendmail(from_addr, to_addrs, msg, *options)

    def putcmd(self, cmd: str, args: str = "") -> None:
        if self._ahead and cmd == self._ahead[0]:
            self._ahead.popleft()
        elif cmd == "mail" and self.has_extn("pipelining"):
            self._ahead.extend(("rcpt", "data"))
            self.send(f"mail {args}\r\nrcpt TO:{smtplib.quoteaddr(self._reader)}\r\ndata\r\n")
        else:
            super().putcmd(cmd, args)

    def mail(self, sender: str, options: Sequence[str] = ()) -> tuple[int, bytes]:
        answer = super().mail(sender, options)
        self.named = answer[0] == 250
        failpoint("smtp: sender named")
        return answer

    def data(self, msg: Any) -> tuple[int, bytes]:
        failpoint("smtp: reader named")
        code, answer = super().data(msg)
        if 200 <= code < 300:  # The first digit decides (RFC 5321 section 4.2.1).
            self.accepted = _printable(f"{code} {answer.decode('utf-8', 'replace')}")
            failpoint("smtp: accepted")
            return 250, answer
        return code, answer

    def begin(self, *, reset: bool) -> None:
        """Be ready for a letter, of which nothing is known; raises ``OSError``."""
        self.accepted, self.named = "", False
        if isinstance(self.file, _Answers):
            self.file.said = 0
        if reset and self.sock is not None:
            # One that keeps silent about a refused letter must not cost the next one its time.
            self.sock.settimeout(_PATIENCE)
            self._forget_the_last()
            self.sock.settimeout(self._deadline.left())

    def _forget_the_last(self) -> None:
        # A server that refused the reader may wait for the letter all the same: it gets none.
        while self._ahead:
            self._ahead.popleft()
            if self.getreply()[0] == 354:
                self.send(".\r\n")
                self.getreply()
        if super().rset()[0] != 250:
            raise smtplib.SMTPServerDisconnected("what was refused is not forgotten")

    def rset(self) -> tuple[int, bytes]:
        # The library resets as soon as a letter is refused: its fate must not hang on the answer.
        return 250, b""

    def say_goodbye(self) -> None:
        """Send QUIT and listen once, shortly: RFC 5321 section 4.1.1.10 asks no more of us.

        One that may wait for a letter would take it for its beginning, and is left without.
        """
        if self._ahead:
            return
        self.putcmd("QUIT")
        if self.sock is not None:
            self.sock.settimeout(_GOODBYE)
            self.sock.recv(512)


class _SecureTalk(_Talk):
    """A talk that is encrypted from its first octet."""

    def _get_socket(self, host: str, port: int, *_: object) -> socket.socket:
        plain = super()._get_socket(host, port)
        return ssl.create_default_context().wrap_socket(plain, server_hostname=host)


class _Answers(io.BufferedReader):
    """What the server says, up to a bound: one that never stops must not fill the memory."""

    said = 0

    def readline(self, size: int | None = -1, /) -> bytes:
        line = super().readline(size)
        if line and not line.endswith(b"\n") and len(line) != size:
            # The library would take the code of half a line for the whole answer.
            raise ConnectionError("in the midst of an answer")
        self.said += len(line)
        if self.said > _ANSWERS:
            raise OSError("the server's answers do not end")
        return line


def _result(fault: OSError) -> Result:
    """Whose fault it is, once the server has been introduced to.

    The sender is the same for every letter, so a refusal of it is the server's, but where it is
    about the letter's size (RFC 1870). All else is this letter's, so that no letter can stop
    the others; without a proper answer it may be tried again.
    """
    code, _ = _reply(fault)
    if not isinstance(fault, _REFUSALS) or not 400 <= code < 600:
        return Result.DEFERRED
    if isinstance(fault, smtplib.SMTPSenderRefused) and code not in {421, 452, 552}:
        return Result.UNAVAILABLE
    return Result.REFUSED if code >= 500 else Result.DEFERRED


def _is_of_this_letter(fault: OSError) -> bool:
    """Whether the server said no to one letter, and may well take another in the same talk."""
    code, _ = _reply(fault)
    said_no = isinstance(fault, (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError))
    return said_no and 400 <= code < 600 and code != 421


def _explain(fault: Exception, deadline: Deadline) -> str:
    """What the operator reads: the server's words, or that they did not come in time."""
    code, text = _reply(fault)
    if 200 <= code < 600:
        return _printable(f"{code} {text}")
    if deadline.passed or isinstance(fault, TimeoutError):
        return f"no full answer in time ({deadline.seconds:g} seconds for the whole talk)"
    return _printable(text)


def _reply(fault: Exception) -> tuple[int, str]:
    """The code and text of the reply that a fault of smtplib carries; 0 where it has none."""
    code: int = 0
    answer: bytes | str = str(fault) or type(fault).__name__
    if isinstance(fault, smtplib.SMTPRecipientsRefused):
        ((code, answer),) = fault.recipients.values()
    elif isinstance(fault, smtplib.SMTPResponseException):
        code, answer = fault.smtp_code, fault.smtp_error
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return code, text


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text[:_ANSWER])


def _hello(base_url: str) -> str:
    """How the portal names itself to the server (RFC 5321 section 4.1.3); no look-up is made."""
    host = urlsplit(base_url).hostname or "localhost"
    try:
        address = ip_address(host)
    except ValueError:
        return host.encode("idna").decode("ascii")
    return f"[{address}]" if address.version == 4 else f"[IPv6:{address}]"
