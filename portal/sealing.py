"""Sealing: text that only the holder of a key outside the database can read."""

import hashlib
import hmac
import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_VERSION = b"\x01"
_NAME = 4
_NONCE = 12


class SealBroken(Exception):
    """A sealed value does not open: its key is absent, or it was moved or changed."""


class Keyring:
    """The data keys, newest first: the first seals, any of them opens.

    A sealed value is ``version(1) | key name(4) | nonce(12) | ciphertext and tag`` (AES-256-GCM,
    NIST SP 800-38D). The associated data name table, column and row, so that a value moved to
    another place does not open there.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._ciphers = {_name(key): AESGCM(key) for key in keys}
        self._newest = _name(keys[0])
        self._digest_key = hmac.digest(keys[-1], b"keyed digest", "sha256")

    def seal(self, text: str, place: str) -> bytes:
        """Seal ``text`` for ``place``, which is not secret but must be the same to open it."""
        nonce = os.urandom(_NONCE)
        # A lone surrogate cannot be stored as UTF-8; it becomes a question mark, never a failure.
        plain = text.encode("utf-8", "replace")
        sealed = self._ciphers[self._newest].encrypt(nonce, plain, place.encode())
        return _VERSION + self._newest + nonce + sealed

    def open(self, sealed: bytes, place: str) -> str:
        """Give the text back; raise ``SealBroken`` where key, place or bytes are not right."""
        name, rest = sealed[1 : 1 + _NAME], sealed[1 + _NAME :]
        cipher = self._ciphers.get(name)
        if sealed[:1] != _VERSION or cipher is None:
            raise SealBroken(f"no key for a sealed value in {place.partition(':')[0]}")
        try:
            return cipher.decrypt(rest[:_NONCE], rest[_NONCE:], place.encode()).decode("utf-8")
        except InvalidTag:
            raise SealBroken(f"a sealed value in {place.partition(':')[0]} does not open") from None

    def digest(self, text: str, purpose: str) -> str:
        """A keyed hash, in hexadecimal: tells whether two texts are the same, and nothing else.

        It hangs on the oldest key, so that adding a newer one changes no digest.
        """
        message = purpose.encode() + b"\x00" + text.encode("utf-8", "replace")
        return hmac.digest(self._digest_key, message, "sha256").hex()


def _name(key: bytes) -> bytes:
    return hashlib.sha256(b"key name" + key).digest()[:_NAME]
