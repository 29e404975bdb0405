"""What of an import runs in the background: what the file would do, and then all of it or nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from django.core.files.base import File
from django.core.files.storage import storages
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from occ.jobs.kinds import Kind, Outcome, Progress, register
from occ.jobs.models import Job
from occ.people.models import Site, User
from occ.sheets.importing import Preview, faulty_rows_workbook
from occ.texts import kept_within
from occ.times import JAKARTA

# What a preview's result says under this name (a hash of what it showed) is handed to the job that brings it in, among
# its params: an import that changes what is there asks for another look where that is not so any more.
SEEN = "seen"
Label: TypeAlias = str | Promise
# What the file would do, row by row, and what the page of the preview shows of it (see occ.sheets.importing.as_read),
# in the language of whoever reads the page as far as it was told so (occ.texts.told).
Read: TypeAlias = Callable[[Job, File, Progress, datetime], tuple[Preview, dict[str, Any]]]
# Does it, and tells what the page afterwards shows.
Bring: TypeAlias = Callable[[Job, File, Progress, datetime], dict[str, Any]]


@dataclass(frozen=True)
class Import:
    """`space`: the URL namespace in which import, import_preview, import_apply and import_faulty are its pages."""

    space: str
    preview: Kind
    apply: Kind


def register_import(
    key: str, preview_label: Label, label: Label, *, space: str, may: Callable[[User], bool], read: Read, bring: Bring
) -> Import:
    """Register the two kinds of job of an import: `key` reads the file, `key`_apply brings it in."""

    def page(job: Job) -> str:
        return reverse(f"{space}:import_preview", args=[job.pk])

    def preview(job: Job, progress: Progress, now: datetime) -> Outcome:
        with storages["default"].open(job.input_file) as file:
            found, shown = read(job, file, progress, now)
        content, name = faulty_rows(job, found) if found.counts["faulty"] else (None, "")
        return Outcome(content=content, name=name, url=page(job), result=kept_within(shown))

    def apply(job: Job, progress: Progress, now: datetime) -> Outcome:
        with storages["default"].open(job.input_file) as file:
            return Outcome(url=page(job), result=bring(job, file, progress, now))

    return Import(
        space,
        register(Kind(key, preview_label, preview, may, leads_on=True)),
        register(Kind(f"{key}_apply", label, apply, may, leads_on=True)),
    )


def faulty_rows(job: Job, found: Preview) -> tuple[bytes, str]:
    """Content and name of the spreadsheet of faulty rows; its times are those of the site the upload named."""
    site = site_of(job)
    return faulty_rows_workbook(found, zone=site.zone if site else JAKARTA), _("faulty-rows") + ".xlsx"


def site_of(job: Job) -> Site | None:
    """The site that the upload named, if it did."""
    pk = job.params.get("site")
    return Site.objects.get(pk=pk) if pk else None
