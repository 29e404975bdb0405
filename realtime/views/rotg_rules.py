"""The rules of the game as a dated list (RTM-9): what holds on a day, and what a rule said before."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import django_filters as filters
from django import forms
from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from occ.errors import NotAllowed, Refused
from occ.filters import DayFilter, OwnSite
from occ.forms import DayField, add_refusal
from occ.list_export import register_list
from occ.lists import listing, remembered
from occ.people.access import get_visible, me
from occ.people.models import Site, User, in_force
from occ.people.scope import has_role, site_ids
from occ.sheets.writing import OutColumn
from occ.timeline import entry
from occ.times import JAKARTA, local_day
from realtime.choices import Severity
from realtime.models import RULE_READERS, Rule, RuleVersion
from realtime.rotg.workflow import KEEPERS
from realtime.services import rotg_rules as services

TONES = {Severity.MINOR: ("neutral", "point"), Severity.MODERATE: ("warning", "alert-triangle"),
         Severity.MAJOR: ("danger", "alert-octagon")}  # fmt: skip


class ChangeForm(forms.Form):
    text = forms.CharField(
        label=gettext_lazy("Rule"), widget=forms.Textarea(attrs={"rows": 3}), max_length=services.TEXT
    )
    severity = forms.ChoiceField(label=gettext_lazy("Severity"), choices=Severity.choices)
    starts_on = DayField(label=gettext_lazy("Holds from"))
    note = forms.CharField(
        label=gettext_lazy("Why the list changes"), widget=forms.Textarea(attrs={"rows": 2}),
        max_length=services.REASON,
    )  # fmt: skip
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)


class RuleForm(ChangeForm):
    number = forms.CharField(label=gettext_lazy("Number"), max_length=services.NUMBER)
    site = forms.ModelChoiceField(
        Site.objects.all(), label=gettext_lazy("Site"), required=False, empty_label=gettext_lazy("All sites")
    )
    field_order = ("number", "site", "text", "severity", "starts_on", "note")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["seen"]
        ids = site_ids(user, KEEPERS)
        field: Any = self.fields["site"]
        if ids is not None:
            field.queryset = Site.objects.filter(pk__in=ids)
            field.required, field.empty_label = True, None


class EndForm(forms.Form):
    ends_on = DayField(label=gettext_lazy("Holds until (that day included)"))
    note = forms.CharField(
        label=gettext_lazy("Why the list changes"), widget=forms.Textarea(attrs={"rows": 2}),
        max_length=services.REASON,
    )  # fmt: skip


class RuleFilter(filters.FilterSet):
    q = filters.CharFilter(method="by_words", label=gettext_lazy("Search"))
    on = DayFilter(method="by_day", label=gettext_lazy("Holds on"))
    severity = filters.ChoiceFilter(
        choices=Severity.choices, label=gettext_lazy("Severity"), empty_label=gettext_lazy("All")
    )
    site = OwnSite(method="by_site")
    past = filters.ChoiceFilter(
        choices=[("1", gettext_lazy("also what holds no more"))], method="also_past", label=gettext_lazy("Shown"),
        empty_label=gettext_lazy("what holds, and what is to come"),
    )  # fmt: skip

    def by_words(self, rows: QuerySet[RuleVersion], name: str, value: str) -> QuerySet[RuleVersion]:
        for word in value.replace("\x00", "").split()[:6]:
            rows = rows.filter(Q(text__icontains=word) | Q(rule__number__icontains=word))
        return rows

    def by_day(self, rows: QuerySet[RuleVersion], name: str, value: date) -> QuerySet[RuleVersion]:
        return rows.filter(in_force(value))

    def by_site(self, rows: QuerySet[RuleVersion], name: str, value: Site) -> QuerySet[RuleVersion]:
        return rows.filter(Q(rule__site=None) | Q(rule__site=value))

    def also_past(self, rows: QuerySet[RuleVersion], name: str, value: str) -> QuerySet[RuleVersion]:
        return rows  # see filter_queryset

    def filter_queryset(self, queryset: QuerySet[RuleVersion]) -> QuerySet[RuleVersion]:
        rows = super().filter_queryset(queryset)
        if self.form.cleaned_data.get("past") or self.form.cleaned_data.get("on"):
            return rows
        return rows.filter(Q(ends_on=None) | Q(ends_on__gte=local_day(timezone.now(), JAKARTA)))


def rows_of(user: User, now: datetime) -> QuerySet[RuleVersion]:
    return RuleVersion.objects.visible_to(user).select_related("rule__site", "made_by")


def columns() -> list[OutColumn]:
    return [OutColumn(_("Number"), 10), OutColumn(_("Version"), 10), OutColumn(_("Rule"), 70),
            OutColumn(_("Severity"), 14), OutColumn(_("Site"), 16), OutColumn(_("From"), 14), OutColumn(_("To"), 14),
            OutColumn(_("Reason"), 50), OutColumn(_("Changed by"), 24)]  # fmt: skip


def line(one: RuleVersion) -> list[Any]:
    return [one.rule.number, one.version, one.text, one.get_severity_display(),
            one.rule.site.name if one.rule.site else _("All sites"), one.starts_on, one.ends_on, one.reason,
            str(one.made_by)]  # fmt: skip


register_list(
    "realtime.rules", gettext_lazy("Rules of the game"), may=lambda user: has_role(user, RULE_READERS),
    filters=RuleFilter, order=["rule__number", "version"], rows=rows_of, columns=columns, line=line,
)  # fmt: skip


def crumbs() -> list[dict[str, str]]:
    return [{"label": _("Rules of the game"), "url": reverse("realtime:rules")}]


def toned(version: RuleVersion) -> RuleVersion:
    """With `tone` and `icon` of its severity."""
    version.tone, version.icon = TONES[Severity(version.severity)]  # type: ignore[attr-defined]
    return version


@require_GET
def rules(request: HttpRequest) -> HttpResponse:
    user, now = me(request), timezone.now()
    if not has_role(user, RULE_READERS):
        raise NotAllowed
    if again := remembered(request):
        return again
    sorts = {"number": "rule__number", "from": "starts_on"}
    context = listing(request, rows_of(user, now), filters=RuleFilter, sorts=sorts, default="number")
    for one in context["page"].rows:
        toned(one)
    new = {"label": _("Add a rule"), "url": reverse("realtime:rule_new"), "icon": "plus", "tone": "primary"}
    context |= {
        "title": _("Rules of the game"), "subtitle": _("Tata tertib of the floor, by date (SOP-RTM 6.4)"),
        "actions": [new] if has_role(user, KEEPERS) else [], "export_kind": "realtime.rules",
        "search": _("Number or words of the rule"), "today": local_day(now, JAKARTA),
    }  # fmt: skip
    return render(request, "realtime/rotg_rules.html", context)


@require_http_methods(["GET", "POST"])
def rule_new(request: HttpRequest) -> HttpResponse:
    user, now = me(request), timezone.now()
    if not has_role(user, KEEPERS):
        raise NotAllowed
    form = RuleForm(request.POST or None, user=user, initial={"starts_on": local_day(now, JAKARTA)})
    if request.method == "POST" and form.is_valid():
        try:
            made = services.rule_add(actor=user, now=now, **form.cleaned_data)
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("Rule %(number)s is in the list.") % {"number": made.rule.number})
            return redirect(made)
    context = {"title": _("Add a rule"), "crumbs": crumbs(), "form": form, "submit": _("Add it"), "icon": "plus"}
    context |= {"cancel_url": reverse("realtime:rules")}
    return render(request, "realtime/form.html", context, status=422 if form.errors else 200)


@require_GET
def rule(request: HttpRequest, pk: int) -> HttpResponse:
    return _detail(request, get_visible(Rule, me(request), pk))


@require_POST
def rule_change(request: HttpRequest, pk: int) -> HttpResponse:
    found = _kept(request, pk)
    form = ChangeForm(request.POST)
    if form.is_valid():
        try:
            services.rule_change(rule_id=found.pk, actor=me(request), now=timezone.now(), **form.cleaned_data)
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("The rule is changed from that day on; what it said before is kept."))
            return redirect(found)
    return _detail(request, found, change=form)


@require_POST
def rule_end(request: HttpRequest, pk: int) -> HttpResponse:
    found = _kept(request, pk)
    form = EndForm(request.POST)
    if form.is_valid():
        try:
            services.rule_end(rule_id=found.pk, actor=me(request), now=timezone.now(), **form.cleaned_data)
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("The rule ends with that day."))
            return redirect(found)
    return _detail(request, found, end=form)


def _kept(request: HttpRequest, pk: int) -> Rule:
    found = get_visible(Rule, me(request), pk)
    if not services.may_keep(me(request), found.site):
        raise NotAllowed
    return found


def _detail(
    request: HttpRequest, found: Rule, *, change: ChangeForm | None = None, end: EndForm | None = None
) -> HttpResponse:
    user, today = me(request), local_day(timezone.now(), JAKARTA)
    versions = [toned(one) for one in found.versions.select_related("made_by").order_by("-version")]
    last = versions[0]
    here = next((one for one in versions if one.starts_on <= today and (one.ends_on or today) >= today), None)
    if services.may_keep(user, found.site):
        change = change or ChangeForm(initial={"text": last.text, "severity": last.severity, "seen": last.version})
        going = last.ends_on is None or last.ends_on >= today
        end = end or (EndForm(initial={"ends_on": max(today, last.starts_on)}) if going else None)
    context = {
        "title": _("Rule %(number)s") % {"number": found.number}, "crumbs": crumbs(), "rule": found, "here": here,
        "subtitle": found.site.name if found.site else _("All sites"), "versions": versions, "today": today,
        "change": change, "end": end, "tried": bool(change and change.errors), "entries": _history(found),
        "violations_url": f"{reverse('realtime:violations')}?rule={found.pk}", "zone": JAKARTA,
    }  # fmt: skip
    wrong = any(one is not None and one.errors for one in (change, end))
    return render(request, "realtime/rotg_rule.html", context, status=422 if wrong else 200)


def _history(found: Rule) -> list[dict[str, Any]]:
    """Of all versions, newest first; each row against the one before of its version."""
    before: dict[int, Any] = {}
    entries = []
    for row in RuleVersion.history.filter(rule_id=found.pk).select_related("history_user").order_by("history_id"):
        entries.append(entry(row, before.get(row.id), _("Version %(n)s") % {"n": row.version}))
        before[row.id] = row
    return entries[::-1]
