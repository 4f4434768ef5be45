"""The portal with every defence taken out that a request meets: only to be measured beside.

It runs as ``portal`` does, on a database of its own, and must never be reached by anybody.
"""

import sys
from typing import Any
from unittest.mock import patch

from portal.cli import main
from portal.sealing import Keyring

_PLAIN = b"\x00"
_open = Keyring.open


def _seal_nothing(_: Keyring, text: str, _place: str) -> bytes:
    return _PLAIN + text.encode("utf-8", "replace")


def _open_nothing(keys: Keyring, sealed: bytes, place: str) -> str:
    if sealed[:1] == _PLAIN:
        return sealed[1:].decode()
    return _open(keys, sealed, place)


def _yes(*_: Any, **__: Any) -> bool:
    return True


def _no(*_: Any, **__: Any) -> bool:
    return False


# Where each is looked up when it is used.
OUT: dict[str, object] = {
    "portal.intake.sending._doubts": lambda *_: (),
    "portal.intake.accept.take": _yes,
    "portal.web.buttons.Button.is_ours": _yes,
    "portal.database.transactions.room.is_scarce": _no,
    "portal.app.dress": lambda response, _config: response,
    "portal.app._refuse_unmeasured": lambda: None,
    "portal.sealing.Keyring.seal": _seal_nothing,
    "portal.sealing.Keyring.open": _open_nothing,
}

if __name__ == "__main__":
    for name, instead in OUT.items():
        patch(name, instead).start()
    sys.exit(main(sys.argv[1:]))
