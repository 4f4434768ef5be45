"""A table as a picture: for each of its lines a bar, with the figure in words beside it."""

from collections.abc import Sequence
from xml.etree import ElementTree as ET

import leather
from leather import theme
from markupsafe import Markup

from portal.casework.figures.report import Row, Table
from portal.casework.figures.small import Mark
from portal.casework.figures.words import MARKS

WIDTH = 360  # units of the drawing: those of a phone, so that its letters stay readable there
_BAR = 30
_EDGES = 40

# The library is set by these. Colours and letters are those of the page around the picture, and
# what is left of them our style sheet sets: nothing in a picture needs a style of its own.
theme.background_color = "none"
theme.label_color = theme.zero_color = "currentColor"
theme.tick_font_family = "inherit"
theme.tick_font_char_width = 7
theme.margin = 0.01


def bars(table: Table) -> Markup:
    """The picture of a table; empty where there are fewer than two figures to compare."""
    rows = [row for row in table.rows if not row.within]
    if sum(not isinstance(row.figure, Mark) for row in rows) < 2:
        return Markup()
    key, height = f"beeld-{table.key}", _EDGES + _BAR * len(rows)
    picture = ET.Element(
        "svg",
        {
            "class": "chart",
            "viewBox": f"0 0 {WIDTH} {height}",
            "role": "img",
            "aria-labelledby": f"{key}-naam {key}-tekst",
        },
    )
    ET.SubElement(picture, "title", id=f"{key}-naam").text = table.title
    ET.SubElement(picture, "desc", id=f"{key}-tekst").text = alternative(rows)
    picture.append(_drawn(rows, height))
    # The library writes no text into it but as text.
    return Markup(ET.tostring(picture, encoding="unicode"))  # noqa: S704


def alternative(rows: Sequence[Row]) -> str:
    """What the picture says to who does not see it."""
    return "Staafdiagram. " + " ".join(f"{_caption(row)}." for row in rows)


def _drawn(rows: Sequence[Row], height: int) -> ET.Element:
    lengths = [0 if isinstance(row.figure, Mark) else row.figure for row in rows]
    chart = leather.Chart()
    # Numbered, for a line is known by its name and two regions may be called alike.
    chart.add_bars(
        [(length, str(n)) for n, length in enumerate(lengths)], fill_color="currentColor"
    )
    chart.add_x_scale(0, max([*lengths, 1]))
    chart.add_x_axis(ticks=[0], tick_formatter=lambda *_: "")
    chart.add_y_axis(tick_formatter=lambda value, *_: _caption(rows[int(value)]))
    drawn: ET.Element = chart.to_svg_group(WIDTH, height)
    return drawn


def _caption(row: Row) -> str:
    figure = MARKS[row.figure] if isinstance(row.figure, Mark) else str(row.figure)
    return f"{row.label}: {figure}"
