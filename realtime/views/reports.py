"""Reports brought in from a page (RTM-4): the file, its mapping, what would be counted, and the import."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.core.files.storage import storages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from occ.errors import NotAllowed, Refused
from occ.form_pages import form_done
from occ.forms import NoteForm, add_refusal
from occ.import_wizard import Wizard
from occ.jobs.models import Job, State
from occ.jobs.services import job_start, must_still_cover
from occ.people.access import get_visible, me
from occ.people.models import Site, User
from occ.people.scope import has_role
from occ.sheet_forms import SheetForm
from realtime import jobs
from realtime.choices import EventType, Fault
from realtime.choices import Outcome as CallOutcome
from realtime.models import Arrival, ReportImport, ReportMapping, ReportWithdrawal, ServiceMonth, Source
from realtime.report_forms import MappingForm, TextForm, UploadForm
from realtime.services.ingesting import SENDERS
from realtime.services.report_imports import import_withdraw, may_withdraw, months_frozen
from realtime.services.report_mappings import mapping_keep

IMPORTS = 10  # the latest ones under the form
WORDS = dict(CallOutcome.choices) | dict(EventType.choices)


class Reports(Wizard):
    """A file without a mapping gets one from its columns before its preview."""

    def kinds(self) -> set[str]:
        return {jobs.HEAD.key, *super().kinds()}

    def begin(self, form: SheetForm, user: User, now: datetime) -> Job:
        given = form.cleaned_data
        return report_begin(given["site"], given["mapping"], user, given["file"], now)

    def page(self, job: Job) -> str:
        if job.kind == jobs.HEAD.key:
            return reverse("realtime:reports:import_mapping", args=[job.pk])
        return super().page(job)

    def beside_form(self, user: User) -> dict[str, Any]:
        kept = ReportMapping.objects.visible_to(user).latest_versions().select_related("site", "made_by")
        imports = ReportImport.objects.visible_to(user).select_related("withdrawal", "site")
        return {
            "subtitle": _("Calls, cases and log-ins of an application that tells no events itself"), "kept": kept,
            "imports": imports[:IMPORTS],
        }  # fmt: skip

    def beside_result(self, job: Job) -> dict[str, Any]:
        faults = {str(code): str(label) for code, label in Fault.choices}
        result = job.result
        said: dict[str, Any] = {
            "outcomes": [(WORDS.get(name, name), count) for name, count in result.get("outcomes", {}).items()],
            "mapping": ReportMapping.objects.filter(pk=job.params.get("mapping")).first(),
        }
        if job.kind == jobs.IMPORT.preview.key:
            said["frozen"] = frozen_among(job.params["site"], [day for day, _counts in result["days"]])
            names = list(dict.fromkeys(name for _day, counts in result["days"] for name in counts))
            said |= {
                "names": [WORDS.get(name, name) for name in names],
                "days": [
                    (date.fromisoformat(day), [counts.get(name, 0) for name in names]) for day, counts in result["days"]
                ],
                "unmapped": sum(
                    any(one["code"] == "unmapped" for one in row["problems"]) for row in result.get("rows", [])
                ),
                "faults": [(faults.get(name, name), count) for name, count in result["faults"].items()],
            }
        else:
            source = Source.objects.filter(code=result["source"]).first()
            waiting = Arrival.objects.filter(source=source, parked_at=None)[:1000].count() if source else 0
            query = f"?site={job.params['site']}&first={result['first']}&last={result['last']}&interval=day"
            ends = [day for day in (result["first"], result["last"]) if day]
            said["frozen"] = frozen_among(job.params["site"], ends)
            said |= {"waiting": waiting, "figures": reverse("realtime:figures") + query, "source": source}
            said["imported"] = ReportImport.objects.filter(pk=result.get("import")).defer("events").first()
        return said


def frozen_among(site: int, days: list[str]) -> list[ServiceMonth]:
    """The months from the first of these days to the last whose report is issued already: they want a revision."""
    return list(months_frozen(site, date.fromisoformat(min(days)), date.fromisoformat(max(days)))) if days else []


WIZARD = Reports(
    jobs.IMPORT, title=gettext_lazy("Reports"), back=(gettext_lazy("Service figures"), "realtime:figures"), columns=(),
    form=UploadForm, upload_template="realtime/report_upload.html", template="realtime/report_preview.html",
    done_template="realtime/report_done.html",
)  # fmt: skip


def report_begin(site: Site, mapping: ReportMapping | None, user: User, file: Any, now: datetime) -> Job:
    kind, params = (jobs.IMPORT.preview, {"mapping": mapping.pk}) if mapping else (jobs.HEAD, {})
    return job_start(kind=kind.key, params=params | {"site": site.pk}, owner=user, now=now, file=file)


@require_http_methods(["GET", "POST"])
@never_cache
def mapping_new(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """What the columns of an uploaded file mean: chosen among those found in it, or written as text."""
    user = me(request)
    job = get_visible(Job, user, pk)
    if job.kind != jobs.HEAD.key:
        raise Http404
    must_still_cover(user, job)
    context: dict[str, Any] = {"title": job.input_name, "crumbs": WIZARD.crumbs(), "job": job, "urls": WIZARD.urls()}
    if job.state != State.DONE or job.is_cleared:
        return render(request, "imports/running.html", context)
    site = Site.objects.get(pk=job.params["site"])
    chosen = request.POST.get("way") != "text"
    form = MappingForm(request.POST if request.method == "POST" and chosen else None,
                       headings=list(dict.fromkeys(job.result["headings"])))  # fmt: skip
    text = TextForm(request.POST if request.method == "POST" and not chosen else None, auto_id="text_%s")
    used: MappingForm | TextForm = form if chosen else text
    if request.method == "POST" and used.is_valid():
        said = form.text() if chosen else text.cleaned_data["text"]
        given = used.cleaned_data
        try:
            kept = mapping_keep(
                site=site, name=given["name"], text=said, reason=given["reason"], actor=user, now=timezone.now()
            )
            with storages["default"].open(job.input_file) as file:
                file.name = job.input_name
                return redirect(WIZARD.page(report_begin(site, kept, user, file, timezone.now())))
        except FileNotFoundError:
            messages.error(request, _("The uploaded file was cleared away meanwhile: upload it again."))
            return redirect("realtime:reports:import")
        except Refused as refusal:
            add_refusal(used, refusal)
    context |= {"form": form, "text": text, "chosen": chosen, "site": site}
    return render(request, "realtime/report_mapping.html", context, status=422 if used.errors else 200)


@require_http_methods(["GET", "POST"])
def mapping(request: HttpRequest, pk: int) -> HttpResponse:
    """A mapping's versions, and its next one."""
    user = me(request)
    found = get_visible(ReportMapping, user, pk)
    may = has_role(user, SENDERS, site=found.site)
    if request.method == "POST" and not may:
        raise NotAllowed
    versions = list(ReportMapping.objects.filter(site=found.site, name=found.name).select_related("made_by", "site"))
    form = TextForm(request.POST or None, initial={"name": found.name, "text": versions[0].text})
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            kept = mapping_keep(site=found.site, actor=user, now=timezone.now(), **given)
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("Kept as version %(version)s.") % {"version": kept.version})
            return redirect(kept)
    context = {
        "title": found.name, "subtitle": found.site.name, "crumbs": WIZARD.crumbs(), "found": found,
        "versions": versions, "form": form if may else None,
    }  # fmt: skip
    return render(request, "realtime/report_mapping_versions.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def imported(request: HttpRequest, pk: int) -> HttpResponse:
    """What an import brought, and where it is taken back."""
    user, now = me(request), timezone.now()
    found = get_visible(ReportImport, user, pk)
    frozen = list(months_frozen(found.site, found.first_day, found.last_day))
    may = may_withdraw(user, found, frozen)
    if request.method == "POST" and not (may or has_role(user, SENDERS, site=found.site)):
        raise NotAllowed
    gone = ReportWithdrawal.objects.filter(report=found).select_related("by").first()
    form = NoteForm(request.POST or None)

    def withdraw(values: dict[str, Any]) -> ReportImport:
        import_withdraw(import_id=found.pk, reason=values["note"], actor=user, now=now)
        return found

    said = _(
        "The import is taken back; the figures follow within a minute. Read the file again with the right mapping."
    )
    if done := form_done(request, form, withdraw, said=said):
        return done
    context = {
        "title": found.file_name, "subtitle": found.site.name, "crumbs": WIZARD.crumbs(), "found": found, "gone": gone,
        "frozen": frozen, "form": form if may and gone is None else None, "zone": found.site.zone,
    }  # fmt: skip
    return render(request, "realtime/report_imported.html", context, status=422 if form.errors else 200)
