"""What the retention module waits for."""

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from occ.documents import destruction
from occ.documents.models import IssuedDocument
from occ.people.actors import Actor
from retention.models import DocumentTombstone, Hold
from retention.services import journal  # noqa: F401  (registers what follows a restore)
from retention.services.holds import hold_was_set
from retention.services.listening import register_content
from retention.services.proposals import held_pull
from retention.services.restoring import record_bytes

# What the source has no more is heard and read out of a backup.
register_content(record_bytes)


def minutes_of(document: IssuedDocument) -> IssuedDocument | None:
    """The berita acara by which a document was destroyed."""
    rows = DocumentTombstone.objects.filter(document=document).select_related("proposal__document")
    stone = rows.defer("proposal__document__data").first()
    return stone.proposal.document if stone is not None and stone.proposal is not None else None


destruction.register(minutes_of)


@receiver(hold_was_set)
def pull_what_is_held(sender: Any, hold: Hold, actor: Actor, now: datetime, **kwargs: Any) -> None:
    held_pull(hold=hold, actor=actor, now=now)
