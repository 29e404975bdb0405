"""What of the register runs in the background: import, export, issue."""

from datetime import date, datetime
from typing import Any

from django.core.files.base import File
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from occ.documents.signing import signing_kept
from occ.errors import NotAllowed
from occ.import_jobs import SEEN, register_import, site_of
from occ.jobs.kinds import Kind, Outcome, Progress, register
from occ.jobs.models import Job
from occ.list_export import register_list
from occ.people.models import Site, User
from occ.people.scope import has_role
from occ.sheets.importing import Preview
from occ.sheets.writing import OutColumn
from retention.models import RegisterLine
from retention.personal import CATALOGUE_READERS
from retention.registering.documents import register_issue
from retention.registering.filters import RegisterFilter
from retention.registering.importing import entries_import, entries_read, summary
from retention.registering.words import state_of, title_of
from retention.services.register import may_register


def reads(user: User) -> bool:
    return has_role(user, CATALOGUE_READERS)


def enters(user: User) -> bool:
    return may_register(user)


def place(job: Job) -> dict[str, Any]:
    return {"site": site_of(job), "name": job.input_name, "actor": job.owner}


def read(job: Job, file: File, progress: Progress, now: datetime) -> tuple[Preview, dict[str, Any]]:
    reading = entries_read(file=file, now=now, report=progress, **place(job))
    return reading.preview, summary(reading)


def bring(job: Job, file: File, progress: Progress, now: datetime) -> dict[str, Any]:
    return entries_import(file=file, seen=job.params.get(SEEN, ""), now=now, report=progress, **place(job))


IMPORT = register_import(
    "retention.entries", gettext_lazy("Import of documents: preview"), gettext_lazy("Import of documents"),
    space="retention:entries", may=enters, read=read, bring=bring,
)  # fmt: skip


def register_pdf(job: Job, progress: Progress, now: datetime) -> Outcome:
    """Issue the register; the password was entered when the job was asked for (see retention.views.register)."""
    params = job.params
    site = Site.objects.get(pk=params["site"])
    if not may_register(job.owner, site):
        raise NotAllowed
    days = [date.fromisoformat(day) for day in params.get("period") or []]
    document = register_issue(
        lines=RegisterLine.objects.visible_to(job.owner).filter(site=site), site=site,
        period=(days[0], days[1]) if days else None, language=params["language"],
        signatures=[signing_kept(params["signing"], now=now)], actor=job.owner, now=now,
    )  # fmt: skip
    return Outcome(url=document.get_absolute_url(), result={"number": document.full_number})


PDF = register(Kind("retention.register_pdf", gettext_lazy("Register as an issued document"), register_pdf, enters))


def columns() -> list[OutColumn]:
    return [
        OutColumn(_("Number"), width=28), OutColumn(_("Title"), width=44), OutColumn(_("Type"), width=18),
        OutColumn(_("Medium"), width=12), OutColumn(_("Site"), width=8), OutColumn(_("Owner"), width=22),
        OutColumn(_("Kept at"), width=30), OutColumn(_("Issued"), width=14), OutColumn(_("Expires"), width=14),
        OutColumn(_("Destroyed"), width=14), OutColumn(_("Status"), width=20),
    ]  # fmt: skip


def line(one: RegisterLine) -> list[Any]:
    return [
        one.number, title_of(one), one.get_kind_display(), one.get_medium_display(),
        one.site.code if one.site else _("All"),
        one.get_owner_role_display(), one.place, one.issued_on, one.expires_on, one.destroyed_on,
        state_of(one, timezone.localdate())["label"],
    ]  # fmt: skip


register_list(
    "retention.register", gettext_lazy("Register of documents"), may=reads, filters=RegisterFilter,
    order=("issued_on", "key"), columns=columns, line=line,
    rows=lambda user, now: RegisterLine.objects.visible_to(user).select_related("site"),
)  # fmt: skip
