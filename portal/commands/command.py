"""What a command is, and what each of them needs: settings, the time, a way to refuse."""

import argparse
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from portal import failpoints, log
from portal.config import Config
from portal.development.settings import read_settings, with_own


class Refused(Exception):
    """An action that was asked for and not done; the message says what to do."""


@dataclass(frozen=True)
class Command:
    """A command's words, what it does, an example of it, and its arguments as argparse has them."""

    words: str
    does: str
    example: str
    run: Callable[[argparse.Namespace], None]
    arguments: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def settings() -> Config:
    """The settings of this process, whose log begins here; raises ``ConfigError``."""
    config = Config.from_environment(environment(os.environ))
    log.begin(config.log_level)
    failpoints.arm(config.failpoints)
    return config


def environment(given: Mapping[str, str]) -> Mapping[str, str]:
    """The settings given, or, in a checkout without any, those that ``make run`` made.

    In development with what stands in ``.env`` where the program was started.
    """
    if not any(name.startswith("PORTAL_") for name in given):
        given = read_settings(Path(given.get("VAR", "var")))
    return with_own(given, Path())


def now() -> datetime:
    """The moment, in UTC."""
    return datetime.now(UTC)
