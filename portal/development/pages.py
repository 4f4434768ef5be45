"""What the portal serves besides itself on a development machine: the site, and caught letters."""

import os.path
from pathlib import Path

from flask import Blueprint, Flask, abort, redirect, send_from_directory, url_for
from werkzeug.security import safe_join
from werkzeug.wrappers import Response

from portal.config import Mode
from portal.development.mailbox import mailbox

INDEX = "index.html"


def attach(app: Flask, mailbox_folder: Path, site_folder: Path) -> None:
    """Serve the built site at ``/`` and the caught letters at ``/postvak/``.

    Raises ``RuntimeError`` unless ``app.config["PORTAL_MODE"]`` is development: anybody can read
    every letter here.
    """
    if app.config.get("PORTAL_MODE") is not Mode.DEVELOPMENT:
        raise RuntimeError("the mailbox exists in development only")
    app.register_blueprint(mailbox(mailbox_folder))
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
            return send_from_directory(root, path + INDEX)
        if _is_file(root, path, INDEX):
            return redirect(url_for("site.page", path=path + "/"))
        return send_from_directory(root, path)

    return blueprint


def _is_file(root: str, *path: str) -> bool:
    joined = safe_join(root, *path)
    # Not pathlib: it raises where a name is too long, and a stranger chooses the name.
    return joined is not None and os.path.isfile(joined)  # noqa: PTH113
