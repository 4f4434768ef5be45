"""Maps and files for the tests of this room."""

from pathlib import Path

import portal.routing.places as country
from portal.routing.places import provinces
from portal.routing.rules import Manager, Map, NationalDesk, Region

EXAMPLE = Path(country.__file__).with_name("example.toml")
DESK = NationalDesk("Landelijk bureau", "landelijk@example.org", "0800 - 33 77 835")

# The country in two, small enough to see every line of.
SMALL = """\
[landelijk]
naam = "Landelijk bureau"
email = "landelijk@example.org"
telefoon = "0800 - 33 77 835"

[regiomanager.noord]
naam = "Regiomanager Noord"
email = "noord@example.org"
telefoon = "088 000 00 01"
plaatsvervanger = "zuid"
actief = true

[regiomanager.zuid]
naam = "Regiomanager Zuid"
email = "zuid@example.org"
telefoon = "088 000 00 02"

[regio.noord]
naam = "Noord"
regiomanager = "noord"
provincies = ["Groningen", "Fryslân", "Drenthe", "Overijssel"]

[regio.zuid]
naam = "Zuid"
regiomanager = "zuid"
provincies = [
  "Flevoland", "Gelderland", "Limburg", # in het midden en verder
  "Noord-Brabant",
  "Noord-Holland", "Utrecht",
  "Zeeland", "Zuid-Holland",
]
"""


def manager(key: str, *, deputy: str | None = None, active: bool = True) -> Manager:
    return Manager(key, f"Manager {key}", f"{key}@example.org", "088 000 00 01", deputy, active)


def provinces_map(*finer: Region) -> Map:
    """Each province its own region, and regions that cover something finer besides."""
    coarse = tuple(Region(name, name, name, provinces=(name,)) for name in provinces())
    regions = (*coarse, *finer)
    return Map(DESK, tuple(manager(region.key) for region in regions), regions)
