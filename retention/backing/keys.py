"""Keys (RET-5, RET-9): each record has its own, wrapped by its bag's, which the database keeps encrypted.

AES-256-GCM throughout. A wrapped key is bound to the name it was made for: it opens nothing elsewhere. Destroying a
record's key makes every copy of the record unreadable, wherever it lies.
"""

import base64
import binascii
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY, NONCE, TAG = 32, 12, 16
WRAPPED = NONCE + KEY + TAG


class KeyWrong(Exception):
    """The key is missing, is none, or does not open what it should."""


def new_key() -> bytes:
    return AESGCM.generate_key(256)


def wrap(key: bytes, *, by: bytes, name: str) -> bytes:
    """60 bytes: nonce, encrypted key, tag."""
    nonce = os.urandom(NONCE)
    return nonce + AESGCM(by).encrypt(nonce, key, name.encode())


def unwrap(wrapped: bytes, *, by: bytes, name: str) -> bytes:
    """Raises KeyWrong."""
    if len(wrapped) != WRAPPED:
        raise KeyWrong(name)
    try:
        return AESGCM(by).decrypt(wrapped[:NONCE], wrapped[NONCE:], name.encode())
    except InvalidTag as error:
        raise KeyWrong(name) from error


def as_text(key: bytes) -> str:
    return base64.b64encode(key).decode()


def from_text(text: str) -> bytes:
    """Raises KeyWrong."""
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise KeyWrong("not base64") from error
    if len(key) != KEY:
        raise KeyWrong("not 32 bytes")
    return key
