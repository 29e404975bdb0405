"""Documents from a spreadsheet into the register: looked at first, then all of it or nothing.

A row is judged by what it would do, inside a transaction that is undone.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO

from django.conf import settings
from django.core.files.base import File
from django.db import connection, transaction
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy, gettext_noop

from occ.documents.services import kept_until
from occ.errors import Invalid, Refused, WrongState
from occ.import_jobs import SEEN
from occ.ledger.services import record
from occ.people.actors import Actor
from occ.people.choices import Role
from occ.people.models import Site
from occ.sheets.child import key
from occ.sheets.importing import Preview, Problem, Row, as_read, validate
from occ.sheets.reading import Column, read_table
from occ.texts import kept, worded
from occ.texts import told as _
from retention.models import Entry
from retention.services.register import FIELDS as ENTRY_FIELDS
from retention.services.register import Line, entry_push

LOCK = 0x0CC_4E6
COLUMNS = [
    Column(
        "number", gettext_lazy("Document number"), required=True,
        aliases=("Nomor Dokumen", "No Dokumen", "No. Dokumen", "Nomor", "Document No"),
    ),
    Column("title", gettext_lazy("Title"), required=True, aliases=("Judul", "Nama Dokumen", "Nama Catatan", "Uraian")),
    Column("classification", gettext_lazy("Classification code"), aliases=("Kode Klasifikasi", "Klasifikasi")),
    Column(
        "medium", gettext_lazy("Medium"), kind="choice", aliases=("Media", "Bentuk", "Jenis"),
        choices={
            "hardcopy": ("Hardcopy", "Hard copy", "Kertas", "Fisik", "Cetak"),
            "softcopy": ("Softcopy", "Soft copy", "Digital", "Elektronik", "File"),
        },
    ),
    Column("copies", gettext_lazy("Level (original, copy)"), aliases=("Tingkat Perkembangan", "Asli/Salinan")),
    Column("quantity", gettext_lazy("Quantity"), aliases=("Jumlah", "Volume")),
    Column("site", gettext_lazy("Site"), aliases=("Lokasi", "Cabang", "Location")),
    Column("owner", gettext_lazy("Owner"), aliases=("Penanggung Jawab", "Pemilik", "Pemilik Dokumen", "PIC")),
    Column(
        "place", gettext_lazy("Kept at"), required=True,
        aliases=("Tempat Simpan", "Lokasi Simpan", "Penyimpanan", "Storage"),
    ),
    Column(
        "issued_on", gettext_lazy("Issued on"), required=True, kind="date",
        aliases=("Tanggal Penerbitan", "Tgl Terbit", "Tanggal Terbit", "Issue Date"),
    ),
    Column(
        "expires_on", gettext_lazy("Expires on"), kind="date",
        aliases=("Tanggal Kadaluwarsa", "Expired Date", "Tgl Kadaluwarsa", "Kadaluwarsa", "Expiry Date"),
    ),
    Column("years", gettext_lazy("Kept for, years"), kind="integer", aliases=("Masa Simpan", "Masa Simpan (Tahun)")),
    Column("note", gettext_lazy("Note"), aliases=("Keterangan", "Catatan", "Remarks")),
]  # fmt: skip
# Which column a service's field comes from.
FIELDS = {"owner_role": "owner"}
Report = Callable[[float], None]


@dataclass
class Reading:
    """A file looked at: what each good row would do is counted in `done`; `seen` is a hash of that and of the entries
    as they were."""

    preview: Preview
    done: dict[str, int]
    seen: str


class Undo(Exception):
    """Takes back what a preview tried."""


def entries_read(
    *, file: BinaryIO | File, name: str, site: Site | None, actor: Actor, now: datetime, report: Report
) -> Reading:
    """Judge the file; nothing of it stays. Raises SheetRefused."""
    found: list[Reading] = []
    try:
        with transaction.atomic():
            found.append(_try(file, name, site, actor, now, report))
            raise Undo
    except Undo:
        return found[0]


@transaction.atomic
def entries_import(
    *, file: BinaryIO | File, name: str, site: Site | None, seen: str, actor: Actor, now: datetime, report: Report
) -> dict[str, int]:
    """Enter the whole file, or nothing. `seen` is what its preview said.

    Raises WrongState while a row has a problem or entries were put right since that preview, SheetRefused, Invalid.
    """
    with connection.cursor() as cursor:  # two imports at once: the second judges what the first has written
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    reading = _try(file, name, site, actor, now, report)
    if faulty := reading.preview.counts["faulty"]:
        words = _("Nothing was imported. Rows that have problems: %(n)s. Look at the preview again.")
        raise WrongState(words % {"n": faulty})
    if not reading.preview.rows:
        raise Invalid(_("The file holds no row to import."))
    if reading.seen != seen:  # a preview can be weeks old
        raise WrongState(_("Entries of this file were changed since its preview. Upload it again and look at it."))
    data = reading.done | {"file": name}
    record(actor=actor, action="entries.imported", subject=None, data=data, now=now, site=site)
    return reading.done


def _try(
    file: BinaryIO | File, name: str, site: Site | None, actor: Actor, now: datetime, report: Report
) -> Reading:  # fmt: skip
    table = read_table(file, columns=COLUMNS)
    report(0.2)
    meaning = Meaning(site)
    preview = validate(table, lambda row: (), duplicates_on=[("number", "site")] if site is None else ["number"])
    done = dict.fromkeys(("created", "changed", "unchanged"), 0)
    seen = hashlib.sha256()
    why = kept(gettext_noop("Imported from %(file)s"), file=name)
    for i, row in enumerate(table.rows):
        if not row.problems:
            try:
                with transaction.atomic():
                    line = meaning.line(row)
                    there = Entry.objects.filter(site=line.site, number=line.number)
                    before = there.values_list("status", *ENTRY_FIELDS).first()
                    outcome = entry_push(line=line, why=why, actor=actor, now=now)
                done[outcome] += 1
                seen.update(f"{row.number} {outcome} {before}\n".encode())
            except Refused as refusal:
                column = FIELDS.get(refusal.field or "", refusal.field or "")
                known = column if any(one.name == column for one in COLUMNS) else ""
                row.problems.append(Problem(row.number, known, refusal.code, worded(refusal.message)))
        if i % 50 == 0:
            report(0.2 + 0.8 * i / max(1, len(table.rows)))
    faulty = sum(1 for row in preview.rows if row.problems)
    preview.counts = {"total": len(preview.rows), "good": len(preview.rows) - faulty, "faulty": faulty}
    return Reading(preview, done, seen.hexdigest())


class Meaning:
    """What the words of a row stand for."""

    def __init__(self, site: Site | None) -> None:
        self.site = site
        self.sites = {word.casefold(): one for one in Site.objects.all() for word in (one.code, one.name)}
        self.roles = {key(str(role)): str(role) for role in Role}
        for language, _name in settings.LANGUAGES:
            with translation.override(language):
                self.roles |= {key(str(role.label)): str(role) for role in Role}
        self.roles |= {"dc": Role.DOCUMENT_CONTROL.value, "tl": Role.TEAM_LEADER.value, "spv": Role.TEAM_LEADER.value}

    def line(self, row: Row) -> Line:
        """Raises Invalid."""
        value = row.values
        named = value.get("site")
        site = self.sites.get(named.casefold()) if named else self.site
        if site is None:
            words = _("There is no site “%(name)s”.") % {"name": named[:60]} if named else _("The site is not said.")
            raise Invalid(words, field="site", code="unknown")
        owner = value.get("owner") or ""
        role = self.roles.get(key(owner)) if owner else Role.DOCUMENT_CONTROL.value
        if role is None:
            raise Invalid(_("There is no owner “%(name)s”.") % {"name": owner[:60]}, field="owner", code="unknown")
        return Line(
            number=value["number"].strip(), title=value["title"].strip(), site=site, owner_role=role,
            classification=value.get("classification") or "", medium=value.get("medium") or "hardcopy",
            copies=value.get("copies") or "", quantity=value.get("quantity") or "", place=value["place"],
            issued_on=value["issued_on"], expires_on=self._end(value), note=value.get("note") or "",
        )  # fmt: skip

    @staticmethod
    def _end(value: dict[str, Any]) -> Any:
        if value.get("expires_on"):
            return value["expires_on"]
        years = value.get("years")
        if years is None:
            raise Invalid(_("Neither its last day nor how many years it is kept is said."), field="expires_on")
        if not 0 < years <= 100:
            raise Invalid(_("A number of years from 1 to 100 is needed."), field="years")
        return kept_until(value["issued_on"], int(years))


def summary(reading: Reading) -> dict[str, Any]:
    """The preview as JSON, with what the rows would do."""
    good = [_sample(row) for row in reading.preview.rows if not row.problems]
    return as_read(reading.preview, COLUMNS, "number") | {"done": reading.done, SEEN: reading.seen, "sample": good[:10]}


def _sample(row: Row) -> list[str]:
    days = (row.values.get("issued_on"), row.values.get("expires_on"))
    said = [date_format(day, "j F Y") if day else "" for day in days]
    return [str(row.values.get(name) or "") for name in ("number", "title", "place")] + said
