"""What every page of the portal shares: the site's frame, the headers, and where links point."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlsplit

from flask import Request, Response
from markupsafe import Markup

from portal.config import Config, Mode

TABLE = tomllib.loads(files("portal.web").joinpath("headers.toml").read_text(encoding="utf-8"))
HEADERS: dict[str, str] = TABLE["every"] | TABLE["portal"]
SITE_HEADERS: dict[str, str] = TABLE["every"] | TABLE["site"]
HTTPS_HEADERS: dict[str, str] = TABLE["https"]


class FrameMissing(Exception):
    """The site has not been built, so that the portal has no header, footer or styles."""


@dataclass(frozen=True)
class Frame:
    """The site's own frame: what stands before and after a page's content, and its styles.

    ``sheet`` names the style and the script of a page to be printed.
    """

    styles: tuple[str, ...]
    icon: str
    sheet: Mapping[str, str]
    body: Markup
    before: Markup
    after: Markup


def read_frame(manifest: Path) -> Frame:
    """Read what the site's build left for the portal; raises ``FrameMissing``."""
    try:
        data = json.loads(manifest.read_text(encoding="utf-8"))
        return Frame(
            styles=tuple(data["styles"]),
            icon=data["icon"],
            sheet=data["sheet"],
            # These are our own build's, so they are markup; nothing a visitor typed is in them.
            body=Markup(data["body"]),  # noqa: S704
            before=Markup(data["before"]),  # noqa: S704
            after=Markup(data["after"]),  # noqa: S704
        )
    except (OSError, ValueError, KeyError) as fault:
        raise FrameMissing(f"no whole site at {manifest.parent}: run 'make site'") from fault


def dress(response: Response, config: Config) -> Response:
    """Put the policy on an answer, and keep it out of caches, unless its maker said otherwise."""
    policy = {"Cache-Control": "no-store"} | HEADERS | (HTTPS_HEADERS if config.secure else {})
    said = {name.lower() for name, _ in response.headers}
    # Not one by one by name, for each of which all the others would be looked through.
    response.headers.extend(
        (name, value) for name, value in policy.items() if name.lower() not in said
    )
    return response


def hosts(config: Config) -> list[str]:
    """The hosts the portal answers to; a development machine also calls itself localhost."""
    own = config.host
    if config.mode is Mode.DEVELOPMENT:
        port = urlsplit(config.base_url).port
        return [own, f"localhost:{port}", f"127.0.0.1:{port}"]
    return [own]


def comes_from_elsewhere(request: Request, config: Config) -> bool:
    """Whether a browser says that another site sent this.

    A browser that says nothing is not suspected: the form's own token still guards it.
    """
    origin = request.headers.get("Origin")
    scheme = urlsplit(config.base_url).scheme
    if origin is not None and origin not in {f"{scheme}://{host}" for host in hosts(config)}:
        return True
    return request.headers.get("Sec-Fetch-Site") in {"cross-site", "same-site"}
