"""Drafts: forms that were begun and not yet sent, sealed, and forgotten within a day."""

import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from peewee import CharField, IntegerField
from werkzeug.datastructures import MultiDict

from portal.database import Moment, Rows, Sealed, Table, keyring, transaction
from portal.failpoints import failpoint
from portal.intake.forms import new_key

KEPT = timedelta(hours=24)  # after the last change; CONTENT: an unfinished form

Given = Mapping[str, Sequence[str]]


class Draft(Table):
    """One form; once it is sent only its ``reference`` is left, and what tells a change from none.

    ``digest`` is that of the secret that opens it, ``door`` and ``step`` are where it was left.
    """

    digest = CharField(max_length=64, unique=True)
    form_key = CharField(max_length=64, default=new_key)
    door = CharField(max_length=20)
    step = IntegerField()
    reference = CharField(max_length=20, default="")
    begun_at = Moment()
    changed_at = Moment(index=True)
    content = Sealed()


def new_secret() -> str:
    """What opens a draft: 256 random bits, of which only a digest is stored."""
    return secrets.token_urlsafe(32)


def find(secret: str, now: datetime) -> Draft | None:
    """The draft that this secret opens, unless there is none or its day is over."""
    found = Draft.one(digest=_digest(secret))
    return found if found and found.changed_at > now - KEPT else None


def is_as_it_was(draft: Draft) -> bool:
    """Whether nobody changed, sent or wiped a draft since it was read."""
    found = Draft.one(id=draft.id)
    return found is not None and found.__data__ == draft.__data__


def given(draft: Draft | None) -> MultiDict[str, str]:
    """All that was answered so far, by the names of the questions."""
    return MultiDict({} if draft is None or draft.reference else json.loads(draft.content))


def save(secret: str, door: str, step: int, answers: Given, now: datetime) -> Draft:
    """Put these answers in the place of earlier ones to the same questions; durable on return.

    A draft that was sent is given back unchanged: see its ``reference``.
    """
    with transaction():
        draft = _save(secret, door, step, answers, now)
        failpoint("draft: written")
    failpoint("draft: committed")
    return draft


def close(draft: Draft, reference: str, answered: Mapping[str, str], now: datetime) -> None:
    """The draft became a case: forget what it says, in the transaction that wrote the case.

    ``answered`` is kept as digests, so that a page sent again can be told from a changed one.
    """
    draft.reference, draft.changed_at = reference, now
    draft.content = json.dumps({page: _print(text) for page, text in answered.items()})
    draft.save()


def was_sent(draft: Draft, page: str, text: str) -> bool:
    """Whether this page said just this when the draft was sent."""
    prints: dict[str, str] = json.loads(draft.content)
    return prints.get(page) == _print(text)


def wipe(secret: str) -> None:
    """Forget a draft at once, as its writer asks."""
    with transaction():
        _delete(Draft.digest == _digest(secret))


def past(before: datetime) -> Rows:
    """The drafts that were last changed before this moment."""
    return Rows(Draft, Draft.changed_at < before)


def _save(secret: str, door: str, step: int, answers: Given, now: datetime) -> Draft:
    draft = find(secret, now)
    if draft and draft.reference:
        return draft
    content = _content({**given(draft).to_dict(flat=False), **answers})
    if draft is None:
        # One that is past its day, and not yet swept, may still hold the digest.
        _delete(Draft.digest == _digest(secret))
        return Draft.create(
            digest=_digest(secret),
            door=door,
            step=step,
            begun_at=now,
            changed_at=now,
            content=content,
        )
    draft.door, draft.step, draft.changed_at, draft.content = door, step, now, content
    draft.save()
    return draft


def _delete(which: Any) -> int:
    return int(Draft.delete().where(which).execute())  # type: ignore[misc]  # the stubs' fault


def _content(answers: Given) -> str:
    return json.dumps({name: list(values) for name, values in answers.items() if any(values)})


def _digest(secret: str) -> str:
    return keyring().digest(secret, "draft")


def _print(text: str) -> str:
    return keyring().digest(text, "page of a draft")
