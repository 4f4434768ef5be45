"""Audit the locked dependencies from local data: pinned, hashed, as installed, none withdrawn.

``requirements/advisories.toml`` is the local data: versions that must not be used, each with its
reason and the day it was looked up.
"""

import re
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ROOT = Path(__file__).parent.parent
LOCKS = ("run.txt", "test.txt")
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)(.*)$")


def main() -> int:
    """Print every finding; 1 when there is one."""
    folder = ROOT / "requirements"
    advisories = tomllib.loads((folder / "advisories.toml").read_text(encoding="utf-8"))
    findings = [f for name in LOCKS for f in audit((folder / name).read_text(), advisories)]
    for finding in findings:
        print(finding, file=sys.stderr)
    print(f"audit: {len(findings)} findings")
    return bool(findings)


def audit(lock: str, advisories: dict[str, dict[str, str]]) -> list[str]:
    """What is wrong in one lock, a sentence each."""
    findings = []
    for block in re.split(r"\n(?=[A-Za-z0-9])", lock):
        pin = _PIN.match(block.strip())
        if not pin:
            continue
        name, locked, rest = pin.group(1), pin.group(2), block
        if "--hash=sha256:" not in rest:
            findings.append(f"{name} {locked} has no hash: run 'make lock'")
        if reason := advisories.get(name, {}).get(locked):
            findings.append(f"{name} {locked} must not be used: {reason}")
        if not _marked(block) and _installed(name) not in {locked, None}:
            findings.append(f"{name} is {_installed(name)}, locked is {locked}: run 'make test'")
    return findings


def _marked(block: str) -> bool:
    return ";" in block.partition("\\")[0]


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


if __name__ == "__main__":
    sys.exit(main())
