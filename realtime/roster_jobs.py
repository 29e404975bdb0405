"""What of the roster runs in the background: a month as a spreadsheet, the preview of one, and its import."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.core.files.storage import storages
from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from occ.errors import Invalid
from occ.jobs.kinds import Kind, Outcome, Progress, register
from occ.jobs.models import Job
from occ.list_export import stamped, workfile
from occ.people.models import Person, Site, User
from occ.people.scope import has_role
from occ.sheets.importing import faulty_rows_workbook
from occ.sheets.writing import OutColumn, write_workbook
from realtime.models import ROSTER_READERS, Roster
from realtime.rostering.codes import codes_of
from realtime.rostering.versions import cells_of
from realtime.services.roster_imports import roster_import
from realtime.services.roster_reading import roster_read, summary
from realtime.services.rosters import days_of
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


def matrix(job: Job, progress: Progress, now: datetime) -> Outcome:
    """A version as the spreadsheet that the import reads: people down, days across."""
    wanted = QueryDict(job.params.get("query", "")).get("roster", "")
    rows = Roster.objects.visible_to(job.owner).select_related("site")
    found = rows.filter(pk=int(wanted)).first() if wanted.isdecimal() and len(wanted) < 18 else None
    if found is None:
        raise Invalid(_("This roster is not there."))
    codes, cells, days = codes_of(found.site), cells_of(found), days_of(found.month)
    people = Person.objects.filter(pk__in={person_id for person_id, _day in cells}).order_by("name", "pk")
    columns = [OutColumn(_("Employee number"), 18), OutColumn(_("Name"), 28),
               *(OutColumn(day.isoformat(), 11) for day in days)]  # fmt: skip
    lines = ([one.number, one.name, *(codes.shown(cells.get((one.pk, day))) for day in days)] for one in people)
    out = workfile()
    meta = {_("Site"): found.site.name, _("Version"): str(found.version), _("Status"): found.get_status_display()}
    write_workbook(out, title=str(found), columns=columns, rows=lines, meta=meta, zone=found.site.zone)
    return Outcome(out, stamped(f"roster-{found.site.code}-{found.month:%Y-%m}-v{found.version}", now))


def reads(user: User) -> bool:
    return has_role(user, ROSTER_READERS)


MATRIX = register(Kind("realtime.roster", gettext_lazy("Roster of a month"), matrix, reads, direct=True))
PREVIEW = register(Kind("realtime.roster_import", gettext_lazy("Import of a roster: preview"), preview, makes))
APPLY = register(Kind("realtime.roster_import_apply", gettext_lazy("Import of a roster"), apply, makes))
