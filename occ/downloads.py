"""Files that go out: to be saved, never to be shown as a page of this site, and never whole in memory."""

import logging
from collections.abc import AsyncIterator
from typing import Any

from asgiref.sync import sync_to_async
from django.core.files.storage import storages
from django.http import FileResponse
from django.utils.translation import gettext as _

from occ.errors import Refused

logger = logging.getLogger(__name__)


class FileAway(Refused):
    code = "file_missing"
    status = 404


class Download(FileResponse):
    """Under ASGI Django would read a file to its end before it sends the first byte; here it goes part by part."""

    block_size = 256 * 1024

    async def __aiter__(self) -> AsyncIterator[bytes]:
        parts: Any = iter(self.streaming_content)  # type: ignore[arg-type]
        following = sync_to_async(lambda: next(parts, None))
        while (part := await following()) is not None:
            yield part


def download(storage: str, name: str, *, shown: str, content_type: str = "") -> Download:
    """The file `name` of the storage, offered under the name `shown`. Who may have it was asked before.

    Raises FileAway: lost, or just being destroyed, when its row still says that it is there.
    """
    try:
        file = storages[storage].open(name)
    except FileNotFoundError as error:
        logger.warning("file missing", extra={"data": {"storage": storage, "file": name}})
        raise FileAway(_("The file is not where it should be. Tell Team IT.")) from error
    response = Download(file, as_attachment=True, filename=shown, content_type=content_type or None)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
