"""The format of packages as a stranger reads it, and what it refuses (RET-5)."""

from __future__ import annotations

import os
import struct

import pytest
import zstandard
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from retention.backing import keys
from retention.backing.bagging import from_tar, tar_of
from retention.backing.frames import FRAME, Broken, opened, sealed

pytestmark = pytest.mark.req("RET-5")
SIZES = [0, 1, 64, 65, FRAME - 1, FRAME, FRAME + 1, 2 * FRAME, 3 * FRAME + 17]


def cut(content: bytes, size: int) -> list[bytes]:
    return [content[at : at + size] for at in range(0, len(content), size)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("pieces", [1000 * 7, FRAME, 4 * FRAME])
def test_what_is_sealed_is_opened(size: int, pieces: int) -> None:
    key = keys.new_key()
    for content in (os.urandom(size), b"halo " * (size // 5) + b"x" * (size % 5)):
        shut = b"".join(sealed(cut(content, pieces), key))
        assert b"".join(opened(cut(shut, 12_345), key)) == content
        for skip in {0, 1, size // 2, max(0, size - 1), size, size + 5}:
            assert b"".join(opened([shut], key, skip=skip)) == content[skip:]


def test_a_stranger_opens_it_with_what_the_document_says() -> None:
    key, content = keys.new_key(), b"percakapan " * 300_000 + os.urandom(1_000_000)
    blob, at, plain, number = b"".join(sealed([content], key)), 0, b"", 0
    while at < len(blob):
        flags, length = struct.unpack(">BI", blob[at : at + 5])
        text = AESGCM(key).decrypt(number.to_bytes(12, "big"), blob[at + 5 : at + 5 + length], blob[at : at + 5])
        plain += zstandard.ZstdDecompressor().decompress(text) if flags & 1 else text
        at, number = at + 5 + length, number + 1
    assert plain == content and flags & 2


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_flipped_bit_and_any_cut_is_noticed(data: st.DataObject) -> None:
    key = keys.new_key()
    content = data.draw(st.binary(max_size=300)) + b"a" * data.draw(st.sampled_from([0, 5, 2 * FRAME]))
    shut = bytearray(b"".join(sealed([content], key)))
    if data.draw(st.booleans()):
        at = data.draw(st.integers(0, len(shut) - 1))
        shut[at] ^= 1 << data.draw(st.integers(0, 7))
    else:
        del shut[data.draw(st.integers(0, len(shut) - 1)) :]
    with pytest.raises(Broken):
        b"".join(opened([bytes(shut)], key))


def test_frames_cannot_change_places_or_follow_the_last() -> None:
    key = keys.new_key()
    head, text, head2, text2, head3, text3 = list(sealed([os.urandom(2 * FRAME + 9)], key))
    for wrong in ([head2, text2, head, text, head3, text3], [head, text, head3, text3], [head, text, head2, text2]):
        with pytest.raises(Broken):
            b"".join(opened(wrong, key))
    with pytest.raises(Broken):
        b"".join(opened([head, text, head2, text2, head3, text3, b"x"], key))


def test_a_wrapped_key_opens_only_under_its_own_name_and_key() -> None:
    by, own = keys.new_key(), keys.new_key()
    wrapped = keys.wrap(own, by=by, name="B-01/data/1.wav")
    assert len(wrapped) == 60 and keys.unwrap(wrapped, by=by, name="B-01/data/1.wav") == own
    assert keys.wrap(own, by=by, name="B-01/data/1.wav") != wrapped
    for attempt in (
        lambda: keys.unwrap(wrapped, by=by, name="B-01/data/2.wav"),
        lambda: keys.unwrap(wrapped, by=keys.new_key(), name="B-01/data/1.wav"),
        lambda: keys.unwrap(wrapped[:-1], by=by, name="B-01/data/1.wav"),
        lambda: keys.from_text("no key"),
        lambda: keys.from_text(""),
    ):
        with pytest.raises(keys.KeyWrong):
            attempt()


def test_tag_files_survive_the_tar() -> None:
    files = {"bagit.txt": b"x\n", "data/items.csv": b"a,b\n" * 1000}
    assert from_tar(tar_of(files)) == files
