"""What the portal is measured against: one line of Flask, and one form that keeps one row."""

import argparse
import secrets
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg
from flask import Flask, abort, redirect, request
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from flask_wtf.csrf import generate_csrf
from wtforms import StringField, TextAreaField
from wtforms.validators import InputRequired

from portal.commands.serving import _Server
from portal.database.postgresql import SCHEME
from portal.database.sqlite import file_of


class _Form(FlaskForm):  # type: ignore[misc]
    name = StringField(validators=[InputRequired()])
    email = StringField(validators=[InputRequired()])
    story = TextAreaField()


def bare(url: str) -> Flask:
    """The application as a first lesson has it: one durable row a request."""
    app = Flask(__name__)
    app.config.update(SECRET_KEY=secrets.token_urlsafe(48), WTF_CSRF_SSL_STRICT=False)
    with closing(Durable(url)) as database:
        database.lay_out()

    @app.get("/")
    def line() -> str:
        return "<p>Een regel</p>"

    @app.get("/formulier/")
    def form() -> str:
        token: str = generate_csrf()
        return token

    @app.post("/formulier/")
    def take() -> ResponseReturnValue:
        if not _Form(request.form).validate():
            abort(422)
        with _lent(url) as database:
            database.keep("\n".join(request.form.values()))
        return redirect("/", 303)

    return app


class _Bare(_Server):
    """The portal's own server, without the portal's database."""

    def load_config(self) -> None:
        super().load_config()
        self.cfg.set("post_worker_init", lambda _worker: None)


class Durable:
    """A connection to a database of one table, in which each text is on the disk once kept."""

    def __init__(self, url: str) -> None:
        self._line: Any
        if url.startswith(SCHEME):
            self._line, self._key, self._mark = psycopg.connect(url), "SERIAL", "%s"
            self._line.autocommit = True
            self._line.execute("SET synchronous_commit = on")
        else:
            self._line, self._key, self._mark = sqlite3.connect(file_of(url), 10), "INTEGER", "?"
            self._line.isolation_level = None
            self._line.execute("PRAGMA journal_mode = WAL")
            self._line.execute("PRAGMA synchronous = FULL")

    def lay_out(self) -> None:
        """Make the table."""
        self._line.execute(f"CREATE TABLE told (id {self._key} PRIMARY KEY, words TEXT)")

    def keep(self, words: str) -> None:
        """Write one row."""
        insert = f"INSERT INTO told (words) VALUES ({self._mark})"  # noqa: S608
        self._line.execute(insert, (words,))

    def close(self) -> None:
        """Hang up."""
        self._line.close()


_own = threading.local()


@contextmanager
def _lent(url: str) -> Iterator[Durable]:
    """A connection for one request: opened for it, or what its thread has where that is dear."""
    if not url.startswith(SCHEME):
        with closing(Durable(url)) as line:
            yield line
        return
    if not hasattr(_own, "line"):
        _own.line = Durable(url)
    yield _own.line


if __name__ == "__main__":
    asked = argparse.ArgumentParser()
    asked.add_argument("url")
    asked.add_argument("--bind")
    options = asked.parse_args()
    _Bare(bare(options.url), options.bind, "ERROR").run()
