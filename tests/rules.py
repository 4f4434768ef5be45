"""Rules of this house that no linter knows, each about a way in which a fault would be easy."""

import ast
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from jinja2 import Environment, nodes

ROOT = Path(__file__).parent.parent
PORTAL = ROOT / "portal"

# Who may make markup of what is not written there: of our own build, and of drawings we made.
_MAKERS = {
    ("portal/web/pages.py", "read_frame"),
    ("portal/casework/authenticator.py", "picture"),
    ("portal/casework/figures/charts.py", "bars"),
}
# What a browser says our address is. Links in letters come from the settings alone.
_SAID = frozenset({"host", "host_url", "url_root", "base_url", "url"})

# A line and what is the matter there.
Finding = tuple[int, str]


def main() -> int:
    """Print every finding; 1 when there is one."""
    found = list(findings())
    for one in found:
        print(one, file=sys.stderr)
    print(f"rules: {len(found)} findings")
    return bool(found)


def findings() -> Iterator[str]:
    """What is wrong in the portal, a line each."""
    for path in sorted(PORTAL.rglob("*")):
        name = path.relative_to(ROOT).as_posix()
        if path.suffix == ".py":
            seen = in_code(path.read_text(encoding="utf-8"), name)
        elif path.is_relative_to(PORTAL / "templates") and path.is_file():
            seen = in_template(path.read_text(encoding="utf-8"))
        else:
            continue
        yield from (f"{name}:{line}: {what}" for line, what in seen)


def in_template(source: str) -> Iterator[Finding]:
    """Ways in which a template puts text into a page as it is."""
    tree = Environment().parse(source)  # noqa: S701 - nothing is made of it
    for filtered in tree.find_all(nodes.Filter):
        if filtered.name == "safe":
            yield filtered.lineno, "text is taken for markup: leave the filter out"
    for changed in tree.find_all(nodes.EvalContextModifier):
        if any(option.key == "autoescape" for option in changed.options):
            yield changed.lineno, "escaping is turned about: leave that to the kind of template"


def in_code(source: str, name: str) -> Iterator[Finding]:
    """What a module does that none may; ``name`` is its path in this repository."""
    tree = ast.parse(source)
    for rule in _RULES:
        yield from rule(tree, name)


def _markup(tree: ast.Module, name: str) -> Iterator[Finding]:
    for function, call in _calls(tree):
        made = _called(call) == "Markup" and not all(map(_is_written, call.args))
        if made and (name, function) not in _MAKERS:
            yield call.lineno, "Markup() of what is not written there: let the template escape it"


def _address(tree: ast.Module, name: str) -> Iterator[Finding]:
    if name.startswith("portal/development/"):  # It shows letters, and writes none.
        return
    for part in ast.walk(tree):
        if isinstance(part, ast.Attribute) and _is_of_request(part):
            yield part.lineno, "a visitor says which host this is: take base_url of the settings"
        if isinstance(part, ast.keyword) and part.arg == "_external":
            yield part.lineno, "an address with a visitor's host: put base_url before the path"


def _source(tree: ast.Module, _: str) -> Iterator[Finding]:
    for part in ast.walk(tree):
        of = part.value if isinstance(part, ast.Attribute) and part.attr == "values" else None
        if isinstance(of, ast.Name) and of.id == "request":
            yield of.lineno, "an address can answer for a form: take request.form or request.args"


def _is_of_request(part: ast.Attribute) -> bool:
    of = part.value
    return part.attr in _SAID and isinstance(of, ast.Name) and of.id == "request"


def _statement(tree: ast.Module, name: str) -> Iterator[Finding]:
    if name.startswith("portal/migrations/"):  # Frozen, and nothing from outside comes there.
        return
    for _, call in _calls(tree):
        takes = _called(call) in {"execute_sql", "SQL", "where"}
        if takes and call.args and _is_put_together(call.args[0]):
            yield call.lineno, "a statement with values in it: give them beside it"


def _is_put_together(text: ast.expr) -> bool:
    if isinstance(text, ast.JoinedStr):
        # The name of a pragma cannot be given beside it, nor marks, nor how a row is held.
        first, put_in = text.values[0], (v for v in text.values if not isinstance(v, ast.Constant))
        pragma = isinstance(first, ast.Constant) and str(first.value).startswith("PRAGMA ")
        return not pragma and not all(map(_is_ours, put_in))
    formatted = isinstance(text, ast.Call) and _called(text) in {"format", "join"}
    return formatted or (isinstance(text, ast.BinOp) and isinstance(text.op, ast.Add | ast.Mod))


def _is_ours(part: ast.expr) -> bool:
    put_in = part.value if isinstance(part, ast.FormattedValue) else part
    marks = isinstance(put_in, ast.Name) and put_in.id == "marks"
    return marks or (isinstance(put_in, ast.Call) and _called(put_in) == "locking")


def _chance(tree: ast.Module, _: str) -> Iterator[Finding]:
    for part in ast.walk(tree):
        if isinstance(part, ast.Import | ast.ImportFrom) and "random" in _named(part):
            yield part.lineno, "random can be guessed: use secrets"


def _named(imported: ast.Import | ast.ImportFrom) -> list[str]:
    if isinstance(imported, ast.ImportFrom):
        return [imported.module or ""]
    return [alias.name for alias in imported.names]


def _calls(tree: ast.Module) -> Iterator[tuple[str, ast.Call]]:
    """Every call, with the name of the function it stands in; empty outside of one."""
    waiting: list[tuple[str, ast.AST]] = [("", tree)]
    while waiting:
        function, part = waiting.pop()
        if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef):
            function = part.name
        if isinstance(part, ast.Call):
            yield function, part
        waiting += [(function, child) for child in ast.iter_child_nodes(part)]


def _called(call: ast.Call) -> str:
    called = call.func
    return called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")


def _is_written(argument: ast.expr) -> bool:
    return isinstance(argument, ast.Constant)


_RULES: tuple[Callable[[ast.Module, str], Iterator[Finding]], ...] = (
    _markup,
    _address,
    _statement,
    _chance,
    _source,
)

if __name__ == "__main__":
    sys.exit(main())
