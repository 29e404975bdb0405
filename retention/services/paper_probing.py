"""Are destroyed documents gone (RET-9)? Looked for in OCC's own storage, among its jobs' files, and in the rows."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from django.core.files.storage import storages
from django.urls import reverse
from django.utils.translation import gettext as _

from occ.documents import files
from occ.documents.choices import Status
from occ.documents.models import IssuedDocument
from occ.jobs.models import Job
from retention.choices import EntryStatus, ItemState
from retention.models import Item, Proposal
from retention.storing import PlaceAway

STORAGE = "documents"
SOME = 500
# How many of the last documents are looked for: that all their files are lost is less likely than a disk that is away.
ASKED = 20


def storage_asked() -> None:
    """Raises PlaceAway when the storage is not there, or is the empty mount point of one: nothing is known then."""
    begun = Item.objects.filter(state=ItemState.STARTED, document__isnull=False)
    kept = IssuedDocument.objects.exclude(status=Status.DESTROYED).exclude(pk__in=begun.values("document"))
    names = list(kept.order_by("-pk").values_list("file", flat=True)[:ASKED])
    if not files.is_there(STORAGE) or (names and not any(files.copies(STORAGE, names).values())):
        raise PlaceAway(_("The storage of issued documents is away."))


def found(proposal: Proposal) -> Iterator[dict[str, Any]]:
    """What is still there of what the proposal destroyed. Raises PlaceAway."""
    storage_asked()
    gone = IssuedDocument.objects.filter(pk__in=proposal.document_tombstones.values("document"))
    rows = gone.order_by("pk").values_list("pk", "file", "status").iterator(chunk_size=SOME)
    while some := list(islice(rows, SOME)):
        for names in files.copies(STORAGE, [name for _pk, name, _status in some]).values():
            yield from (_thing(name) for name in names)
        yield from (_thing(name) for _pk, name, status in some if status != Status.DESTROYED)
        outputs = _outputs([pk for pk, _name, _status in some])
        yield from (_thing(name) for name in outputs.values_list("output_name", flat=True))
    kept = proposal.document_tombstones.filter(entry__status=EntryStatus.KEPT)
    yield from (_thing(name) for name in kept.values_list("name", flat=True))


def _outputs(documents: Sequence[int]) -> Any:
    """Jobs whose file was made with one of these documents."""
    pages = [reverse("documents:detail", args=[pk]) for pk in documents]
    return Job.objects.filter(url__in=pages).exclude(output_file="")


def outputs_remove(proposal: Proposal) -> int:
    """Remove the files of jobs that issued one of the destroyed documents."""
    documents = proposal.document_tombstones.exclude(document=None).values_list("document_id", flat=True)
    count = 0
    for job in _outputs(list(documents)):
        storages["default"].delete(job.output_file)  # while it lies there, its row names it
        Job.objects.filter(pk=job.pk).update(output_file="")
        count += 1
    return count


def _thing(name: str) -> dict[str, Any]:
    return {"where": "OCC", "name": name, "readable": True}


def recount(proposal: Proposal) -> dict[str, int]:
    """Counted anew from tables that know of each other by the document only; all the same when all is well."""
    stones = proposal.document_tombstones
    by_hand = proposal.items.filter(state=ItemState.DESTROYED, entry__status=EntryStatus.DESTROYED)
    names = list(stones.filter(document__status=Status.DESTROYED).values_list("document__file", flat=True))
    gone = sum(1 for found in files.copies(STORAGE, names).values() if not found)
    return {
        "lines": proposal.items.filter(state=ItemState.DESTROYED).count(),
        "documents": len(names) + stones.filter(entry__status=EntryStatus.DESTROYED).count(),
        "tombstones": stones.count(),
        "without_file": gone + by_hand.filter(shredding__isnull=False).count(),
        "journal": sum(proposal.journals.values_list("lines", flat=True)),
    }
