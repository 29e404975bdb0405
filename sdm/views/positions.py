"""Positions as dated records: the list, one with its versions, and another version from a day on (SDM-2)."""

from __future__ import annotations

from typing import Any

import django_filters as filters
from django import forms
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from occ.errors import NotAllowed
from occ.filters import DayFilter
from occ.form_pages import form_page
from occ.forms import DayField
from occ.list_export import register_list
from occ.lists import listing, remembered
from occ.people.access import get_visible, me
from occ.people.models import User, in_force
from occ.people.scope import has_role
from occ.sheets.writing import OutColumn
from occ.timeline import entry
from occ.times import JAKARTA, local_day
from sdm.forms import SkillsField
from sdm.models import POSITION_READERS, Position, PositionVersion
from sdm.personal import KEEPERS
from sdm.positions.choices import Education
from sdm.positions.policies import LAW
from sdm.services import positions as services
from sdm.services.candidates import age_applies

SORTS = {"number": "position__number", "name": "position__name"}


class SpecForm(forms.Form):
    clause = forms.CharField(label=gettext_lazy("Clause or decision"), max_length=80)
    specification = forms.CharField(
        label=gettext_lazy("Specification, as written"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 10}),
        help_text=gettext_lazy("One requirement a line."),
    )
    description = forms.CharField(
        label=gettext_lazy("Job description, as written"),
        required=False,
        max_length=6000,
        widget=forms.Textarea(attrs={"rows": 8}),
    )
    education = forms.ChoiceField(
        label=gettext_lazy("Education at least"), choices=[("", "–"), *Education.choices], required=False
    )
    experience_months = forms.IntegerField(
        label=gettext_lazy("Experience at least (months)"), min_value=0, max_value=480, initial=0
    )
    skills = SkillsField(
        label=gettext_lazy("Skills that are checked"),
        required=False,
        max_length=1000,
        help_text=gettext_lazy("With commas between them."),
    )
    age_limit = forms.IntegerField(
        label=gettext_lazy("Age limit (shown only)"),
        required=False,
        min_value=17,
        max_value=99,
        help_text=gettext_lazy("Applied to nobody unless a policy names the law that allows it."),
    )
    not_applied = forms.CharField(
        label=gettext_lazy("Lines that are quoted and not applied"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Sex, looks, age: one line each, as it stands in the specification."),
    )
    titles = SkillsField(
        label=gettext_lazy("Called in people's records"),
        required=False,
        max_length=400,
        help_text=gettext_lazy("With commas between them; by these the people of the position are counted."),
    )
    starts_on = DayField(label=gettext_lazy("Holds from"))
    reason = forms.CharField(
        label=gettext_lazy("Why it changes"), max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def values(self) -> dict[str, Any]:
        """What position_change takes, but for the position."""
        data = dict(self.cleaned_data)
        spec = services.Spec(
            data.pop("clause"), data.pop("specification"), data.pop("description"), data.pop("education"),
            data.pop("experience_months"), data.pop("skills"), data.pop("age_limit"),
            data.pop("not_applied").splitlines(),
        )  # fmt: skip
        return data | {"spec": spec}


class PositionForm(SpecForm):
    name = forms.CharField(label=gettext_lazy("Position"), max_length=80)
    field_order = ("name", "titles", "clause")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["seen"]


class PositionFilter(filters.FilterSet):
    q = filters.CharFilter(method="by_words", label=gettext_lazy("Search"))
    education = filters.ChoiceFilter(
        choices=Education.choices, label=gettext_lazy("Education"), empty_label=gettext_lazy("All")
    )
    on = DayFilter(method="by_day", label=gettext_lazy("Holds on"))

    def by_words(self, rows: QuerySet[PositionVersion], name: str, value: str) -> QuerySet[PositionVersion]:
        for word in value.replace("\x00", "").split()[:6]:
            found = Q(position__name__icontains=word) | Q(specification__icontains=word)
            rows = rows.filter(found | Q(description__icontains=word))
        return rows

    def by_day(self, rows: QuerySet[PositionVersion], name: str, value: Any) -> QuerySet[PositionVersion]:
        return rows  # see filter_queryset

    def filter_queryset(self, queryset: QuerySet[PositionVersion]) -> QuerySet[PositionVersion]:
        rows = super().filter_queryset(queryset)
        return rows.filter(in_force(self.form.cleaned_data.get("on") or local_day(timezone.now(), JAKARTA)))


def rows_of(user: User, now: Any) -> QuerySet[PositionVersion]:
    return PositionVersion.objects.visible_to(user).select_related("position", "made_by")


def columns() -> list[OutColumn]:
    return [
        OutColumn(_("No."), width=6), OutColumn(_("Position"), width=30), OutColumn(_("Version"), width=10),
        OutColumn(_("Clause"), width=28), OutColumn(_("Specification, as written"), width=70),
        OutColumn(_("Job description, as written"), width=70), OutColumn(_("Education at least"), width=14),
        OutColumn(_("Experience at least (months)"), width=14), OutColumn(_("Skills that are checked"), width=34),
        OutColumn(_("Quoted, not applied"), width=34), OutColumn(_("From"), width=14), OutColumn(_("To"), width=14),
        OutColumn(_("Reason"), width=40),
    ]  # fmt: skip


def line(one: PositionVersion) -> list[Any]:
    return [
        one.position.number, one.position.name, one.version, one.clause, one.specification, one.description,
        one.get_education_display(), one.experience_months, ", ".join(one.skills), "\n".join(one.not_applied),
        one.starts_on, one.ends_on, one.reason,
    ]  # fmt: skip


register_list(
    "sdm.positions", gettext_lazy("Positions"), may=lambda user: has_role(user, POSITION_READERS),
    filters=PositionFilter, order=["position__number", "version"], rows=rows_of, columns=columns, line=line,
)  # fmt: skip


def crumbs() -> list[dict[str, str]]:
    return [{"label": _("Positions"), "url": reverse("sdm:positions")}]


@require_GET
def positions(request: HttpRequest) -> HttpResponse:
    user, now = me(request), timezone.now()
    if not has_role(user, POSITION_READERS):
        raise NotAllowed
    if again := remembered(request):
        return again
    context = listing(request, rows_of(user, now), filters=PositionFilter, sorts=SORTS, default="number")
    new = {"label": _("Add a position"), "url": reverse("sdm:position_new"), "icon": "plus", "tone": "primary"}
    context |= {
        "title": _("Positions"), "subtitle": _("What each position asks for, by date (MO 2.1.1, 2.1.2)"),
        "actions": [new] if has_role(user, KEEPERS) else [], "export_kind": "sdm.positions",
        "search": _("Position or words of its specification"),
    }  # fmt: skip
    return render(request, "sdm/positions/positions.html", context)


@require_http_methods(["GET", "POST"])
def position_new(request: HttpRequest) -> HttpResponse:
    user, now = me(request), timezone.now()
    if not has_role(user, KEEPERS):
        raise NotAllowed
    form = PositionForm(request.POST or None, initial={"starts_on": local_day(now, JAKARTA)})
    return form_page(
        request, form, lambda values: services.position_add(actor=user, now=now, **values),
        said=lambda made: _("%(position)s is among the positions.") % {"position": made.name}, crumbs=crumbs(),
        title=_("Add a position"), submit=_("Add it"), cancel_url=reverse("sdm:positions"),
    )  # fmt: skip


@require_GET
def position(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_visible(Position, me(request), pk)
    user, now = me(request), timezone.now()
    today = local_day(now, JAKARTA)
    versions = list(found.versions.select_related("made_by").order_by("-version"))
    here = next((one for one in versions if one.starts_on <= today and (one.ends_on or today) >= today), versions[0])
    change = {"label": _("Change from a date"), "url": reverse("sdm:position_change", args=[pk]), "icon": "pencil"}
    context = {
        "title": found.name, "crumbs": crumbs(), "position": found, "versions": versions, "here": here,
        "subtitle": here.clause, "today": today, "actions": [change] if has_role(user, KEEPERS) else [],
        "basis": age_applies(now), "law": LAW, "entries": _history(found), "zone": JAKARTA,
    }  # fmt: skip
    return render(request, "sdm/positions/position.html", context)


@require_http_methods(["GET", "POST"])
def position_change(request: HttpRequest, pk: int) -> HttpResponse:
    user, now = me(request), timezone.now()
    found = get_visible(Position, user, pk)
    if not has_role(user, KEEPERS):
        raise NotAllowed
    last = found.versions.latest("version")
    initial = {
        "clause": last.clause, "specification": last.specification, "description": last.description,
        "education": last.education, "experience_months": last.experience_months, "skills": last.skills,
        "age_limit": last.age_limit, "not_applied": "\n".join(last.not_applied), "titles": found.titles,
        "seen": last.version,
    }  # fmt: skip
    return form_page(
        request, SpecForm(request.POST or None, initial=initial),
        lambda values: services.position_change(position_id=pk, actor=user, now=now, **values),
        said=_("It holds from that day on; what it said before is kept."), to=found, title=_("Change from a date"),
        crumbs=[*crumbs(), {"label": found.name, "url": found.get_absolute_url()}],
        submit=_("Change it from that day on"), cancel_url=found.get_absolute_url(),
    )  # fmt: skip


def _history(found: Position) -> list[dict[str, Any]]:
    """Of all versions, newest first; each row against the one before of its version."""
    before: dict[int, Any] = {}
    entries = []
    rows = PositionVersion.history.filter(position_id=found.pk).select_related("history_user").order_by("history_id")
    for row in rows:
        entries.append(entry(row, before.get(row.id), _("Version %(n)s") % {"n": row.version}))
        before[row.id] = row
    return entries[::-1]
