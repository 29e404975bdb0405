"""Reports brought in from a page run in the background: the columns of a file, its preview, its import (RTM-4)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.files.base import File
from django.core.files.storage import storages
from django.urls import reverse
from django.utils.translation import gettext_lazy

from occ.import_jobs import register_import
from occ.jobs.kinds import Kind, Outcome, Progress, register
from occ.jobs.models import Job
from occ.people.models import Site, User
from occ.people.scope import has_role
from occ.sheets.importing import Preview
from occ.sheets.reading import read_head
from realtime.masking import number_shown
from realtime.models import ReportMapping
from realtime.reports.mapping import mapping_of
from realtime.services.call_reports import must_import, report_import, report_read, report_summary
from realtime.services.ingesting import SENDERS

LONGEST_CELL = 60


def sends(user: User) -> bool:
    return has_role(user, SENDERS)


def place(job: Job) -> Site:
    site = Site.objects.get(pk=job.params["site"])
    must_import(job.owner, site)
    return site


def mapping_for(job: Job) -> ReportMapping:
    return ReportMapping.objects.visible_to(job.owner).get(pk=job.params["mapping"])


def head(job: Job, progress: Progress, now: datetime) -> Outcome:
    """The headings found in the file, and what stands under them."""
    place(job)
    with storages["default"].open(job.input_file) as file:
        table = read_head(file)
    rows = [
        [number_shown(str("" if one is None else one)[:LONGEST_CELL]) for one in row.original] for row in table.rows
    ]
    result: dict[str, Any] = {"headings": [one[:120] for one in table.headings if one], "rows": rows,
                              "heads": table.headings, "sheet": table.sheet}  # fmt: skip
    return Outcome(url=reverse("realtime:reports:import_mapping", args=[job.pk]), result=result)


def read(job: Job, file: File, progress: Progress, now: datetime) -> tuple[Preview, dict[str, Any]]:
    site, mapping = place(job), mapping_of(mapping_for(job).text)
    reading = report_read(file=file, mapping=mapping, site=site, report=progress)
    return reading.preview, report_summary(reading, mapping, site)


def bring(job: Job, file: File, progress: Progress, now: datetime) -> dict[str, Any]:
    site, kept = place(job), mapping_for(job)
    return report_import(
        file=file, name=job.input_name, mapping=mapping_of(kept.text), kept=kept, site=site, actor=job.owner, now=now,
        report=progress,
    )  # fmt: skip


HEAD = register(Kind("realtime.report_head", gettext_lazy("Report: its columns"), head, sends, leads_on=True))
IMPORT = register_import(
    "realtime.report", gettext_lazy("Report: preview"), gettext_lazy("Report: import"), space="realtime:reports",
    may=sends, read=read, bring=bring,
)  # fmt: skip
