"""Conversations on a disposal list (RET-7): gathered, counted, looked at again, frozen; documents: paper_lists."""

from collections.abc import Iterator
from datetime import date

from django.db.models import Max, Min, Sum
from django.utils.translation import gettext_noop

from occ.texts import kept
from occ.times import local_day
from retention.choices import ItemState
from retention.models import Item, Proposal, Record
from retention.services import destroyable
from retention.services.lines import FIELDS, line_of

MOST_LINES = 50_000
# Lines that fell out of a draft stand behind all others once it is frozen.
BEHIND = 10_000_000
SOME = 2_000


def gather(proposal: Proposal, today: date) -> int:
    """Put what may go on the empty list, the oldest first; how many lines."""
    at = 0
    for ripe in destroyable.ripe(site=proposal.site, kind=proposal.kind, day=today):
        years, basis = ripe.rule.delete_after_years, ripe.rule.basis
        reason = kept(gettext_noop("older than %(years)s years (%(basis)s)"), years=years, basis=basis[:100])
        rows = destroyable.free(ripe.records, today).order_by("ended_at", "pk").values_list("pk", flat=True)
        some: list[Item] = []
        for pk in rows[: MOST_LINES - at].iterator(chunk_size=SOME):
            at += 1
            some.append(Item(proposal=proposal, position=at, record_id=pk, reason=reason))
            if len(some) == SOME:
                Item.objects.bulk_create(some)
                some = []
        Item.objects.bulk_create(some)
    return at


def count(proposal: Proposal) -> None:
    """Write how many, how large and of which days into the proposal, which the caller saves."""
    live = proposal.items.filter(live=True)
    ends = live.aggregate(first=Min("record__ended_at"), last=Max("record__ended_at"), bytes=Sum("record__size"))
    zone = proposal.site.zone
    proposal.items_count, proposal.bytes_count = live.count(), ends["bytes"] or 0
    proposal.first_day = local_day(ends["first"], zone) if ends["first"] else None
    proposal.last_day = local_day(ends["last"], zone) if ends["last"] else None


def drop(proposal: Proposal, today: date) -> None:
    """Take out of a draft what a hold, a failed check or a new period keeps since it was gathered."""
    live = proposal.items.filter(live=True)
    listed = Record.objects.filter(pk__in=live.values("record_id"))
    kept = set(listed.values_list("pk", flat=True))
    for ripe in destroyable.ripe(site=proposal.site, kind=proposal.kind, day=today):
        fit = ripe.records.filter(destroyable.verified(), ~destroyable.held(today), source__may_delete=True)
        kept -= set(fit.filter(pk__in=live.values("record_id")).values_list("pk", flat=True))
    held = set(listed.filter(destroyable.held(today), pk__in=kept).values_list("pk", flat=True))
    gone = live.filter(record_id__in=kept)
    gone.filter(record_id__in=held).update(state=ItemState.PULLED)
    gone.exclude(record_id__in=held).update(state=ItemState.RELEASED)
    gone.update(live=False)


def lines(proposal: Proposal) -> Iterator[tuple[int, str]]:
    """The list's lines in their order: the item's key, and what it stands for."""
    rows = proposal.items.filter(live=True).order_by("position")
    for pk, *facts in rows.values_list("pk", *(f"record__{one}" for one in FIELDS)).iterator(chunk_size=SOME):
        yield pk, line_of(*facts)
