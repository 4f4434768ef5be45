"""Put the organisation's own data, kept once in gegevens.toml, in the place of their names."""

import html
import os
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent.parent / "gegevens.toml"
TOKEN = re.compile(r"\[\[([a-z_.]+)\]\]")
# Within an attribute a token stands right behind one of these, and may not become markup.
ATTRIBUTE = ('"', ":", "/")
# Where the site will stand is told to the generator alone; it comes back in the site map.
HOME = "[[site_adres]]"
OWN_ADDRESS = re.compile(r"<loc>(https?://[^/<]+/)")
FILLED = {".html", ".xml", ".txt", ".json"}
UNKNOWN_YET = "nog in te vullen"


def main(site: Path) -> int:
    """Fill every file of the built ``site``; give 1 and name the faults where one cannot be."""
    values = dict(flatten(tomllib.loads(DATA.read_text(encoding="utf-8"))))
    home = own_address(site)
    faults = _empty(values) if os.environ.get("RELEASE") == "1" else []
    for path in sorted(p for p in site.rglob("*") if p.suffix in FILLED):
        text = path.read_text(encoding="utf-8").replace(HOME, home)
        unknown = {name for name in TOKEN.findall(text) if name not in values}
        faults += [f"{path}: gegevens.toml has no value named {name}" for name in sorted(unknown)]
        if not unknown:
            path.write_text(fill(text, values), encoding="utf-8")
    print(*faults, sep="\n", end="\n" if faults else "", file=sys.stderr)
    return 1 if faults else 0


def own_address(site: Path) -> str:
    """The address of home, with its slash, as the site map names it."""
    found = OWN_ADDRESS.search((site / "sitemap.xml").read_text(encoding="utf-8"))
    return found[1] if found else ""


def flatten(data: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Name and text of each value; one inside a table is named ``table.value``."""
    for name, value in data.items():
        if isinstance(value, dict):
            yield from flatten(value, f"{prefix}{name}.")
        else:
            yield prefix + name, str(value).strip()


def fill(text: str, values: dict[str, str]) -> str:
    """The text with its tokens replaced; an empty value is marked for all to see."""

    def replace(match: re.Match[str]) -> str:
        value = html.escape(values[match[1]])
        if text[: match.start()].endswith(ATTRIBUTE):
            return value
        if value.startswith("https://"):
            return f'<a href="{value}">{value}</a>'
        return value.replace("\n", "<br>\n") or f"<mark>{UNKNOWN_YET}</mark>"

    return TOKEN.sub(replace, text)


def _empty(values: dict[str, str]) -> list[str]:
    return [f"{DATA.name}: {name} is empty; fill it in" for name in values if not values[name]]


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
