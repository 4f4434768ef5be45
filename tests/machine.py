"""The programs that the tests talk with: are they there, and where it is allowed, installed."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Program:
    """A program by its name, what Debian calls its package, and where else than on the path."""

    name: str
    package: str
    elsewhere: str = ""

    def find(self) -> Path | None:
        """Where it stands; None where it is not there."""
        found = shutil.which(self.name)
        return Path(found) if found else max(self._elsewhere(), default=None)

    def _elsewhere(self) -> Iterator[Path]:
        return Path("/").glob(self.elsewhere) if self.elsewhere else iter(())


CHROMIUM = Program("chromium", "chromium")
# Debian keeps its programs off the path, a folder for each version.
POSTGRES = Program("postgres", "postgresql", "usr/lib/postgresql/*/bin/postgres")
# Where it is not on the path of who is no administrator.
NGINX = Program("nginx", "nginx", "usr/sbin/nginx")
OPENSSL = Program("openssl", "openssl")

ALL = (CHROMIUM, POSTGRES, NGINX, OPENSSL)


def main() -> int:
    """Give 0 when all are there, 1 after saying how to get those that are not."""
    missing = [program for program in ALL if not program.find()]
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        _install([program.package for program in missing])
        missing = [program for program in missing if not program.find()]
    for program in missing:
        how = f"sudo apt-get install {program.package}"
        print(f"The tests need {program.name}. Debian: {how}", file=sys.stderr)
    return 1 if missing else 0


def _install(packages: list[str]) -> None:
    print(f"Missing: {', '.join(packages)}; installing with apt-get.")
    subprocess.run(["apt-get", "update", "-qq"], check=False)  # noqa: S607
    subprocess.run(["apt-get", "install", "-y", "-qq", *packages], check=False)  # noqa: S603, S607


if __name__ == "__main__":
    sys.exit(main())
