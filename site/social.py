"""Draw the picture that other sites show beside a link to ours, anew from its SVG.

Run it by hand after a change of the SVG; it needs the tests' packages and Chromium.
"""

import hashlib
import struct
import sys
import zlib
from pathlib import Path

from playwright.sync_api import sync_playwright

HERE = Path(__file__).parent
SOURCE = HERE / "drawings" / "social.svg"
PICTURE = HERE / "social.png"
CHROMIUM = Path("/usr/bin/chromium")
HEAD = 33  # octets: the signature, and the chunk that every PNG begins with


def main() -> int:
    """Write the picture, with the digest of its source in it for the tests to compare."""
    source = SOURCE.read_text(encoding="utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1200, "height": 630})
        page.set_content(f"<body style='margin:0'>{source}</body>")
        picture = page.screenshot()
        browser.close()
    note = chunk(b"tEXt", b"Source\0" + digest(source).encode())
    PICTURE.write_bytes(picture[:HEAD] + note + picture[HEAD:])
    return 0


def digest(source: str) -> str:
    """What tells one version of the source from another."""
    return hashlib.sha256(source.encode()).hexdigest()


def chunk(name: bytes, data: bytes) -> bytes:
    """One chunk of a PNG: length, name, data, checksum."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


if __name__ == "__main__":
    sys.exit(main())
