"""Answering visitors: gunicorn with this application in it."""

import argparse
import gc
import os
import re
import socket
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from portal.app import create_app
from portal.commands.command import Command, Refused, settings
from portal.database import stay_connected


def _serve(asked: argparse.Namespace) -> None:
    config = settings()
    if not _is_handed_a_socket():
        _refuse_taken(asked.bind)
    # Built once here, so that a fault is one line and not a crashing server.
    app = create_app(config)
    # What the processes share stays shared: the collector would write into every object.
    gc.collect()
    gc.freeze()
    _Server(app, asked.bind, config.log_level).run()


def _is_handed_a_socket() -> bool:
    """Whether systemd listens for us, and goes on listening while we are stopped and started."""
    return os.environ.get("LISTEN_PID") == str(os.getpid())


def _refuse_taken(bind: str) -> None:
    host, _, port = bind.rpartition(":")
    try:
        socket.create_server((host, int(port))).close()
    except OSError as fault:
        raise Refused(f"{bind} cannot be used ({fault.strerror}): give another --bind") from None


def _bind(text: str) -> str:
    if not re.fullmatch(r"[a-zA-Z0-9.-]+:[0-9]{1,5}", text) or int(text.rpartition(":")[2]) > 65535:
        raise argparse.ArgumentTypeError("give host:port, such as 127.0.0.1:8000")
    return text


class _Log(Logger):  # type: ignore[misc]
    """gunicorn's log as a part of ours: its own lines would hold visitors' addresses."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        self.error_log.propagate = True
        # Not by way of gunicorn's relay: a record is to name the line of code that speaks.
        for speak in ("critical", "error", "warning", "info", "debug", "exception"):
            setattr(self, speak, getattr(self.error_log, speak))


class _Server(BaseApplication):  # type: ignore[misc]
    """gunicorn with threads; it stands behind a proxy that buffers, never on the open net."""

    def __init__(self, app: Any, bind: str, log_level: str) -> None:
        self._app, self._bind, self._log_level = app, bind, log_level
        super().__init__()

    def load_config(self) -> None:
        settings = {
            "bind": self._bind,
            "workers": 2,
            "worker_class": "gthread",
            # Most of what a request does is wait: for SQLite's lock, up to ten seconds.
            "threads": 16,
            "timeout": 60,
            "graceful_timeout": 30,
            "logger_class": _Log,
            "loglevel": self._log_level.lower(),
            "errorlog": None,
            "accesslog": None,
            "control_socket_disable": True,
            "post_worker_init": lambda _worker: stay_connected(),
        }
        for name, value in settings.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Any:
        return self._app


COMMANDS = (
    Command(
        "serve",
        "answer visitors",
        "portal serve --bind 127.0.0.1:8000",
        _serve,
        {"--bind": {"type": _bind, "default": "127.0.0.1:8000", "help": "address and port"}},
    ),
)
