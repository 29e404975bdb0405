"""What of the catalogue runs in the background in one transaction: imports and exports."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.core.files.base import File
from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from occ.errors import Invalid
from occ.filters import Reader
from occ.import_jobs import register_import
from occ.jobs.kinds import Kind, Outcome, Progress, register
from occ.jobs.models import Job
from occ.list_export import CHUNK, meta_of, register_list, stamped, workfile
from occ.people.models import User
from occ.people.scope import has_role
from occ.sheets.importing import Preview
from occ.sheets.writing import write_workbook
from occ.times import JAKARTA
from retention.filters import RecordFilter, SourceFilter, StoreFilter
from retention.models import Record, RecordQuerySet, Source, Store
from retention.personal import CATALOGUE_READERS, KEEPERS, PLACE_READERS, WAIVERS
from retention.services import catalogue_exports as exports
from retention.services import taking
from retention.services.importing import records_import, records_read, summary

# A sheet holds a million rows and nobody reads so many: who needs more takes a month at a time.
MOST_ROWS = 200_000


def reads(user: User) -> bool:
    return has_role(user, CATALOGUE_READERS)


def sees_places(user: User) -> bool:
    return has_role(user, PLACE_READERS)


def keeps(user: User) -> bool:
    return has_role(user, KEEPERS)


def decides(user: User) -> bool:
    return has_role(user, WAIVERS)


def place(job: Job) -> dict[str, Any]:
    source = Source.objects.visible_to(job.owner).select_related("site").get(pk=job.params["source"])
    return {"source": source, "actor": job.owner}


def read(job: Job, file: File, progress: Progress, now: datetime) -> tuple[Preview, dict[str, Any]]:
    reading = records_read(file=file, now=now, report=progress, **place(job))
    return reading.preview, summary(reading)


def bring(job: Job, file: File, progress: Progress, now: datetime) -> dict[str, Any]:
    return records_import(file=file, name=job.input_name, now=now, report=progress, **place(job))


IMPORT = register_import(
    "retention.import", gettext_lazy("Import of records: preview"), gettext_lazy("Import of records"),
    space="retention", may=keeps, read=read, bring=bring,
)  # fmt: skip


def record_rows(user: User) -> RecordQuerySet:
    """With the customer: where the ID or a path names them they are masked."""
    return Record.objects.visible_to(user).select_related("site", "agent", "source", "batch__site")


def records(job: Job, progress: Progress, now: datetime) -> Outcome:
    """The list as its filters show it. Raises Invalid: nonsense in them, or too many rows for a sheet."""
    seen = record_rows(job.owner)
    chosen = RecordFilter(QueryDict(job.params.get("query", "")), queryset=seen, request=Reader(job.owner))
    if not chosen.form.is_valid():
        raise Invalid(_("The list's filters are not understood."))
    if chosen.qs.order_by()[: MOST_ROWS + 1].count() > MOST_ROWS:
        words = _("These are more than %(n)s records. Choose a month, a channel or an agent.")
        raise Invalid(words % {"n": f"{MOST_ROWS:,}".replace(",", ".")})
    out = workfile()
    rows = chosen.qs.order_by("ended_at", "pk").iterator(chunk_size=CHUNK)
    write_workbook(
        out, title=_("Catalogue"), columns=exports.record_columns(), rows=(exports.record_line(one) for one in rows),
        meta=meta_of(chosen), zone=JAKARTA,
    )  # fmt: skip
    return Outcome(out, stamped("catalogue", now))


def look(job: Job, progress: Progress, now: datetime) -> Outcome:
    """A file that is to be taken as it is now: read whole, however large it is."""
    pk = job.params["record"]
    looked = taking.file_look(record_id=pk, actor=job.owner, progress=progress)
    return Outcome(url=reverse("retention:record_take_file", args=[pk]), result=asdict(looked))


register(Kind(taking.LOOK, gettext_lazy("Changed file read as it is now"), look, decides, outside=True))
register(Kind("retention.records", gettext_lazy("Catalogue as a spreadsheet"), records, reads, direct=True))
register_list(
    "retention.sources", gettext_lazy("Sources"), may=sees_places, filters=SourceFilter, order=("code", "pk"),
    rows=lambda user, now: Source.objects.visible_to(user).select_related("site"),
    columns=exports.source_columns, line=exports.source_line,
)  # fmt: skip
register_list(
    "retention.stores", gettext_lazy("Stores"), may=sees_places, filters=StoreFilter, order=("code", "pk"),
    rows=lambda user, now: Store.objects.visible_to(user), columns=exports.store_columns, line=exports.store_line,
)  # fmt: skip
