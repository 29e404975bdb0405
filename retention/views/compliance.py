"""The compliance page (RET-14): the heat map by month, headline figures, and the rows behind each."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from occ.errors import NotAllowed
from occ.lists import listing
from occ.people.access import me
from occ.people.choices import Role
from occ.people.models import Site, User
from occ.people.scope import has_role, roles_of, sites_for
from retention.batching.losses import fates
from retention.choices import RecordKind
from retention.complying import heat
from retention.complying.filters import FigureFilter, first_of
from retention.complying.words import FIGURES
from retention.models import Batch, Loss, MonthFigures, Record
from retention.personal import CATALOGUE_READERS
from retention.reading.readings import audits
from retention.services import compliance as services
from retention.services import losing


def crumbs() -> list[dict[str, str]]:
    return [{"label": _("Keeping of records"), "url": reverse("retention:compliance")}]


@require_GET
def compliance(request: HttpRequest) -> HttpResponse:
    user = me(request)
    if not has_role(user, CATALOGUE_READERS):
        raise NotAllowed
    sites = sites_for(user, CATALOGUE_READERS)
    site = _site(request, sites)
    seen = MonthFigures.objects.visible_to(user)
    rows = list(seen.filter(site=site) if site else seen)
    sums = heat.summed(rows)
    totals = {name: sum(one[name] for one in sums.values()) for name in FIGURES}
    counted = [row.counted_at for row in rows if row.counted_at]
    lost, waiting = services.lost([site] if site else sites)
    became = losing.became(Loss.objects.filter(pk__in=[one.pk for one in lost]))
    for one in lost:
        one.url, one.fates = one.get_absolute_url(), fates(became.get(one.pk, {}))  # type: ignore[attr-defined]
    context: dict[str, Any] = {
        "title": _("Keeping of records"),
        "subtitle": _("Chats and recordings, by the month in which they ended (SOP-RET 5)"),
        "actions": _actions(user),
        "sites": sites,
        "site": site,
        "totals": totals,
        "urls": {name: _figure_url(name, site) for name in FIGURES},
        "maps": heat.maps(sums, RecordKind, site),
        "legend": heat.legend(),
        "figures": FIGURES,
        "lines": heat.lines(sums, RecordKind, site, heat.counted(rows)),
        "counted_at": min(counted, default=None),
        "stale": any(row.counted_at is None for row in rows),
        "checks": services.last_checks(),
        "checks_url": reverse("retention:checks"),
        "findings": services.findings([site] if site else sites),
        "findings_url": f"{reverse('retention:findings')}?status=open" + (f"&site={site.pk}" if site else ""),
        "losses": lost,
        "losses_waiting": waiting,
        "losses_url": reverse("retention:losses"),
        "export_kind": "retention.months",
    }
    return render(request, "retention/compliance.html", context)


def _actions(user: User) -> list[dict[str, str]]:
    if not audits(user):
        return []
    return [{"label": _("Listenings and readings"), "url": reverse("retention:readings"), "icon": "headphones"}]


def _site(request: HttpRequest, sites: list[Site]) -> Site | None:
    """The one asked for, among those the user sees."""
    asked = request.GET.get("site", "")
    return next((one for one in sites if str(one.pk) == asked), None)


def _figure_url(figure: str, site: Site | None) -> str:
    where = f"&site={site.pk}" if site else ""
    return f"{reverse('retention:figure_rows')}?figure={figure}{where}"


@require_GET
def figure_rows(request: HttpRequest) -> HttpResponse:
    """Exactly the records that a figure counts, and of a month the batches they are in."""
    user = me(request)
    if not has_role(user, CATALOGUE_READERS):
        raise NotAllowed
    rows = Record.objects.visible_to(user).select_related("site", "agent")
    context = listing(
        request, rows, filters=FigureFilter, sorts={"ended": "ended_at"}, default="-ended", otherwise=rows.none()
    )
    form = context["filter"].form
    chosen = form.cleaned_data if form.is_valid() else {}
    context["rows"] = [{"record": one, "url": one.get_absolute_url()} for one in context["page"].rows]
    context |= {
        "title": FIGURES.get(chosen.get("figure") or "records", _("Records")),
        "subtitle": _("The records behind a figure, as far as they are your team's")
        if _of_a_team(user)
        else _("The records behind a figure"),
        "crumbs": crumbs(),
        "search": _("Beginning of the ID at the source"),
        "export_kind": "retention.figure_rows",
        "batches": _batches(user, chosen),
    }
    return render(request, "retention/figure_rows.html", context)


def _of_a_team(user: User) -> bool:
    """A team leader sees the site's figures, and of the records those of the team."""
    if has_role(user, CATALOGUE_READERS - {Role.TEAM_LEADER}):
        return False
    return all(held.team_id is not None for held in roles_of(user) if held.role == Role.TEAM_LEADER)


def _batches(user: User, chosen: dict[str, Any]) -> list[dict[str, Any]]:
    """Of a month: they say how its backup goes."""
    if not chosen.get("month"):
        return []
    found = Batch.objects.visible_to(user).filter(month=first_of(chosen["month"])).select_related("site")
    if chosen.get("kind"):
        found = found.filter(kind=chosen["kind"])
    if chosen.get("site"):
        found = found.filter(site=chosen["site"])
    return [{"batch": one, "url": one.get_absolute_url()} for one in found.order_by("site__code", "kind", "part")]
