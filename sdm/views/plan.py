"""The plan of personnel against the people who are there, and who is known to go (SDM-2; MO 2.2.A)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from occ.errors import NotAllowed
from occ.form_pages import form_done, form_page
from occ.forms import DayField
from occ.jobs.kinds import Kind, Outcome, Progress, register
from occ.jobs.models import Job
from occ.list_export import stamped, workfile
from occ.people.access import get_visible, me
from occ.people.models import Site, User
from occ.people.scope import has_role, own_sites, site_filter, sites_for
from occ.sheets.writing import OutColumn, write_workbook
from occ.timeline import entry
from occ.times import JAKARTA, local_day
from sdm.models import POSITION_READERS, PlanLine, Position
from sdm.positions.manual import PERSONNEL
from sdm.services import plan as services
from sdm.services.headcount import Standing, days_ahead, standings
from sdm.services.plan import PLANNERS


class AskForm(forms.Form):
    """What the page shows: of which site, on which day."""

    site = forms.ModelChoiceField(
        Site.objects.none(), to_field_name="code", required=False, label=gettext_lazy("Site"),
        empty_label=gettext_lazy("All"),
    )  # fmt: skip
    on = DayField(required=False, label=gettext_lazy("On"))

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        site: Any = self.fields["site"]
        site.queryset = own_sites(user)


class ChangeForm(forms.Form):
    number = forms.IntegerField(label=gettext_lazy("People planned"), min_value=0, max_value=services.MOST)
    starts_on = DayField(label=gettext_lazy("From"))
    reason = forms.CharField(label=gettext_lazy("Why"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)


class NewForm(ChangeForm):
    site = forms.ModelChoiceField(Site.objects.none(), label=gettext_lazy("Site"), empty_label=None)
    position = forms.ModelChoiceField(Position.objects.all(), label=gettext_lazy("Position"))
    field_order = ("site", "position", "number", "starts_on", "reason")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["seen"]
        self.fields["site"].queryset = Site.objects.filter(site_filter(user, PLANNERS, "pk"))  # type: ignore[attr-defined]


def asked(user: User, params: QueryDict, now: datetime) -> tuple[AskForm, list[Standing], date]:
    """The form, what it asks for, and the day. Nonsense asks for everything, today."""
    form = AskForm(params, user=user)
    data = form.cleaned_data if form.is_valid() else {}
    day = data.get("on") or local_day(now, JAKARTA)
    sites = [one for one in sites_for(user, POSITION_READERS) if data.get("site") in (None, one)]
    return form, standings(sites=sites, day=day, ahead=days_ahead(now)), day


def export(job: Job, progress: Progress, now: datetime) -> Outcome:
    _form, rows, day = asked(job.owner, QueryDict(job.params.get("query", "")), now)
    out = workfile()
    write_workbook(
        out, title=_("Plan of personnel"), columns=columns(), rows=(line(one) for one in rows),
        meta={_("On"): day.isoformat()}, zone=JAKARTA,
    )  # fmt: skip
    return Outcome(out, stamped("plan", now))


def columns() -> list[OutColumn]:
    return [
        OutColumn(_("Site"), width=12), OutColumn(_("Position"), width=32), OutColumn(_("Planned"), width=10),
        OutColumn(_("There"), width=10), OutColumn(_("Lacking"), width=10), OutColumn(_("Leavers known"), width=14),
        OutColumn(_("Contracts that end"), width=14), OutColumn(_("Who comes or moves"), width=14),
        OutColumn(_("Somebody lacks from"), width=18), OutColumn(_("Lacking at the end"), width=14),
        OutColumn(_("From where"), width=24),
    ]  # fmt: skip


def line(one: Standing) -> list[Any]:
    return [
        one.line.site.code, one.line.position.name, one.planned, one.actual, one.lacking, one.leavers,
        one.contract_ends, one.joiners, one.gap.opens_on, max(0, one.gap.at_end), one.line.get_source_display(),
    ]  # fmt: skip


register(
    Kind(
        "sdm.plan", gettext_lazy("Plan of personnel"), export, lambda user: has_role(user, POSITION_READERS),
        direct=True,
    )
)  # fmt: skip


@require_GET
def plan(request: HttpRequest) -> HttpResponse:
    user, now = me(request), timezone.now()
    if not has_role(user, POSITION_READERS):
        raise NotAllowed
    form, rows, day = asked(user, request.GET, now)
    may = {one.pk for one in sites_for(user, PLANNERS)}
    planned = set(PlanLine.objects.order_by().values_list("site_id", flat=True).distinct())
    context = {
        "title": _("Plan of personnel"), "subtitle": _("Planned and there, by site and position (MO 2.2.A)"),
        "form": form, "rows": rows, "day": day, "ahead": days_ahead(now), "may": may, "export_kind": "sdm.plan",
        "totals": {
            "planned": sum(one.planned for one in rows), "actual": sum(one.actual for one in rows),
            "lacking": sum(one.lacking for one in rows),
            "soon": sum(1 for one in rows if one.gap.opens_on and one.gap.opens_on > day),
        },
        "unplanned": [
            one for one in sites_for(user, PLANNERS) if one.pk not in planned and one.name in PERSONNEL
        ],
        "actions": [
            {"label": _("Import"), "url": reverse("sdm:plan_import:import"), "icon": "upload"},
            {"label": _("Plan a position"), "url": reverse("sdm:plan_new"), "icon": "plus", "tone": "primary"}
        ] if may else [],
    }  # fmt: skip
    return render(request, "sdm/positions/plan.html", context)


@require_POST
def plan_take_over(request: HttpRequest, pk: int) -> HttpResponse:
    """The manual's table for a site without a plan, from today on."""
    user, now = me(request), timezone.now()
    site = next((one for one in sites_for(user, PLANNERS) if one.pk == pk), None)
    if site is None:
        raise Http404
    number = services.plan_take_over(site=site, starts_on=local_day(now, site.zone), actor=user, now=now)
    messages.success(request, _("Lines taken over from the manual: %(n)s.") % {"n": number})
    return redirect("sdm:plan")


@require_http_methods(["GET", "POST"])
def plan_new(request: HttpRequest) -> HttpResponse:
    user, now = me(request), timezone.now()
    if not has_role(user, PLANNERS):
        raise NotAllowed
    form = NewForm(request.POST or None, user=user, initial={"starts_on": local_day(now, JAKARTA)})
    return form_page(
        request, form, lambda values: services.plan_set(actor=user, now=now, **values),
        said=_("Planned from that day on."), to="sdm:plan", title=_("Plan a position"), submit=_("Plan it"),
        crumbs=crumbs(), cancel_url=reverse("sdm:plan"),
    )  # fmt: skip


def crumbs() -> list[dict[str, str]]:
    return [{"label": _("Plan of personnel"), "url": reverse("sdm:plan")}]


@require_http_methods(["GET", "POST"])
def plan_line(request: HttpRequest, pk: int) -> HttpResponse:
    """What was planned of a position at a site over time, and another number from a day on."""
    user, now = me(request), timezone.now()
    found = get_visible(PlanLine, user, pk)
    may = has_role(user, PLANNERS, site=found.site)
    rows = PlanLine.objects.filter(site=found.site, position=found.position).select_related("made_by")
    last = rows.latest("starts_on")
    form = ChangeForm(request.POST or None, initial={"number": last.number, "seen": last.pk}) if may else None
    if form is None and request.method == "POST":
        raise NotAllowed
    words = _("Planned from that day on; what was planned before is kept.")

    def set_(values: dict[str, Any]) -> PlanLine:
        return services.plan_set(site=found.site, position=found.position, actor=user, now=now, **values)

    if form is not None and (done := form_done(request, form, set_, said=words, to="sdm:plan")):
        return done
    context = {
        "title": f"{found.position.name}, {found.site.name}", "crumbs": crumbs(), "lines": rows.order_by("-starts_on"),
        "form": form, "position": found.position, "zone": found.site.zone, "entries": _history(found),
        "today": local_day(now, found.site.zone),
    }  # fmt: skip
    return render(request, "sdm/positions/plan_line.html", context, status=422 if form and form.errors else 200)


def _history(found: PlanLine) -> list[dict[str, Any]]:
    before: dict[int, Any] = {}
    entries = []
    rows = PlanLine.history.filter(site_id=found.site_id, position_id=found.position_id)
    for row in rows.select_related("history_user").order_by("history_id"):
        entries.append(entry(row, before.get(row.id), f"{row.number} ({row.starts_on:%Y-%m-%d})"))
        before[row.id] = row
    return entries[::-1]
