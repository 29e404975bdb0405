"""How the keeping of records stands, month by month (RET-14): what each figure counts, and beat's counting.

A figure and the list behind it have one condition (`condition`), so that a figure leads to exactly its rows. What
changes in a month makes its figures stale (`MonthFigures.objects.touched`), and each is counted anew once a day.
"""

import time
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, F, Max, Min, OuterRef, Q
from django.db.models.functions import TruncMonth

from occ.people.models import Site
from occ.policies.services import policy_value
from occ.times import local_day
from retention.choices import CheckKind, ItemDecision, LossStatus, ProposalStatus, RecordState, Result
from retention.deadlines import month_bounds
from retention.models import Batch, Check, Copy, Finding, Item, Loss, LostPacked, MonthFigures, Pack, Proposal, Record
from retention.models.compliance import COUNTED
from retention.models.records import RecordQuerySet
from retention.policies import FIXITY_DAYS
from retention.services.ages import past, rules_of
from retention.services.holds import held
from retention.services.restorable import unrestorable

INCIDENTS = 10  # losses that the page names; the list has all
RECOUNTED = timedelta(days=1)
OPEN_RECOUNTED = timedelta(minutes=30)
BEFORE_CLIENT = [ProposalStatus.DRAFT, ProposalStatus.WITH_CLIENT]
AFTER_CLIENT = [ProposalStatus.APPROVED, ProposalStatus.EXECUTING, ProposalStatus.PARTIAL]


def conditions(site: Site, kind: str, now: datetime) -> dict[str, Q]:
    """What each figure counts among the records of a site and kind, as things stand at `now`."""
    day, kept = local_day(now, site.zone), ~Q(state=RecordState.DESTROYED)
    rules = rules_of(kind, day)
    live = Item.objects.filter(record=OuterRef("pk"), live=True)
    refused = Item.objects.filter(record=OuterRef("pk"), decision=ItemDecision.REFUSED, again_on__gt=day)
    lost = unrestorable()
    without_reason = Q(~held(day)) & Q(~Exists(live)) & Q(~Exists(refused))
    return {
        "records": Q(),
        "backed_up": Q(state=RecordState.BACKED_UP) & ~lost,
        "verified": Q(state=RecordState.BACKED_UP, packed__pack__in=_verified_packs(now).values("pk")) & ~lost,
        "unrestorable": lost,
        "overdue": Q(state=RecordState.CATALOGUED) & past(rules, "backup_after_years", day, site.zone),
        "held": kept & Q(held(day)),
        "proposed": kept & Q(Exists(live.filter(proposal__status__in=BEFORE_CLIENT))),
        "approved": kept & Q(Exists(live.filter(proposal__status__in=AFTER_CLIENT, decision=ItemDecision.APPROVED))),
        "destroyed": Q(state=RecordState.DESTROYED),
        "beyond": kept & past(rules, "delete_after_years", day, site.zone) & without_reason,
    }


def _verified_packs(now: datetime) -> Any:
    """Packages of which every copy was read within the time allowed and found in order."""
    since = now - timedelta(days=policy_value(FIXITY_DAYS, at=now))
    copies = Copy.objects.filter(pack=OuterRef("pk"), gone_at=None)
    bad = copies.filter(~Q(result=Result.OK) | Q(checked_at__lt=since))
    return Pack.objects.filter(Exists(copies), ~Exists(bad))


def behind(figure: str, *, site: Site | None, kind: str, month: date | None, now: datetime) -> Q:
    """The condition on records that a figure counts, in those months in which it counts any.

    KeyError for a figure there is none of.
    """
    if figure not in COUNTED:
        raise KeyError(figure)
    months = MonthFigures.objects.filter(**{f"{figure}__gt": 0}).select_related("site")
    if site is not None:
        months = months.filter(site=site)
    if kind:
        months = months.filter(kind=kind)
    if month is not None:
        months = months.filter(month=month)
    spans: dict[tuple[Site, str], Q] = {}
    for one in months.order_by("site_id", "month"):
        first, until = month_bounds(one.month, one.site.zone)
        span = Q(ended_at__gte=first, ended_at__lt=until)
        spans[one.site, one.kind] = spans.get((one.site, one.kind), Q(pk__in=[])) | span
    found = Q(pk__in=[])
    for (where, of), span in spans.items():
        found |= Q(site=where, kind=of) & span & conditions(where, of, now)[figure]
    return found


# Counting -------------------------------------------------------------------------------------------------------------


def figures_count(*, now: datetime, seconds: float) -> int:
    """Beat: find months with new records, and count anew what is stale, for at most so many seconds; how many."""
    until, count = time.monotonic() + seconds, 0
    _discover()
    _touch_open(now)
    stale = MonthFigures.objects.filter(Q(counted_at=None) | Q(counted_at__lt=now - RECOUNTED)).select_related("site")
    for one in stale.order_by(F("counted_at").asc(nulls_first=True), "-month", "pk"):
        if time.monotonic() >= until:
            break
        count += _count(one, now)
    return count


def _count(one: MonthFigures, now: datetime) -> bool:
    """Claimed before it is counted: what changes meanwhile makes it stale again."""
    rows = MonthFigures.objects.filter(pk=one.pk)
    if not rows.filter(counted_at=one.counted_at).update(counted_at=now):
        return False
    rows.update(**counts_of(one.site, one.kind, one.month, now))
    return True


def counts_of(site: Site, kind: str, month: date, now: datetime) -> dict[str, int]:
    first, until = month_bounds(month, site.zone)
    rows = Record.objects.filter(site=site, kind=kind, ended_at__gte=first, ended_at__lt=until).order_by()
    wanted = conditions(site, kind, now)
    found = rows.aggregate(
        **{name: Count("pk", filter=wanted[name]) if wanted[name] else Count("pk") for name in COUNTED}
    )
    return {name: found[name] for name in COUNTED}


def _discover() -> None:
    """The months of the records that came since the last time."""
    seen = MonthFigures.objects.aggregate(seen=Max("seen_record"))["seen"] or 0
    top = Record.objects.aggregate(top=Max("pk"))["top"] or 0
    if top <= seen:
        return
    for site in Site.objects.all():
        new: RecordQuerySet = Record.objects.filter(site=site, pk__gt=seen, pk__lte=top)
        months = new.order_by().values_list("kind", TruncMonth("ended_at", tzinfo=site.zone)).distinct()
        for kind, begins in months:
            MonthFigures.objects.update_or_create(
                site=site, kind=kind, month=begins.date(), defaults={"counted_at": None, "seen_record": top}
            )


def _touch_open(now: datetime) -> None:
    """Months in which something is under way: batches that were worked on since, proposals that are open."""
    newer = Batch.objects.filter(site=OuterRef("site"), kind=OuterRef("kind"), month=OuterRef("month"))
    newer = newer.filter(Q(heard_at__gt=OuterRef("counted_at")) | Q(completed_at__gt=OuterRef("counted_at")))
    MonthFigures.objects.filter(Exists(newer)).update(counted_at=None)
    proposals = Proposal.objects.exclude(kind="").exclude(first_day=None)
    recent = proposals.filter(Q(completed_at__gt=now - RECOUNTED) | Q(pk__in=proposals.open().values("pk")))
    for one in recent:
        rows = MonthFigures.objects.filter(site=one.site_id, kind=one.kind, counted_at__lt=now - OPEN_RECOUNTED)
        assert one.first_day is not None and one.last_day is not None
        rows.filter(month__gte=one.first_day.replace(day=1), month__lte=one.last_day).update(counted_at=None)


# Incidents ------------------------------------------------------------------------------------------------------------


def lost(sites: Sequence[Site]) -> tuple[list[Loss], int]:
    """The latest losses of these sites, without those refused, and how many records wait to be backed up anew."""
    rows = Loss.objects.filter(site__in=sites).exclude(status=LossStatus.REFUSED)
    waiting = LostPacked.objects.filter(loss__in=rows, record__state=RecordState.CATALOGUED)
    latest = rows.select_related("site", "bag").defer("bag__key").order_by("-pk")[:INCIDENTS]
    return list(latest), waiting.values("record").distinct().count()


def findings(sites: Sequence[Site]) -> int:
    """Open findings of these sites: of backups, and of the files at their sources."""
    return Finding.objects.open().filter(site__in=sites).count()


# Headline -------------------------------------------------------------------------------------------------------------


def last_checks() -> dict[str, Any]:
    """`verified` and `drill`: the latest fixity check and restore drill that ended, without those of single packages;
    `oldest`: of which package the last reading lies farthest back."""
    ended = Check.objects.filter(pack=None).exclude(ended_at=None).order_by("-ended_at")
    live = Copy.objects.filter(gone_at=None)
    return {
        "verified": ended.filter(kind=CheckKind.FIXITY).first(),
        "drill": ended.filter(kind=CheckKind.DRILL).first(),
        "oldest": live.aggregate(oldest=Min("checked_at"))["oldest"],
    }
