"""Which records may be proposed for destruction on a day (RET-7), and why the others of their age may not."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from occ.people.models import Site
from retention.choices import ItemDecision, RecordState, Result
from retention.models import Copy, Hold, Item, Proposal, Record, RecordQuerySet, Schedule
from retention.services.schedule import due_bounds

SAFE = [RecordState.BACKED_UP, RecordState.WAIVED]


@dataclass(frozen=True)
class Ripe:
    """Records of one period of retention that have outlived it."""

    rule: Schedule
    records: "RecordQuerySet"


def ripe(*, site: Site, kind: str, day: date) -> Iterator[Ripe]:
    """What is older than it must be kept, by the period that governs it; whatever else stands in its way."""
    for bound in due_bounds(day, site.zone):
        if bound.rule.record_kind == kind:
            rows = Record.objects.filter(bound.among, site=site, kind=kind, ended_at__lt=bound.delete_before)
            yield Ripe(bound.rule, rows.kept())


def held(day: date) -> Exists:
    return Exists(Hold.objects.in_force(day).covering())


def on_a_list() -> Exists:
    return Exists(Item.objects.filter(record=OuterRef("pk"), live=True))


def refused_until_later(day: date) -> Exists:
    refused = Item.objects.filter(record=OuterRef("pk"), decision=ItemDecision.REFUSED, again_on__gt=day)
    return Exists(refused)


def verified() -> Q:
    """Every copy was in order when it was last read, and there is one; or the backup was waived."""
    copies = Copy.objects.filter(pack__packed__record=OuterRef("pk"), gone_at=None)
    return Q(state=RecordState.WAIVED) | (
        Q(state=RecordState.BACKED_UP) & Exists(copies) & ~Exists(copies.exclude(result=Result.OK))
    )


def free(records: "RecordQuerySet", day: date) -> Any:
    """Of those, what nothing stands in the way of: verified or waived, not held, not listed, deletable."""
    return records.filter(
        verified(), ~held(day), ~on_a_list(), ~refused_until_later(day), state__in=SAFE, source__may_delete=True
    )


def standing(*, site: Site, kind: str, day: date) -> dict[str, int]:
    """Of the ripe records: how many may go, and how many are kept by what; a record may count under several."""
    labels = (
        _("May be proposed"), _("Held"), _("Not backed up"), _("Backup not verified"), _("On a list already"),
        _("Refused until later"), _("OCC may not delete at the source"),
    )  # fmt: skip
    found = dict.fromkeys(labels, 0)
    for one in ripe(site=site, kind=kind, day=day):
        rows = one.records
        counts = (
            free(rows, day), rows.filter(held(day)), rows.filter(state=RecordState.CATALOGUED),
            rows.filter(~verified(), state=RecordState.BACKED_UP), rows.filter(on_a_list()),
            rows.filter(refused_until_later(day)), rows.filter(source__may_delete=False),
        )  # fmt: skip
        for label, some in zip(found, counts, strict=True):
            found[label] += some.count()
    return found


def held_lines(proposal: Proposal, day: date) -> int:
    """How many of the list's lines a hold covers on that day."""
    listed = Item.objects.filter(proposal=proposal, live=True)
    return Record.objects.filter(held(day), pk__in=listed.values("record_id")).count()
