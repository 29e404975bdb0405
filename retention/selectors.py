"""Reads across retention's models: what a record's page says beside its own row."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from occ.ledger.models import Entry
from occ.people.actors import who
from retention.choices import FindingStatus
from retention.models import Copy, Finding, Item, Record

LIMIT = 100
DEEDS = {
    "record.moved": (gettext_lazy("Its file was moved at the source"), "folder-symlink"),
    "record.customer_read": (gettext_lazy("The customer was shown"), "eye"),
    "record.listened": (gettext_lazy("Listened to"), "headphones"),
    "record.read": (gettext_lazy("Read"), "eye"),
    "record.waived": (gettext_lazy("Backup waived"), "file-off"),
    "record.restored": (gettext_lazy("Restored"), "restore"),
    "record.destroyed": (gettext_lazy("Destroyed"), "trash"),
}


def findings_of(record: Record) -> QuerySet[Finding]:
    return record.findings.filter(status=FindingStatus.OPEN).order_by("-found_at")


def copies_of(record: Record) -> QuerySet[Copy]:
    """Where its package lies; none while it is not backed up."""
    packed = getattr(record, "packed", None)
    rows = Copy.objects.filter(pack=packed.pack_id) if packed is not None else Copy.objects.none()
    return rows.select_related("store").order_by("store__code")


def disposals_of(record: Record) -> QuerySet[Item]:
    return record.disposals.select_related("proposal").order_by("-pk")


def record_entries(record: Record) -> list[dict[str, Any]]:
    """What the ledger keeps of the record, newest first (partials/timeline.html), down to its cataloguing."""
    rows = Entry.objects.filter(subject_type="retention.record", subject_id=str(record.pk)).order_by("-pk")[:LIMIT]
    entries = []
    for one in rows:
        title, icon = DEEDS.get(one.action, (one.action, "point"))
        note = one.data.get("note") or one.data.get("purpose") or ""
        if one.action == "record.moved":
            note = f"{one.data.get('was')} → {one.data.get('is')}"
        entries.append({"at": one.at, "title": str(title), "actor": who(one.actor_label), "note": note, "icon": icon})
    return [*entries, {"at": record.catalogued_at, "title": _("Catalogued"), "actor": "", "icon": "plus"}]
