"""Comparing an uploaded file by its hash, without keeping any of it."""

import hashlib

from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload

LIMIT = 50 * 2**20


class HashOnly(FileUploadHandler):
    """Hashes what comes in and forgets it; stops reading above LIMIT bytes."""

    def new_file(self, *args: object, **kwargs: object) -> None:
        super().new_file(*args, **kwargs)  # type: ignore[arg-type]
        self.digest, self.received = hashlib.sha256(), 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.received += len(raw_data)
        if self.received > LIMIT:
            raise StopUpload(connection_reset=False)
        self.digest.update(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile:
        kept = ContentFile(b"", name=self.file_name or "file")
        kept.sha256 = self.digest.hexdigest()  # type: ignore[attr-defined]
        kept.received = self.received  # type: ignore[attr-defined]
        return kept  # type: ignore[return-value]
