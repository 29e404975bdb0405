"""Reads across retention's models: what a record's page says beside its own row."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from occ.ledger.models import Entry
from occ.people.actors import who
from retention.choices import STANDING, FindingKind
from retention.models import Copy, Finding, Item, Pack, Record

LIMIT = 100
DEEDS = {
    "record.moved": (gettext_lazy("Its file was moved at the source"), "folder-symlink"),
    "record.customer_read": (gettext_lazy("The customer was shown"), "eye"),
    "record.heard": (gettext_lazy("Listened to"), "headphones"),
    "record.read": (pgettext_lazy("deed", "Read"), "eye"),
    "retention.record_waived": (gettext_lazy("Backup waived"), "file-off"),
    "retention.record_file_taken": (gettext_lazy("The file was taken as it is now"), "file-check"),
    "record.downloaded": (gettext_lazy("File taken"), "download"),
}


def packs_of(finding: Finding) -> list[str]:
    """Names of the packages that a finding about a key touches, in their order."""
    if finding.kind != FindingKind.KEY_MISSING or finding.bag_id is None:
        return []
    packs = Pack.objects.filter(bag=finding.bag_id, copies__gone_at=None)
    if finding.record_id:
        packs = packs.filter(packed__record=finding.record_id)
    return list(packs.order_by("number").distinct().values_list("name", flat=True))


def findings_of(record: Record) -> QuerySet[Finding]:
    return record.findings.filter(status__in=STANDING).order_by("-found_at")


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
        note = one.data.get("note") or one.data.get("purpose") or one.data.get("reason") or ""
        if one.action == "record.moved":
            note = f"{one.data.get('was')} → {one.data.get('is')}"
        elif one.action == "retention.record_file_taken":
            note += f" ({one.data['was']['sha256'][:12] or '?'}… → {one.data['is']['sha256'][:12]}…)"
        entries.append({"at": one.at, "title": str(title), "actor": who(one.actor_label), "note": note, "icon": icon})
    return [*entries, {"at": record.catalogued_at, "title": _("Catalogued"), "actor": "", "icon": "plus"}]
