"""Shift codes of the sites (RTM-1): the list, and the form with its breaks."""

from __future__ import annotations

from datetime import datetime, time
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
from django.views.decorators.http import require_GET, require_http_methods

from occ.errors import Invalid, NotAllowed, Refused
from occ.filters import OwnSite
from occ.forms import add_refusal
from occ.list_export import register_list
from occ.lists import listing, remembered
from occ.people.access import get_visible, me
from occ.people.models import Site, User
from occ.people.scope import has_role, sites_for
from occ.sheets.writing import OutColumn
from realtime.choices import Activity
from realtime.models import ROSTER_READERS, Shift
from realtime.services import shift_codes as services

BREAKS = 4


class ShiftFilter(filters.FilterSet):
    q = filters.CharFilter(method="by_words", label=gettext_lazy("Search"))
    site = OwnSite()
    active = filters.BooleanFilter(label=gettext_lazy("In use"))

    def by_words(self, rows: QuerySet[Shift], name: str, value: str) -> QuerySet[Shift]:
        for word in value.replace("\x00", "").split()[:6]:
            rows = rows.filter(Q(code__icontains=word) | Q(label__icontains=word))
        return rows


class ShiftForm(forms.Form):
    site = forms.ModelChoiceField(Site.objects.none(), label=gettext_lazy("Site"), empty_label=None)
    code = forms.CharField(label=gettext_lazy("Code"), max_length=10)
    label = forms.CharField(label=gettext_lazy("Name"), max_length=60)
    starts = forms.TimeField(
        label=gettext_lazy("Begins"), input_formats=["%H:%M"], localize=False,
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
    )  # fmt: skip
    ends = forms.TimeField(
        label=gettext_lazy("Ends"), input_formats=["%H:%M"], localize=False,
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
        help_text=gettext_lazy("Before the beginning: on the next day."),
    )  # fmt: skip
    paid_minutes = forms.IntegerField(label=gettext_lazy("Paid minutes"), min_value=0, max_value=960)
    leads = forms.BooleanField(
        label=gettext_lazy("Leads the floor"), required=False,
        help_text=gettext_lazy("For team leaders: whoever has it serves nobody."),
    )  # fmt: skip
    active = forms.BooleanField(label=gettext_lazy("In use"), required=False, initial=True)
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=300)

    def __init__(self, *args: Any, user: User, shift: Shift | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["site"]
        field.queryset = Site.objects.filter(pk__in=[one.pk for one in sites_for(user, services.KEEPERS)])
        if shift is None:
            del self.fields["reason"]
        else:
            del self.fields["site"], self.fields["code"]
        for n in range(BREAKS):
            self.fields[f"activity_{n}"] = forms.ChoiceField(
                label=_("Break %(n)s") % {"n": n + 1}, required=False,
                choices=[("", "—"), *((one.value, one.label) for one in Activity if one != Activity.WORK)],
            )  # fmt: skip
            self.fields[f"after_{n}"] = forms.TimeField(
                label=_("Break %(n)s: from") % {"n": n + 1}, required=False, input_formats=["%H:%M"], localize=False,
                widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
            )  # fmt: skip
            self.fields[f"minutes_{n}"] = forms.IntegerField(
                label=_("Break %(n)s: minutes") % {"n": n + 1}, required=False, min_value=1, max_value=240
            )

    def terms(self) -> services.Terms:
        """Raises Invalid: a break without its beginning or its length."""
        given = self.cleaned_data
        minutes = _between(given["starts"], given["ends"]) or 1_440
        breaks = []
        for n in range(BREAKS):
            if not given[f"activity_{n}"]:
                continue
            if given[f"after_{n}"] is None or given[f"minutes_{n}"] is None:
                raise Invalid(_("Say when the break begins and how long it is."), field=f"after_{n}")
            after = _between(given["starts"], given[f"after_{n}"])
            breaks.append({"activity": given[f"activity_{n}"], "after": after, "minutes": given[f"minutes_{n}"]})
        return services.Terms(
            given["label"], given["starts"], minutes, given["paid_minutes"], breaks, given["leads"], given["active"]
        )


def _between(start: time, end: time) -> int:
    return ((end.hour - start.hour) * 60 + end.minute - start.minute) % 1_440


def _later(start: time, minutes: int) -> time:
    at = (start.hour * 60 + start.minute + minutes) % 1_440
    return time(at // 60, at % 60)


def rows_of(user: User, now: datetime) -> QuerySet[Shift]:
    return Shift.objects.visible_to(user).select_related("site")


def columns() -> list[OutColumn]:
    labels = (_("Site"), _("Code"), _("Name"), _("Hours"), _("Paid minutes"), _("In use"))
    return [OutColumn(label, 18) for label in labels]


def line(one: Shift) -> list[Any]:
    return [one.site.name, one.code, one.label, one.hours, one.paid_minutes, _("Yes") if one.active else _("No")]


register_list(
    "realtime.shifts", gettext_lazy("Shift codes"), may=lambda user: has_role(user, ROSTER_READERS),
    filters=ShiftFilter, order=["site", "starts", "code"], rows=rows_of, columns=columns, line=line,
)  # fmt: skip


@require_GET
def shifts(request: HttpRequest) -> HttpResponse:
    user = me(request)
    if not has_role(user, ROSTER_READERS):
        raise NotAllowed
    if again := remembered(request):
        return again
    context = listing(
        request, rows_of(user, timezone.now()), filters=ShiftFilter, sorts={"code": "code", "begins": "starts"},
        default="begins",
    )  # fmt: skip
    may = has_role(user, services.KEEPERS)
    new = {"label": _("New shift code"), "url": reverse("realtime:shift_new"), "icon": "plus", "tone": "primary"}
    context |= {
        "title": _("Shift codes"), "subtitle": _("What the codes in a roster's cells mean"), "may": may,
        "actions": [new] if may else [], "search": _("Code or name"), "export_kind": "realtime.shifts",
        "crumbs": [{"label": _("Rosters"), "url": reverse("realtime:rosters")}],
    }  # fmt: skip
    return render(request, "realtime/shifts.html", context)


@require_http_methods(["GET", "POST"])
def shift_new(request: HttpRequest) -> HttpResponse:
    user = me(request)
    if not has_role(user, services.KEEPERS):
        raise NotAllowed
    form = ShiftForm(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            services.shift_make(
                site=given["site"], code=given["code"], terms=form.terms(), actor=user, now=timezone.now()
            )
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect("realtime:shifts")
    return _form(request, form, _("New shift code"))


@require_http_methods(["GET", "POST"])
def shift_edit(request: HttpRequest, pk: int) -> HttpResponse:
    user = me(request)
    found = get_visible(Shift, user, pk)
    if not has_role(user, services.KEEPERS, site=found.site):
        raise NotAllowed
    initial: dict[str, Any] = {
        "label": found.label, "starts": found.starts, "ends": _later(found.starts, found.minutes),
        "paid_minutes": found.paid_minutes, "leads": found.leads, "active": found.active,
    }  # fmt: skip
    for n, one in enumerate(found.breaks[:BREAKS]):
        initial |= {f"activity_{n}": one["activity"], f"after_{n}": _later(found.starts, one["after"]),
                    f"minutes_{n}": one["minutes"]}  # fmt: skip
    form = ShiftForm(request.POST or None, user=user, shift=found, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            services.shift_edit(
                shift_id=pk, terms=form.terms(), reason=form.cleaned_data["reason"], actor=user, now=timezone.now()
            )
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect("realtime:shifts")
    return _form(request, form, _("Edit %(name)s") % {"name": found})


def _form(request: HttpRequest, form: ShiftForm, title: str) -> HttpResponse:
    context = {
        "title": title, "form": form, "submit": _("Save"), "icon": "device-floppy",
        "cancel_url": reverse("realtime:shifts"),
        "crumbs": [{"label": _("Shift codes"), "url": reverse("realtime:shifts")}],
    }  # fmt: skip
    return render(request, "realtime/form.html", context, status=422 if form.errors else 200)
