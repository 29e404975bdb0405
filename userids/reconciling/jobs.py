"""Reconciliation with an uploaded list in the background, and the export of findings."""

from datetime import datetime
from typing import Any

from django.core.files.storage import storages
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from occ.errors import NotAllowed
from occ.jobs.kinds import Kind, Outcome, Progress, register
from occ.jobs.models import Job
from occ.list_export import register_list
from occ.people.models import User
from occ.people.scope import has_role
from occ.sheets.importing import faulty_rows_workbook
from occ.sheets.writing import OutColumn
from occ.texts import kept_within
from occ.times import JAKARTA
from userids.choices import ListSource
from userids.jobs import reads
from userids.models import Application
from userids.models.reconciliation import Finding, FindingQuerySet
from userids.reconciling.filters import FindingFilter
from userids.reconciling.reading import FaultyRows, faulty_rows, list_read
from userids.reconciling.runs import STARTERS, ConfirmationNeeded, may_reconcile, reconciliation_run
from userids.reconciling.words import said


def starts(user: User) -> bool:
    return has_role(user, STARTERS)


def reconcile(job: Job, progress: Progress, now: datetime) -> Outcome:
    """One run. A list with faulty rows, or one that has to be confirmed, changes nothing; the result says so."""
    params = job.params
    application = Application.objects.get(pk=params["application"])
    if not may_reconcile(job.owner, application):
        raise NotAllowed
    taken_at = datetime.fromisoformat(params["taken_at"])
    url = reverse("userids:reconciliation_job", args=[job.pk])
    try:
        with storages["default"].open(job.input_file) as file:
            listing = list_read(file=file, name=job.input_name, taken_at=taken_at, report=progress)
        run = reconciliation_run(
            application=application, listing=listing, source=ListSource.FILE, taken_at=taken_at,
            confirmed=bool(params.get("confirmed")), language=job.language, actor=job.owner, now=now, report=progress,
        )  # fmt: skip
    except FaultyRows as faulty:
        content = faulty_rows_workbook(faulty.preview, zone=JAKARTA)
        result = {"faulty": faulty_rows(faulty.preview), "message": faulty.message}
        return Outcome(content=content, name=_("faulty-rows") + ".xlsx", url=url, result=kept_within(result))
    except ConfirmationNeeded as needed:
        return Outcome(url=url, result=kept_within({"confirm": needed.message}))
    return Outcome(url=run.get_absolute_url(), result={"run": run.pk, "counts": run.counts})


RECONCILE = register(Kind("userids.reconcile", gettext_lazy("Reconciliation with a list of users"), reconcile, starts))


def finding_rows(user: User) -> FindingQuerySet:
    return Finding.objects.visible_to(user).select_related("application", "person", "site", "team")


def finding_columns() -> list[OutColumn]:
    return [
        OutColumn(_("Finding"), width=30), OutColumn(_("User ID"), width=18), OutColumn(_("Application"), width=16),
        OutColumn(_("Person"), width=28), OutColumn(_("Employee number"), width=16), OutColumn(_("Site"), width=8),
        OutColumn(_("Team"), width=20), OutColumn(_("What differs"), width=60), OutColumn(_("Owner"), width=20),
        OutColumn(_("Found"), width=18), OutColumn(_("Due"), width=18), OutColumn(_("Status"), width=16),
        OutColumn(_("Way"), width=26), OutColumn(_("Said"), width=18), OutColumn(_("Settled"), width=18),
        OutColumn(_("Accepted until"), width=14),
    ]  # fmt: skip


def finding_line(one: Finding) -> list[Any]:
    return [
        one.get_kind_display(), one.ids, one.application.code, one.person.name if one.person else "",
        one.person.number if one.person else "", one.site.code, one.team.name if one.team else "", said(one),
        one.get_owner_role_display(), one.found_at, one.due_at, one.get_status_display(), one.get_way_display(),
        one.said_at, one.settled_at, one.accepted_until,
    ]  # fmt: skip


register_list(
    "userids.findings", gettext_lazy("Findings"), may=reads, filters=FindingFilter, order=("due_at", "pk"),
    rows=lambda user, now: finding_rows(user), columns=finding_columns, line=finding_line,
)  # fmt: skip
