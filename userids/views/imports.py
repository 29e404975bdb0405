"""The spreadsheet logbook brought in (UID-13): upload, preview, then all of it or nothing."""

import uuid

from django.contrib import messages
from django.core.files.storage import storages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from occ.errors import NotAllowed, Refused
from occ.forms import add_refusal
from occ.jobs.models import Job, State
from occ.jobs.services import job_start
from occ.people.access import get_visible, me
from userids import jobs
from userids.forms import ImportForm
from userids.services.importing import COLUMNS

ROWS = 100


@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    user = me(request)
    if not jobs.keeps(user):
        raise NotAllowed
    form = ImportForm(request.POST or None, request.FILES or None, user=user)
    if request.method == "POST" and form.is_valid():
        site = form.cleaned_data["site"]
        params = {"site": site.pk if site else None, "application": form.cleaned_data["application"].pk}
        try:
            job = job_start(
                kind=jobs.PREVIEW.key, params=params, owner=user, now=timezone.now(), file=form.cleaned_data["file"]
            )
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            return redirect("userids:import_preview", job.pk)
    recent = Job.objects.visible_to(user).filter(kind__in=(jobs.PREVIEW.key, jobs.APPLY.key)).order_by("-created_at")
    context = {
        "title": _("Import the logbook"),
        "crumbs": [{"label": _("Logbook"), "url": reverse("userids:accounts")}],
        "form": form,
        "columns": COLUMNS,
        "recent": recent[:10],
    }
    return render(request, "userids/import.html", context, status=422 if form.errors else 200)


def found(request: HttpRequest, pk: uuid.UUID) -> Job:
    job = get_visible(Job, me(request), pk)
    if job.kind not in {jobs.PREVIEW.key, jobs.APPLY.key}:
        raise Http404
    return job


@require_GET
@never_cache
def preview(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    job = found(request, pk)
    crumbs = [{"label": _("Import the logbook"), "url": reverse("userids:import")}]
    context = {"title": job.input_name, "crumbs": crumbs, "job": job}
    if job.state != State.DONE:
        return render(request, "userids/import_running.html", context)
    if job.kind == jobs.APPLY.key:
        return render(request, "userids/import_done.html", context)
    number = request.GET.get("page", "1")
    at = max(1, int(number)) if number.isdecimal() and len(number) < 6 else 1
    rows = job.result["rows"]
    context |= {
        "result": job.result,
        "rows": rows[(at - 1) * ROWS : at * ROWS],
        "first": (at - 1) * ROWS + 1,
        "last": min(at * ROWS, len(rows)),
        "previous_page": at - 1 if at > 1 else None,
        "next_page": at + 1 if at * ROWS < len(rows) else None,
    }
    return render(request, "userids/import_preview.html", context)


@require_POST
def apply(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Import what the preview showed; the file is judged again, since the logbook may have changed."""
    job = found(request, pk)
    if job.kind != jobs.PREVIEW.key or job.state != State.DONE or job.result["counts"]["faulty"] or not job.input_file:
        messages.error(request, _("This file cannot be imported: look at its preview."))
        return redirect("userids:import_preview", pk)
    with storages["default"].open(job.input_file) as file:
        file.name = job.input_name
        started = job_start(kind=jobs.APPLY.key, params=job.params, owner=me(request), now=timezone.now(), file=file)
    return redirect("userids:import_preview", started.pk)


@require_GET
def faulty(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The faulty rows as a spreadsheet, with the reason beside each."""
    job = found(request, pk)
    if not job.output_file:
        raise Http404
    return redirect("exports:file", job.pk)
