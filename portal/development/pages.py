"""What the portal serves besides itself on a development machine: the site, and caught letters."""

import mimetypes
import os.path
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from flask import Blueprint, Flask, abort, redirect, request, send_from_directory, url_for
from werkzeug.security import safe_join
from werkzeug.wrappers import Response

from portal.config import Mode
from portal.development.mailbox import mailbox
from portal.web.pages import SITE_HEADERS

INDEX = "index.html"
# What a browser may say it reads, and how the copy beside a file is named.
COPIES = {"br": ".br", "gzip": ".gz"}
# Named after its content, as site/assets.py and the theme do: another content has another name.
FINGERPRINTED = re.compile(r"\.[0-9a-f]{8}\.(?:min\.)?[a-z0-9]+$")


def attach(
    app: Flask,
    mailbox_folder: Path,
    site_folder: Path,
    people: Callable[[], Sequence[object]] = tuple,
) -> None:
    """Serve the built site at ``/`` and the caught letters at ``/postvak/``.

    ``people`` gives whoever can sign in at the desk to try it.

    Raises ``RuntimeError`` unless ``app.config["PORTAL_MODE"]`` is development: anybody can read
    every letter here.
    """
    if app.config.get("PORTAL_MODE") is not Mode.DEVELOPMENT:
        raise RuntimeError("the mailbox exists in development only")
    app.register_blueprint(mailbox(mailbox_folder, people))
    app.register_blueprint(site(site_folder))


def site(folder: Path) -> Blueprint:
    """The pages in ``folder``, wherever no other route answers; what is not there is a 404."""
    blueprint = Blueprint("site", __name__)
    # A relative folder would be looked for inside the package.
    root = str(folder.absolute())

    @blueprint.get("/", defaults={"path": ""})
    @blueprint.get("/<path:path>")
    def page(path: str) -> Response:
        if any(part.startswith(".") for part in path.split("/")):
            abort(404)
        if not path or path.endswith("/"):
            return _hand_out(root, path + INDEX)
        if _is_file(root, path, INDEX):
            return redirect(url_for("site.page", path=path + "/"))
        return _hand_out(root, path)

    return blueprint


def _hand_out(root: str, path: str) -> Response:
    """A file, in the smallest form there is of it that the browser reads."""
    coding = next((c for c in COPIES if _wanted(c) and _is_file(root, path + COPIES[c])), None)
    answer = send_from_directory(root, path + COPIES.get(coding or "", ""))
    if coding:
        answer.headers["Content-Encoding"] = coding
        answer.mimetype = mimetypes.guess_type(path)[0] or "application/octet-stream"
    answer.headers.update(SITE_HEADERS)
    answer.headers["Vary"] = "Accept-Encoding"
    if FINGERPRINTED.search(path):
        answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return answer


def _wanted(coding: str) -> bool:
    # Not a range of it: the ranges of a copy are not those of the file.
    return request.accept_encodings.quality(coding) > 0 and "Range" not in request.headers


def _is_file(root: str, *path: str) -> bool:
    joined = safe_join(root, *path)
    # Not pathlib: it raises where a name is too long, and a stranger chooses the name.
    return joined is not None and os.path.isfile(joined)  # noqa: PTH113
