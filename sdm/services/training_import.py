"""Results of a batch out of a spreadsheet (SDM-4): looked at first, then all of it or nothing.

A row is judged by what it would do, in a transaction that is undone: preview and import never differ. A value counts
for the stage at which the participant stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.files.base import File
from django.db import transaction
from django.utils.translation import gettext_lazy

from occ.errors import Invalid, Refused, WrongState
from occ.ledger.services import record
from occ.people.models import User
from occ.sheets.importing import Preview, Problem, Row, as_read, validate
from occ.sheets.reading import Column, read_table
from occ.texts import told as _
from occ.texts import worded
from sdm.models import Participant, TrainingBatch
from sdm.services.training import Scored, results_record
from sdm.training.choices import SCORED
from sdm.training.choices import TrainingStatus as S

COLUMNS = [
    Column(
        "number", gettext_lazy("Number"), required=True,
        aliases=("Nomor", "No", "Nomor Peserta", "Nomor Kandidat", "NIP", "Employee number", "Nomor Karyawan"),
    ),
    Column("name", gettext_lazy("Name"), aliases=("Nama", "Peserta", "Nama Peserta", "Participant")),
    Column("softskill", gettext_lazy("Softskill"), kind="decimal", aliases=("Nilai Softskill",)),
    Column("pre", gettext_lazy("Pre test"), kind="decimal", aliases=("Pretest", "Pree Test", "Nilai Pre Test")),
    Column("post", gettext_lazy("Post test"), kind="decimal", aliases=("Posttest", "Nilai Post Test")),
    Column(
        "passive", gettext_lazy("Passive tandem"), kind="decimal", aliases=("Tandem Pasif", "Tendem Pasif")
    ),
    Column("note", gettext_lazy("Note"), aliases=("Catatan", "Keterangan")),
]  # fmt: skip
# Which columns speak of which stage; the first is the stage's score.
OF_STAGE: dict[str, tuple[str, ...]] = {
    S.SOFTSKILL: ("softskill",),
    S.HARDSKILL: ("post", "pre"),
    S.PASSIVE: ("passive",),
}
FIELDS = {"score": {S.SOFTSKILL: "softskill", S.HARDSKILL: "post", S.PASSIVE: "passive"}, "pre": {S.HARDSKILL: "pre"}}


@dataclass
class Reading:
    preview: Preview
    done: int
    sample: list[list[str]]


class Undo(Exception):
    """Takes back what a preview tried."""


def results_read(*, file: File[bytes], batch: TrainingBatch, actor: User, now: datetime) -> Reading:
    """Read and judge the file; writes nothing. Raises SheetRefused."""
    found: list[Reading] = []
    try:
        with transaction.atomic():
            found.append(_try(file, batch, actor, now))
            raise Undo
    except Undo:
        return found[0]


@transaction.atomic
def results_import(*, file: File[bytes], name: str, batch: TrainingBatch, actor: User, now: datetime) -> int:
    """Bring in the whole file, or nothing; how many results. Raises WrongState while a row has a problem, Invalid."""
    reading = _try(file, batch, actor, now)
    if faulty := reading.preview.counts["faulty"]:
        words = _("Nothing was imported. Rows that have problems: %(n)s. Look at the preview again.")
        raise WrongState(words % {"n": faulty})
    if not reading.preview.rows:
        raise Invalid(_("The file holds no row to import."))
    data = {"results": reading.done, "file": name}
    record(actor=actor, action="training.results_imported", subject=batch, data=data, now=now, site=batch.site)
    return reading.done


def _try(file: File[bytes], batch: TrainingBatch, actor: User, now: datetime) -> Reading:
    table = read_table(file, columns=COLUMNS)
    preview = validate(table, lambda row: (), duplicates_on=["number"])
    people = {one.number.casefold(): one for one in batch.participants.exclude(number="")}
    done, sample = 0, []
    for row in table.rows:
        if row.problems:
            continue
        one = people.get(str(row.values["number"]).casefold())
        try:
            if one is None:
                raise Invalid(_("No participant of this batch has this number."), field="number", code="unknown")
            with transaction.atomic():
                _row(row, one, actor, now)
        except Refused as refusal:
            row.problems.append(Problem(row.number, _column(refusal.field, one), refusal.code, worded(refusal.message)))
            continue
        done += 1
        assert one is not None
        sample.append([one.number, one.name, str(one.get_status_display()), *_said(row)])
    faulty = sum(1 for row in preview.rows if row.problems)
    preview.counts = {"total": len(preview.rows), "good": len(preview.rows) - faulty, "faulty": faulty}
    return Reading(preview, done, sample[:10])


def _said(row: Row) -> list[str]:
    return [
        "" if row.values.get(name) is None else str(row.values[name])
        for name in ("softskill", "pre", "post", "passive")
    ]


def _row(row: Row, one: Participant, actor: User, now: datetime) -> None:
    if one.status not in SCORED:
        says = _("%(name)s stands at “%(stage)s”, where no result is entered.")
        raise Invalid(says % {"name": one.name, "stage": one.get_status_display()}, field="number", code="stage")
    own = OF_STAGE.get(one.status, ())
    for name in ("softskill", "pre", "post", "passive"):
        if row.values.get(name) is not None and name not in own:
            says = _("%(name)s stands at “%(stage)s”: this value belongs to another stage.")
            raise Invalid(says % {"name": one.name, "stage": one.get_status_display()}, field=name, code="stage")
    score = row.values.get(own[0]) if own else None
    pre = row.values.get("pre") if "pre" in own else None
    scored = Scored(one.pk, score, pre, str(row.values.get("note") or ""))
    results_record(batch_id=one.batch_id, stage=one.status, rows=[scored], actor=actor, now=now)


def _column(field: str | None, one: Participant | None) -> str:
    """The file's column that a refusal speaks of: the service's fields end in the participant."""
    plain = (field or "").rpartition("_")[0] or (field or "")
    if one is not None and plain in FIELDS:
        return FIELDS[plain].get(S(one.status), "")
    return plain if any(column.name == plain for column in COLUMNS) else ""


def summary(reading: Reading) -> dict[str, Any]:
    return as_read(reading.preview, COLUMNS, "number") | {"done": reading.done, "sample": reading.sample}
