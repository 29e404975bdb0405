"""What a recording's file is, by its first bytes and never by its name; and the part of it that a player asks for."""

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

HEAD = 64
RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


@dataclass(frozen=True)
class Sound:
    ending: str
    content_type: str


def sniff(head: bytes) -> Sound | None:
    """The kind of sound that browsers play, None for anything else."""
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return Sound("wav", "audio/wav")
    if head[:4] == b"OggS":
        return Sound("ogg", "audio/ogg")
    if head[:3] == b"ID3" or (len(head) > 2 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2):
        return Sound("mp3", "audio/mpeg")
    if head[4:8] == b"ftyp" and head[8:11] in {b"M4A", b"mp4", b"iso"}:
        return Sound("m4a", "audio/mp4")
    return Sound("flac", "audio/flac") if head[:4] == b"fLaC" else None


class Content:
    """A file that can be read from anywhere: its size, and `pieces(start, length)`."""

    size: int
    tag: str = ""

    def pieces(self, start: int, length: int) -> Iterator[bytes]:
        raise NotImplementedError


class Streamed(StreamingHttpResponse):
    """Under ASGI part by part, as occ.downloads.Download does."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        parts: Any = iter(self.streaming_content)  # type: ignore[arg-type]
        following = sync_to_async(lambda: next(parts, None))
        while (part := await following()) is not None:
            yield part


def wanted(header: str, size: int) -> tuple[int, int] | None:
    """The one range that the header asks for as start and length; None: the whole. Raises ValueError: none of it."""
    found = RANGE.fullmatch(header.replace(" ", ""))
    if found is None:  # several ranges, or another unit: the whole is a right answer too
        return None
    first, last = found.groups()
    if not first and not last:
        return None
    if not first:
        length = min(int(last), size)
        if not length:
            raise ValueError("an empty range")
        return size - length, length
    start, end = int(first), min(int(last), size - 1) if last else size - 1
    if start >= size or (last and int(last) < start):
        raise ValueError("a range beyond the end")
    return start, end - start + 1


def played(request: HttpRequest, content: Content, sound: Sound, *, name: str) -> HttpResponse | StreamingHttpResponse:
    """The sound for <audio>: the whole, or the part that is asked for, so that one can go anywhere in it (RFC 9110)."""
    asked = request.headers.get("Range", "")
    if asked and request.headers.get("If-Range", content.tag) != content.tag:
        asked = ""
    try:
        part = wanted(asked, content.size) if asked else None
    except ValueError:
        refused = HttpResponse(status=416)
        refused["Content-Range"] = f"bytes */{content.size}"
        return refused
    start, length = part or (0, content.size)
    pieces = iter(()) if request.method == "HEAD" else content.pieces(start, length)
    answer = Streamed(pieces, status=206 if part else 200, content_type=sound.content_type)
    answer["Content-Length"] = str(length)
    if part:
        answer["Content-Range"] = f"bytes {start}-{start + length - 1}/{content.size}"
    if content.tag:
        answer["ETag"] = content.tag
    answer["Content-Disposition"] = f'inline; filename="{name}.{sound.ending}"'
    return guarded(answer)


def guarded(answer: Any) -> Any:
    """For bytes that strangers made: never a page, never guessed at, never kept, never packed (ranges count bytes)."""
    answer["Accept-Ranges"] = "bytes"
    answer["Cache-Control"] = "private, no-store"
    answer["Content-Encoding"] = "identity"
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer
