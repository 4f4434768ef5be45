"""An app with the portal's templates and as little else as a page needs."""

from flask import Flask
from jinja2 import ChoiceLoader, DictLoader

from portal.config import Mode

LAYOUT = "<title>{% block title %}{% endblock %}</title>{% block content %}{% endblock %}"


def stub_app() -> Flask:
    app = Flask("portal")
    app.testing = True
    app.config["PORTAL_MODE"] = Mode.DEVELOPMENT
    loader = app.jinja_loader
    assert loader is not None
    app.jinja_loader = ChoiceLoader([DictLoader({"layout.html": LAYOUT}), loader])
    return app
