"""Every route under /beheer/ as the application knows it, and what fits in its address."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from flask import Flask

from portal.casework import guard
from portal.casework.people import StaffRole
from tests.casework.staff_house import POSTS, House

# Everybody who may come by; the first is signed in with nothing, the last holds a session of an
# account that has been disabled.
ANYONE, DISABLED = "anyone", "disabled"
PERSONAS = (ANYONE, "a", "b", "desk", "admin", DISABLED)

# What to put in an address for each part of it that varies. A route with another part needs a
# line here, or the table of routes and roles is not complete.
PARTS: dict[str, Callable[[House], str]] = {
    "secret": lambda _: "0" * 64,
    "key": lambda house: house.staff["b"].id,
    "reference": lambda house: house.case.reference,
    "task": lambda _: "0" * 32,
    "letter": lambda _: "0" * 32,
    "absence": lambda _: "0" * 32,
}

LOOKING = frozenset({"GET", "HEAD", "OPTIONS"})

# The case in an address is of the region of ``a``; for these it is not there, whatever the rules.
OF_ANOTHER_REGION = frozenset({"b"})


@dataclass(frozen=True)
class Door:
    """One route and method; ``parts`` are what its address leaves open."""

    endpoint: str
    pattern: str
    method: str
    parts: frozenset[str]

    def __str__(self) -> str:
        return f"{self.method} {self.endpoint}"

    def path(self, house: House) -> str:
        """An address that fits."""
        with house.app.test_request_context():
            values: dict[str, Any] = {part: PARTS[part](house) for part in self.parts}
            return house.app.url_for(self.endpoint, **values)

    def is_open_to(self, persona: str) -> bool:
        """Whether the rules let them use it."""
        role = role_of(persona)
        return role is not None and role in guard.RULES.get(self.endpoint, ())

    def is_hidden_from(self, persona: str) -> bool:
        """Whether it is about a case that is none of theirs."""
        # OPTIONS is answered without a look at the case, and alike for each.
        return (
            "reference" in self.parts and persona in OF_ANOTHER_REGION and self.method != "OPTIONS"
        )

    def expected(self, persona: str) -> set[int]:
        """The statuses that the answer may have, when no form is filled in."""
        if self.endpoint in guard.BEFORE_SIGN_IN:
            return {200, 303, 404} if self.method in LOOKING else {303, 404, 422}
        if self.endpoint not in guard.RULES:
            return {404}
        if role_of(persona) is None:
            return {303} if self.method in LOOKING else {403}
        if not self.is_open_to(persona) or self.is_hidden_from(persona):
            return {404}
        return {200, 303} if self.method in LOOKING else {303, 409, 422}


def role_of(persona: str) -> StaffRole | None:
    """What they are at the desk; None for who is not let in at all."""
    return None if persona in {ANYONE, DISABLED} else POSTS[persona][0]


def doors(app: Flask) -> Iterator[Door]:
    """Every route under /beheer/ with every method it has."""
    for rule in app.url_map.iter_rules():
        if rule.rule == "/beheer" or rule.rule.startswith("/beheer/"):
            for method in sorted(rule.methods or ()):
                yield Door(rule.endpoint, rule.rule, method, frozenset(rule.arguments))
