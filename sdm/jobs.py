"""What of the people's records runs in the background: import and exports."""

from datetime import datetime
from typing import Any

from django.core.files.base import File
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from occ.errors import Invalid
from occ.filters import Reader
from occ.import_jobs import register_import, site_of
from occ.jobs.kinds import Kind, Outcome, Progress, register
from occ.jobs.models import Job
from occ.list_export import register_list, stamped, workfile
from occ.people.choices import Role
from occ.people.models import User
from occ.people.scope import SITE_WIDE, has_role, site_ids
from occ.sheets.importing import Preview
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
    return {"site": site_of(job), "actor": job.owner}


def read(job: Job, file: File, progress: Progress, now: datetime) -> tuple[Preview, dict[str, Any]]:
    reading = people_read(file=file, now=now, report=progress, **place(job))
    return reading.preview, summary(reading)


def bring(job: Job, file: File, progress: Progress, now: datetime) -> dict[str, Any]:
    return people_import(file=file, name=job.input_name, now=now, report=progress, **place(job))


IMPORT = register_import(
    "sdm.import", gettext_lazy("Import of people: preview"), gettext_lazy("Import of people"), space="sdm", may=keeps,
    read=read, bring=bring,
)  # fmt: skip


def people(job: Job, progress: Progress, now: datetime) -> Outcome:
    """The list as its filters show it; contracts of the sites whose contracts its owner reads."""
    params = QueryDict(job.params.get("query", ""))
    chosen = PeopleFilter(params, queryset=people_seen(job.owner, params), request=Reader(job.owner))
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
