"""What of the people's records runs in the background: import and exports."""

from datetime import datetime
from typing import Any

from django.core.files.storage import storages
from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from occ.errors import Invalid
from occ.jobs.kinds import Kind, Outcome, Progress, register
from occ.jobs.models import Job
from occ.list_export import register_list, stamped, workfile
from occ.people.choices import Role
from occ.people.models import Site, User
from occ.people.scope import SITE_WIDE, has_role, site_ids
from occ.sheets.importing import faulty_rows_workbook
from occ.times import JAKARTA, local_day
from sdm.filters import LeavingFilter, PeopleFilter, people_seen
from sdm.models import Leaving
from sdm.personal import CONTRACT_READERS, KEEPERS
from sdm.services import exports
from sdm.services.importing import people_import, people_read, summary

READERS = frozenset({*SITE_WIDE, Role.TEAM_LEADER})


def reads(user: User) -> bool:
    return has_role(user, READERS)


def keeps(user: User) -> bool:
    return has_role(user, KEEPERS)


def place(job: Job) -> dict[str, Any]:
    site = job.params.get("site")
    return {"site": Site.objects.get(pk=site) if site else None, "actor": job.owner}


def preview(job: Job, progress: Progress, now: datetime) -> Outcome:
    with storages["default"].open(job.input_file) as file:
        reading = people_read(file=file, now=now, report=progress, **place(job))
    content, name = None, ""
    if reading.preview.counts["faulty"]:
        content = faulty_rows_workbook(reading.preview, zone=JAKARTA)
        name = _("faulty-rows") + ".xlsx"
    url = reverse("sdm:import_preview", args=[job.pk])
    return Outcome(content=content, name=name, url=url, result=summary(reading))


def apply(job: Job, progress: Progress, now: datetime) -> Outcome:
    with storages["default"].open(job.input_file) as file:
        made = people_import(file=file, name=job.input_name, now=now, report=progress, **place(job))
    return Outcome(url=reverse("sdm:import_preview", args=[job.pk]), result=made)


PREVIEW = register(Kind("sdm.import", gettext_lazy("Import of people: preview"), preview, keeps))
APPLY = register(Kind("sdm.import_apply", gettext_lazy("Import of people"), apply, keeps))


def people(job: Job, progress: Progress, now: datetime) -> Outcome:
    """The list as its filters show it; contracts of the sites whose contracts its owner reads."""
    params = QueryDict(job.params.get("query", ""))
    chosen = PeopleFilter(params, queryset=people_seen(job.owner, params), user=job.owner)
    if not chosen.form.is_valid():
        raise Invalid(_("The list's filters are not understood."))
    day = chosen.form.cleaned_data.get("as_of") or local_day(now, JAKARTA)
    out = workfile()
    exports.people_workbook(out, chosen.qs, day=day, contracts=site_ids(job.owner, CONTRACT_READERS))
    return Outcome(out, stamped("people", now))


register(Kind("sdm.people", gettext_lazy("People as a spreadsheet"), people, reads, direct=True))
register_list(
    "sdm.leavings", gettext_lazy("Leavings"), may=reads, filters=LeavingFilter, order=("last_working_day", "pk"),
    columns=exports.leaving_columns, line=exports.leaving_line,
    rows=lambda user, now: (
        Leaving.objects.visible_to(user).select_related("employee__person", "site").prefetch_related("items")
    ),
)  # fmt: skip
