"""Pembinaan as a whole (SDM-10): the last twelve months and the letters in force, for who opens and reads cases."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from occ.errors import NotAllowed
from occ.people.access import me
from occ.people.scope import has_role, sites_for
from occ.times import JAKARTA, local_day, month_of
from sdm.discipline.workflow import OPENERS
from sdm.services import discipline_overview as services
from sdm.views.overview import MONTHS, months_before


@require_GET
@never_cache
def overview(request: HttpRequest) -> HttpResponse:
    user = me(request)
    if not has_role(user, OPENERS):
        raise NotAllowed
    today, sites = local_day(timezone.now(), JAKARTA), sites_for(user, OPENERS)
    site = next((one for one in sites if one.code == request.GET.get("site")), None)
    cases = services.cases_of(user, site)
    months = services.months_of(cases, months_before(month_of(today), MONTHS - 1), today)
    context = {
        "title": _("Pembinaan by month"), "crumbs": [{"label": _("Pembinaan"), "url": reverse("sdm:discipline")}],
        "subtitle": _("Of the cases that you may read"), "sites": sites, "site": site, "months": months[::-1],
        "going": cases.open().count(), "open_url": f"{reverse('sdm:discipline')}?status=open",
        "levels": list(enumerate(services.in_force(cases, today), 1)),
    }  # fmt: skip
    return render(request, "sdm/discipline/overview.html", context)
