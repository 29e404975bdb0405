"""One's own exports: asked for, watched, downloaded."""

import uuid

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from occ.downloads import download
from occ.jobs import services
from occ.jobs.kinds import KINDS
from occ.jobs.models import Job
from occ.ledger.services import record
from occ.paging import paginate
from occ.people.access import get_visible, me


@require_GET
def jobs(request: HttpRequest) -> HttpResponse:
    page = paginate(Job.objects.visible_to(me(request)), request.GET, order="-created_at", size=30)
    return render(request, "jobs/list.html", {"title": _("My exports and imports"), "page": page})


@require_POST
def new(request: HttpRequest) -> HttpResponse:
    """Start an export of the rows that a list shows: `kind`, and the list's `query`."""
    kind = KINDS.get(request.POST.get("kind", ""))
    if kind is None or not kind.direct:
        raise Http404
    params = {"query": request.POST.get("query", "")[:2000].replace("\x00", "")}
    return redirect(services.job_start(kind=kind.key, params=params, owner=me(request), now=timezone.now()))


@require_GET
@never_cache
def job(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    found = get_visible(Job, me(request), pk)
    return render(request, "jobs/job.html", {"title": found.label, "job": found})


@require_GET
@never_cache
def file(request: HttpRequest, pk: uuid.UUID) -> HttpResponseBase:
    found = get_visible(Job, me(request), pk)
    if not found.output_file:
        raise Http404
    services.must_still_cover(me(request), found)
    answer = download("default", found.output_file, shown=found.output_name)
    data = {"name": found.output_name}
    record(actor=me(request), action="job.downloaded", subject=found, data=data, now=timezone.now())
    return answer
