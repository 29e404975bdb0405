"""Lists of training (SDM-4): batches, participants as a file, and the board of who stands where."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import django_filters as filters
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from occ.errors import NotAllowed
from occ.filters import DayFilter, OneRow, OwnSite
from occ.list_export import register_list
from occ.lists import listing, remembered
from occ.people.access import me
from occ.people.models import User
from occ.people.scope import has_role
from occ.sheets.writing import OutColumn
from sdm.models import TRAINING_READERS, Participant, StageRun, TrainingBatch
from sdm.services.training_outcomes import named
from sdm.training.choices import STAGES, TrainingStatus
from sdm.training.workflow import HR
from sdm.views.training import crumbs

SHOWN = 60  # cards of a stage on the board


class BatchFilter(filters.FilterSet):
    q = filters.CharFilter(method="by_words", label=gettext_lazy("Search"))
    state = filters.ChoiceFilter(
        choices=[("open", gettext_lazy("Open")), ("closed", gettext_lazy("Closed"))], method="by_state",
        label=gettext_lazy("Status"), empty_label=gettext_lazy("All"),
    )  # fmt: skip
    site = OwnSite()
    since = DayFilter(field_name="starts_on", lookup_expr="gte", label=gettext_lazy("From"))
    until = DayFilter(field_name="starts_on", lookup_expr="lte", label=gettext_lazy("To"))

    def by_words(self, rows: QuerySet[TrainingBatch], name: str, value: str) -> QuerySet[TrainingBatch]:
        for word in value.replace("\x00", "").split()[:6]:
            named = Participant.objects.filter(Q(name__icontains=word) | Q(number__iexact=word)).values("batch_id")
            rows = rows.filter(Q(code__icontains=word) | Q(title__icontains=word) | Q(pk__in=named))
        return rows

    def by_state(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(closed_at=None) if value == "open" else rows.exclude(closed_at=None)


COUNTED = [*STAGES, TrainingStatus.PASSED, TrainingStatus.OUT]


def rows_of(user: User, now: datetime) -> QuerySet[TrainingBatch]:
    """Batches with how many stand where."""
    counts = {f"n_{one.value}": Count("participants", filter=Q(participants__status=one)) for one in COUNTED}
    rows: QuerySet[TrainingBatch] = TrainingBatch.objects.visible_to(user).select_related("site").annotate(**counts)
    return rows


def columns() -> list[OutColumn]:
    return [OutColumn(_("Code"), 14), OutColumn(_("Title"), 34), OutColumn(_("Site"), 14), OutColumn(_("From"), 14),
            *(OutColumn(str(one.label), 12) for one in COUNTED), OutColumn(_("Closed"), 18)]  # fmt: skip


def line(one: Any) -> list[Any]:
    counts = [getattr(one, f"n_{status.value}") for status in COUNTED]
    return [one.code, one.title, one.site.name, one.starts_on, *counts, one.closed_at]


register_list(
    "sdm.training", gettext_lazy("Training batches"), may=lambda user: has_role(user, TRAINING_READERS),
    filters=BatchFilter, order=["-starts_on", "-pk"], rows=rows_of, columns=columns, line=line,
)  # fmt: skip


class ParticipantFilter(filters.FilterSet):
    batch = OneRow(rows=TrainingBatch.objects.visible_to, field_name="batch_id", label=gettext_lazy("Batch"))
    q = filters.CharFilter(method="by_words", label=gettext_lazy("Search"))
    status = filters.ChoiceFilter(
        choices=TrainingStatus.choices, label=gettext_lazy("Status"), empty_label=gettext_lazy("All")
    )

    def by_words(self, rows: QuerySet[Participant], name: str, value: str) -> QuerySet[Participant]:
        for word in value.replace("\x00", "").split()[:6]:
            rows = rows.filter(Q(name__icontains=word) | Q(number__iexact=word) | Q(batch__code__iexact=word))
        return rows


def participant_columns() -> list[OutColumn]:
    labels = (_("Batch"), _("Number"), _("Participant"), _("Site"), _("Status"), _("Attempt"), _("Softskill"),
              _("Pre test"), _("Post test"), _("Passive tandem"), _("Samples"), _("Validation by QC"), _("Join date"),
              _("Why out"))  # fmt: skip
    return [OutColumn(label, 18) for label in labels]


def participant_line(one: Participant) -> list[Any]:
    held = {(row.stage, row.attempt): row for row in one.results.all()}
    soft = next((row for (stage, _n), row in held.items() if stage == TrainingStatus.SOFTSKILL), None)
    test, passive, checked = (
        held.get((stage.value, one.attempt))
        for stage in (TrainingStatus.HARDSKILL, TrainingStatus.PASSIVE, TrainingStatus.VALIDATING)
    )
    return [one.batch.code, one.number, one.name, one.site.name, one.get_status_display(), one.attempt,
            soft and soft.score, test and test.pre_score, test and test.score, passive and passive.score,
            len([row for row in one.samples.all() if row.attempt == one.attempt]), checked and checked.score,
            one.join_on, one.out_reason]  # fmt: skip


def participant_rows(user: User, now: datetime) -> QuerySet[Participant]:
    rows = Participant.objects.visible_to(user).select_related("batch", "site")
    return rows.prefetch_related("results", "samples")


register_list(
    "sdm.training_participants", gettext_lazy("Participants of trainings"),
    may=lambda user: has_role(user, TRAINING_READERS), filters=ParticipantFilter, order=["batch_id", "name", "pk"],
    rows=participant_rows, columns=participant_columns, line=participant_line,
)  # fmt: skip


def _must_read(user: User) -> None:
    if not has_role(user, TRAINING_READERS):
        raise NotAllowed


@require_GET
def batches(request: HttpRequest) -> HttpResponse:
    user, now = me(request), timezone.now()
    _must_read(user)
    if again := remembered(request):
        return again
    sorts = {"from": "starts_on", "code": "code"}
    context = listing(request, rows_of(user, now), filters=BatchFilter, sorts=sorts, default="-from")
    for row in context["page"].rows:
        counts = [(one.label, getattr(row, f"n_{one.value}")) for one in COUNTED]
        row.counts = [(label, n) for label, n in counts if n]
    actions = [{"label": _("Board"), "url": reverse("sdm:training_board"), "icon": "layout-kanban"}]
    if has_role(user, HR):
        new = {"label": _("New batch"), "url": reverse("sdm:training_new"), "icon": "plus", "tone": "primary"}
        actions.append(new)
    context |= {
        "title": _("Training"), "subtitle": _("From softskill to the join date, batch by batch"), "actions": actions,
        "search": _("Code, title, name or number"),
        "export_kind": "sdm.training",
    }  # fmt: skip
    return render(request, "sdm/training/batches.html", context)


@require_GET
def board(request: HttpRequest) -> HttpResponse:
    """Everybody who is in training, by stage."""
    user, now = me(request), timezone.now()
    _must_read(user)
    rows = Participant.objects.visible_to(user).going().filter(batch__closed_at=None).select_related("batch", "site")
    counts = dict(rows.order_by().values_list("status").annotate(n=Count("pk")))
    runs = StageRun.objects.filter(closed_at=None, batch__in=TrainingBatch.objects.visible_to(user))
    due = {(one.batch_id, one.stage): one.due_at for one in runs}
    stages = []
    for stage in STAGES:
        people = list(rows.filter(status=stage).order_by("batch__starts_on", "name", "pk")[:SHOWN])
        named(user, people)
        for one in people:
            one.due_at = due.get((one.batch_id, one.status))  # type: ignore[attr-defined]
        total = counts.get(stage.value, 0)
        stages.append({"label": stage.label, "total": total, "people": people, "more": total - len(people)})
    context = {"title": _("Training: who stands where"), "crumbs": crumbs(), "stages": stages, "now": now}
    return render(request, "sdm/training/board.html", context)
