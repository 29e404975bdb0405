"""Recovery plans (RTM-14): the list, drawing one up, its expected effect, its actions, its steps to the issued form."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import django_filters as filters
from django import forms
from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from occ.documents.models import IssuedDocument
from occ.errors import NotAllowed, Refused
from occ.filters import FromDay, OwnSite, UntilDay
from occ.forms import add_refusal
from occ.list_export import register_list
from occ.lists import listing, remembered
from occ.people.access import get_visible, me
from occ.people.choices import Channel
from occ.people.models import User
from occ.people.scope import has_role
from occ.processes import Stepping, plain_stepping, process_context, step_make
from occ.sheets.writing import OutColumn
from occ.workflow.flows import Transition
from realtime.choices import Cause, PlanStatus
from realtime.documents import day_label, few_said
from realtime.models import FLOOR_READERS, Alert, PlanAction, RecoveryPlan
from realtime.plan_forms import ActionForm, DropForm, FinishForm, PlanForm, StartForm, VerifyForm, WhatIfForm
from realtime.services import recovery
from realtime.views.what_if import rows_for
from realtime.workflow import PLANNERS, RECOVERY

ICONS = {"start": "player-play", "finish": "check", "resume": "rotate-2", "verify": "checks", "cancel": "ban"}


def form_for(subject: RecoveryPlan, transition: Transition, data: Any, files: Any) -> forms.Form:
    form = USUAL.form_for(subject, transition, data, files)
    if transition.name == "verify":
        now = timezone.now()
        if recovery.day_goes_on(subject, now):
            words = _("The day is not over: its figures stay as they are at %(time)s.")
            time = timezone.localtime(now, subject.site.zone)
            form.fields["note"].help_text = words % {"time": f"{time:%H:%M}"}
        if few := recovery.too_few(subject, now):
            form.fields["few_why"].required, form.fields["few_why"].help_text = True, few
        else:
            del form.fields["few_why"]
    return form


USUAL: Stepping = plain_stepping(
    RECOVERY, recovery.TRANSITIONS, key="plan_id", url_name="realtime:plan_step",
    own_forms={"start": StartForm, "finish": FinishForm, "verify": VerifyForm}, icons=ICONS,
    aside=frozenset({"cancel", "resume"}),
    may=lambda user, plan, name: not (name == "verify" and plan.opened_by_id == user.pk),
)  # fmt: skip
STEPPING = replace(USUAL, form_for=form_for)


class PlanFilter(filters.FilterSet):
    q = filters.CharFilter(method="by_words", label=gettext_lazy("Search"))
    status = filters.ChoiceFilter(
        choices=PlanStatus.choices, label=gettext_lazy("Status"), empty_label=gettext_lazy("All")
    )
    channel = filters.ChoiceFilter(
        choices=Channel.choices, label=gettext_lazy("Channel"), empty_label=gettext_lazy("All")
    )
    cause = filters.ChoiceFilter(choices=Cause.choices, label=gettext_lazy("Cause"), empty_label=gettext_lazy("All"))
    site = OwnSite()
    since = FromDay(field_name="opened_at", label=gettext_lazy("From"))
    until = UntilDay(field_name="opened_at", label=gettext_lazy("To"))

    def by_words(self, rows: QuerySet[RecoveryPlan], name: str, value: str) -> QuerySet[RecoveryPlan]:
        for word in value.replace("\x00", "").split()[:6]:
            rows = rows.filter(
                Q(analysis__icontains=word) | Q(outcome__icontains=word) | Q(evaluation__icontains=word)
                | Q(opened_by__first_name__icontains=word) | Q(opened_by__last_name__icontains=word)
            )  # fmt: skip
        return rows


def rows_of(user: User, now: datetime) -> QuerySet[RecoveryPlan]:
    return RecoveryPlan.objects.visible_to(user).select_related("site", "opened_by", "verified_by")


def columns() -> list[OutColumn]:
    labels = (_("Site"), _("Channel"), _("Opened"), _("Drawn up by"), _("Status"), _("Cause"), _("SCR before"),
              _("SCR after"), _("Verified by"))  # fmt: skip
    return [OutColumn(label, 20) for label in labels]


def line(one: RecoveryPlan) -> list[Any]:
    return [one.site.name, one.get_channel_display(), one.opened_at, str(one.opened_by), one.get_status_display(),
            one.get_cause_display(), one.situation.get("scr"), one.result.get("scr"),
            str(one.verified_by or "")]  # fmt: skip


register_list(
    "realtime.plans", gettext_lazy("Recovery plans"), may=lambda user: has_role(user, FLOOR_READERS),
    filters=PlanFilter, order=["-opened_at", "-pk"], rows=rows_of, columns=columns, line=line,
)  # fmt: skip


def crumbs() -> list[dict[str, str]]:
    return [{"label": _("Recovery plans"), "url": reverse("realtime:plans")}]


@require_GET
def plans(request: HttpRequest) -> HttpResponse:
    user = me(request)
    if not has_role(user, FLOOR_READERS):
        raise NotAllowed
    if again := remembered(request):
        return again
    rows = rows_of(user, timezone.now())
    context = listing(request, rows, filters=PlanFilter, sorts={"opened": "opened_at"}, default="-opened")
    new = {"label": _("Draw up a plan"), "url": reverse("realtime:plan_new"), "icon": "plus", "tone": "primary"}
    context |= {
        "title": _("Recovery plans"), "subtitle": _("What was done when a target was missed (SOP-RTM 6.6)"),
        "actions": [new] if has_role(user, PLANNERS) else [], "export_kind": "realtime.plans",
        "search": _("Words of the plan, or who drew it up"),
    }  # fmt: skip
    return render(request, "realtime/plans.html", context)


@require_http_methods(["GET", "POST"])
def plan_new(request: HttpRequest) -> HttpResponse:
    user = me(request)
    if not has_role(user, PLANNERS):
        raise NotAllowed
    initial = {name: request.GET.get(name, "") for name in ("alert", "site", "channel") if request.GET.get(name)}
    form = PlanForm(request.POST or None, user=user, initial=initial or {"channel": Channel.VOICE})
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        if given["alert"]:
            get_visible(Alert, user, given["alert"])
        try:
            made = recovery.plan_open(
                site=given["site"], channel=given["channel"], alert_id=given["alert"], actor=user, now=timezone.now()
            )
        except Alert.DoesNotExist:
            raise Http404 from None
        except Refused as refusal:
            if refusal.code == "there_is_one" and (there := _there(given)):
                messages.info(request, _("This plan is there already; nothing new was drawn up."))
                return redirect(there)
            add_refusal(form, refusal)
        else:
            return redirect(made)
    context = {"title": _("Draw up a recovery plan"), "crumbs": crumbs(), "form": form, "submit": _("Draw it up")}
    context |= {"cancel_url": reverse("realtime:plans"), "icon": "lifebuoy"}
    return render(request, "realtime/form.html", context, status=422 if form.errors else 200)


def _there(given: dict[str, Any]) -> RecoveryPlan | None:
    if not given["alert"]:
        return recovery.draft_of(given["site"], given["channel"])
    return RecoveryPlan.objects.filter(alert=given["alert"]).exclude(status=PlanStatus.CANCELLED).first()


@require_GET
def plan(request: HttpRequest, pk: int) -> HttpResponse:
    return _detail(request, get_visible(RecoveryPlan, me(request), pk), {})


@require_POST
def plan_step(request: HttpRequest, pk: int, transition: str) -> HttpResponse:
    found = get_visible(RecoveryPlan, me(request), pk)
    with timezone.override(found.site.zone):
        done = step_make(request, STEPPING, found, transition)
    return done if isinstance(done, HttpResponse) else _detail(request, found, done, status=422)


@require_POST
def action_add(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_visible(RecoveryPlan, me(request), pk)
    _must_plan(request, found)
    with timezone.override(found.site.zone):
        form = ActionForm(request.POST)
        if form.is_valid():
            try:
                recovery.action_add(plan_id=found.pk, actor=me(request), now=timezone.now(), **form.cleaned_data)
            except Refused as refusal:
                add_refusal(form, refusal)
            else:
                return redirect(f"{found.get_absolute_url()}#actions")
    return _detail(request, found, {}, action=form, status=422)


@require_POST
def action_done(request: HttpRequest, pk: int) -> HttpResponse:
    action = PlanAction.objects.select_related("plan").filter(pk=pk).first()
    if action is None:
        raise Http404
    found = get_visible(RecoveryPlan, me(request), action.plan_id)
    recovery.action_done(action_id=pk, actor=me(request), now=timezone.now())
    return redirect(f"{found.get_absolute_url()}#actions")


@require_POST
def action_drop(request: HttpRequest, pk: int) -> HttpResponse:
    action = PlanAction.objects.select_related("plan").filter(pk=pk).first()
    if action is None:
        raise Http404
    found = get_visible(RecoveryPlan, me(request), action.plan_id)
    _must_plan(request, found)
    form = DropForm(request.POST, auto_id=f"id_drop_{pk}_%s")
    if form.is_valid():
        try:
            recovery.action_drop(action_id=pk, actor=me(request), now=timezone.now(), **form.cleaned_data)
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            return redirect(f"{found.get_absolute_url()}#actions")
    return _detail(request, found, {}, dropped=(pk, form), status=422)


@require_POST
def expect(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_visible(RecoveryPlan, me(request), pk)
    _must_plan(request, found)
    form = WhatIfForm(request.POST)
    if form.is_valid():
        given = form.cleaned_data
        try:
            recovery.plan_expect(
                plan_id=found.pk, question=form.question(), agents=given["agents"], more=given["more"] or 0,
                actor=me(request), now=timezone.now(),
            )  # fmt: skip
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("The expected effect is kept with the plan."))
            return redirect(f"{found.get_absolute_url()}#expected")
    return _detail(request, found, {}, asked=form, status=422)


def _must_plan(request: HttpRequest, found: RecoveryPlan) -> None:
    if not has_role(me(request), PLANNERS, site=found.site):
        raise NotAllowed


def _detail(
    request: HttpRequest, found: RecoveryPlan, tried: dict[str, forms.Form], *, action: ActionForm | None = None,
    asked: WhatIfForm | None = None, dropped: tuple[int, DropForm] | None = None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    user, zone = me(request), found.site.zone
    editable = found.status in (PlanStatus.DRAFT, PlanStatus.RUNNING)
    may = editable and has_role(user, PLANNERS, site=found.site)
    context = process_context(request, STEPPING, found, tried)
    with timezone.override(zone):
        soon = timezone.localtime(timezone.now() + timedelta(minutes=30)).replace(second=0, microsecond=0)
        form = action or (ActionForm(initial={"due_at": soon}) if may else None)
    question, agents = recovery.question_of(found)
    what = asked
    if what is None and may:
        kept = found.expected
        what = WhatIfForm({
            "calls": kept.get("calls", question.calls), "minutes": kept.get("minutes", question.minutes),
            "handling": kept.get("handling", question.handling), "patience": kept.get("patience", question.patience),
            "agents": kept.get("agents", agents), "more": kept.get("more", 2),
        })  # fmt: skip
    documents = IssuedDocument.objects.visible_to(user).filter(
        subject_type="realtime.recoveryplan", subject_id=str(found.pk)
    )
    context |= {
        "title": _("Recovery plan"), "subtitle": f"{found.get_channel_display()} · {found.site.name}",
        "crumbs": crumbs(), "plan": found, "zone": zone, "may": may, "action_form": form,
        "what_if": what if may else None, "actions_": _actions(found, may, dropped),
        "documents": documents, "figures": _figures(found), "day_label": day_label(found),
        "few": few_said(found),
        "chart": _chart(found),
    }  # fmt: skip
    if context["what_if"] is not None and context["what_if"].is_valid():
        context |= rows_for(context["what_if"])
    return render(request, "realtime/plan.html", context, status=status)


def _actions(found: RecoveryPlan, may: bool, dropped: tuple[int, DropForm] | None) -> list[PlanAction]:
    """Each open one with `drop`, the form that asks why it is not carried out."""
    rows = list(found.actions.select_related("done_by"))
    for one in rows:
        tried = dropped[1] if dropped and dropped[0] == one.pk else None
        one.is_open = one.done_at is None and not one.dropped_why  # type: ignore[attr-defined]
        one.drop = (tried or DropForm(auto_id=f"id_drop_{one.pk}_%s")) if may and one.is_open else None  # type: ignore[attr-defined]
    return rows


def _figures(found: RecoveryPlan) -> list[dict[str, Any]]:
    rows = (("offered", _("Calls offered"), ""), ("answered", _("Calls answered"), ""), ("scr", "SCR", "%"),
            ("aht", "AHT", "s"), ("asa", "ASA", "s"))  # fmt: skip
    return [
        {"label": label, "unit": unit, "before": found.situation.get(name), "after": found.result.get(name),
         "day": found.day.get(name)}
        for name, label, unit in rows
    ]  # fmt: skip


def _chart(found: RecoveryPlan) -> dict[str, Any] | None:
    told = [*found.situation.get("series", []), *found.result.get("series", [])]
    points = list({one["at"]: one for one in told}.values())
    if not points:
        return None
    zone = found.site.zone
    return {
        "kind": "line", "labels": [f"{datetime.fromisoformat(one['at']).astimezone(zone):%H:%M}" for one in points],
        "series": [{"name": "SCR", "values": [one["scr"] for one in points]}],
        "target": found.situation.get("target"), "target_label": _("Target"),
    }  # fmt: skip
