"""Take from the theme's style sheet the rules that a page of ours can match, and no others."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import tinycss2

TEMPLATES = Path(__file__).parent.parent / "portal" / "templates"
# Its name changes with each version; MkDocs' successor keeps this look in a folder of its own.
THEIRS = ("assets/stylesheets/main.*.css", "assets/stylesheets/classic/main.*.css")
OURS = "styles/theme.css"
CLASSES = re.compile(r'class(?:Name)?="([^"]*)"')
# A class within :not() need not be there for the rule to match.
NOT = re.compile(r":not\([^()]*\)")
CLASS = re.compile(r"\.(-?[_a-zA-Z][\w-]*)")
NESTING = {"media", "supports"}


def main(site: Path) -> int:
    """Write ``styles/theme.css`` into the built ``site``; the portal's pages wear it too."""
    sheet = next((found for name in THEIRS for found in sorted(site.glob(name))), None)
    if not sheet:
        print(f"the theme has no {' or '.join(THEIRS)}: mend site/prune.py", file=sys.stderr)
        return 1
    used = _used([*site.rglob("*.html"), *TEMPLATES.rglob("*.html")])
    rules = tinycss2.parse_stylesheet_bytes(
        sheet.read_bytes(), skip_comments=True, skip_whitespace=True
    )[0]
    (site / OURS).write_text("".join(_kept(rules, used)), encoding="utf-8")
    return 0


def _used(pages: list[Path]) -> set[str]:
    lists = (CLASSES.findall(page.read_text(encoding="utf-8")) for page in pages)
    return {name for found in lists for words in found for name in words.split()}


def _kept(rules: list[Any], used: set[str]) -> Iterator[str]:
    for rule in rules:
        if rule.type == "qualified-rule":
            selectors = _matching(tinycss2.serialize(rule.prelude), used)
            if selectors:
                yield f"{selectors}{{{tinycss2.serialize(rule.content)}}}"
        elif rule.type == "at-rule" and rule.lower_at_keyword in NESTING:
            inner = tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
            kept = "".join(_kept(inner, used))
            if kept:
                yield f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}{{{kept}}}"
        else:
            yield tinycss2.serialize([rule])


def _matching(prelude: str, used: set[str]) -> str:
    """The selectors of a rule that something on our pages may match."""
    # Split at the top only: a comma within brackets belongs to one selector.
    selectors = re.split(r",(?![^()\[\]]*[)\]])", prelude)
    return ",".join(s for s in selectors if used.issuperset(CLASS.findall(NOT.sub("", s))))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
