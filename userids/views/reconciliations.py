"""Reconciliation runs (UID-11): started with a list, followed while they work, and what came of each."""

import uuid
from typing import Any

from django.contrib import messages
from django.core.files.storage import storages
from django.db.models import Count, Q
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
from occ.jobs.services import job_start, must_still_cover
from occ.lists import listing, remembered
from occ.paging import part
from occ.people.access import get_visible, me
from occ.people.scope import site_ids
from occ.texts import said_within
from userids.choices import STANDING, FindingKind, Sight
from userids.models import LOGBOOK_READERS, Application
from userids.models.reconciliation import Finding, FindingSighting, Pull, Reconciliation
from userids.reconciling.filters import ReconciliationFilter
from userids.reconciling.forms import ListForm
from userids.reconciling.jobs import RECONCILE, starts
from userids.reconciling.policies import KINDS
from userids.reconciling.pulling import pull_ask, reachable
from userids.reconciling.reading import COLUMNS
from userids.reconciling.report import report_of
from userids.reconciling.runs import sites_of

ROWS = 100


def crumbs() -> list[dict[str, str]]:
    return [{"label": _("Reconciliations"), "url": reverse("userids:reconciliations")}]


@require_GET
def reconciliations(request: HttpRequest) -> HttpResponse:
    if again := remembered(request):
        return again
    user = me(request)
    rows = Reconciliation.objects.visible_to(user).select_related("application")
    sorts = {"ran": "ran_at", "taken": "taken_at"}
    context = listing(request, rows, filters=ReconciliationFilter, sorts=sorts, default="-ran")
    counted(request, context["page"].rows)
    new = {"label": _("Reconcile"), "url": reverse("userids:reconciliation_new"), "icon": "git-compare"}
    context |= {
        "title": _("Reconciliations"),
        "subtitle": _("The logbook compared with the application's own list of users"),
        "search": _("File, person or hash"),
        "actions": [new | {"tone": "primary"}] if starts(user) else [],
        "pulls": Pull.objects.filter(application__in=reachable()).select_related("application") if starts(user) else [],
    }
    return render(request, "userids/reconciliations.html", context)


def counted(request: HttpRequest, runs: list[Reconciliation]) -> None:
    """Give each run its `counts` (found, new, gone) of what the user may see."""
    visible = Finding.objects.visible_to(me(request))
    rows = FindingSighting.objects.filter(run__in=runs, finding__in=visible).values_list("run", "sight")
    counts: dict[int, dict[str, int]] = {run.pk: {"found": 0} | dict.fromkeys(Sight.values, 0) for run in runs}
    for run_id, sight, n in rows.annotate(n=Count("pk")).order_by():
        counts[run_id][sight] = n
        counts[run_id]["found"] += n if sight != Sight.GONE else 0
    for run in runs:
        run.counts = counts[run.pk]


@require_http_methods(["GET", "POST"])
def reconciliation_new(request: HttpRequest) -> HttpResponse:
    user, now = me(request), timezone.now()
    if not starts(user):
        raise NotAllowed
    form = ListForm(request.POST or None, request.FILES or None, user=user)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            if not data["file"]:
                pull_ask(application=data["application"], actor=user, now=now)
                messages.success(request, _("The application is being asked; the run appears in this list."))
                return redirect("userids:reconciliations")
            params = {"application": data["application"].pk, "taken_at": (data["taken_at"] or now).isoformat()}
            job = job_start(kind=RECONCILE.key, params=params, owner=user, now=now, file=data["file"])
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            return redirect("userids:reconciliation_job", job.pk)
    recent = Job.objects.visible_to(user).filter(kind=RECONCILE.key).order_by("-created_at")[:10]
    context = {"title": _("Reconcile"), "crumbs": crumbs(), "form": form, "columns": COLUMNS, "recent": recent}
    return render(request, "userids/reconciliation_new.html", context, status=422 if form.errors else 200)


def _job(request: HttpRequest, pk: uuid.UUID) -> Job:
    job = get_visible(Job, me(request), pk)
    if job.kind != RECONCILE.key:
        raise Http404
    must_still_cover(me(request), job)
    return job


@require_GET
@never_cache
def reconciliation_job(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """A run that is under way, or a list that was not taken and why."""
    job = _job(request, pk)
    run = job.result.get("run") if job.state == State.DONE else None
    if run and not request.headers.get("HX-Request"):
        return redirect("userids:reconciliation", run)
    faulty: dict[str, Any] = job.result.get("faulty", {})
    rows, pages = part(faulty.get("rows", []), request.GET.get("page", "1"), ROWS)
    context = pages | {
        "title": job.input_name, "crumbs": crumbs(), "job": job, "run": run, "faulty": faulty,
        "confirm": job.result.get("confirm"), "rows": said_within(rows),
    }  # fmt: skip
    return render(request, "userids/reconciliation_job.html", context)


@require_POST
def reconciliation_confirm(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The list is empty, much shorter or full of differences, and that is right: the same file again, confirmed."""
    job = _job(request, pk)
    if job.state != State.DONE or not job.result.get("confirm") or not job.input_file:
        messages.error(request, _("There is nothing to confirm: upload the list again."))
        return redirect("userids:reconciliation_job", pk)
    with storages["default"].open(job.input_file) as file:
        file.name = job.input_name
        started = job_start(
            kind=RECONCILE.key, params=job.params | {"confirmed": True}, owner=me(request), now=timezone.now(),
            file=file,
        )  # fmt: skip
    return redirect("userids:reconciliation_job", started.pk)


@require_POST
def reconciliation_pull(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask an application's connector now; `confirmed`: a much shorter list is right this time."""
    application, ids = Application.objects.filter(pk=pk).first(), site_ids(me(request), LOGBOOK_READERS)
    if application is None or (ids is not None and not ids & set(sites_of(application))):
        raise Http404
    if not starts(me(request)):
        raise NotAllowed
    confirmed = request.POST.get("confirmed") == "1"
    pull_ask(application=application, confirmed=confirmed, actor=me(request), now=timezone.now())
    messages.success(request, _("The application is being asked; the run appears in this list."))
    return redirect("userids:reconciliations")


@require_GET
def reconciliation(request: HttpRequest, pk: int) -> HttpResponse:
    run = get_visible(Reconciliation, me(request), pk)
    actions = [
        {"label": document.full_number, "url": document.get_absolute_url(), "icon": "file-certificate"}
        for document in report_of(run).visible_to(me(request))
    ]
    context = {
        "title": _("Reconciliation %(number)s") % {"number": run.pk},
        "crumbs": crumbs(),
        "subtitle": str(run.application),
        "run": run,
        "actions": actions,
        "lines": lines(request, run),
    }
    return render(request, "userids/reconciliation.html", context)


def lines(request: HttpRequest, run: Reconciliation) -> list[dict[str, Any]]:
    """A line per kind with what the user may see of it: counts in this run, and how many of those are open now."""
    visible = Finding.objects.visible_to(me(request))
    seen = Q(sight__in=[Sight.NEW, Sight.AGAIN, Sight.REOPENED])
    rows = run.sightings.filter(finding__in=visible).values("finding__kind").annotate(
        seen=Count("pk", filter=seen),
        new=Count("pk", filter=Q(sight=Sight.NEW)),
        reopened=Count("pk", filter=Q(sight=Sight.REOPENED)),
        gone=Count("pk", filter=Q(sight=Sight.GONE)),
        open=Count("pk", filter=seen & Q(finding__status__in=STANDING)),
    )  # fmt: skip
    by_kind = {row["finding__kind"]: row for row in rows.order_by()}
    nothing = {"seen": 0, "new": 0, "reopened": 0, "gone": 0, "open": 0}
    return [
        {"kind": kind.value, "label": kind.label, "owner": KINDS[kind][0].label, "counts": by_kind.get(kind, nothing)}
        for kind in FindingKind
    ]
