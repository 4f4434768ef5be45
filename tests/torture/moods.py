"""A mail server that is in a bad mood now and then, at any step of a talk."""

from random import Random

from tests.delivery.hostile_smtp import Action, HostileServer, Talk, drop, hang, reply

_SLOW = 0.3  # seconds

Mood = tuple[int, Action]


def _slowly(talk: Talk) -> None:
    talk.closing.wait(_SLOW)
    talk.say("250 ok")


def _and_gone(talk: Talk) -> None:
    talk.say("250 taken")
    drop(talk)


# How often in a hundred thousand talks. What stops a whole round is rare: the worker then waits.
_MOODS: dict[str, tuple[Mood, ...]] = {
    "banner": ((20, reply("421 too busy")), (20, drop)),
    "MAIL": ((10, reply("451 later")),),
    "RCPT": ((1000, reply("450 greylisted")), (300, reply("550 no such mailbox")), (100, drop)),
    "DATA": ((200, reply("451 later")), (100, drop)),
    "dot": (
        (300, reply("451 later")),
        (200, reply("554 not this one")),
        (300, drop),
        (2000, _and_gone),
        (300, _slowly),
        (5, hang),
    ),
}
_OF = 100_000
_WELL = {
    "banner": reply("220 hostile.example"),
    "MAIL": reply("250 ok"),
    "RCPT": reply("250 ok"),
    "DATA": reply("354 go on"),
    "dot": reply("250 taken"),
}


def moody(chance: Random) -> HostileServer:
    """A server like that; take its script away and it behaves."""
    return HostileServer({step: _moody(step, chance) for step in _MOODS})


def _moody(step: str, chance: Random) -> Action:
    def action(talk: Talk) -> None:
        drawn = chance.randrange(_OF)
        for often, mood in _MOODS[step]:
            drawn -= often
            if drawn < 0:
                return mood(talk)
        return _WELL[step](talk)

    return action
