"""What of the roster runs in the background: a month as a spreadsheet, the preview of one, and its import."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.core.files.base import File
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from occ.errors import Invalid
from occ.import_jobs import SEEN, register_import
from occ.jobs.kinds import Kind, Outcome, Progress, register
from occ.jobs.models import Job
from occ.list_export import stamped, workfile
from occ.people.models import Person, Site, User
from occ.people.scope import has_role
from occ.sheets.importing import Preview
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


def read(job: Job, file: File, progress: Progress, now: datetime) -> tuple[Preview, dict[str, Any]]:
    reading = roster_read(file=file, now=now, **place(job))
    return reading.preview, summary(reading)


def bring(job: Job, file: File, progress: Progress, now: datetime) -> dict[str, Any]:
    return roster_import(
        file=file, name=job.input_name, seen=job.params.get(SEEN, ""), reason=job.params.get("reason", ""), now=now,
        **place(job),
    )  # fmt: skip


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
IMPORT = register_import(
    "realtime.roster_import", gettext_lazy("Import of a roster: preview"), gettext_lazy("Import of a roster"),
    space="realtime", may=makes, read=read, bring=bring,
)  # fmt: skip
