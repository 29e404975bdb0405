"""By what a document was destroyed, as told by the module that destroys: the berita acara, once it is issued."""

from collections.abc import Callable

from occ.documents.models import IssuedDocument

# Each says the berita acara of a destroyed document, or None where it knows of none.
TOLD_BY: list[Callable[[IssuedDocument], IssuedDocument | None]] = []


def register(tell: Callable[[IssuedDocument], IssuedDocument | None]) -> None:
    TOLD_BY.append(tell)


def minutes_of(document: IssuedDocument) -> IssuedDocument | None:
    """The berita acara by which the document was destroyed; None while it is kept, or while none is issued yet."""
    if document.destroyed_at is None:
        return None
    return next((found for tell in TOLD_BY if (found := tell(document)) is not None), None)
