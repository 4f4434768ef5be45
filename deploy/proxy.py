"""Make what the proxy sends by itself: the policy of the site, and pages for what goes wrong."""

import sys
from pathlib import Path

from jinja2 import Environment, PackageLoader

from portal.app import ERRORS, MANIFEST
from portal.organisation import organisation
from portal.web.pages import HTTPS_HEADERS, SITE_HEADERS, read_frame


def main(folder: Path) -> int:
    """Write ``headers.conf``, ``headers-plain.conf`` (without TLS) and a page for each error."""
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "headers-plain.conf", _lines(SITE_HEADERS))
    _write(folder / "headers.conf", _lines(SITE_HEADERS | HTTPS_HEADERS))
    template = Environment(
        loader=PackageLoader("portal"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    ).get_template("error.html")
    frame = read_frame(MANIFEST)
    for code, (heading, what_to_do) in ERRORS.items():
        page = template.render(
            frame=frame, organisation=organisation(), heading=heading, what_to_do=what_to_do
        )
        _write(folder / f"{code}.html", page)
    return 0


def _lines(headers: dict[str, str]) -> str:
    # Always: else nginx sends them with good answers only.
    return "".join(f'add_header {name} "{value}" always;\n' for name, value in headers.items())


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
