"""A list as a spreadsheet: the rows that the list's filters show, made in the background (KER-12)."""

import tempfile
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import IO, Any

from django.db import models
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django_filters import FilterSet

from occ.errors import Invalid
from occ.filters import Reader
from occ.jobs.kinds import Kind, Outcome, Progress, register
from occ.jobs.models import Job
from occ.lists import applied
from occ.people.models import User
from occ.sheets.writing import OutColumn, write_workbook
from occ.times import JAKARTA

CHUNK = 2_000


def register_list(
    key: str, label: "str | Promise", *, may: Callable[[User], bool], filters: type[FilterSet], order: Sequence[str],
    rows: Callable[[User, datetime], "models.QuerySet[Any]"], columns: Callable[[], list[OutColumn]],
    line: Callable[[Any], Sequence[Any]],
) -> Kind:  # fmt: skip
    """Register the export of a list; its page sets `export_kind` to `key`. `rows` are what the user may see."""

    def run(job: Job, progress: Progress, now: datetime) -> Outcome:
        chosen = filtered(filters, job, rows(job.owner, now))
        found = chosen.qs.order_by(*order).iterator(chunk_size=CHUNK)
        out = workfile()
        write_workbook(
            out, title=str(label), columns=columns(), rows=(line(row) for row in found), meta=meta_of(chosen),
            zone=JAKARTA,
        )  # fmt: skip
        return Outcome(out, stamped(key.rpartition(".")[2], now))

    return register(Kind(key, label, run, may, direct=True))


def filtered(filters: type[FilterSet], job: Job, rows: "models.QuerySet[Any]") -> FilterSet:
    """The list as its query, kept with the job, filters it. Raises Invalid on nonsense rather than export all."""
    chosen = filters(QueryDict(job.params.get("query", "")), queryset=rows, request=Reader(job.owner))
    if not chosen.form.is_valid():
        raise Invalid(_("The list's filters are not understood."))
    return chosen


def meta_of(chosen: FilterSet) -> dict[str, str]:
    """What the file says of the filters it was made with: one of a part is not taken for the whole."""
    said = "; ".join(f"{label}: {value}" for _name, label, value in applied(chosen))
    return {_("Filters"): said or _("none")}


def workfile() -> IO[bytes]:
    """Where a spreadsheet grows: in memory while it is small, then on disk."""
    return tempfile.SpooledTemporaryFile(max_size=8 * 2**20)


def stamped(name: str, now: datetime, ending: str = "xlsx") -> str:
    return f"{name}-{now.astimezone(JAKARTA):%Y%m%d-%H%M}.{ending}"
