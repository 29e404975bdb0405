"""The journals' lines of documents: after an older database was restored, what they name is destroyed again (RET-9)."""

import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from occ.documents import files
from occ.documents.choices import Status
from occ.documents.models import IssuedDocument
from occ.documents.services import document_destroy
from retention.choices import EntryStatus, ItemState
from retention.marks import document_mark, entry_mark
from retention.models import DocumentProof, DocumentTombstone, Entry, Item
from retention.services.register import entry_destroy
from retention.workflow import DISPOSER

if TYPE_CHECKING:
    from retention.services.journal import Reapplied

REVISION = re.compile(r"(.+)/R(\d{1,5})")
FACTS = ("document_id", "entry_id", "mark", "name", "sha256", "size", "destroyed_on", "destroyed_at", "outcome")


def reapply(rows: Sequence[dict[str, Any]], proof: dict[str, Any], done: "Reapplied", now: datetime) -> None:
    """Works as the owner of the tables. A document that this database never had is said, and cannot come back."""
    from retention.services.journal import row_refused

    marks = [row["mark"] for row in rows]
    known = set(DocumentTombstone.objects.filter(mark__in=marks).values_list("mark", flat=True))
    done.known += len(known)
    for row in rows:
        if row["mark"] in known:
            continue
        document, entry = _document_of(row), _entry_of(row)
        if document is None and entry is None:
            done.refused.append(f"{proof['name']}: " + _("unknown document %(name)s") % {"name": row["name"]})
            continue
        with row_refused(done, proof, row["name"]):
            _destroy_again(row, document, entry, proof, now)
            done.destroyed += 1
            done.documents += 1


def _document_of(row: dict[str, Any]) -> IssuedDocument | None:
    if row["document_id"] is None:
        return None
    revised = REVISION.fullmatch(row["name"])
    number, revision = (revised[1], int(revised[2])) if revised else (row["name"], 0)
    found = IssuedDocument.objects.filter(number=number, revision=revision).defer("data").first()
    return found if found is not None and document_mark(found.code) == row["mark"] else None


def _entry_of(row: dict[str, Any]) -> Entry | None:
    if row["entry_id"] is None:
        return None
    rows = Entry.objects.filter(number=row["name"]).select_related("site")
    return next((one for one in rows if entry_mark(one.site.code, one.number) == row["mark"]), None)


@transaction.atomic
def _destroy_again(
    row: dict[str, Any], document: IssuedDocument | None, entry: Entry | None, proof: dict[str, Any], now: datetime
) -> None:
    from retention.services.journal import void_if_open

    at = parse_datetime(row["destroyed_at"]) or now
    DocumentProof.objects.create(document=document, entry=entry, **proof)
    if document is not None and document.status != Status.DESTROYED:
        document_destroy(document_id=document.pk, note=proof["number"], by=None, actor=DISPOSER, now=at)
    if entry is not None and entry.status != EntryStatus.DESTROYED:
        on = date.fromisoformat(row["destroyed_on"])
        entry_destroy(entry_id=entry.pk, on=on, note=proof["number"], actor=DISPOSER, now=at)
    facts = {name: row[name] for name in ("mark", "name", "sha256", "size", "destroyed_on", "outcome")}
    DocumentTombstone.objects.create(
        document=document, entry=entry, number=proof["number"], destroyed_at=at, **facts
    )  # fmt: skip
    mine = Item.objects.filter(document=document) if document is not None else Item.objects.filter(entry=entry)
    for item in mine.filter(live=True).select_related("proposal"):
        Item.objects.filter(pk=item.pk).update(state=ItemState.RELEASED, live=False)
        void_if_open(item.proposal, now)
    if document is not None:
        names = files.copies("documents", [document.file])[document.file]
        files.remove_all("documents", names)  # what cannot be removed now, the sweep of files removes later
