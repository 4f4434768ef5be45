"""What the portal is measured against: one line of Flask, and one form that keeps one row."""

import argparse
import secrets
import sqlite3
from contextlib import closing
from pathlib import Path

from flask import Flask, abort, redirect, request
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from flask_wtf.csrf import generate_csrf
from wtforms import StringField, TextAreaField
from wtforms.validators import InputRequired

from portal.commands.serving import _Server


class _Form(FlaskForm):  # type: ignore[misc]
    name = StringField(validators=[InputRequired()])
    email = StringField(validators=[InputRequired()])
    story = TextAreaField()


def bare(file: Path) -> Flask:
    """The application as a first lesson has it: a connection a request, and one durable row."""
    app = Flask(__name__)
    app.config.update(SECRET_KEY=secrets.token_urlsafe(48), WTF_CSRF_SSL_STRICT=False)
    with closing(durable(file)) as database:
        database.execute("CREATE TABLE told (id INTEGER PRIMARY KEY, words TEXT)")

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
        with closing(durable(file)) as database:
            told = "\n".join(request.form.values())
            database.execute("INSERT INTO told (words) VALUES (?)", (told,))
        return redirect("/", 303)

    return app


class _Bare(_Server):
    """The portal's own server, without the portal's database."""

    def load_config(self) -> None:
        super().load_config()
        self.cfg.set("post_worker_init", lambda _worker: None)


def durable(file: Path) -> sqlite3.Connection:
    """A database in which each statement that writes is on the disk when it returns."""
    line = sqlite3.connect(file, isolation_level=None, timeout=10)
    line.execute("PRAGMA journal_mode = WAL")
    line.execute("PRAGMA synchronous = FULL")
    return line


if __name__ == "__main__":
    asked = argparse.ArgumentParser()
    asked.add_argument("file", type=Path)
    asked.add_argument("--bind")
    options = asked.parse_args()
    _Bare(bare(options.file), options.bind, "ERROR").run()
