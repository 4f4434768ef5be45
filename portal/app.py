"""The portal put together: the one place that knows every part."""

import logging
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from flask import Flask, Response, abort, current_app, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from peewee import PeeweeException
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from portal import health
from portal.aftercare import views as aftercare
from portal.casework import (
    absence_views,
    account_views,
    agenda_views,
    case_views,
    desk_views,
    guard,
    road_views,
    sign_in_views,
    staff_views,
    trail_views,
)
from portal.casework.figures import views as figures_views
from portal.config import Config, Mode
from portal.database import (
    FAULTS,
    check_integrity,
    check_key,
    database,
    open_database,
    pending_migrations,
    spare,
)
from portal.delivery.smtp import sender
from portal.intake import doors, later, own_views, sending, steps, views
from portal.intake.accept import announce
from portal.organisation import organisation
from portal.sealing import Keyring
from portal.web import times, wording
from portal.web.pages import dress, hosts, read_frame

ROOT = Path(__file__).parent.parent
MANIFEST = ROOT / "build" / "manifest.json"

_DESK = (
    *(sign_in_views, account_views, desk_views, case_views),
    *(road_views, agenda_views, absence_views, staff_views, trail_views, figures_views),
)

# What is still written down for whoever asks when the disk is nearly full: coming in, and leaving.
_ALWAYS_TAKEN = guard.BEFORE_SIGN_IN | {
    "account.sign_out",
    "account.sign_out_everywhere",
    "own.leave",
}

_DAY = timedelta(hours=24)
_BODY = 500_000  # octets: every text field full, in a script that takes four octets a sign

# Heading and what to do, for each error that a person can meet.
ERRORS = {
    400: ("Dit konden we niet lezen", "Ga terug en probeer het opnieuw."),
    404: (
        "Deze pagina is er niet",
        "Misschien klopt het adres niet. Kies hieronder een andere pagina.",
    ),
    405: ("Dit kan hier niet", "Ga terug naar het formulier en verstuur het opnieuw."),
    413: ("Dit is te veel tekst", "Ga terug, maak de tekst korter en verstuur opnieuw."),
    500: ("Er ging iets mis", "Dat ligt aan ons. Probeer het over een paar minuten weer."),
    503: ("Het formulier is even niet bereikbaar", "Probeer het over een paar minuten weer."),
}


class StartRefused(Exception):
    """The portal must not start as things are; the message says what to do about it."""


def open_sound_database(config: Config) -> None:
    """Open the database and see that it is whole, at head, and its key fits, or refuse to go on."""
    open_database(config.database_url, Keyring(config.data_keys))
    see_that_it_is_sound()


def see_that_it_is_sound() -> None:
    """Refuse to go on unless the open database is whole, at head, and its key fits."""
    check_integrity()
    pending = pending_migrations()
    if pending:
        raise StartRefused(f"the database lacks {', '.join(pending)}: run 'portal migrate'")
    check_key()


def create_app(config: Config) -> Flask:
    """The web application; raises where settings, database, key or site are not right."""
    open_sound_database(config)
    sender(config)  # Refuses a sender that cannot stand in a letter.
    app = Flask("portal", static_url_path="/portaal")
    app.config.update(
        PORTAL=config,
        PORTAL_MODE=config.mode,
        # The desk decides, and the door that took it in knows the letters.
        PORTAL_ANNOUNCE=partial(announce, config=config, unseen=False),
        SECRET_KEY=config.secret_key,
        MAX_CONTENT_LENGTH=_BODY,
        MAX_FORM_MEMORY_SIZE=_BODY,
        TRUSTED_HOSTS=hosts(config),
        SESSION_COOKIE_NAME="__Host-portaal" if config.secure else "portaal",
        SESSION_COOKIE_SECURE=config.secure,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_TIME_LIMIT=_DAY.total_seconds(),
        WTF_CSRF_SSL_STRICT=False,
    )
    _set_up_pages(app, config)
    _set_up_connections(app)
    _set_up_room(app, config)
    for door in (views, steps, sending, later, own_views, aftercare):
        app.register_blueprint(door.blueprint)
    for desk in _DESK:
        app.register_blueprint(desk.blueprint)
    app.add_url_rule("/gezondheid", "health", _health)
    app.add_url_rule("/.well-known/security.txt", "security", _security)
    if config.mode is Mode.DEVELOPMENT:
        _set_up_development(app, config)
    guard.set_up(app)
    if config.trusted_proxies:
        hops = config.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]
    return app


def _set_up_pages(app: Flask, config: Config) -> None:
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        frame=read_frame(MANIFEST),
        organisation=organisation(),
        kinds=doors.KINDS,
        roles=doors.ROLES,
        switches=doors.SWITCHES,
        words=wording,
        times=times,
    )
    app.jinja_env.filters["lower_first"] = lambda text: text[:1].lower() + text[1:]
    app.before_request(_refuse_unmeasured)
    app.register_error_handler(HTTPException, _http_error)
    for fault in FAULTS:
        app.register_error_handler(fault, _database_error)
    app.after_request(lambda response: dress(response, config))


def _set_up_connections(app: Flask) -> None:
    # Each thread keeps its connection: opening one takes longer than most of what it is for, and
    # whoever closes the last one has SQLite write its whole log back meanwhile.
    @app.before_request
    def open_once() -> None:
        if request.endpoint != "static":
            # What cannot be opened is told of by whoever needs it.
            with suppress(PeeweeException):
                database.connect(reuse_if_open=True)

    @app.teardown_request
    def close_torn(fault: BaseException | None) -> None:
        if fault and not database.is_closed():
            database.close()


def _set_up_room(app: Flask, config: Config) -> None:
    folder = config.database_folder

    @app.before_request
    def begin() -> None:
        if request.method == "POST" and request.endpoint not in _ALWAYS_TAKEN:
            spare(folder)

    @app.teardown_request
    def end(_fault: BaseException | None) -> None:
        spare(None)


def _set_up_development(app: Flask, config: Config) -> None:
    # Imported here: the mail catcher's parts are not installed in production.
    from portal.development.demonstration import demonstrators  # noqa: PLC0415
    from portal.development.pages import attach  # noqa: PLC0415
    from portal.development.settings import mailbox_folder, state_folder  # noqa: PLC0415

    var = state_folder(config.database_url)
    site = MANIFEST.parent / "site"
    attach(app, mailbox_folder(var), site, lambda: demonstrators(datetime.now(UTC), config))


def _refuse_unmeasured() -> None:
    # A body without a stated length would be cut at the limit in silence, and then taken for whole.
    if "Transfer-Encoding" in request.headers:
        abort(411)


def _http_error(error: HTTPException) -> ResponseReturnValue:
    if error.code is None or error.code < 400:
        return error.get_response()
    heading, what_to_do = ERRORS.get(error.code, ERRORS[400 if error.code < 500 else 500])
    page = Response(_error_page(heading, what_to_do), error.code)
    page.headers.extend(
        (name, value) for name, value in error.get_headers() if name in {"Allow", "Retry-After"}
    )
    return page


def _database_error(fault: Exception) -> ResponseReturnValue:
    logging.getLogger(__name__).error("the database failed: %s", type(fault).__name__)
    heading, what_to_do = ERRORS[503]
    return _error_page(heading, what_to_do), 503


def _error_page(heading: str, what_to_do: str) -> str:
    return render_template("error.html", heading=heading, what_to_do=what_to_do)


def _health() -> ResponseReturnValue:
    config: Config = current_app.config["PORTAL"]
    checks = health.examine(backups=config.backup_dir, folder=config.database_folder)
    status = "ok" if all(check.ok for check in checks.values()) else "fail"
    answer = jsonify(status=status, checks={name: asdict(check) for name, check in checks.items()})
    return answer, 200 if status == "ok" else 503


def _security() -> ResponseReturnValue:
    """RFC 9116."""
    ours = organisation()
    lines = (
        f"Contact: mailto:{ours.security_email}",
        f"Expires: {ours.security_valid_until.isoformat()}T00:00:00Z",
        "Preferred-Languages: nl, en",
        f"Canonical: {current_app.config['PORTAL'].base_url}/.well-known/security.txt",
    )
    return Response("\n".join(lines) + "\n", mimetype="text/plain")
