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

    def __init__(self, keys: Sequence[bytes], digest_key: bytes | None = None) -> None:
        """Without a ``digest_key`` it is made from the oldest key, as it was when that was all."""
        self._keys = keys
        self._ciphers = {_name(key): AESGCM(key) for key in keys}
        self._newest = _name(keys[0])
        self.digest_key = digest_key or hmac.digest(keys[-1], b"keyed digest", "sha256")

    def digesting_with(self, digest_key: bytes) -> "Keyring":
        """The same keys, with another one for digests."""
        return Keyring(self._keys, digest_key)

    def seal(self, text: str, place: str) -> bytes:
        """Seal ``text`` for ``place``, which is not secret but must be the same to open it."""
        nonce = os.urandom(_NONCE)
        # A lone surrogate cannot be stored as UTF-8; it becomes a question mark, never a failure.
        plain = text.encode("utf-8", "replace")
        sealed = self._ciphers[self._newest].encrypt(nonce, plain, place.encode())
        return _VERSION + self._newest + nonce + sealed

    def open(self, sealed: bytes, place: str) -> str:
        """Give the text back; raise ``SealBroken`` where key, place or bytes are not right."""
        name, rest = _named(sealed), sealed[1 + _NAME :]
        cipher = self._ciphers.get(name)
        if sealed[:1] != _VERSION or cipher is None:
            raise SealBroken(f"no key for a sealed value in {place.partition(':')[0]}")
        try:
            return cipher.decrypt(rest[:_NONCE], rest[_NONCE:], place.encode()).decode("utf-8")
        except InvalidTag:
            raise SealBroken(f"a sealed value in {place.partition(':')[0]} does not open") from None

    def is_newest(self, sealed: bytes) -> bool:
        """Whether this was sealed with the newest key."""
        return _named(sealed) == self._newest

    def reseal(self, sealed: bytes, place: str) -> bytes:
        """The same text, sealed with the newest key; raises ``SealBroken``."""
        return self.seal(self.open(sealed, place), place)

    def digest(self, text: str, purpose: str) -> str:
        """A keyed hash, in hexadecimal: tells whether two texts are the same, and nothing else.

        Its key is not among those that seal, so that these can be replaced.
        """
        message = purpose.encode() + b"\x00" + text.encode("utf-8", "replace")
        return hmac.digest(self.digest_key, message, "sha256").hex()


def _named(sealed: bytes) -> bytes:
    return sealed[1 : 1 + _NAME]


def _name(key: bytes) -> bytes:
    return hashlib.sha256(b"key name" + key).digest()[:_NAME]
