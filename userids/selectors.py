"""Reads across the logbook: histories field by field, the three parts of a request's time, the dashboard's figures."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import Aggregate, Count, ExpressionWrapper, F, FloatField, Q
from django.db.models.functions import Extract, TruncMonth
from django.utils.translation import gettext as _
from simple_history.models import HistoricalChanges

from occ.documents.models import Attachment
from occ.obligations.models import EventKind, Obligation
from occ.people.actors import who
from occ.people.models import User
from occ.times import JAKARTA, local_day, month_of
from occ.workflow.flows import Flow
from occ.workflow.models import WorkflowStep
from userids.models import Account, DeactivationQuerySet, DeactivationRequest, time_left

# Fields whose change a reader of the history wants to see; the rest is bookkeeping.
HIDDEN = {"search_text", "search"}
LIMIT = 200


def changes(rows: "models.QuerySet[Any]", title: str = "") -> list[dict[str, Any]]:
    """Entries of partials/timeline.html out of history rows: old and new per field, who, when, why; newest first."""
    found: list[HistoricalChanges] = list(rows.select_related("history_user").order_by("-history_date")[:LIMIT])
    entries = []
    for i, row in enumerate(found):
        before = found[i + 1] if i + 1 < len(found) and found[i + 1].id == row.id else None
        entries.append(_entry(row, before, title))
    return entries


def _entry(row: Any, before: Any, title: str) -> dict[str, Any]:
    changed = []
    if before is not None:
        for change in row.diff_against(before).changes:
            if change.field not in HIDDEN:
                changed.append(
                    {
                        "field": row.instance_type._meta.get_field(change.field).verbose_name,
                        "old": shown(row.instance_type, change.field, change.old),
                        "new": shown(row.instance_type, change.field, change.new),
                    }
                )
    words = {"+": _("Recorded"), "~": _("Changed"), "-": _("Removed")}[row.history_type]
    return {
        "at": row.history_date,
        "title": f"{title}: {words}" if title else words,
        "actor": str(row.history_user) if row.history_user else _("System"),
        "note": row.history_change_reason or "",
        "icon": {"+": "plus", "~": "pencil", "-": "trash"}[row.history_type],
        "changes": changed,
    }


def shown(model: type[models.Model], name: str, value: Any) -> str:
    """A field's value in words: choices by label, instants at the site's clocks."""
    field: Any = model._meta.get_field(name)
    if value in (None, "", []):
        return ""
    if isinstance(value, datetime):
        return value.astimezone(JAKARTA).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, list):
        labels = dict(field.base_field.choices or [])
        return ", ".join(str(labels.get(one, one)) for one in value)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return str(dict(field.flatchoices).get(value, value))


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
            entries.append(_entry(row, before, f"{_('Holder')} {row.person}"))
    entries.reverse()  # of one instant the later entry first
    return sorted(entries, key=lambda one: one["at"], reverse=True)


def process_entries(flow: Flow, subject: Any, steps: list[WorkflowStep]) -> list[dict[str, Any]]:
    """What was done with a request, and what its deadline did; newest first."""
    attached = {str(one.pk): one for one in Attachment.objects.filter(
        subject_type=subject._meta.label_lower, subject_id=str(subject.pk))}  # fmt: skip
    entries: list[dict[str, Any]] = [_step_entry(flow, one, attached) for one in steps]
    kind = ContentType.objects.get_for_model(subject)
    duties = Obligation.objects.filter(content_type=kind, object_id=subject.pk).prefetch_related("events")
    for duty in duties:
        entries += [entry for event in duty.events.all() if (entry := _event_entry(event))]
    entries.reverse()  # of one instant the later entry first
    return sorted(entries, key=lambda one: one["at"], reverse=True)


def _step_entry(flow: Flow, row: WorkflowStep, attached: dict[str, Attachment]) -> dict[str, Any]:
    file = attached.get(row.evidence.get("attachment", ""))
    note = "\n".join(filter(None, [row.note, row.evidence.get("text", ""), file.name if file else ""]))
    tone = {"failed": "danger", "cancelled": "neutral", "shut": "warning"}.get(row.to_state, "success")
    return {
        "at": row.at,
        "title": str(flow.states(row.to_state).label),
        "actor": who(row.actor_label),
        "note": note,
        "icon": "arrow-right",
        "tone": tone,
        "url": file.get_absolute_url() if file else "",
    }


def _event_entry(event: Any) -> dict[str, Any] | None:
    """A ladder's step or a moved deadline; what only repeats the request's own steps is left out."""
    if event.kind == EventKind.MOVED:
        was = event.data.get("was", "")
        moment = datetime.fromisoformat(was) if isinstance(was, str) and was else None
        note = f"{shown_instant(moment)} → {shown_instant(event.due_at)}" if moment else ""
        return {"at": event.at, "title": _("Deadline moved"), "actor": who(event.actor_label), "note": note,
                "icon": "calendar-event", "tone": "info"}  # fmt: skip
    if event.kind == EventKind.STEP and not event.superseded:
        title, tone, icon = step_words(event.step)
        return {"at": event.at, "title": title, "actor": _("System"), "icon": icon, "tone": tone}
    if event.kind == EventKind.PARKED:
        return {"at": event.at, "title": _("Parked with an error"), "icon": "alert-octagon", "tone": "danger"}
    return None


def step_words(key: str) -> tuple[str, str, str]:
    words = {
        "requested": (_("Team leader reminded"), "info", "bell"),
        "12h_before": (_("Team leader reminded: 12 hours left"), "info", "bell"),
        "2h_before": (_("Team leader reminded: 2 hours left"), "warning", "bell"),
        "owner_2h_before": (_("Owner reminded: 2 hours left"), "warning", "bell"),
        "breach": (_("Breach: coordinator alerted"), "danger", "alert-octagon"),
        "24h_after": (_("24 hours late: manager alerted"), "danger", "alert-octagon"),
    }
    return words.get(key, (key, "neutral", "bell"))


def shown_instant(at: datetime) -> str:
    return at.astimezone(JAKARTA).strftime("%Y-%m-%d %H:%M")


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
    hours = ExpressionWrapper(Extract(F("inactive_since") - F("starts_at"), "epoch") / 3600.0, FloatField())
    shut = Q(inactive_since__isnull=False)
    return {
        "judged": Count("pk", filter=shut | Q(due_at__lt=now)),
        "on_time": Count("pk", filter=Q(inactive_since__lte=F("due_at"))),
        "median": Percentile(hours, 0.5, filter=shut),
        "p95": Percentile(hours, 0.95, filter=shut),
    }


def months(user: User, *, now: datetime, back: int = 12) -> list[Month]:
    """The last `back` months by due date, oldest first; cancelled requests do not count."""
    this = month_of(local_day(now, JAKARTA))
    first = this
    for _month in range(back - 1):
        first = month_of(first - timedelta(days=1))
    rows: Iterable[Any] = (
        judged_requests(user)
        .annotate(month=TruncMonth("due_at", tzinfo=JAKARTA))
        .filter(month__date__gte=first, month__date__lte=this)
        .values("month")
        .annotate(**counted(now))
        .order_by("month")
    )
    return [Month(row["month"].date(), row["judged"], row["on_time"], row["median"], row["p95"]) for row in rows]


def judged_requests(user: User) -> DeactivationQuerySet:
    return DeactivationRequest.objects.visible_to(user).exclude(status="cancelled")


def by_place(user: User, *, now: datetime, since: date) -> Iterable[Any]:
    """Counts and hours by site and team of requests due since that day."""
    return (
        judged_requests(user)
        .filter(due_at__date__gte=since)
        .values("site_id", "site__code", "team_id", "team__name")
        .annotate(**counted(now), running=Count("pk", filter=Q(inactive_since=None, due_at__gte=now)))
        .order_by("site__code", "team__name")
    )


def urgency(user: User, *, now: datetime) -> dict[str, int]:
    """How many open requests are overdue, due within 2 h, within 12 h, later."""
    parts = zip(("overdue", "red", "amber", "green"), time_left(now).values(), strict=True)
    rows = DeactivationRequest.objects.visible_to(user).open()
    return rows.aggregate(**{name: Count("pk", filter=part) for name, part in parts})
