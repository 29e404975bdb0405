"""A record's bytes, compressed and encrypted in frames of 1 MiB (docs/retention-format.md).

A frame: one byte of flags, four bytes of length (big-endian, of what follows), the ciphertext with its tag. The nonce
is the frame's number, the flags and the length are authenticated with it, and the last frame is marked: no frame can be
changed, left out, put elsewhere or cut off unnoticed. A key encrypts one record only, so no nonce is used twice.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

import zstandard
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from retention.backing.keys import NONCE, TAG

FRAME = 2**20
HEAD = struct.Struct(">BI")
PACKED, LAST = 1, 2  # flags: compressed with zstd; the record's last frame
LEVEL = 3
# Compressed it must be smaller by this much, or it is stored as it is: opening it then costs nothing.
WORTH = 1 / 32
MOST = FRAME + TAG  # length of a frame's ciphertext
SMALL = 64


class Broken(Exception):
    """The bytes are not what was written: changed, cut short, or the key is another one."""


def even(pieces: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """The same bytes in frames of FRAME bytes, the last one shorter or empty and marked."""
    held = b""
    for piece in pieces:
        if not held:
            held = piece
        elif len(held) == FRAME:  # as files are read: nothing is copied
            yield held, False
            held = piece
        else:
            held += piece
        while len(held) > FRAME:
            yield held[:FRAME], False
            held = held[FRAME:]
    yield held, True


def sealed(pieces: Iterable[bytes], key: bytes) -> Iterator[bytes]:
    """The record encrypted: heads and ciphertexts by turns."""
    cipher, packer = AESGCM(key), zstandard.ZstdCompressor(level=LEVEL)
    for number, (plain, last) in enumerate(even(pieces)):
        flags, content = LAST if last else 0, plain
        if len(plain) > SMALL:
            tight = packer.compress(plain)
            if len(tight) < len(plain) * (1 - WORTH):
                flags, content = flags | PACKED, tight
        head = HEAD.pack(flags, len(content) + TAG)
        yield head
        yield cipher.encrypt(number.to_bytes(NONCE, "big"), content, head)


class Opener:
    """Frames one after another; `number` is the next one's."""

    def __init__(self, key: bytes, number: int = 0) -> None:
        self.cipher, self.number = AESGCM(key), number
        self.unpacker = zstandard.ZstdDecompressor()

    def frame(self, head: bytes, ciphertext: bytes) -> tuple[bytes, bool]:
        """(the plain bytes, whether it was the last). Raises Broken."""
        try:
            content = self.cipher.decrypt(self.number.to_bytes(NONCE, "big"), ciphertext, head)
        except InvalidTag as error:
            raise Broken("a frame does not open") from error
        self.number += 1
        flags = head[0]
        if flags & PACKED:
            content = self.unpacker.decompress(content, max_output_size=FRAME)
        return content, bool(flags & LAST)


def length_in(head: bytes) -> int:
    """How long the ciphertext after this head is. Raises Broken."""
    flags, length = HEAD.unpack(head)
    if flags > PACKED | LAST or not TAG <= length <= MOST:
        raise Broken("not the head of a frame")
    return int(length)


def opened(pieces: Iterable[bytes], key: bytes, *, skip: int = 0) -> Iterator[bytes]:
    """The record's plain bytes from byte `skip` on. Raises Broken, also half way: what came before it is right.

    Frames before `skip` are not decrypted: all but the last hold FRAME bytes.
    """
    source, opener = Reader(pieces), Opener(key)
    leave, drop = divmod(skip, FRAME)
    while True:
        head = source.take(HEAD.size)
        ciphertext = source.take(length_in(head))
        if opener.number < leave and not head[0] & LAST:
            opener.number += 1
            continue
        plain, last = opener.frame(head, ciphertext)
        if opener.number - 1 < leave:
            return  # the record is shorter than that
        if len(plain) > drop:
            yield plain[drop:] if drop else plain
        drop = 0
        if last:
            if source.more():
                raise Broken("something follows the last frame")
            return


class Reader:
    """Exactly so many bytes out of pieces of any size."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self.pieces, self.held, self.at = iter(pieces), b"", 0

    def take(self, count: int) -> bytes:
        """Raises Broken where there are not as many."""
        if len(self.held) - self.at < count:
            parts = [self.held[self.at :]]
            have = len(parts[0])
            while have < count:
                piece = next(self.pieces, None)
                if piece is None:
                    raise Broken("cut short")
                parts.append(piece)
                have += len(piece)
            self.held, self.at = b"".join(parts), 0
        found = self.held[self.at : self.at + count]
        self.at += count
        return found

    def more(self) -> bool:
        return self.at < len(self.held) or any(self.pieces)
