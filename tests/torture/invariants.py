"""What must hold after whatever was done to the portal: everything promised, as one function."""

import re
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from peewee import SQL, Model, fn

from portal.cases.case import Happening
from portal.cases.register import Addition, Case, Event
from portal.database import check_integrity, connection
from portal.delivery.outbox import UNSENT, Letter, State, stuck_about
from portal.intake.drafts import Draft
from tests.databases import on_disk, on_postgresql, opened
from tests.delivery.hostile_smtp import Received

# From a 250 until it is recorded: six tries, each as long as the database's own time-out.
_RECORDING = 70.0  # seconds
_UNIQUE: tuple[tuple[type[Model], tuple[str, ...]], ...] = (
    (Case, ("form_key",)),
    (Case, ("reference",)),
    (Letter, ("message_id",)),
    (Draft, ("digest",)),
    (Addition, ("case", "fingerprint")),
)
_FAILED = 2  # grep found neither something nor nothing
_FIRST_LETTERS = ("intake", "confirmation")


@dataclass(frozen=True)
class Outside:
    """What the world outside knows.

    ``acknowledged``: each reference that was shown, with the name that was typed for it.
    ``taken``: what a mail server said 250 to, in order. ``broke_off``: when whatever was talking
    with it was killed or failed (``time.monotonic``). ``typed``: what begins each word that
    was typed, and stands nowhere else. ``files``: where everything is that the system wrote.
    """

    acknowledged: Mapping[str, str]
    taken: Iterable[Received]
    broke_off: Iterable[float]
    typed: str
    files: Path


@dataclass(frozen=True)
class Verdict:
    """What was found: all but ``doubled`` must be empty, and that explained."""

    lost: list[str] = field(default_factory=list)
    without_a_letter: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return not (self.lost or self.without_a_letter or self.broken)


def examine(outside: Outside) -> Verdict:
    """Hold the open database and the files against what the world outside knows."""
    with connection():
        extra = _unrecorded(outside)
        return Verdict(
            lost=sorted(_lost(outside)),
            without_a_letter=sorted(_without_a_letter()),
            doubled=sorted(extra),
            broken=[
                *_unsound(),
                *_twins(),
                *_unknown_states(),
                *_never_taken(outside),
                *_unexplained(extra, outside),
                *_told(outside),
                *_in_files(outside),
            ],
        )


def _lost(outside: Outside) -> Iterator[str]:
    """What was acknowledged and is not there, with its name and its first event."""
    stored = {case.reference: case for case in Case.select(Case.id, Case.reference, Case.name)}
    received = set(_values(Event.select(Event.case).where(Event.what == Happening.RECEIVED)))
    for reference, name in outside.acknowledged.items():
        case = stored.get(reference)
        if case is None or case.name != name or case.id not in received:
            yield reference


def _without_a_letter() -> Iterator[str]:
    """Every case that no letter tells a human of, but for those that wait to be looked at."""
    copied = Letter.select(Letter.forwarded_from).where(~Letter.forwarded_from.is_null())
    told = Letter.state.in_((*UNSENT, State.SENT, State.HELD)) | Letter.id.in_(copied)
    about = Letter.select(Letter.case_reference)
    # A letter that reaches nobody is named at the desk and makes health red.
    reached = {*_values(about.where((Letter.name == "intake") & told)), *stuck_about(10**9)}
    for reference in _values(Case.select(Case.reference).where(Case.doubts == "")):
        if reference not in reached:
            yield reference


def _unsound() -> Iterator[str]:
    try:
        check_integrity(references=True)
    except Exception as fault:  # noqa: BLE001 - whatever it is, it is told of
        yield f"the database is not sound: {fault}"


def _twins() -> Iterator[str]:
    for table, names in _UNIQUE:
        columns = [getattr(table, name) for name in names]
        twice = table.select(*columns).group_by(*columns).having(fn.COUNT(SQL("*")) > 1)
        if number := twice.count():
            yield f"{number} {table.__name__} twice by {', '.join(names)}"
    for name in _FIRST_LETTERS:
        about = Letter.select(Letter.case_reference).where(Letter.name == name)
        yield from _more_than_once(f"{name} letter", _values(about))
    receipts = Event.select(Event.case).where(Event.what == Happening.RECEIVED)
    yield from _more_than_once("receipt", _values(receipts))
    yield from _more_than_once("name", (case.name for case in Case.select(Case.id, Case.name)))


def _more_than_once(what: str, found: Iterable[str]) -> Iterator[str]:
    twice = [key for key, number in Counter(found).items() if number > 1]
    if twice:
        yield f"{len(twice)} times the same {what} twice, such as {twice[0]}"


def _unknown_states() -> Iterator[str]:
    known = {state.value for state in State}
    # As text: what is read as a state would raise at the first unknown one.
    for word in set(_values(Letter.select(fn.LOWER(Letter.state)).distinct())) - known:
        yield f"letters in a state that is not known: {word}"
    if Letter.select().where((Letter.state == State.SENT) & Letter.sent_at.is_null()).exists():
        yield "letters that were sent, and nobody knows when"


def _never_taken(outside: Outside) -> Iterator[str]:
    taken = {_message_id(received) for received in outside.taken}
    if missing := set(_sent()) - taken:
        yield f"{len(missing)} letters count as sent that nobody took, such as {min(missing)}"
    if strange := taken - set(_values(Letter.select(Letter.message_id))):
        yield f"{len(strange)} letters were taken that nobody wrote, such as {min(strange)}"


def _unrecorded(outside: Outside) -> list[str]:
    """The Message-ID of each 250 that was not recorded, as often as that was."""
    times = Counter(_message_id(received) for received in outside.taken)
    times.subtract(one for one in _sent() if one in times)
    return list(times.elements())


def _sent() -> list[str]:
    return _values(Letter.select(Letter.message_id).where(Letter.state == State.SENT))


def _values(query: Any) -> list[str]:
    return [row[0] for row in query.tuples()]


def _unexplained(extra: list[str], outside: Outside) -> Iterator[str]:
    """Each 250 that was not recorded needs somebody who broke off soon after: one for each."""
    moments = sorted(received.at for received in _candidates(extra, outside))
    breaks = sorted(outside.broke_off)
    if unexplained := len(extra) - _matched(moments, breaks, len(extra)):
        yield f"{unexplained} of {len(extra)} doubles without anybody who broke off"


def _candidates(extra: list[str], outside: Outside) -> Iterator[Received]:
    """What may be the unrecorded one: of a letter that was taken n times too often, the first n."""
    left = Counter(extra)
    for received in outside.taken:
        if left[_message_id(received)] > 0:
            left[_message_id(received)] -= 1
            yield received


def _matched(moments: list[float], breaks: list[float], most: int) -> int:
    """How many moments have a break of their own in the time that recording may take."""
    matched = 0
    for moment in moments:
        # A killed process may have been dead before the far side wrote its answer.
        fit = [one for one in breaks if moment - 1.0 <= one <= moment + _RECORDING]
        if fit:
            breaks.remove(fit[0])
            matched += 1
    return min(matched, most)


def _told(outside: Outside) -> Iterator[str]:
    """What was typed stands in no header, and in no letter to who asked."""
    if not outside.typed:
        return
    confirmations = Letter.select(Letter.message_id).where(Letter.name == "confirmation")
    confirming = set(_values(confirmations))
    for received in outside.taken:
        key, (head, _, _) = _message_id(received), received.octets.partition(b"\r\n\r\n")
        confirms = key in confirming
        if outside.typed.encode() in head or (confirms and outside.typed in received.body):
            yield f"what was typed stands where it may not in the letter {key}"


def _in_files(outside: Outside) -> Iterator[str]:
    if not outside.typed:
        return
    # In a process of its own: who closes a file loses all locks that SQLite holds on it.
    asked = ["grep", "--recursive", "--files-with-matches", "--fixed-strings", "--text"]
    found = subprocess.run(  # noqa: S603
        [*asked, outside.typed, str(outside.files)], capture_output=True, text=True, check=False
    )
    if found.returncode == _FAILED:
        yield f"the files could not be searched: {found.stderr}"
    for path in found.stdout.splitlines():
        yield f"what was typed stands in {path}"
    if on_postgresql() and outside.typed.encode() in on_disk(opened()):
        yield "what was typed stands in the database's own files"


def _message_id(received: Received) -> str:
    # Parsing tens of thousands of letters would take longer than all else here.
    found = re.search(rb"(?im)^Message-ID: (\S+)", received.octets)
    assert found, received.octets
    return found[1].decode()


def all_of(verdict: Verdict) -> list[str]:
    """Everything that must not be, in words."""
    lost = (f"lost: {one}" for one in verdict.lost)
    silent = (f"without a letter: {one}" for one in verdict.without_a_letter)
    return list(chain(lost, silent, verdict.broken))
