"""See that Chromium is there for the browser tests; where this machine allows it, install it."""

import os
import shutil
import subprocess
import sys


def main() -> int:
    """Give 0 when Chromium is there, 1 after saying how to get it."""
    if shutil.which("chromium"):
        return 0
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print("Chromium is missing; installing it with apt-get.")
        subprocess.run(["apt-get", "update", "-qq"], check=False)  # noqa: S607
        subprocess.run(["apt-get", "install", "-y", "-qq", "chromium"], check=False)  # noqa: S607
    if shutil.which("chromium"):
        return 0
    print("The tests need Chromium. Debian: sudo apt-get install chromium", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
