"""Reads across the logbook: an ID's history with its holders', the parts of a request's time, the figures."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import Aggregate, Count, ExpressionWrapper, F, FloatField, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, Extract, Greatest, TruncMonth
from django.utils.translation import gettext as _

from occ.people.models import User
from occ.timeline import changes as changes
from occ.timeline import entry
from occ.timeline import process_entries as process_entries
from occ.times import JAKARTA, local_day, month_of, next_month, start_of_day
from occ.workflow.models import WorkflowStep
from sdm.personal import reads_letters
from userids.choices import BreachReviewStatus
from userids.models import Account, DeactivationQuerySet, DeactivationRequest, Resignation, time_left

LIMIT = 200


def account_entries(account: Account) -> list[dict[str, Any]]:
    """The row's history and its holders', newest first."""
    holders = type(account.assignments.model()).history.model.objects.filter(account_id=account.pk)
    entries = changes(account.history.all(), _("User ID"))
    grouped: dict[int, list[Any]] = {}
    for row in holders.select_related("history_user", "person").order_by("-history_date")[:LIMIT]:
        grouped.setdefault(row.id, []).append(row)
    for versions in grouped.values():
        for i, row in enumerate(versions):
            before = versions[i + 1] if i + 1 < len(versions) else None
            entries.append(entry(row, before, f"{_('Holder')} {row.person}"))
    entries.reverse()  # of one instant the later entry first
    return sorted(entries, key=lambda one: one["at"], reverse=True)


@dataclass(frozen=True)
class Part:
    """One part of a request's time: from when to when (None: still running), whose it was."""

    label: str
    starts_at: datetime | None
    ends_at: datetime | None
    whose: str

    @property
    def span(self) -> timedelta | None:
        return self.ends_at - self.starts_at if self.starts_at and self.ends_at else None


def time_parts(request: DeactivationRequest, documented_at: datetime | None) -> list[Part]:
    """UID-4: how late Support recorded, how long the team leader took, how long until it was verified."""
    notice = Part(_("Notice"), min(request.starts_at, request.recorded_at), request.recorded_at, _("Admin / Support"))
    began = max(request.starts_at, request.requested_at or request.recorded_at)
    ended = request.inactive_since and max(request.inactive_since, began)
    leader = Part(_("Deactivation"), began, ended, _("Team Leader / SPV"))
    verified = Part(_("Verification"), request.inactive_since, documented_at, _("Admin / Support"))
    return [notice, leader, verified]


# Dashboard ---------------------------------------------------------------------------------------------------------


class Percentile(Aggregate):
    """PERCENTILE_CONT(fraction) of the expression; None over nothing."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(%(fraction)s) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()

    def __init__(self, expression: Any, fraction: float, **extra: Any) -> None:
        super().__init__(expression, fraction=fraction, **extra)


@dataclass(frozen=True)
class Month:
    """`share`: on-time percent of what was due and is judged; `median`, `p95`: hours from clock start to inactive."""

    month: date
    judged: int
    on_time: int
    median: float | None
    p95: float | None

    @property
    def share(self) -> float | None:
        return 100 * self.on_time / self.judged if self.judged else None


def counted(now: datetime) -> dict[str, Any]:
    """Aggregates of requests: judged (shut, or open past due), on time, median and p95 hours to deactivation."""
    # What was shut before its clock began took no time.
    took = Greatest(F("inactive_since"), F("starts_at")) - F("starts_at")
    hours = ExpressionWrapper(Extract(took, "epoch") / 3600.0, FloatField())
    shut = Q(inactive_since__isnull=False)
    none = Q(review=None) | Q(review__status=BreachReviewStatus.VOID)  # no breach stands
    return {
        "judged": Count("pk", filter=shut | Q(due_at__lt=now)),
        "on_time": Count("pk", filter=Q(inactive_since__lte=F("due_at")) & none),
        "median": Percentile(hours, 0.5, filter=shut),
        "p95": Percentile(hours, 0.95, filter=shut),
    }


def months(user: User, *, now: datetime, back: int = 12) -> list[Month]:
    """The last `back` months by due date, oldest first; cancelled requests do not count.

    From the first in which something was due on, one in which nothing was is there too, with no share.
    """
    this = month_of(local_day(now, JAKARTA))
    first = this
    for _month in range(back - 1):
        first = month_of(first - timedelta(days=1))
    rows: Iterable[Any] = (
        judged_requests(user)
        .filter(due_at__gte=start_of_day(first, JAKARTA), due_at__lt=start_of_day(next_month(this), JAKARTA))
        .annotate(month=TruncMonth("due_at", tzinfo=JAKARTA))
        .values("month")
        .annotate(**counted(now))
        .order_by("month")
    )
    known = {row["month"].date(): row for row in rows}
    found, month = [], min(known, default=next_month(this))
    while month <= max([this, *known]):
        row = known.get(month, {"judged": 0, "on_time": 0, "median": None, "p95": None})
        found.append(Month(month, row["judged"], row["on_time"], row["median"], row["p95"]))
        month = next_month(month)
    return found


def judged_requests(user: User) -> DeactivationQuerySet:
    return DeactivationRequest.objects.visible_to(user).exclude(status="cancelled")


def by_place(user: User, *, now: datetime, since: date) -> Iterable[Any]:
    """Counts and hours by site and team of requests due since that day."""
    return (
        judged_requests(user)
        .filter(due_at__gte=start_of_day(since, JAKARTA))
        .values("site_id", "site__code", "team_id", "team__name")
        .annotate(**counted(now), running=Count("pk", filter=Q(inactive_since=None, due_at__gte=now)))
        .order_by("site__code", "team__name")
    )


def time_shares(user: User, *, since: date) -> list[dict[str, Any]]:
    """The parts of UID-4 over the shut requests that were due since that day: label, whose, median and p95 in hours.

    The last one is the evidence clock's: how long after the ID really was inactive somebody confirmed it.
    """
    kind = ContentType.objects.get_for_model(DeactivationRequest)
    documented = WorkflowStep.objects.filter(content_type=kind, object_id=OuterRef("pk"), to_state="documented")
    rows = judged_requests(user).filter(due_at__gte=start_of_day(since, JAKARTA), inactive_since__isnull=False)
    rows = rows.annotate(documented_at=Subquery(documented.values("at")[:1]))
    asked = Greatest("starts_at", Coalesce("requested_at", "recorded_at"))
    parts = [
        (_("Notice after the last working day"), _("Admin / Support"), F("recorded_at") - F("starts_at")),
        (_("From request to inactive"), _("Team Leader / SPV"), F("inactive_since") - asked),
        (_("From inactive to documented"), _("Admin / Support"), F("documented_at") - F("inactive_since")),
        (_("From inactive to confirmed"), _("Team Leader / SPV"), F("confirmed_at") - F("inactive_since")),
    ]
    found: dict[str, Any] = {}
    for i, (_label, _whose, span) in enumerate(parts):
        hours = ExpressionWrapper(Greatest(Extract(span, "epoch") / 3600.0, 0.0), FloatField())
        found |= {f"median{i}": Percentile(hours, 0.5), f"p95_{i}": Percentile(hours, 0.95)}
    figures = rows.aggregate(**found)
    return [
        {"label": label, "whose": whose, "median": figures[f"median{i}"], "p95": figures[f"p95_{i}"]}
        for i, (label, whose, _span) in enumerate(parts)
    ]


def urgency(user: User, *, now: datetime) -> dict[str, int]:
    """How many open requests are overdue, due within 2 h, within 12 h, later."""
    parts = zip(("overdue", "red", "amber", "green"), time_left(now).values(), strict=True)
    rows = DeactivationRequest.objects.visible_to(user).open()
    return rows.aggregate(**{name: Count("pk", filter=part) for name, part in parts})


def letter_visible(user: User, pk: str) -> bool:
    """Who reads a letter of resignation: those who take it, and who answers for them."""
    found = Resignation.objects.visible_to(user).filter(pk=pk).select_related("person__site").first()
    return found is not None and reads_letters(user, found.person_id, found.person.site)
