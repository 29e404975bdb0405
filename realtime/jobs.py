"""What of the roster runs in the background: the preview of a spreadsheet and its import."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.core.files.storage import storages
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from occ.jobs.kinds import Kind, Outcome, Progress, register
from occ.jobs.models import Job
from occ.people.models import Site, User
from occ.people.scope import has_role
from occ.sheets.importing import faulty_rows_workbook
from realtime.services.roster_imports import roster_import
from realtime.services.roster_reading import roster_read, summary
from realtime.workflow import ROSTER_MAKERS


def makes(user: User) -> bool:
    return has_role(user, ROSTER_MAKERS)


def place(job: Job) -> dict[str, Any]:
    site = Site.objects.get(pk=job.params["site"])
    return {"site": site, "month": date.fromisoformat(job.params["month"]), "actor": job.owner}


def preview(job: Job, progress: Progress, now: datetime) -> Outcome:
    where = place(job)
    with storages["default"].open(job.input_file) as file:
        reading = roster_read(file=file, now=now, **where)
    content, name = None, ""
    if reading.preview.counts["faulty"]:
        content = faulty_rows_workbook(reading.preview, zone=where["site"].zone)
        name = _("faulty-rows") + ".xlsx"
    url = reverse("realtime:import_preview", args=[job.pk])
    return Outcome(content=content, name=name, url=url, result=summary(reading))


def apply(job: Job, progress: Progress, now: datetime) -> Outcome:
    with storages["default"].open(job.input_file) as file:
        made = roster_import(file=file, name=job.input_name, now=now, **place(job))
    return Outcome(url=reverse("realtime:import_preview", args=[job.pk]), result=made)


PREVIEW = register(Kind("realtime.roster_import", gettext_lazy("Import of a roster: preview"), preview, makes))
APPLY = register(Kind("realtime.roster_import_apply", gettext_lazy("Import of a roster"), apply, makes))
