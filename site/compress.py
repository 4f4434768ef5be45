"""Put a gzip and a brotli copy beside every text of the built site, for servers to hand out."""

import gzip
import sys
from pathlib import Path

import brotli

TEXTS = {".html", ".css", ".js", ".json", ".svg", ".txt", ".xml"}
# Smaller ones fit in one packet as they are.
SMALLEST = 400  # octets


def main(site: Path) -> int:
    """Work on the built ``site`` in place; the same text gives the same copies."""
    for path in sorted(site.rglob("*")):
        text = path.read_bytes() if path.suffix in TEXTS else b""
        if len(text) >= SMALLEST:
            path.with_name(path.name + ".gz").write_bytes(gzip.compress(text, 9, mtime=0))
            path.with_name(path.name + ".br").write_bytes(brotli.compress(text))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
