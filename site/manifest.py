"""Tell the portal what its pages share with the site: header, footer and styles."""

import json
import re
import sys
from pathlib import Path

# A page that is nobody's current page, so that no link of its header is marked as current.
SAMPLE = "404.html"
SHEET = {"style": "styles/sheet.*.css", "script": "scripts/print.*.js"}
STYLE = re.compile(r'<link rel="stylesheet" href="([^"]+)">')
FRAME = re.compile(
    r"<body(?P<body>[^>]*)>(?P<before>.*?<main id=\"inhoud\"[^>]*>\s*<article [^>]*>)"
    r".*(?P<after></article>.*)</body>",
    re.DOTALL,
)


def main(site: Path) -> int:
    """Write ``manifest.json`` beside the built ``site``.

    Its keys: ``styles``, absolute addresses in order; ``icon``, likewise; ``sheet``, those of what
    a page to be printed needs; ``body``, the attributes of the body; ``before`` and ``after``, the
    HTML around a page's own content.
    """
    text = (site / SAMPLE).read_text(encoding="utf-8")
    frame = FRAME.search(text)
    if not frame:
        print(f"{SAMPLE} lacks <main id=inhoud> and <article>: mend main.html", file=sys.stderr)
        return 1
    sheet = {part: _named(site, pattern) for part, pattern in SHEET.items()}
    styles = STYLE.findall(text)
    manifest = {"styles": styles, "icon": _icon(text), "sheet": sheet, **frame.groupdict()}
    content = json.dumps(manifest, ensure_ascii=False, indent=1)
    (site.parent / "manifest.json").write_text(content, encoding="utf-8")
    return 0


def _named(site: Path, pattern: str) -> str:
    return "/" + next(site.glob(pattern)).relative_to(site).as_posix()


def _icon(text: str) -> str:
    return text.partition('<link rel="icon" href="')[2].partition('"')[0]


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
