"""The file storages as a backup sees them, and which of their files rows name."""

from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.core.files.storage import Storage, storages
from django.db.models import Model

from occ.documents.choices import Status
from occ.documents.models import Attachment, IssuedDocument
from occ.jobs.models import Job


def aliases() -> list[str]:
    """Every storage but the static files', which are made anew from the code."""
    return [alias for alias in settings.STORAGES if alias != "staticfiles"]


def location(alias: str) -> Path | None:
    """Its directory; None where it is no directory of this machine."""
    path = getattr(storages[alias], "base_location", None) or getattr(storages[alias], "location", None)
    return Path(path).resolve() if path else None


def names(alias: str) -> Iterator[str]:
    """Every file of the storage, but not those of another storage that lies inside it, and none half-written."""
    inner = {found for other in aliases() if other != alias and (found := location(other))}
    yield from _below(storages[alias], "", location(alias), inner)


def _below(storage: Storage, folder: str, root: Path | None, inner: set[Path]) -> Iterator[str]:
    if root and root / folder in inner:
        return
    try:
        folders, found = storage.listdir(folder)
    except FileNotFoundError:
        return
    for name in sorted(found):
        if not (name.startswith(".") and name.endswith(".part")):
            yield f"{folder}/{name}" if folder else name
    for name in sorted(folders):
        yield from _below(storage, f"{folder}/{name}" if folder else name, root, inner)


# Which rows name files: the storage, the model, the field with the name, the field with the SHA-256 or "".
# A module that keeps files adds a line.
NAMED: list[tuple[str, type[Model], str, str]] = [
    ("documents", IssuedDocument, "file", "sha256"),
    ("default", Attachment, "file", "sha256"),
    ("default", Job, "input_file", ""),
    ("default", Job, "output_file", ""),
]


def named() -> dict[tuple[str, str], str]:
    """(storage, name) -> SHA-256 or "" of what rows name at this moment; of destroyed documents nothing is left."""
    found = {}
    for storage, model, name, digest in NAMED:
        rows = model._default_manager.exclude(**{name: ""})
        if model is IssuedDocument:
            rows = rows.exclude(status=Status.DESTROYED)
        fields = [name, digest] if digest else [name]
        for row in rows.values_list(*fields).iterator(chunk_size=5000):
            found[(storage, row[0])] = row[1] if digest else ""
    return found
