"""Files that go out: to be saved, never to be shown as a page of this site, and never whole in memory."""

from collections.abc import AsyncIterator
from typing import Any

from asgiref.sync import sync_to_async
from django.core.files.storage import storages
from django.http import FileResponse


class Download(FileResponse):
    """Under ASGI Django would read a file to its end before it sends the first byte; here it goes part by part."""

    block_size = 256 * 1024

    async def __aiter__(self) -> AsyncIterator[bytes]:
        parts: Any = iter(self.streaming_content)  # type: ignore[arg-type]
        following = sync_to_async(lambda: next(parts, None))
        while (part := await following()) is not None:
            yield part


def download(storage: str, name: str, *, shown: str, content_type: str = "") -> Download:
    """The file `name` of the storage, offered under the name `shown`. Who may have it was asked before."""
    file = storages[storage].open(name)
    response = Download(file, as_attachment=True, filename=shown, content_type=content_type or None)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
