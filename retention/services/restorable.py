"""Backups that cannot be restored as things stand (RET-6, RET-14): said by open findings of their packages and keys."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Greatest

from retention.choices import FindingKind, RecordState
from retention.models import Batch, Copy, Finding, Pack, Packed
from retention.models.records import BatchQuerySet

OF_A_COPY = (FindingKind.DAMAGED, FindingKind.SIZE, FindingKind.PACK_MISSING)


def packs_lost() -> QuerySet[Pack]:
    """Packages of which no copy is in order, and those of a bag whose key opens nothing."""
    wrong = Finding.objects.open().filter(kind__in=OF_A_COPY)
    of_copy = wrong.filter(store=OuterRef("store"), name=OuterRef("pack__name"))
    good = Copy.objects.filter(~Exists(of_copy), pack=OuterRef("pk"), gone_at=None)
    keys = Finding.objects.open().filter(kind=FindingKind.KEY_MISSING, record=None).exclude(name__endswith="#tags")
    return Pack.objects.filter(Q(name__in=wrong.values("name")) & ~Exists(good) | Q(bag__in=keys.values("bag")))


def _keys_lost() -> QuerySet[Finding]:
    return Finding.objects.open().filter(kind=FindingKind.KEY_MISSING, record__isnull=False)


def unrestorable() -> Q:
    """Of records: backed up, and nobody can give them back now."""
    lost = Q(packed__pack__in=packs_lost().values("pk")) | Q(pk__in=_keys_lost().values("record"))
    return Q(state=RecordState.BACKED_UP) & lost


def with_findings(rows: BatchQuerySet) -> BatchQuerySet:
    """Batches with `findings_count` (open ones of their bags); records: `unrestorable_count`, `restorable_count`."""
    findings = Finding.objects.open().filter(bag__batch=OuterRef("pk")).order_by()
    keyed = Packed.objects.filter(pack__bag__batch=OuterRef("pk"), key__isnull=False).order_by()
    # What is lost of this batch, and not of all: asked of each batch, that would be all of it each time.
    packs = packs_lost().filter(bag__batch=OuterRef(OuterRef("pk"))).values("pk")
    single = _keys_lost().filter(bag__batch=OuterRef(OuterRef("pk"))).values("record")
    in_packs = keyed.filter(pack__in=packs)
    by_key = keyed.filter(record__in=single).exclude(pack__in=packs)
    return rows.annotate(
        findings_count=_count(findings, "bag__batch"),
        unrestorable_count=_count(in_packs, "pack__bag__batch") + _count(by_key, "pack__bag__batch"),
    ).annotate(restorable_count=Greatest(F("done_count") - F("unrestorable_count"), 0))  # fmt: skip


def having_findings(rows: BatchQuerySet) -> BatchQuerySet:
    """Those with open ones: from these, which are few, to their batches."""
    return rows.filter(pk__in=Finding.objects.open().filter(bag__isnull=False).values("bag__batch"))


def _count(rows: Any, by: str) -> Any:
    counted = rows.values(by).annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def findings_of_batch(batch: Batch) -> QuerySet[Finding]:
    rows = Finding.objects.open().filter(bag__batch=batch).select_related("store", "record")
    return rows.defer("record__customer").order_by("due_at", "pk")
